#include "estate/arm_template.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "estate/ascii.h"
#include "estate/json_members.h"

namespace bascule::estate {
namespace json = boost::json;
namespace {

constexpr int kMostDepth = 24;            // of calls, and of parameters that refer to parameters
constexpr std::size_t kMostText = 64 << 10;
constexpr int kMostCopies = 1000;         // Azure allows 800 resources in a template
constexpr int kMostNesting = 16;
constexpr int kMostSteps = 20'000;        // of one value: parameters may refer to one another many times over

// What is left for the value under way. A thread works out one value at a time.
thread_local int steps_left = 0;

std::optional<std::string> as_text(const json::value& value) {
  if (const auto* text = value.if_string()) return std::string(std::string_view(*text));
  if (value.is_int64()) return std::to_string(value.get_int64());
  if (value.is_bool()) return value.get_bool() ? "True" : "False";
  return std::nullopt;
}

bool is_expression(std::string_view text) { return text.size() > 2 && text[0] == '[' && text[1] != '[' && text.back() == ']'; }

}  // namespace

// Reads one expression: literals, calls, members and elements.
class ExpressionReader {
 public:
  ExpressionReader(const TemplateScope& scope, std::string_view text, int copy_index, int depth)
      : scope_(scope), rest_(text), copy_index_(copy_index), depth_(depth) {}

  std::optional<json::value> all() {
    auto value = one();
    skip_space();
    return rest_.empty() ? value : std::nullopt;
  }

