#include "estate/assess.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <map>
#include <set>

#include "estate/ascii.h"
#include "estate/columns.h"
#include "estate/costs.h"
#include "estate/gather_input.h"
#include "estate/waves.h"

namespace bascule::estate {
namespace {

using Table = Assessment::Table;
using Index = Table::Index;

// How much of a change a kind of move is; a blocker never makes it less.
int weight(Move move) {
  switch (move) {
    case Move::unchanged: return 0;
    case Move::managed: return 1;
    case Move::planned: return 2;
    case Move::rebuild: return 3;
    default: return 4;
  }
}

template <class Do> void each_bit(std::uint64_t bits, Do act) {
  for (; bits != 0; bits &= bits - 1) act(static_cast<unsigned>(std::countr_zero(bits)));
}

// The kind of each row: its type's, or what a blocker turns it into.
void decide_moves(Table& table, const Catalogue& catalogue) {
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    Table::Row& row = table.rows[i];
    const Mapping* mapping = table.mappings[row.type];
    row.move = mapping ? mapping->move : Move::unknown;
    each_bit(row.blockers, [&](unsigned bit) {
      const auto turns = catalogue.blocker(bit)->turns;
      if (turns && weight(*turns) > weight(row.move)) row.move = *turns;
    });
  }
}

bool carries_data(const Table& table, const Table::Row& row) {
  const Mapping* mapping = table.mappings[row.type];
  return mapping && !mapping->holds.empty() && row.move != Move::none && row.move != Move::not_ours;
}

// A share of an account whose own size is known would be counted twice.
bool counted_with_parent(Table& table, const Table::Row& row, Index index) {
  if (table.name_of(row).find('/') == std::string_view::npos) return false;
  for (auto parent = parent_of(table.id_of(index)); parent; parent = parent_of(*parent)) {
    const Index found = table.find(*parent);
    if (found != Table::kNone && table.rows[found].present && carries_data(table, table.rows[found])) return table.rows[found].size_bytes >= 0;
  }
  return false;
}

// The resources in the order in which they are shown: by wave, what does not move last; then by group, type, name.
void arrange(Table& table) {
  table.order.clear();
  for (Index i = 0; i < table.rows.size(); ++i)
    if (table.rows[i].present) table.order.push_back(i);
  const auto ranks = [](const TextPool& pool) {   // of each text among the others, so that comparing is cheap
    std::vector<std::uint32_t> by_text(pool.size()), rank(pool.size());
    for (std::uint32_t i = 0; i < by_text.size(); ++i) by_text[i] = i;
    std::ranges::sort(by_text, [&](std::uint32_t a, std::uint32_t b) { return pool.text(a) < pool.text(b); });
    for (std::uint32_t i = 0; i < by_text.size(); ++i) rank[by_text[i]] = i;
    return rank;
  };
  const auto scope = ranks(table.texts), type = ranks(table.types);
  std::ranges::sort(table.order, [&](Index a, Index b) {
    const Table::Row &x = table.rows[a], &y = table.rows[b];
    const std::uint32_t wave_x = x.wave - 1, wave_y = y.wave - 1;   // none wraps round to the end
    if (wave_x != wave_y) return wave_x < wave_y;
    if (x.scope != y.scope) return scope[x.scope] < scope[y.scope];
    if (x.type != y.type) return type[x.type] < type[y.type];
    return table.name_of(x) < table.name_of(y);
  });
  table.place.assign(table.rows.size(), Table::kNone);
  for (Index i = 0; i < table.order.size(); ++i) table.place[table.order[i]] = i;
}

void count_subscriptions(const Table& table, Assessment& out) {
  std::vector<bool> seen(table.texts.size(), false);
  std::set<std::string> subscriptions;
  for (const Index index : table.order) {
    const std::uint32_t scope = table.rows[index].scope;
    if (seen[scope]) continue;
    seen[scope] = true;
    subscriptions.insert(lowered(read_scope(table.texts.text(scope)).subscription));
  }
  subscriptions.erase("");
  out.subscriptions = subscriptions.size();
}

void count_types(const Table& table, Assessment& out) {
  std::vector<TypeCount> counts(table.types.size());
  std::array<BlockerCount, kMostBlockers> blockers;
  std::map<std::uint32_t, std::uint64_t> locations;
  for (Index i = 0; i < table.order.size(); ++i) {
    const Table::Row& row = table.rows[table.order[i]];
    TypeCount& count = counts[row.type];
    ++count.count;
    ++count.by_move[static_cast<std::size_t>(row.move)];
    ++out.by_move[static_cast<std::size_t>(row.move)];
    if (row.location != 0) ++locations[row.location];
    if (carries_data(table, row)) {
      if (row.size_bytes >= 0) count.size_bytes += static_cast<std::uint64_t>(row.size_bytes);
      else ++count.size_unknown;
    }
    each_bit(row.blockers, [&](unsigned bit) {
      if (blockers[bit].count++ == 0) blockers[bit].example = i;
    });
  }
  for (std::uint32_t type = 0; type < counts.size(); ++type) {
    if (counts[type].count == 0) continue;
    const Mapping* mapping = table.mappings[type];
    counts[type].mapping = mapping;
    counts[type].type = mapping ? mapping->type : table.types.text(type);
    counts[type].title = mapping ? mapping->title : counts[type].type;
    out.types.push_back(counts[type]);
  }
  std::ranges::sort(out.types, [](const TypeCount& a, const TypeCount& b) { return a.count != b.count ? a.count > b.count : a.type < b.type; });
  for (unsigned bit = 0; bit < blockers.size(); ++bit) {
    if (blockers[bit].count == 0) continue;
    blockers[bit].blocker = table.catalogue.blocker(bit);
    out.blockers.push_back(blockers[bit]);
  }
  std::ranges::sort(out.blockers, [](const BlockerCount& a, const BlockerCount& b) { return a.count != b.count ? a.count > b.count : a.blocker->id < b.blocker->id; });
  for (const auto& [location, count] : locations) out.locations.emplace_back(table.texts.text(location), count);
  std::ranges::sort(out.locations, [](const auto& a, const auto& b) { return a.second != b.second ? a.second > b.second : a.first < b.first; });
}

void count_waves(Table& table, const Ordered& ordered, Assessment& out) {
  out.waves.resize(ordered.waves);
  for (std::uint32_t i = 0; i < ordered.waves; ++i) out.waves[i].number = i + 1;
  for (const Index index : table.order) {
    const Table::Row& row = table.rows[index];
    const bool data = carries_data(table, row);
    if (row.wave == 0) continue;
    Wave& wave = out.waves[row.wave - 1];
    ++wave.resources;
    ++wave.by_move[static_cast<std::size_t>(row.move)];
    if (!data || counted_with_parent(table, row, index)) continue;
    if (row.size_bytes >= 0) wave.size_bytes += static_cast<std::uint64_t>(row.size_bytes);
    else ++wave.size_unknown;
  }
  for (Wave& wave : out.waves) {
    out.size_bytes += wave.size_bytes;
    out.size_unknown += wave.size_unknown;
    if (out.bandwidth_bits) wave.transfer_seconds = static_cast<double>(wave.size_bytes) * 8 / *out.bandwidth_bits;
  }
  for (std::size_t i = 0; i < ordered.cycles.size(); ++i) {
    Cycle cycle{.number = static_cast<std::uint32_t>(i + 1), .wave = table.rows[ordered.cycles[i].front()].wave, .size = ordered.cycle_sizes[i]};
    for (const Index member : ordered.cycles[i]) cycle.members.push_back(table.place[member]);
    out.cycles.push_back(std::move(cycle));
  }
}

// The inputs that say sizes, for the label.
std::string files_of(const Assessment& out, auto&& wanted) {
  std::string files;
  int count = 0;
  for (const Input& input : out.inputs) {
    if (std::ranges::none_of(input.forms, wanted)) continue;
    if (++count <= 3) files += (files.empty() ? "" : ", ") + input.file;
  }
  return count > 3 ? fmt::format("{} and {} more", files, count - 3) : files;
}

std::string newest_date(const Assessment& out) {
  std::string newest;
  for (const Input& input : out.inputs) newest = std::max(newest, input.date);
  return newest;
}

void tell_sizes(const Gathered& gathered, Assessment& out) {
  const std::string date = newest_date(out);
  const bool any = std::ranges::any_of(out.types, [](const TypeCount& type) { return type.size_bytes > 0; });
  out.size_label = any ? Label::declared(files_of(out, [](Form form) { return form != Form::storage_log_json && form != Form::storage_log_csv && form != Form::unrecognised; }), date)
                       : Label::unknown("the inputs say no sizes: add a cost export, or az monitor metrics list --metric UsedCapacity", date);
  out.egress_bytes = {any ? std::optional(static_cast<double>(out.size_bytes)) : std::nullopt, out.size_label};
  const bool costs = std::ranges::any_of(out.inputs, [](const Input& input) { return std::ranges::find(input.forms, Form::cost_csv) != input.forms.end(); });
  const std::string cost_files = files_of(out, [](Form form) { return form == Form::cost_csv; });
  if (costs) {
    const double months = gathered.charges.from.empty() ? 0 : covered_months(gathered.charges.from, gathered.charges.to);
    out.egress_month_bytes = months > 0 ? Quantity{gathered.charges.outgoing_bytes / months, Label::declared(cost_files, date)} : Quantity{{}, Label::unknown(cost_files, date)};
    for (const auto& [currency, amount] : gathered.charges.by_currency) out.charged.push_back({amount, currency});
    std::ranges::sort(out.charged, [](const Money& a, const Money& b) { return a.currency < b.currency; });
    out.charged_from = gathered.charges.from;
    out.charged_to = gathered.charges.to;
    out.charged_label = Label::declared(cost_files, date);
  } else {
    out.egress_month_bytes.label = out.charged_label = Label::unknown("no cost export among the inputs", date);
  }
  if (out.bandwidth_bits && any)
    out.transfer_seconds = {static_cast<double>(out.size_bytes) * 8 / *out.bandwidth_bits, Label::declared("--bandwidth, and " + out.size_label.by, date)};
  else
    out.transfer_seconds.label = Label::unknown(out.bandwidth_bits ? "no size is known" : "give --bandwidth", date);
}

void tell_access(const Gathered& gathered, const Catalogue& catalogue, Assessment& out, Table& table) {
  out.requests = gathered.access.requests();
  out.access_folded = gathered.access.folded();
  out.access_from = gathered.access.from();
  out.access_to = gathered.access.to();
  for (const auto& [key, row] : gathered.access.rows()) {
    const auto keep = [&](const std::string& text) { return table.texts.text(table.texts.number(text)); };
    const OperationRow how = catalogue.operation(row.service, row.operation, row.authentication);
    out.access.push_back({keep(row.account), keep(row.service), keep(row.operation), keep(row.authentication), keep(row.user_agent), row.requests, row.failed,
                          row.response_bytes, how.move, how.reason});
  }
  std::ranges::sort(out.access, [](const AccessRow& a, const AccessRow& b) {
    return std::tie(b.requests, a.account, a.service, a.operation, a.authentication, a.user_agent) <
           std::tie(a.requests, b.account, b.service, b.operation, b.authentication, b.user_agent);
  });
}

void tell_checklist(const Catalogue& catalogue, Assessment& out) {
  for (ChecklistItem item : catalogue.checklist()) {
    // An item of the estate's own stands only where it concerns something.
    std::optional<std::uint64_t> count;
    const auto of_move = [&](Move move) { return out.by_move[static_cast<std::size_t>(move)]; };
    if (item.id == "unknown-types") count = of_move(Move::unknown);
    else if (item.id == "microsoft-365-reseller") count = of_move(Move::not_ours);
    else if (item.id == "unknown-sizes") count = out.size_unknown;
    else if (item.id == "missing-references") count = out.missing;
    else if (item.id == "cycles") count = out.cycles.size();
    else if (item.id == "incomplete-inputs") count = static_cast<std::uint64_t>(std::ranges::count(out.inputs, false, &Input::complete));
    item.count = count;
    if (item.group != "estate" || !count || *count > 0) out.checklist.push_back(std::move(item));
  }
}

}  // namespace

