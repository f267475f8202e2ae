#include "estate/waves.h"

#include <algorithm>

#include "estate/ascii.h"
#include "estate/facts.h"

namespace bascule::estate {
namespace {

using Table = Assessment::Table;
using Index = Table::Index;
constexpr std::size_t kExamples = 20, kMembers = 50;

bool moves(const Table::Row& row) { return row.move != Move::none && row.move != Move::not_ours; }

// The nearest resource that is there and that the reference is part of; kNone where there is none.
Index holder(Table& table, Index reference) {
  ArmId id = table.id_of(reference);
  for (int i = 0; i < 8; ++i) {
    auto parent = parent_of(id);
    if (!parent) return Table::kNone;
    const Index found = table.find(*parent);
    if (found != Table::kNone && table.rows[found].present) return found;
    id = std::move(*parent);
  }
  return Table::kNone;
}

bool is_child_of(const Table& table, const Table::Row& child, const Table::Row& parent) {
  const std::string_view type = table.types.text(child.type), of = table.types.text(parent.type);
  return child.scope == parent.scope && type.size() > of.size() && type[of.size()] == '/' && begins_with_word(type, of) &&
         child.name_size > parent.name_size && table.name_of(child)[parent.name_size] == '/' &&
         begins_with_word(table.name_of(child), table.name_of(parent));
}

// Tarjan's components without recursion. A component is found after all that it depends on.
class Components {
 public:
  explicit Components(const Table& table) : table_(table), number_(table.rows.size(), 0), low_(table.rows.size(), 0) {}

  template <class Found> void each(Found found) {
    for (Index root = 0; root < table_.rows.size(); ++root) {
      if (!table_.rows[root].present || number_[root] != 0) continue;
      enter(root);
      while (!calls_.empty()) step(found);
    }
  }

 private:
  static constexpr std::uint32_t kDone = ~0U;
  struct Call {
    Index row;
    std::size_t next;   // dependency
  };
  void enter(Index row) {
    number_[row] = low_[row] = ++count_;
    stack_.push_back(row);
    calls_.push_back({row, 0});
  }
  template <class Found> void step(Found& found) {
    const Index row = calls_.back().row;
    const auto dependencies = table_.dependencies(row);
    if (calls_.back().next < dependencies.size()) {
      const Index to = dependencies[calls_.back().next++];
      if (number_[to] == 0) enter(to);
      else if (number_[to] != kDone) low_[row] = std::min(low_[row], number_[to]);
      return;
    }
    calls_.pop_back();
    if (!calls_.empty()) low_[calls_.back().row] = std::min(low_[calls_.back().row], low_[row]);
    if (low_[row] != number_[row]) return;
    const auto begin = std::ranges::find(stack_.rbegin(), stack_.rend(), row).base() - 1;
    const std::span<Index> members(begin, stack_.end());
    for (const Index member : members) number_[member] = kDone;
    found(members);
    stack_.erase(begin, stack_.end());
  }

  const Table& table_;
  std::vector<std::uint32_t> number_, low_;
  std::vector<Index> stack_;
  std::vector<Call> calls_;
  std::uint32_t count_ = 0;
};

}  // namespace

Linked link(Table& table) {
  Linked linked;
  const auto rows = static_cast<Index>(table.rows.size());
  std::vector<Index> stands_for(rows);
  for (Index i = 0; i < rows; ++i) {
    Table::Row& row = table.rows[i];
    stands_for[i] = row.present ? i : holder(table, i);
    if (!row.present) continue;
    if (const Index parent = holder(table, i); parent != Table::kNone) table.add_edge(i, parent);
    if (const auto on = parse_reference(table.texts.text(row.scope))) {   // an extension depends on what it extends
      if (const Index extended = table.find(*on); extended != Table::kNone) table.add_edge(i, extended);
    }
  }
  Blocks<Table::Edge> kept;
  std::vector<bool> noted(rows, false);
  for (std::size_t i = 0; i < table.loose_edges.size(); ++i) {
    const auto [from, to] = table.loose_edges[i];
    const Index begin = stands_for[from], end = stands_for[to];
    if (begin == Table::kNone) continue;
    if (end != Table::kNone) {
      if (begin != end) kept.push_back({begin, end});
    } else if (!noted[to]) {
      noted[to] = true;
      ++linked.missing;
      if (linked.missing_examples.size() < kExamples) linked.missing_examples.push_back(clean_word(table.id_of(to).text(), 300));
    }
  }
  table.loose_edges = std::move(kept);
  table.close_edges();
  return linked;
}

Ordered order(Table& table) {
  Ordered ordered;
  std::vector<std::uint32_t> component(table.rows.size(), 0);
  std::uint32_t components = 0;
  Components(table).each([&](std::span<const Index> members) {
    std::uint32_t wave = 0;   // of those before
    bool any_moves = false;
    ++components;
    for (const Index member : members) component[member] = components;
    for (const Index member : members) {
      const Table::Row& row = table.rows[member];
      any_moves |= moves(row);
      for (const Index on : table.dependencies(member)) {
        const Table::Row& before = table.rows[on];
        if (component[on] == components) continue;
        const bool together = is_child_of(table, row, before) || !moves(before);
        wave = std::max(wave, before.wave + (together ? 0 : 1));
      }
    }
    wave = std::max<std::uint32_t>(wave, 1);
    std::uint32_t cycle = 0;
    if (members.size() > 1) {
      std::vector<Index> sorted(members.begin(), members.end());
      std::ranges::sort(sorted);
      ordered.cycle_sizes.push_back(sorted.size());
      sorted.resize(std::min(sorted.size(), kMembers));
      ordered.cycles.push_back(std::move(sorted));
      cycle = static_cast<std::uint32_t>(ordered.cycles.size());
    }
    for (const Index member : members) {
      // One that does not move hands on the wave of those before it.
      table.rows[member].wave = wave;
      table.rows[member].cycle = cycle;
    }
    if (any_moves) ordered.waves = std::max(ordered.waves, wave);
  });
  for (std::size_t i = 0; i < table.rows.size(); ++i)
    if (!moves(table.rows[i])) table.rows[i].wave = 0;
  return ordered;
}

}  // namespace bascule::estate
