// Members of a JSON object, where they are of the kind that is asked for. For .cc files.
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string_view>

namespace bascule::estate {

inline std::string_view text_at(const boost::json::object& in, std::string_view name) {
  const auto* found = in.if_contains(name);
  return found && found->is_string() ? std::string_view(found->get_string()) : std::string_view();
}
inline std::string_view text_at(const boost::json::object* in, std::string_view name) { return in ? text_at(*in, name) : std::string_view(); }

inline const boost::json::object* object_at(const boost::json::object& in, std::string_view name) {
  const auto* found = in.if_contains(name);
  return found ? found->if_object() : nullptr;
}

inline const boost::json::array* array_at(const boost::json::object& in, std::string_view name) {
  const auto* found = in.if_contains(name);
  return found ? found->if_array() : nullptr;
}

}  // namespace bascule::estate
