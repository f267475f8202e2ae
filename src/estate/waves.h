// The order of moving: what a resource depends on moves before it, or with it where they depend on each other.
#pragma once
#include <vector>

#include "estate/table.h"

namespace bascule::estate {

// Joins references to what they are part of (a network card's configuration to the card), adds the dependence of a child on its
// parent, and closes the edges. References to what no input has are dropped; what they name is counted into `missing`, the
// first 20 by name.
struct Linked {
  std::uint64_t missing = 0;
  std::vector<std::string> missing_examples;
};
Linked link(Assessment::Table& table);

// Gives each row its wave and its cycle. A resource that does not move takes none and holds nothing up; a child moves with its
// parent.
struct Ordered {
  std::uint32_t waves = 0;
  std::vector<std::vector<Assessment::Table::Index>> cycles;   // their members, in the order of the table; the first 50 of each
  std::vector<std::uint64_t> cycle_sizes;
};
Ordered order(Assessment::Table& table);

}  // namespace bascule::estate
