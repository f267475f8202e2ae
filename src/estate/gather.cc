#include "estate/gather.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "estate/ascii.h"
#include "estate/columns.h"
#include "estate/facts.h"
#include "estate/gather_input.h"
#include "estate/json_members.h"

namespace bascule::estate {

namespace json = boost::json;
using Table = Assessment::Table;

namespace {

constexpr std::uint8_t kRankCostMeter = 4, kRankMetric = 5;   // above those of data/sizes.tsv

// The id of a Resource Graph row, in the ways that tools write it.
std::string_view id_text(const json::object& record) {
  for (const std::string_view name : {"id", "Id", "ID", "ResourceId", "resourceId"})
    if (const std::string_view text = text_at(record, name); !text.empty()) return text;
  return {};
}

std::uint64_t number_at(const Around& around, std::string_view name) {
  const auto* found = around.find(name);
  return found && found->is_int64() ? static_cast<std::uint64_t>(std::max<std::int64_t>(found->get_int64(), 0)) : 0;
}

}  // namespace

std::optional<ArmId> id_of_row(const json::object& record) {
  const std::string_view subscription = text_at(record, "subscriptionId"), group = text_at(record, "resourceGroup"), type = text_at(record, "type"),
                         name = text_at(record, "name");
  if (type.find('/') == std::string_view::npos || name.empty() || subscription.empty() || group.empty()) return std::nullopt;
  if (std::ranges::count(type, '/') != std::ranges::count(name, '/') + 1) return std::nullopt;
  return ArmId{fmt::format("/subscriptions/{}/resourceGroups/{}", subscription, group), std::string(type), std::string(name)};
}

void Gatherer::met(Form form, Current& current) {
  ++current.input.records;
  if (std::ranges::find(current.input.forms, form) == current.input.forms.end()) current.input.forms.push_back(form);
}

void Gatherer::too_many_rows(Current& current) {
  current.notes.add(Severity::error, "too-many", "more resources than can be taken; assess the estate in parts",
                    "plus de ressources que possible ; évaluez le parc par parties");
}

Gatherer::Index Gatherer::resource(const ArmId& given, Current& current) {
  ArmId id = given;
  if (looks_secret(id.name)) id.name = fmt::format("(hidden-{})", gathered_.table->rows.size());   // somebody named it so
  for (std::string* text : {&id.name, &id.type, &id.scope})
    for (char& c : *text)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  const Index index = gathered_.table->find_or_add(id);
  if (index == Table::kNone) {
    too_many_rows(current);
    return index;
  }
  Table::Row& row = gathered_.table->rows[index];
  ++current.input.resources;
  if (!row.present) {
    row.present = 1;
    row.first_input = current.number;
    gathered_.table->rename(row, id);
    ++resources_;
  } else {
    ++gathered_.merged;
  }
  if (row.last_input != current.number) {
    row.last_input = current.number;
    ++row.inputs;
  }
  row.cost_only = 0;
  return index;
}

void Gatherer::set_size(Index index, double bytes, std::uint8_t rank, Current& current) {
  Table::Row& row = gathered_.table->rows[index];
  if (rank < row.size_rank || !(bytes >= 0) || bytes > 1e18) return;
  row.size_bytes = static_cast<std::int64_t>(bytes);
  row.size_rank = rank;
  row.size_input = current.number;
}

void Gatherer::refer(Index from, const ArmId& to) {
  // What lies below a resource is part of it.
  Table& table = *gathered_.table;
  const Table::Row& row = table.rows[from];
  if (same_word(to.scope, table.texts.text(row.scope)) && begins_with_word(to.type, table.types.text(row.type)) &&
      begins_with_word(to.name, table.name_of(row)) && (to.name.size() == row.name_size || to.name[row.name_size] == '/')) return;
  const Index target = table.find_or_add(to);
  if (target != Table::kNone) table.add_edge(from, target);
}

void Gatherer::apply(Index index, const json::object& body, Dialect dialect, const json::value* sensitive, Current& current) {
  Table& table = *gathered_.table;
  const TypeRules& rules = *table.rules[table.rows[index].type];
  const Facts facts = read_facts(body, dialect, rules, sensitive);
  Table::Row& row = table.rows[index];
  if (row.location == 0) row.location = table.texts.number(facts.location);
  if (row.sku == 0) row.sku = table.texts.number(facts.sku);
  if (row.kind == 0) row.kind = table.texts.number(facts.kind);
  row.blockers |= facts.blockers;
  if (facts.size_bytes >= 0 && facts.size_rank > row.size_rank) set_size(index, static_cast<double>(facts.size_bytes), facts.size_rank, current);
  const auto found = [&](const ArmId& id) { refer(index, id); };
  for (const auto& [key, value] : body) {
    const std::string_view name = key;
    if (name == "id" || name == "tags" || std::ranges::find(rules.back_references, name) != rules.back_references.end()) continue;
    if (dialect == Dialect::terraform && sensitive && sensitive->is_object()) {
      const auto* mark = sensitive->get_object().if_contains(name);
      if (mark && mark->is_bool() && mark->get_bool()) continue;
    }
    find_references(value, rules, found);
  }
}

void Gatherer::graph_record(const json::object& record, const ArmId& id, Form form, Current& current) {
  met(form, current);
  const Index index = resource(id, current);
  if (index != Table::kNone) apply(index, record, Dialect::arm, nullptr, current);
}

// Usage as Azure Monitor measured it: {"id": ".../providers/Microsoft.Insights/metrics/UsedCapacity", "timeseries": [{"data": [{"average": …}]}]}
void Gatherer::metric(const json::object& record, std::string_view id, Current& current) {
  met(Form::metrics_json, current);
  const std::size_t at = lowered(id).find("/providers/microsoft.insights/metrics/");
  const std::string_view what = id.substr(at + 38);
  constexpr std::string_view kSizes[] = {"UsedCapacity", "BlobCapacity", "FileCapacity", "storage_used", "DataUsage", "VolumeLogicalSize"};
  if (std::ranges::none_of(kSizes, [&](std::string_view name) { return same_word(what, name); })) return;
  std::string_view resource = id.substr(0, at);
  for (const std::string_view part : {"/blobServices/default", "/fileServices/default"})
    if (resource.size() > part.size() && same_word(resource.substr(resource.size() - part.size()), part)) resource.remove_suffix(part.size());
  const auto arm = parse_arm_id(resource);
  const auto* series = array_at(record, "timeseries");
  if (!arm || !series) return;
  double newest = -1;
  for (const auto& one : *series) {
    const auto* data = one.is_object() ? array_at(one.get_object(), "data") : nullptr;
    if (!data) continue;
    for (const auto& point : *data)
      for (const std::string_view kind : {"average", "total", "maximum"}) {
        const auto* value = point.is_object() ? point.get_object().if_contains(kind) : nullptr;
        if (value && value->is_number()) newest = value->to_number<double>();
      }
  }
  if (newest < 0) return;
  const Index index = gathered_.table->find_or_add(*arm);
  if (index == Table::kNone) return too_many_rows(current);
  set_size(index, newest, kRankMetric, current);
}

void Gatherer::terraform(const json::object& record, TerraformRecord kind, Current& current) {
  const bool ours = read_terraform(record, catalogue_, [&](const TerraformResource& found) {
    met(kind == TerraformRecord::show ? Form::terraform_show : Form::terraform_state, current);
    const Index index = resource(found.id, current);
    if (index == Table::kNone) return;
    apply(index, *found.values, Dialect::terraform, found.sensitive, current);
    const std::string_view shared = without_instance(found.address);   // what is counted or mapped is depended on as a whole
    current.addresses.emplace_back(std::hash<std::string_view>()(found.address), index);
    if (shared.size() != found.address.size()) current.addresses.emplace_back(std::hash<std::string_view>()(shared), index);
    for (const std::string_view address : found.depends_on)
      current.depends.push_back({index, std::hash<std::string_view>()(address)});
  });
  if (!ours && text_at(record, "mode") == "managed") ++current.foreign;
}

void Gatherer::template_record(const json::object& record, const Around& around, Current& current) {
  const json::value* parameters = around.find("parameters");
  const json::value* variables = around.find("variables");
  if (!current.second_pass && !parameters && !variables) {   // they may come behind the resources
    current.deferred = true;
    return;
  }
  if (current.second_pass && (parameters || variables)) return;   // taken the first time
  const json::object* late = current.late_around();
  const auto object = [&](const json::value* value, std::string_view name) -> const json::object* {
    if (!value && late) value = late->if_contains(name);
    return value ? value->if_object() : nullptr;
  };
  const TemplateScope scope(object(parameters, "parameters"), object(variables, "variables"));
  const std::uint64_t passed_over = expand_template_resource(record, scope, [&](const TemplateResource& found) {
    met(Form::arm_template, current);
    if (!found.named) ++current.unnamed;
    const Index index = resource(found.id, current);
    if (index == Table::kNone) return;
    apply(index, *found.body, Dialect::arm, nullptr, current);
    for (const ArmId& id : found.depends_on) refer(index, id);
  });
  if (passed_over > 0)
    current.notes.add(Severity::error, "template-resource", fmt::format("{} resources of the template have no usable type and name, or lie too deep", passed_over),
                      fmt::format("{} ressources du modèle n'ont ni type ni nom utilisables, ou sont trop imbriquées", passed_over));
}

void Gatherer::record(json::object& record, const Around& around, Current& current) {
  if (current.second_pass && !current.wants_second_pass(record)) return;
  if (AccessCounter::looks_like_log(record)) {
    if (gathered_.access.add(record)) return met(Form::storage_log_json, current);
  }
  if (const TerraformRecord kind = terraform_record(record); kind != TerraformRecord::none) return terraform(record, kind, current);
  const std::string_view id = id_text(record);
  if (record.contains("timeseries") && lowered(id).find("/providers/microsoft.insights/metrics/") != std::string::npos) return metric(record, id, current);
  if (const auto arm = parse_arm_id(id)) return graph_record(record, *arm, Form::resource_graph_json, current);
  if (record.contains("type") && record.contains("name") && record.contains("apiVersion")) return template_record(record, around, current);
  if (const auto arm = id_of_row(record)) return graph_record(record, *arm, Form::resource_graph_json, current);
  ++current.input.records;
  if (current.unrecognised++ == 0) current.first_unrecognised = current.reader_line();
}

void Gatherer::table_row(json::array& cells, const Around& around, Current& current) {
  const json::value* columns = around.find("columns");
  if (!columns) columns = around.find("Columns");
  if (!columns && !current.second_pass) {
    current.deferred = true;
    return;
  }
  if (!columns) {
    const json::object* late = current.late_around();
    columns = late ? late->if_contains("columns") : nullptr;
  } else if (current.second_pass) {
    return;   // taken the first time
  }
  if (!columns || !columns->is_array()) return;
  json::object record(cells.storage());
  for (std::size_t i = 0; i < std::min(cells.size(), columns->get_array().size()); ++i) {
    const auto& column = columns->get_array()[i];
    const auto* name = column.is_object() ? column.get_object().if_contains("name") : &column;
    if (name && !name->is_string()) name = nullptr;
    if (name && !cells[i].is_null()) record[name->get_string()] = std::move(cells[i]);
  }
  const bool second = std::exchange(current.second_pass, false);
  this->record(record, around, current);
  current.second_pass = second;
}

void Gatherer::page_end(const Around& around, Current& current) {
  if (!current.second_pass) current.keep_late(around);
  if (current.second_pass) {
    ++current.page;
    return;
  }
  const auto flag = [&](std::string_view name) {
    const auto* found = around.objects.back()->if_contains(name);
    return found && !found->is_null() && !(found->is_string() && (found->get_string().empty() || found->get_string() == "false"));
  };
  const std::uint64_t total = std::max(number_at(around, "total_records"), number_at(around, "totalRecords"));
  if (total > 0) {
    paged_ = true;
    paged_rows_ += number_at(around, "count");
    paged_total_ = std::max(paged_total_, total);
  }
  if (flag("resultTruncated"))
    current.notes.add(Severity::warning, "truncated-result", "Resource Graph says that it left rows out (resultTruncated); export the following pages too",
                      "Resource Graph indique avoir omis des lignes (resultTruncated) ; exportez aussi les pages suivantes");
  if (flag("nextLink"))
    current.notes.add(Severity::warning, "next-page", "there is a next page (nextLink); it must be given too, if it is not among the inputs",
                      "il y a une page suivante (nextLink) ; donnez-la aussi, si elle n'est pas parmi les entrées");
}

bool ChargedDays::again(std::int32_t day, std::uint32_t of_input) {
  if (input != of_input) {
    if (current_from <= current_to) {
      from = from <= to ? std::min(from, current_from) : current_from;
      to = std::max(to, current_to);
    }
    current_from = day;
    current_to = day - 1;
    input = of_input;
  }
  if (from <= to && day >= from && day <= to) return true;
  current_from = std::min(current_from, day);
  current_to = std::max(current_to, day);
  return false;
}

// The rows of one resource often stand together.
void Gatherer::charged_resource(std::string_view resource_id, Current& current) {
  if (current.cost_known && same_word(resource_id, current.cost_id)) return;
  Table& table = *gathered_.table;
  current.cost_known = true;
  current.cost_id = resource_id;
  const auto id = parse_arm_id(resource_id);
  current.cost_index = id ? table.find_or_add(*id) : Table::kNone;
  if (current.cost_index == Table::kNone) return;
  Table::Row& made = table.rows[current.cost_index];
  if (!made.present) {
    resource(*id, current);
    made.cost_only = 1;
  } else if (made.last_input != current.number) {
    made.last_input = current.number;
    ++made.inputs;
  }
}

void Gatherer::cost_row(const CostRow& row, Current& current) {
  met(Form::cost_csv, current);
  charged_resource(row.resource, current);
  if (const auto day = day_number(row.date)) {
    const std::size_t place = current.cost_index == Table::kNone ? 0 : current.cost_index + 1UL;
    if (charged_days_.size() <= place) charged_days_.resize(std::max<std::size_t>(place + 1, gathered_.table->rows.size() + 1));
    if (charged_days_[place].again(*day, current.number)) {
      ++current.charged_again;
      return;
    }
  }
  Charges& charges = gathered_.charges;
  Table& table = *gathered_.table;
  const std::string currency = row.currency.empty() ? "?" : clean_word(row.currency, 8);
  if (charges.by_currency.size() < 200 || charges.by_currency.contains(currency)) charges.by_currency[currency] += row.cost;
  if (!row.date.empty()) {
    if (charges.from.empty() || row.date < charges.from) charges.from = row.date;
    if (row.date > charges.to) charges.to = row.date;
  }
  charges.outgoing_bytes += row.outgoing_bytes;
  if (current.cost_index == Table::kNone) return;
  Table::Row& charged = table.rows[current.cost_index];
  const auto known = std::ranges::find(table.currencies, currency);
  const auto number = static_cast<std::size_t>(known - table.currencies.begin()) + 1;
  if (number > 250) return;
  if (known == table.currencies.end()) table.currencies.push_back(currency);
  if (charged.currency == 0) charged.currency = static_cast<std::uint8_t>(number);
  if (charged.currency == number) charged.cost += row.cost;
  if (row.stored_gib_months > 0) charges.stored_gib_months[current.cost_index] += row.stored_gib_months;
}

Gathered Gatherer::finish() && {
  Gathered& all = gathered_;
  if (paged_ && paged_rows_ < paged_total_ && !all.inputs.empty()) {
    Notes notes(all.inputs.back());
    notes.add(Severity::warning, "pages-missing",
              fmt::format("the query found {} rows, the pages given hold {}: export the others too (az graph query --skip-token)", paged_total_, paged_rows_),
              fmt::format("la requête a trouvé {} lignes, les pages données en contiennent {} : exportez aussi les autres (az graph query --skip-token)", paged_total_, paged_rows_));
  }
  // Data stored, as the meters say it: an average over the time that the exports cover.
  if (!all.charges.stored_gib_months.empty() && !all.charges.from.empty()) {
    const double months = covered_months(all.charges.from, all.charges.to);
    for (const auto& [index, gib_months] : all.charges.stored_gib_months) {
      Table::Row& row = all.table->rows[index];
      if (row.size_rank >= kRankCostMeter || months <= 0) continue;
      row.size_bytes = static_cast<std::int64_t>(std::min(gib_months / months * (1 << 30), 1e18));
      row.size_rank = kRankCostMeter;
      row.size_input = row.last_input;
    }
  }
  for (const Input& input : all.inputs) {
    all.table->input_files.push_back(input.file);
    all.table->input_dates.push_back(input.date);
  }
  return std::move(gathered_);
}

}  // namespace bascule::estate