Assessment assess(Gathered gathered, const AssessOptions& options) {
  const std::shared_ptr<Table> table = gathered.table;
  const Catalogue& catalogue = table->catalogue;
  Assessment out{.command = options.command, .made = options.made, .program_version = options.program_version, .data_version = std::string(catalogue.newest_date())};
  out.inputs = std::move(gathered.inputs);
  for (const Input& input : out.inputs) {
    out.complete &= input.complete;
    for (const InputNote& note : input.notes) out.complete &= note.severity != Severity::error;
  }
  out.bandwidth_bits = options.bandwidth_bits;
  gathered.merged += table->join_partial();
  out.merged = gathered.merged;
  Linked linked = link(*table);
  out.missing = linked.missing;
  out.missing_examples = std::move(linked.missing_examples);
  decide_moves(*table, catalogue);
  const Ordered ordered = order(*table);
  arrange(*table);
  count_subscriptions(*table, out);
  count_types(*table, out);
  count_waves(*table, ordered, out);
  tell_sizes(gathered, out);
  tell_access(gathered, catalogue, out, *table);
  tell_checklist(catalogue, out);
  if (options.prices) out.costs = reckon_costs(*table, out, *options.prices);
  out.table = table;
  return out;
}

std::uint64_t Assessment::size() const { return table ? table->order.size() : 0; }

