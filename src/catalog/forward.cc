#include "catalog/forward.h"

#include <algorithm>

namespace bascule::catalog {

std::optional<Place> place_of(const Forwards& forwards, std::uint32_t offset, std::uint32_t length) {
  auto after = std::ranges::upper_bound(forwards, offset, {}, &ExtentRecord::Forward::from_offset);
  if (after == forwards.begin()) return std::nullopt;
  const ExtentRecord::Forward& f = *--after;
  if (std::uint64_t{offset} + length > std::uint64_t{f.from_offset} + f.length) return std::nullopt;
  return Place{f.to, f.to_offset + (offset - f.from_offset)};
}

Forwards moved_on(const Forwards& forwards, const extent::ExtentId& from, const Forwards& onward) {
  Forwards all;
  for (const auto& f : forwards) {
    if (f.to != from) {
      all.push_back(f);
      continue;
    }
    for (const auto& next : onward) {
      const std::uint32_t first = std::max(f.to_offset, next.from_offset);
      const std::uint32_t end = std::min(f.to_offset + f.length, next.from_offset + next.length);
      if (first >= end) continue;
      all.push_back({next.to, f.from_offset + (first - f.to_offset), end - first, next.to_offset + (first - next.from_offset)});
    }
  }
  return all;
}

}  // namespace bascule::catalog
