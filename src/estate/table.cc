#include "estate/table.h"

#include <algorithm>

#include "estate/ascii.h"

namespace bascule::estate {

std::size_t TextPool::Hash::operator()(std::string_view text) const { return word_hash(text); }
bool TextPool::Same::operator()(std::string_view a, std::string_view b) const { return same_word(a, b); }

std::uint32_t TextPool::number(std::string_view text) {
  if (const auto found = numbers_.find(text); found != numbers_.end()) return found->second;
  const auto made = static_cast<std::uint32_t>(texts_.size());
  numbers_.emplace(texts_.emplace_back(text), made);
  return made;
}

std::string_view Assessment::Table::name_of(const Row& row) const { return {&names_[row.name_at], row.name_size}; }

ArmId Assessment::Table::id_of(Index index) const {
  const Row& row = rows[index];
  return {std::string(texts.text(row.scope)), std::string(types.text(row.type)), std::string(name_of(row))};
}

void Assessment::Table::grow() {
  slots_.assign(slots_.empty() ? 1 << 12 : slots_.size() * 2, kNone);
  for (Index i = 0; i < rows.size(); ++i) {
    std::size_t slot = rows[i].hash & (slots_.size() - 1);
    while (slots_[slot] != kNone) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = i;
  }
}

// Where the id's number stands, or would stand.
std::size_t Assessment::Table::slot_of(const ArmId& id, std::uint32_t scope, std::uint32_t type, std::uint32_t hash) const {
  std::size_t slot = hash & (slots_.size() - 1);
  for (; slots_[slot] != kNone; slot = (slot + 1) & (slots_.size() - 1)) {
    const Row& row = rows[slots_[slot]];
    if (row.hash == hash && row.scope == scope && row.type == type && same_word(name_of(row), id.name)) break;
  }
  return slot;
}

Assessment::Table::Index Assessment::Table::find(const ArmId& id) {
  if (slots_.empty()) return kNone;
  const std::uint32_t scope = texts.number(id.scope), type = types.number(id.type);
  return slots_[slot_of(id, scope, type, word_hash(id.name, scope * 0x9e3779b9U ^ type))];
}

void Assessment::Table::rename(Row& row, const ArmId& id) {
  for (std::size_t i = 0; i < row.name_size; ++i) names_[row.name_at + i] = id.name[i];
}

Assessment::Table::Index Assessment::Table::find_or_add(const ArmId& id) {
  if (rows.size() * 4 >= slots_.size() * 3) grow();
  const std::uint32_t scope = texts.number(id.scope), type = types.number(id.type);
  const std::uint32_t hash = word_hash(id.name, scope * 0x9e3779b9U ^ type);
  const std::size_t slot = slot_of(id, scope, type, hash);
  if (slots_[slot] != kNone) return slots_[slot];
  if (rows.size() == kMost) return kNone;
  // A name is one stretch of a block.
  constexpr std::size_t kBlock = 1 << 20;
  if (names_.size() % kBlock + id.name.size() > kBlock)
    while (names_.size() % kBlock != 0) names_.push_back('\0');
  Row row;
  row.scope = scope;
  row.type = type;
  row.hash = hash;
  row.name_at = names_.size();
  row.name_size = id.name.size();
  row.partial = id.scope.empty() && id.type != "Microsoft.Resources/subscriptions";
  for (const char c : id.name) names_.push_back(c);
  const auto index = static_cast<Index>(rows.size());
  rows.push_back(row);
  slots_[slot] = index;
  if (mappings.size() < types.size()) {
    mappings.resize(types.size(), nullptr);
    rules.resize(types.size(), nullptr);
  }
  if (!rules[type]) {
    mappings[type] = catalogue.find(types.text(type));
    rules[type] = &catalogue.rules(types.text(type));
  }
  return index;
}

std::uint64_t Assessment::Table::join_partial() {
  // By type and name: the row with a group, or kNone where there are several.
  struct Key {
    std::uint32_t type;
    std::string name;
    auto operator<=>(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const { return word_hash(key.name, key.type); }
  };
  std::unordered_map<Key, std::pair<Index, bool>, Hash> wanted;   // the row; several
  // Of a name that is known in part ("?/orders") the last part counts; no whole name begins with "?".
  const auto last_part = [](std::string_view name) { return "?" + lowered(name.substr(name.rfind('/') + 1)); };
  const auto key_of = [this, last_part](const Row& row) {
    const std::string_view name = name_of(row);
    return Key{row.type, name.starts_with("?/") ? last_part(name) : lowered(name)};
  };
  for (Index i = 0; i < rows.size(); ++i)
    if (rows[i].partial) wanted.emplace(key_of(rows[i]), std::pair(kNone, false));
  if (wanted.empty()) return 0;
  for (const bool present : {true, false}) {   // a resource goes before a mere reference
    for (Index i = 0; i < rows.size(); ++i) {
      if (rows[i].partial || rows[i].present != present) continue;
      for (const Key& key : {key_of(rows[i]), Key{rows[i].type, last_part(name_of(rows[i]))}}) {
        const auto found = wanted.find(key);
        if (found == wanted.end()) continue;
        auto& [row, several] = found->second;
        if (row == kNone) row = i;
        else if (rows[row].present == present) several = true;
      }
    }
  }
  std::unordered_map<Index, Index> joined;
  std::uint64_t count = 0;
  for (Index i = 0; i < rows.size(); ++i) {
    if (!rows[i].partial) continue;
    const auto& [target, several] = wanted.at(key_of(rows[i]));
    if (target == kNone || several) continue;
    joined.emplace(i, target);
    Row& from = rows[i];
    Row& to = rows[target];
    if (from.present) {
      ++count;
      if (!to.present) to.first_input = from.first_input;
      to.present = 1;
      to.inputs += from.inputs;
      to.blockers |= from.blockers;
      if (to.location == 0) to.location = from.location;
      if (to.sku == 0) to.sku = from.sku;
      if (to.kind == 0) to.kind = from.kind;
      to.cost_only = 0;
      if (from.size_rank > to.size_rank) {
        to.size_bytes = from.size_bytes;
        to.size_rank = from.size_rank;
        to.size_input = from.size_input;
      }
    }
    from.present = 0;
  }
  for (std::size_t i = 0; i < loose_edges.size(); ++i) {
    for (Index* end : {&loose_edges[i].from, &loose_edges[i].to})
      if (const auto found = joined.find(*end); found != joined.end()) *end = found->second;
  }
  return count;
}

void Assessment::Table::close_edges() {
  std::vector<Edge> edges;
  edges.reserve(loose_edges.size());
  for (std::size_t i = 0; i < loose_edges.size(); ++i) edges.push_back(loose_edges[i]);
  loose_edges.clear();
  std::ranges::sort(edges);
  const auto rest = std::ranges::unique(edges);
  edges.erase(rest.begin(), rest.end());
  edge_begin.assign(rows.size() + 1, 0);
  edge_to.clear();
  edge_to.reserve(edges.size());
  for (const Edge& edge : edges) {
    if (edge.from == edge.to) continue;   // what was joined may now depend on itself
    ++edge_begin[edge.from + 1];
    edge_to.push_back(edge.to);
  }
  for (std::size_t i = 1; i < edge_begin.size(); ++i) edge_begin[i] += edge_begin[i - 1];
}

std::span<const Assessment::Table::Index> Assessment::Table::dependencies(Index index) const {
  return std::span(edge_to).subspan(edge_begin[index], edge_begin[index + 1] - edge_begin[index]);
}

}  // namespace bascule::estate
