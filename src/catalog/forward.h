// Where the content of an extent lies that compaction has gathered into another. docs/formats/extent.md, "Forwarding".
#pragma once
#include <optional>
#include <vector>

#include "catalog/records.h"

namespace bascule::catalog {

using Forwards = std::vector<ExtentRecord::Forward>;   // by from_offset, disjoint

inline bool moved(const ExtentRecord& e) { return !e.forward.empty(); }       // it has no shards any more
inline bool gathered(const ExtentRecord& e) { return !e.sources.empty(); }    // it holds what others forward to it, and nothing else

struct Place {
  extent::ExtentId extent;
  std::uint32_t offset = 0;
};
// Where `length` bytes from `offset` on lie now; nothing where no single entry has them all.
std::optional<Place> place_of(const Forwards& forwards, std::uint32_t offset, std::uint32_t length);

// The same forwards after what lies in `from` has moved on as `onward` says: parts that have not moved are gone.
Forwards moved_on(const Forwards& forwards, const extent::ExtentId& from, const Forwards& onward);

}  // namespace bascule::catalog