 private:
  using Value = std::optional<json::value>;
  void skip_space() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n' || rest_[0] == '\r' || rest_[0] == '\t')) rest_.remove_prefix(1);
  }
  bool take(char c) {
    skip_space();
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view word() {
    std::size_t size = 0;
    while (size < rest_.size() && (is_letter(rest_[size]) || (size > 0 && rest_[size] >= '0' && rest_[size] <= '9'))) ++size;
    const std::string_view found = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return found;
  }
  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

  Value one() {
    if (++depth_ > kMostDepth) return fail();
    skip_space();
    Value value;
    if (rest_.empty()) return fail();
    if (rest_[0] == '\'') value = quoted();
    else if (rest_[0] == '-' || (rest_[0] >= '0' && rest_[0] <= '9')) value = number();
    else value = call();
    while (!broken_) {
      if (take('.')) value = member(std::move(value), std::string(word()));
      else if (take('[')) {
        Value index = one();
        if (!take(']')) return fail();
        value = element(value, index);
      } else {
        break;
      }
    }
    --depth_;
    return broken_ ? std::nullopt : value;
  }
  Value fail() {
    broken_ = true;
    rest_ = {};
    return std::nullopt;
  }
  Value quoted() {
    std::string text;
    rest_.remove_prefix(1);
    while (true) {
      const std::size_t end = rest_.find('\'');
      if (end == std::string_view::npos) return fail();
      text.append(rest_.substr(0, end));
      rest_.remove_prefix(end + 1);
      if (rest_.empty() || rest_[0] != '\'') return json::value(text);
      text += '\'';
      rest_.remove_prefix(1);
    }
  }
  Value number() {
    std::size_t size = 1;
    while (size < rest_.size() && rest_[size] >= '0' && rest_[size] <= '9') ++size;
    const std::string digits(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return digits.size() > 15 || digits == "-" ? fail() : json::value(std::stoll(digits));
  }
  static Value member(Value of, const std::string& name) {
    const auto* object = of ? of->if_object() : nullptr;
    const auto* found = object ? object->if_contains(name) : nullptr;
    return found ? Value(*found) : std::nullopt;
  }
  static Value element(const Value& of, const Value& index) {
    if (!of || !index) return std::nullopt;
    if (index->is_string()) return member(of, std::string(std::string_view(index->get_string())));
    const auto* array = of->if_array();
    if (!array || !index->is_int64() || index->get_int64() < 0 || static_cast<std::size_t>(index->get_int64()) >= array->size()) return std::nullopt;
    return (*array)[static_cast<std::size_t>(index->get_int64())];
  }

  Value call() {
    const std::string name = lowered(word());
    if (name.empty() || !take('(')) return fail();
    std::vector<Value> values;
    if (!take(')')) {
      do values.push_back(one());
      while (!broken_ && take(','));
      if (broken_ || !take(')')) return fail();
    }
    return apply(name, values);
  }

  // The texts of all values; nothing where one is open.
  static std::optional<std::vector<std::string>> texts(const std::vector<Value>& values) {
    std::vector<std::string> out;
    for (const Value& value : values) {
      auto text = value ? as_text(*value) : std::nullopt;
      if (!text) return std::nullopt;
      out.push_back(std::move(*text));
    }
    return out;
  }

  Value apply(const std::string& name, const std::vector<Value>& values) {
    if (name == "resourcegroup") return json::object{{"location", "(the group's)"}};
    if (name == "copyindex") {
      if (copy_index_ < 0) return std::nullopt;
      std::int64_t offset = 0;
      for (const Value& value : values)
        if (value && value->is_int64()) offset = value->get_int64();
      return json::value(copy_index_ + offset);
    }
    if (name == "if" && values.size() == 3 && values[0] && values[0]->is_bool()) return values[0]->get_bool() ? values[1] : values[2];
    if (name == "equals" && values.size() == 2 && values[0] && values[1]) return json::value(*values[0] == *values[1]);
    if (name == "createarray") {
      json::array array;
      for (const Value& value : values) {
        if (!value) return std::nullopt;
        array.push_back(*value);
      }
      return json::value(std::move(array));
    }
    if (name == "length" && values.size() == 1 && values[0]) {
      if (const auto* array = values[0]->if_array()) return json::value(static_cast<std::int64_t>(array->size()));
      if (const auto* text = values[0]->if_string()) return json::value(static_cast<std::int64_t>(text->size()));
      return std::nullopt;
    }
    const auto all = texts(values);
    if (!all) return std::nullopt;
    if (name == "parameters" && all->size() == 1) return scope_.parameter(all->front(), depth_);
    if (name == "variables" && all->size() == 1) return scope_.variable(all->front(), depth_);
    if (name == "concat") return joined(*all);
    if (name == "format" && !all->empty()) return formatted(*all);
    if (all->size() == 1 && name == "tolower") return json::value(lowered(all->front()));
    if (all->size() == 1 && (name == "string" || name == "trim")) return json::value(all->front());
    if (name == "resourceid" || name == "subscriptionresourceid" || name == "tenantresourceid") return resource_id(*all);
    if (name == "extensionresourceid" && all->size() >= 3) {
      std::vector<std::string> rest(all->begin() + 1, all->end());
      const Value inner = resource_id(rest);
      return inner ? joined({all->front(), std::string(std::string_view(inner->get_string()))}) : std::nullopt;
    }
    return std::nullopt;
  }
  static Value joined(const std::vector<std::string>& all) {
    std::string out;
    for (const std::string& text : all) out += text;
    return out.size() > kMostText ? std::nullopt : Value(json::value(out));
  }
  static Value formatted(const std::vector<std::string>& all) {
    std::string out;
    const std::string& pattern = all[0];
    for (std::size_t i = 0; i < pattern.size(); ++i) {
      if (pattern[i] != '{') {
        out += pattern[i];
        continue;
      }
      const std::size_t end = pattern.find('}', i);
      const std::string index = end == std::string::npos ? "" : pattern.substr(i + 1, end - i - 1);
      if (index.size() != 1 || index[0] < '0' || static_cast<std::size_t>(index[0] - '0') + 1 >= all.size()) return std::nullopt;
      out += all[static_cast<std::size_t>(index[0] - '0') + 1];
      i = end;
    }
    return out.size() > kMostText ? std::nullopt : Value(json::value(out));
  }
  // resourceId([subscription], [group], 'Type', name, name…): the type is the first argument with a slash.
  static Value resource_id(const std::vector<std::string>& all) {
    std::size_t type = 0;
    while (type < all.size() && all[type].find('/') == std::string::npos) ++type;
    if (type > 2 || type == all.size()) return std::nullopt;
    ArmId id{{}, all[type], {}};
    for (std::size_t i = type + 1; i < all.size(); ++i) id.name += (i > type + 1 ? "/" : "") + all[i];
    if (type == 2) id.scope = "/subscriptions/" + all[0] + "/resourceGroups/" + all[1];
    if (std::ranges::count(id.type, '/') != std::ranges::count(id.name, '/') + 1 || id.name.empty()) return std::nullopt;
    return json::value(id.text());
  }

  const TemplateScope& scope_;
  std::string_view rest_;
  int copy_index_, depth_;
  bool broken_ = false;
};

std::optional<json::value> TemplateScope::evaluate(std::string_view expression, int copy_index, int depth) const {
  if (expression.size() > kMostExpression || depth > kMostDepth || --steps_left < 0) return std::nullopt;
  return ExpressionReader(*this, expression, copy_index, depth).all();
}

std::optional<json::value> TemplateScope::parameter(std::string_view name, int depth) const {
  const json::object* declared = parameters_ ? object_at(*parameters_, name) : nullptr;
  if (declared) {
    const auto* type = declared->if_contains("type");
    if (type && type->is_string() && begins_with_word(std::string_view(type->get_string()), "secure")) return std::nullopt;
  }
  if (const json::object* given = given_ ? object_at(*given_, name) : nullptr) {
    if (const auto* value = given->if_contains("value"); value && outer_) return outer_->resolve(*value, -1, depth + 1);
  }
  const auto* standard = declared ? declared->if_contains("defaultValue") : nullptr;
  return standard && !standard->is_null() ? std::optional(resolve(*standard, -1, depth + 1)) : std::nullopt;
}

std::optional<json::value> TemplateScope::variable(std::string_view name, int depth) const {
  const auto* found = variables_ ? variables_->if_contains(name) : nullptr;
  return found ? std::optional(resolve(*found, -1, depth + 1)) : std::nullopt;
}

json::value TemplateScope::resolve(const json::value& value, int copy_index, int depth) const {
  if (depth > kMostDepth || --steps_left < 0) return value;
  if (const auto* text = value.if_string()) {
    if (!is_expression(*text)) return value;
    auto worked_out = evaluate(std::string_view(*text).substr(1, text->size() - 2), copy_index, depth + 1);
    if (worked_out) return *std::move(worked_out);
    return value;
  }
  if (const auto* array = value.if_array()) {
    json::array out;
    for (const auto& inner : *array) out.push_back(resolve(inner, copy_index, depth + 1));
    return out;
  }
  if (const auto* object = value.if_object()) {
    json::object out;
    for (const auto& [key, inner] : *object) {
      if (std::string_view(key) == "template") continue;   // a nested one has a scope of its own
      std::string member(std::string_view{key});
      if (is_expression(member)) {                         // identities are members named by an expression
        const auto named = resolve(json::value(member), copy_index, depth + 1);
        if (named.is_string()) member = std::string_view(named.get_string());
      }
      out[member] = resolve(inner, copy_index, depth + 1);
    }
    return out;
  }
  return value;
}

json::value TemplateScope::value(const json::value& value, int copy_index) const {
  steps_left = kMostSteps;
  return resolve(value, copy_index, 0);
}

std::optional<std::string> TemplateScope::text(std::string_view value, int copy_index) const {
  if (!is_expression(value)) return std::string(value.starts_with("[[") ? value.substr(1) : value);
  steps_left = kMostSteps;
  auto worked_out = evaluate(value.substr(1, value.size() - 2), copy_index, 0);
  return worked_out ? as_text(*worked_out) : std::nullopt;
}

namespace {

class Expander {
 public:
  explicit Expander(const std::function<void(const TemplateResource&)>& found) : found_(found) {}
  std::uint64_t passed_over = 0;

  void resource(const json::object& body, const TemplateScope& scope, const ArmId* parent, int depth) {
    const auto* type = body.if_contains("type");
    const auto* name = body.if_contains("name");
    if (depth > kMostNesting || !type || !type->is_string() || !name || !name->is_string() || made_ > kMostMade) {
      ++passed_over;
      return;
    }
    if (const auto* condition = body.if_contains("condition")) {
      const json::value met = scope.value(*condition);
      if (met.is_bool() && !met.get_bool()) return;
    }
    int copies = 0;
    if (const auto* copy = object_at(body, "copy")) {
      if (const auto* count = copy->if_contains("count")) {
        const json::value number = scope.value(*count);
        if (number.is_int64()) copies = static_cast<int>(std::clamp<std::int64_t>(number.get_int64(), 0, kMostCopies));
      }
    }
    if (copies == 0) one(body, scope, parent, depth, -1);
    for (int i = 0; i < copies; ++i) one(body, scope, parent, depth, i);
  }

 private:
  static constexpr std::uint64_t kMostMade = 100'000;

  void one(const json::object& body, const TemplateScope& scope, const ArmId* parent, int depth, int copy_index) {
    ++made_;
    TemplateResource made;
    std::string type(std::string_view(body.at("type").get_string()));
    const std::string_view raw(body.at("name").get_string());
    auto name = scope.text(raw, copy_index);
    made.named = name.has_value();
    if (!name) {   // an open name: a slash within the expression would look like a child's
      name = std::string(raw);
      std::ranges::replace(*name, '/', '|');
    }
    if (parent && type.find('.') == std::string::npos) {
      type = parent->type + "/" + type;
      name = parent->name + "/" + *name;
    }
    if (!made.named)
      for (auto missing = std::ranges::count(type, '/') - 1 - std::ranges::count(*name, '/'); missing > 0; --missing) *name += "/?";
    made.id = {{}, std::move(type), std::move(*name)};
    if (made.id.type.find('/') == std::string::npos || made.id.name.empty() || made.id.text().size() > kMostIdBytes) {
      ++passed_over;
      return;
    }
    json::object inner;
    for (const auto& [key, value] : body)
      if (std::string_view(key) != "resources") inner[key] = scope.value(value, copy_index);
    made.body = &inner;
    if (const auto* depends = inner.if_contains("dependsOn"); depends && depends->is_array()) {
      for (const auto& on : depends->get_array()) {
        if (!on.is_string()) continue;
        if (auto id = parse_reference(std::string_view(on.get_string()))) made.depends_on.push_back(std::move(*id));
      }
    }
    if (parent) made.depends_on.push_back(*parent);
    found_(made);
    if (const auto* nested = body.if_contains("resources"); nested && nested->is_array())
      for (const auto& child : nested->get_array())
        if (child.is_object()) resource(child.get_object(), scope, &made.id, depth + 1);
    if (same_word(made.id.type, "Microsoft.Resources/deployments")) deployment(body, scope, depth);
  }

  void deployment(const json::object& body, const TemplateScope& outer, int depth) {
    const json::object* properties = object_at(body, "properties");
    const json::object* nested = properties ? object_at(*properties, "template") : nullptr;
    if (!nested) return;
    const json::object* options = object_at(*properties, "expressionEvaluationOptions");
    const auto* chosen = options ? options->if_contains("scope") : nullptr;
    const bool own = chosen && chosen->is_string() && same_word(std::string_view(chosen->get_string()), "inner");
    const TemplateScope inner(object_at(*nested, "parameters"), object_at(*nested, "variables"), object_at(*properties, "parameters"), &outer);
    const auto* resources = nested->if_contains("resources");
    if (!resources) return;
    const auto each = [&](const json::value& value) {
      if (value.is_object()) resource(value.get_object(), own ? inner : outer, nullptr, depth + 1);
    };
    if (const auto* array = resources->if_array())
      for (const auto& value : *array) each(value);
    else if (const auto* object = resources->if_object())
      for (const auto& [key, value] : *object) each(value);
  }

  const std::function<void(const TemplateResource&)>& found_;
  std::uint64_t made_ = 0;
};

}  // namespace

std::uint64_t expand_template_resource(const json::object& resource, const TemplateScope& scope,
                                       const std::function<void(const TemplateResource&)>& found) {
  Expander expander(found);
  expander.resource(resource, scope, nullptr, 0);
  return expander.passed_over;
}

}  // namespace bascule::estate