Resource Assessment::resource(std::uint64_t place) const {
  const Index index = table->order[place];
  const Table::Row& row = table->rows[index];
  const Mapping* mapping = table->mappings[row.type];
  const Scope scope = read_scope(table->texts.text(row.scope));
  Resource out{.id = table->id_of(index).text(),
               .name = table->name_of(row),
               .type = mapping ? mapping->type : table->types.text(row.type),
               .title = mapping ? mapping->title : table->types.text(row.type),
               .subscription = std::string(scope.subscription),
               .resource_group = std::string(scope.resource_group),
               .location = table->texts.text(row.location),
               .sku = table->texts.text(row.sku),
               .kind = table->texts.text(row.kind),
               .move = row.move,
               .reason = mapping ? mapping->reason : table->catalogue.reason("unknown-type"),
               .mapping = mapping,
               .wave = row.wave,
               .cycle = row.cycle,
               .inputs = row.inputs,
               .first_input = row.first_input,
               .partial = row.partial != 0,
               .label = mapping ? mapping->label : Label::unknown("data/types.tsv", std::string(table->catalogue.newest_date()))};
  const Blocker* turning = nullptr;
  each_bit(row.blockers, [&](unsigned bit) {
    const Blocker* blocker = table->catalogue.blocker(bit);
    out.blockers.push_back(blocker);
    if (!turning && blocker->turns == row.move && (!mapping || mapping->move != row.move)) turning = blocker;
  });
  if (turning) {
    out.reason = turning->what;
    out.label = turning->label;
  }
  for (const Index on : table->dependencies(index)) out.depends_on.push_back(table->place[on]);
  std::ranges::sort(out.depends_on);
  if (row.size_bytes >= 0) {
    out.size_bytes = static_cast<std::uint64_t>(row.size_bytes);
    out.size_label = Label::declared(table->input_files[row.size_input], table->input_dates[row.size_input]);
  } else {
    out.size_label = Label::unknown();
  }
  if (row.currency != 0) out.cost = Money{row.cost, table->currencies[row.currency - 1U]};
  return out;
}

std::optional<double> parse_bandwidth(std::string_view text) {
  text = trimmed(text);
  double number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end.ec != std::errc() || !(number > 0) || number > 1e15) return std::nullopt;
  const std::string_view unit = trimmed(text.substr(static_cast<std::size_t>(end.ptr - text.data())));
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"bit/s", 1}, {"bps", 1}, {"kbit/s", 1e3}, {"kbps", 1e3}, {"Mbit/s", 1e6}, {"Mbps", 1e6}, {"Gbit/s", 1e9}, {"Gbps", 1e9}, {"Tbit/s", 1e12}};
  for (const auto& [name, bits] : kUnits)
    if (same_word(unit, name)) return number * bits;
  constexpr std::pair<std::string_view, double> kBytes[] = {{"kB/s", 8e3}, {"MB/s", 8e6}, {"GB/s", 8e9}, {"KiB/s", 8192.0}, {"MiB/s", 8.0 * (1 << 20)}, {"GiB/s", 8.0 * (1 << 30)}};
  for (const auto& [name, bits] : kBytes)
    if (same_word(unit, name)) return number * bits;
  return std::nullopt;
}

}  // namespace bascule::estate
