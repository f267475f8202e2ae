// The TOML file. toml++ is a heavy header: only here.
#include <toml++/toml.h>

#include "app/config.h"

namespace bascule::app {
namespace {

std::string_view kind_name(toml::node_type type) {
  switch (type) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "a list";
    case toml::node_type::string: return "a text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a number";
    case toml::node_type::boolean: return "true or false";
    default: return "a date or time";
  }
}

class Reader {
 public:
  Reader(const std::string& shown, std::vector<Error>& problems) : shown_(shown), problems_(problems) {}

  void table(const toml::table& table, const std::string& section) {
    for (const auto& [key, node] : table) {
      const std::string name = section.empty() ? std::string(key.str()) : section + "." + std::string(key.str());
      if (const toml::table* inner = node.as_table(); inner != nullptr && section.empty() && is_section(name)) {
        this->table(*inner, name);
        continue;
      }
      const Setting* setting = find_setting(name);
      const int line = static_cast<int>(key.source().begin.line);
      if (setting == nullptr) {
        unknown(name, node.is_table(), line);
        continue;
      }
      auto value = read(*setting, node);
      if (value) values_.push_back({setting, std::move(*value), line});
      else problems_.push_back({value.error().code, 0, at(line) + value.error().message});
    }
  }
  std::vector<FileValue> take() { return std::move(values_); }

 private:
  static bool is_section(std::string_view name) {
    for (const Setting& s : settings())
      if (s.name.starts_with(name) && s.name.substr(name.size()).starts_with('.')) return true;
    return false;
  }
  std::string at(int line) const { return shown_ + ":" + std::to_string(line) + ": "; }

  void unknown(const std::string& name, bool is_table, int line) {
    std::string message = at(line) + "there is no " + (is_table ? "section [" + name + "]" : "setting " + name);
    if (const auto near = nearest_setting(name); !near.empty()) message += "; did you mean " + std::string(near) + "?";
    else message += "; `bascule serve --help` lists them";
    problems_.push_back({Code::invalid_argument, 0, std::move(message)});
  }

  static Result<Value> read(const Setting& setting, const toml::node& node) {
    const auto wrong = [&] {
      return fail(Code::invalid_argument, std::string(setting.name) + " is " + std::string(kind_name(node.type())) +
                                              "; allowed is " + allowed(setting));
    };
    if (setting.kind == Kind::list) return read_list(setting, node);
    if (setting.kind == Kind::flag) {
      if (const auto flag = node.value_exact<bool>()) return Value{.number = *flag};
      return wrong();
    }
    const auto number = node.value_exact<std::int64_t>();
    if (setting.kind == Kind::number || (setting.kind == Kind::size && number)) {
      if (!number) return wrong();
      return check_number(setting, *number);
    }
    const auto text = node.value_exact<std::string_view>();
    if (!text) return wrong();
    return parse_value(setting, *text);
  }

  static Result<Value> read_list(const Setting& setting, const toml::node& node) {
    Value value;
    const auto take = [&](const toml::node& item) {
      const auto text = item.value_exact<std::string_view>();
      if (text) value.list.emplace_back(*text);
      return text && !text->empty();
    };
    const toml::array* array = node.as_array();
    bool good = array != nullptr || take(node);
    if (array != nullptr)
      for (const toml::node& item : *array) good = good && take(item);
    if (!good) return fail(Code::invalid_argument, std::string(setting.name) + " is not allowed; allowed is " + allowed(setting));
    return value;
  }

  const std::string& shown_;
  std::vector<Error>& problems_;
  std::vector<FileValue> values_;
};

}  // namespace

std::vector<FileValue> parse_config_file(std::string_view content, const std::string& shown, std::vector<Error>& problems) {
  toml::table table;
  try {
    table = toml::parse(content);
  } catch (const toml::parse_error& error) {  // the library speaks in exceptions; ours end here
    problems.push_back({Code::invalid_argument, 0, shown + ":" + std::to_string(error.source().begin.line) + ": this is not TOML: " +
                                                       std::string(error.description())});
    return {};
  }
  Reader reader(shown, problems);
  reader.table(table, "");
  return reader.take();
}

}  // namespace bascule::app
