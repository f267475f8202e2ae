// Reading untrusted JSON with hard limits. Only for this folder's *.cc.
#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bascule::auth {

// An object, at most `depth` deep, strict RFC 8259; nothing if it is none.
inline std::optional<boost::json::object> parse_object(std::string_view text, std::size_t depth) {
  boost::json::parse_options options;
  options.max_depth = depth;
  boost::system::error_code bad;
  boost::json::value value = boost::json::parse({text.data(), text.size()}, bad, {}, options);
  if (bad || !value.is_object()) return std::nullopt;
  return std::move(value.as_object());
}

// "a.b": the member b of the member a, where `name` is no member itself. Null: not there.
inline const boost::json::value* member(const boost::json::object& object, std::string_view name) {
  if (const boost::json::value* found = object.if_contains({name.data(), name.size()})) return found;
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return nullptr;
  const boost::json::value* outer = object.if_contains({name.data(), dot});
  return outer && outer->is_object() ? member(outer->get_object(), name.substr(dot + 1)) : nullptr;
}

inline std::string_view text_member(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = member(object, name);
  const boost::json::string* text = value ? value->if_string() : nullptr;
  return text ? std::string_view(text->data(), text->size()) : std::string_view();
}

// A text, or a list of texts; nothing if it is neither, or too much of it.
inline std::optional<std::vector<std::string>> texts_member(const boost::json::object& object, std::string_view name,
                                                            std::size_t most) {
  std::vector<std::string> texts;
  const boost::json::value* value = member(object, name);
  if (!value || value->is_null()) return texts;
  if (const auto* one = value->if_string()) {
    texts.emplace_back(one->data(), one->size());
    return texts;
  }
  const auto* list = value->if_array();
  if (!list || list->size() > most) return std::nullopt;
  for (const boost::json::value& item : *list) {
    const auto* text = item.if_string();
    if (!text) return std::nullopt;
    texts.emplace_back(text->data(), text->size());
  }
  return texts;
}

// Seconds since 1970. Nothing: there is no such member; -1: there is one that is no time.
inline std::optional<std::int64_t> time_member(const boost::json::object& object, std::string_view name) {
  constexpr std::int64_t kMost = 253'402'300'799;   // the end of the year 9999
  const boost::json::value* value = member(object, name);
  if (!value) return std::nullopt;
  if (const auto* number = value->if_int64()) return *number >= 0 && *number <= kMost ? *number : -1;
  if (const auto* number = value->if_double()) {
    return std::isfinite(*number) && *number >= 0 && *number <= static_cast<double>(kMost) ? static_cast<std::int64_t>(*number) : -1;
  }
  return -1;
}

}  // namespace bascule::auth
