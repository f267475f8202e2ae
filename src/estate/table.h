// All resources of an estate, compactly: a million of them in about 150 MB. Private to the folder; others see Assessment.
// One thread while it is filled.
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "estate/arm_id.h"
#include "estate/assessment.h"
#include "estate/blocks.h"
#include "estate/catalogue.h"

namespace bascule::estate {

// Texts that recur, each once. The number of a text never changes; 0 is the empty one. Compared without case.
class TextPool {
 public:
  TextPool() { number(""); }
  std::uint32_t number(std::string_view text);
  std::string_view text(std::uint32_t number) const { return texts_[number]; }
  std::size_t size() const { return texts_.size(); }

 private:
  struct Hash {
    std::size_t operator()(std::string_view text) const;
  };
  struct Same {
    bool operator()(std::string_view a, std::string_view b) const;
  };
  std::deque<std::string> texts_;
  std::unordered_map<std::string_view, std::uint32_t, Hash, Same> numbers_;
};

class Assessment::Table {
 public:
  using Index = std::uint32_t;
  static constexpr Index kNone = ~Index{0};
  static constexpr Index kMost = 50'000'000;   // what indexes and memory are made for; more is refused by name

  struct Row {
    std::uint32_t scope = 0, type = 0;         // numbers in texts, types
    std::uint64_t name_at : 40 = 0, name_size : 16 = 0, present : 1 = 0, partial : 1 = 0, cost_only : 1 = 0;
    std::uint32_t location = 0, sku = 0, kind = 0;
    std::uint32_t inputs = 0, first_input = 0;
    std::uint32_t last_input = kNone;
    std::uint32_t hash = 0;
    std::uint32_t wave = 0, cycle = 0;
    std::uint32_t size_input = 0;
    std::uint64_t blockers = 0;
    std::int64_t size_bytes = -1;
    double cost = 0;                           // as the cost exports charge it, in currencies[currency - 1]
    Move move = Move::unknown;
    std::uint8_t currency = 0;                 // 0 = no cost known
    std::uint8_t size_rank = 0;                // a size from a better source replaces one from a worse
  };

  explicit Table(const Catalogue& catalogue) : catalogue(catalogue) {}

  // The row of an id: made, as a mere reference, where it is new. kNone when there are too many.
  Index find_or_add(const ArmId& id);
  Index find(const ArmId& id);               // kNone where it is not there
  // Writes the name as it stands in `id`, which is the row's own: a reference may have come in other letters before.
  void rename(Row& row, const ArmId& id);
  std::string_view name_of(const Row& row) const;
  ArmId id_of(Index index) const;

  void add_edge(Index from, Index to) { if (from != to) loose_edges.push_back({from, to}); }

  // Joins what templates and plans name without a group to the one resource of that type and name that has one, and so their
  // edges; what several could be stays as it is. How many were joined.
  std::uint64_t join_partial();
  // Sorts the edges into dependencies(); afterwards no edge is added.
  void close_edges();
  std::span<const Index> dependencies(Index index) const;

  const Catalogue& catalogue;
  TextPool texts, types;
  Blocks<Row> rows;
  struct Edge {
    Index from = 0, to = 0;
    auto operator<=>(const Edge&) const = default;
  };
  Blocks<Edge> loose_edges;
  std::vector<std::uint64_t> edge_begin;       // by row, one more than rows
  std::vector<Index> edge_to;
  std::vector<Index> order;                    // the resources as they are shown
  std::vector<Index> place;                    // row -> its place in order, kNone where it is none
  std::vector<const Mapping*> mappings;        // by type's number; null = unknown
  std::vector<const TypeRules*> rules;         // by type's number
  std::vector<std::string> currencies;
  std::vector<std::string> input_files, input_dates;

 private:
  void grow();
  std::size_t slot_of(const ArmId& id, std::uint32_t scope, std::uint32_t type, std::uint32_t hash) const;
  Blocks<char, 1 << 20> names_;
  std::vector<Index> slots_;
};

}  // namespace bascule::estate
