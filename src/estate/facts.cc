#include "estate/facts.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>

#include "estate/ascii.h"

namespace bascule::estate {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostWord = 80;

std::string_view text_of(const json::value* value) {
  return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

bool marked(const json::value* sensitive) { return sensitive && sensitive->is_bool() && sensitive->get_bool(); }

const json::value* member(const json::value* value, std::string_view name) {
  const auto* object = value ? value->if_object() : nullptr;
  return object ? object->if_contains(name) : nullptr;
}
const json::value* element(const json::value* value, std::size_t index) {
  const auto* array = value ? value->if_array() : nullptr;
  return array && index < array->size() ? &(*array)[index] : nullptr;
}

// A scalar as a word: true, false, a number, a text.
bool as_word(const json::value& value, std::string& word) {
  if (value.is_string()) {
    word = std::string_view(value.get_string());
  } else if (value.is_bool()) {
    word = value.get_bool() ? "true" : "false";
  } else if (value.is_int64()) {
    word = std::to_string(value.get_int64());
  } else {
    return false;
  }
  return true;
}

bool holds(const json::value& value, const Test& test) {
  if (test.kind == Test::Kind::present) {
    if (value.is_null()) return false;
    if (const auto* array = value.if_array()) return !array->empty();
    if (const auto* object = value.if_object()) return !object->empty();
    if (const auto* text = value.if_string()) return !text->empty();
    return !(value.is_bool() && !value.get_bool());
  }
  std::string word;
  if (!as_word(value, word)) return false;
  const auto fits = [&](std::string_view wanted) {
    if (test.kind == Test::Kind::begins) return begins_with_word(word, wanted);
    if (test.kind == Test::Kind::contains) return lowered(word).find(lowered(wanted)) != std::string::npos;
    return same_word(word, wanted);
  };
  const bool any = std::ranges::any_of(test.words, fits);
  return test.kind == Test::Kind::is_not ? !any && !word.empty() : any;
}

// Does the test hold of a value along the path?
bool holds_along(const json::value& value, const json::value* sensitive, std::span<const std::string_view> path, const Test& test) {
  if (marked(sensitive)) return false;
  if (path.empty()) return holds(value, test);
  if (path[0] == "*") {
    if (const auto* array = value.if_array()) {
      for (std::size_t i = 0; i < array->size(); ++i)
        if (holds_along((*array)[i], element(sensitive, i), path.subspan(1), test)) return true;
    } else if (const auto* object = value.if_object()) {
      for (const auto& [key, inner] : *object)
        if (holds_along(inner, member(sensitive, key), path.subspan(1), test)) return true;
    }
    return false;
  }
  if (const auto* array = value.if_array()) {   // Terraform's blocks are arrays
    for (std::size_t i = 0; i < array->size(); ++i)
      if ((*array)[i].is_object() && holds_along((*array)[i], element(sensitive, i), path, test)) return true;
    return false;
  }
  const auto* inner = member(&value, path[0]);
  return inner && holds_along(*inner, member(sensitive, path[0]), path.subspan(1), test);
}

std::optional<double> number_of(const json::value& value) {
  if (value.is_int64()) return static_cast<double>(value.get_int64());
  if (value.is_uint64()) return static_cast<double>(value.get_uint64());
  if (value.is_double()) return value.get_double();
  if (const auto* text = value.if_string()) {   // CSV, and plans
    double number = 0;
    const auto end = std::from_chars(text->data(), text->data() + text->size(), number);
    if (end.ec == std::errc() && end.ptr == text->data() + text->size()) return number;
  }
  return std::nullopt;
}

void read_size(const json::object& resource, Dialect dialect, const TypeRules& rules, Facts& facts) {
  for (const SizeRule* rule : rules.sizes) {
    if (rule->rank <= facts.size_rank) continue;
    const Path& path = dialect == Dialect::arm ? rule->arm : rule->terraform;
    const json::value* value = path.empty() ? nullptr : at_path(resource, path);
    const auto number = value ? number_of(*value) : std::nullopt;
    constexpr double kMost = 1e18;
    if (!number || !(*number > 0) || *number * rule->unit_bytes > kMost) continue;
    facts.size_bytes = std::llround(*number * rule->unit_bytes);
    facts.size_rank = rule->rank;
  }
}

constexpr int kMostNesting = 64;

void references(const json::value& value, const TypeRules& rules, const std::function<void(const ArmId&)>& found, int depth) {
  if (depth > kMostNesting) return;
  const auto take = [&](std::string_view text) {
    if (text.size() < 20 || (text[0] != '/' && text[0] != '(')) return;
    if (const auto id = parse_reference(text)) found(*id);
  };
  if (const auto* text = value.if_string()) {
    take(*text);
  } else if (const auto* array = value.if_array()) {
    for (const auto& inner : *array) references(inner, rules, found, depth + 1);
  } else if (const auto* object = value.if_object()) {
    for (const auto& [key, inner] : *object) {
      const std::string_view name = key;
      if (name == "tags" || std::ranges::find(rules.back_references, name) != rules.back_references.end()) continue;
      take(name);
      references(inner, rules, found, depth + 1);
    }
  }
}

bool is_base64(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '_' || c == '-'; }

// A long run of Base64 with letters of both cases and digits, which no name has: a key.
bool has_key(std::string_view text) {
  std::size_t begin = 0;
  const auto is_key = [](std::string_view run) {
    constexpr std::size_t kShortest = 40;
    if (run.size() < kShortest || run.find('/') < 3) return false;
    bool upper = false, lower_case = false, digit = false;
    std::size_t changes = 0;
    char before = 0;
    for (const char c : run) {
      const char kind = c >= 'a' && c <= 'z' ? 'a' : c >= 'A' && c <= 'Z' ? 'A' : c >= '0' && c <= '9' ? '0' : '-';
      upper |= kind == 'A';
      lower_case |= kind == 'a';
      digit |= kind == '0';
      if (kind == '-' ) changes = changes > 2 ? changes - 2 : 0;   // words joined by hyphens are a name
      else changes += kind != before;
      before = kind;
    }
    return upper && lower_case && digit && changes * 3 >= run.size();
  };
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && is_base64(text[i])) continue;
    if (is_key(text.substr(begin, i - begin))) return true;
    begin = i + 1;
  }
  return false;
}

}  // namespace

