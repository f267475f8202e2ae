// What every provider asks of a name.
#pragma once
#include <algorithm>

#include "base/result.h"

namespace bascule::provider {

constexpr std::size_t kMaxObjectNameBytes = 128;

constexpr bool is_object_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxObjectNameBytes && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

inline Result<void> check_object_name(std::string_view name) {
  if (is_object_name(name)) return {};
  return fail(Code::invalid_argument, "provider: an object's name is 1 to 128 of a-z, 0-9 and '-'");
}

}  // namespace bascule::provider