const json::value* at_path(const json::object& object, const Path& path) {
  const json::object* at = &object;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const json::value* value = at->if_contains(path[i]);
    if (!value || i + 1 == path.size()) return value;
    if (const auto* array = value->if_array()) {   // Terraform's blocks are arrays of one
      if (array->size() != 1) return nullptr;
      value = &(*array)[0];
    }
    at = value->if_object();
    if (!at) return nullptr;
  }
  return nullptr;
}

bool looks_secret(std::string_view text) {
  if (text.size() < 12) return false;
  const std::string low = lowered(text);
  for (const std::string_view sign : {"sig=", "accountkey=", "sharedaccesskey", "password=", "pwd=", "secret=", "bearer ", "-----begin", "token=", "code=", "apikey=", "api_key="})
    if (low.find(sign) != std::string::npos) return true;
  if (text.starts_with("eyJ") && std::ranges::count(text, '.') >= 1) return true;   // a token
  const std::size_t at = text.find('@'), scheme = text.find("://");                 // scheme://user:password@host
  if (scheme != std::string_view::npos && at != std::string_view::npos && at > scheme + 3 &&
      text.substr(scheme + 3, at - scheme - 3).find(':') != std::string_view::npos) return true;
  return has_key(text);
}

std::string clean_word(std::string_view text, std::size_t most) {
  if (looks_secret(text)) return "(hidden)";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (out.size() >= most && ((c & 0xc0) != 0x80 || out.size() >= most + 3)) break;   // a character has at most three more
    // C1 controls and the marks that turn the direction of writing are two or three bytes of UTF-8.
    if (c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) {
      out += ' ';
      ++i;
    } else if (c == 0xe2 && i + 2 < text.size() && static_cast<unsigned char>(text[i + 1]) == 0x80 &&
               ((text[i + 2] >= '\x8b' && text[i + 2] <= '\x8f') || (text[i + 2] >= '\xa8' && text[i + 2] <= '\xae'))) {
      out += ' ';
      i += 2;
    } else {
      out += c < 0x20 || c == 0x7f ? ' ' : static_cast<char>(c);
    }
  }
  return out;
}

Facts read_facts(const json::object& resource, Dialect dialect, const TypeRules& rules, const json::value* sensitive) {
  Facts facts;
  const auto word = [&](std::initializer_list<Path> paths) {
    for (const Path& path : paths) {
      if (path.size() == 1 && marked(member(sensitive, path[0]))) continue;
      if (const std::string_view text = text_of(at_path(resource, path)); !text.empty()) return clean_word(text, kMostWord);
    }
    return std::string();
  };
  static const std::initializer_list<Path> kLocation = {{"location"}};
  static const std::initializer_list<Path> kArmSku = {{"sku", "name"}, {"sku"}, {"properties", "hardwareProfile", "vmSize"}, {"properties", "sku", "name"}};
  static const std::initializer_list<Path> kTerraformSku = {{"sku_name"}, {"sku"}, {"size"}, {"vm_size"}, {"storage_account_type"}};
  static const std::initializer_list<Path> kArmKind = {{"kind"}};
  static const std::initializer_list<Path> kTerraformKind = {{"account_kind"}, {"kind"}};
  facts.location = word(kLocation);
  facts.sku = word(dialect == Dialect::arm ? kArmSku : kTerraformSku);
  facts.kind = word(dialect == Dialect::arm ? kArmKind : kTerraformKind);
  for (const BlockerRule* rule : rules.blockers) {
    if (facts.blockers >> rule->bit & 1) continue;
    const Path& path = dialect == Dialect::arm ? rule->arm : rule->terraform;
    const json::value* first = path.empty() ? nullptr : resource.if_contains(path[0]);
    if (!first || !holds_along(*first, member(sensitive, path[0]), std::span(path).subspan(1), rule->test)) continue;
    if (!rule->and_arm.empty()) {
      const json::value* also = at_path(resource, rule->and_arm);
      if (!also || !holds(*also, rule->and_test)) continue;
    }
    facts.blockers |= 1ULL << rule->bit;
  }
  read_size(resource, dialect, rules, facts);
  return facts;
}

void find_references(const json::value& value, const TypeRules& rules, const std::function<void(const ArmId&)>& found) {
  references(value, rules, found, 0);
}

}  // namespace bascule::estate
