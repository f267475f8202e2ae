// How an input is read: as JSON or as delimited text, in one pass or two, past what is broken where that is possible.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <charconv>
#include <chrono>

#include "estate/arena.h"
#include "estate/ascii.h"
#include "estate/columns.h"
#include "estate/csv_records.h"
#include "estate/facts.h"
#include "estate/gather.h"
#include "estate/gather_input.h"

namespace bascule::estate {

namespace json = boost::json;
using Table = Assessment::Table;

namespace {

constexpr std::uint64_t kPortalRows = 55'000;   // "Working with large Azure resource data sets": the CSV export's limit
constexpr std::uint64_t kMostErrors = 100;      // of one input, before it is given up

// Our words for Boost's, which speak of a parser.
std::string plain(const std::string& message) {
  for (const auto& [theirs, ours] : {std::pair<std::string_view, std::string_view>{"incomplete JSON", "the text ends in the middle of a value"},
                                     {"too deep", "nested deeper than any export is"},
                                     {"syntax error", "this is no JSON"}})
    if (message == theirs) return std::string(ours);
  return message;
}

bool looks_like_json(std::string_view text) {
  const std::size_t at = text.find_first_not_of(" \t\r\n\x1e");
  return at != std::string_view::npos && (text[at] == '{' || text[at] == '[');
}

std::optional<std::chrono::sys_days> day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  int year = 0;
  unsigned month = 0, of_month = 0;
  const auto read = [](std::string_view digits, auto& number) { std::from_chars(digits.data(), digits.data() + digits.size(), number); };
  read(text.substr(0, 4), year);
  read(text.substr(5, 2), month);
  read(text.substr(8, 2), of_month);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(of_month)};
  return date.ok() ? std::optional(std::chrono::sys_days(date)) : std::nullopt;
}

}  // namespace

std::optional<std::int32_t> day_number(std::string_view date) {
  const auto found = day(date);
  return found ? std::optional(static_cast<std::int32_t>(found->time_since_epoch().count())) : std::nullopt;
}

double covered_months(std::string_view from, std::string_view to) {
  const auto first = day(from), last = day(to);
  if (!first || !last || *last < *first || *last - *first > std::chrono::days(36'600)) return 0;
  double months = 0;
  for (auto at = *first; at <= *last;) {
    const std::chrono::year_month_day date(at);
    const std::chrono::sys_days end(std::chrono::year_month_day_last(date.year(), std::chrono::month_day_last(date.month())));
    const auto days_of_month = static_cast<unsigned>(std::chrono::year_month_day(end).day());
    const auto until = std::min(end, *last);
    months += static_cast<double>((until - at).count() + 1) / days_of_month;
    at = until + std::chrono::days(1);
  }
  return months;
}

std::uint64_t Gatherer::read(const std::string& file) {
  read_input(file, TextSource::open(file));
  return gathered_.inputs.back().size_bytes;
}

void Gatherer::read_text(const std::string& name, std::string bytes) { read_input(name, TextSource::of(std::move(bytes), "")); }

void Gatherer::read_input(const std::string& name, Result<TextSource> source) {
  Input& input = gathered_.inputs.emplace_back();
  input.file = clean_word(name, 1024);
  Current current(input, static_cast<std::uint32_t>(gathered_.inputs.size() - 1));
  if (source) {
    input.size_bytes = source->size_bytes();
    input.date = source->date();
    read_source(*source, current);
    if (source->foreign_bytes() > 0)
      current.notes.add(Severity::warning, "encoding",
                        fmt::format("{} bytes are not UTF-8 and were read as Windows-1252, the first in line {}", source->foreign_bytes(), source->first_foreign_line()),
                        fmt::format("{} octets ne sont pas de l'UTF-8 et ont été lus comme du Windows-1252, le premier à la ligne {}", source->foreign_bytes(), source->first_foreign_line()),
                        source->first_foreign_line());
  } else {
    current.notes.add(Severity::error, "unreadable", "cannot be read: " + source.error().message, "illisible : " + source.error().message);
  }
  end_input(current);
}

void Gatherer::read_source(TextSource& source, Current& current) {
  auto first = source.next();
  if (!first) return current.notes.add(Severity::error, "unreadable", first.error().message, first.error().message);
  if (first->find_first_not_of(" \t\r\n") == std::string_view::npos && first->size() < 4096)
    return current.notes.add(Severity::warning, "empty", "the input is empty", "l'entrée est vide");
  if (!looks_like_json(*first)) return read_csv(source, *first, current);
  read_json(source, *first, current);
  if (!current.deferred || !current.input.complete) return;
  current.second_pass = true;
  current.page = 0;
  if (auto again = source.rewind(); !again) return current.notes.add(Severity::error, "unreadable", again.error().message, again.error().message);
  first = source.next();
  if (first) read_json(source, *first, current);
}

// Text from one block: errors are noted; JSON lines go on behind the broken one. An error ends the input.
Result<void> Gatherer::feed(JsonRecords& reader, std::string_view text, bool last, Current& current) {
  while (true) {
    const std::uint64_t begin = reader.offset();
    auto took = reader.write(text, last);
    if (took) return {};
    const bool cut = took.error().message == "the text ends in the middle of a value";
    current.notes.add(Severity::error, cut ? "truncated" : "malformed",
                      fmt::format("{}; {} records before it are taken. {}", plain(took.error().message), reader.records(),
                                  cut ? "The export was cut short: export it again" : "What follows is " + std::string(reader.within_one_line() ? "read from the next line on" : "not read: export it again")),
                      fmt::format("{} ; les {} enregistrements précédents sont pris. {}", cut ? "le texte s'arrête au milieu d'une valeur" : "ce n'est pas du JSON", reader.records(),
                                  cut ? "L'export est tronqué : refaites-le" : reader.within_one_line() ? "La suite est lue à partir de la ligne suivante" : "La suite n'est pas lue : refaites l'export"),
                      reader.line(), reader.offset());
    if (cut || !reader.within_one_line() || current.notes.errors() >= kMostErrors) return took;
    text.remove_prefix(static_cast<std::size_t>(reader.offset() - begin));
    const std::size_t end = text.find('\n');
    current.skip_line = end == std::string_view::npos;
    reader.resume(text.substr(0, end));
    if (current.skip_line) return {};
    text.remove_prefix(end);
  }
}

void Gatherer::read_json(TextSource& source, std::string_view first, Current& current) {
  JsonRecords reader({.record = [&](json::object& found, const Around& around) { record(found, around, current); },
                      .row = [&](json::array& cells, const Around& around) { table_row(cells, around, current); },
                      .page_end = [&](const Around& around) { page_end(around, current); },
                      .too_large = [&] {
                        current.notes.add(Severity::error, "too-large", fmt::format("a record is larger than {} MiB and is left out", kMostRecordBytes >> 20),
                                          fmt::format("un enregistrement dépasse {} Mio et est omis", kMostRecordBytes >> 20), current.reader_line());
                      }});
  current.reader = &reader;
  for (std::string_view block = first;;) {
    const bool last = block.empty();
    if (current.skip_line && !last) {   // the rest of a broken line
      const std::size_t end = block.find('\n');
      current.skip_line = end == std::string_view::npos;
      reader.resume(block.substr(0, end));
      block = current.skip_line ? std::string_view() : block.substr(end);
    }
    if ((!block.empty() || last) && !feed(reader, block, last, current)) break;
    if (on_progress_) on_progress_({current.input.file, current.number + 1UL, source.read_bytes(), source.size_bytes(), resources_});
    if (last) break;
    const auto next = source.next();
    if (!next) {
      current.notes.add(Severity::error, "unreadable", next.error().message, next.error().message);
      break;
    }
    block = *next;
  }
  current.reader = nullptr;
}

namespace {

// A CSV of resources: which column is what. Cells of JSON become JSON again.
struct ResourceColumns {
  std::vector<std::string> names;
  int id = -1;

  static std::optional<ResourceColumns> of(std::span<const std::string_view> header) {
    ResourceColumns columns;
    columns.id = column(header, {"id", "ResourceId", "Resource ID"});
    const bool described = column(header, {"name"}) >= 0 && column(header, {"type"}) >= 0;
    if (columns.id < 0 && !described) return std::nullopt;
    if (columns.id >= 0 && header.size() > 1 && !described && column(header, {"type", "name", "location", "properties", "kind", "sku"}) < 0) return std::nullopt;
    // The portal writes its headings in capitals, PowerShell in mixed case; ours are Azure's.
    constexpr std::string_view kKnown[] = {"id", "name", "type", "location", "kind", "sku", "properties", "identity", "managedBy", "resourceGroup",
                                           "subscriptionId", "zones", "extendedLocation", "plan", "tenantId", "tags"};
    for (const std::string_view heading : header) {
      std::string_view name = trimmed(heading);
      if (same_word(name, "SUBSCRIPTION ID") || same_word(name, "SUBSCRIPTION")) name = "subscriptionId";
      if (same_word(name, "RESOURCE GROUP")) name = "resourceGroup";
      const auto* const known = std::ranges::find_if(kKnown, [&](std::string_view word) { return same_word(word, name); });
      columns.names.emplace_back(known == std::end(kKnown) ? name : *known);
    }
    if (columns.id >= 0) columns.names[static_cast<std::size_t>(columns.id)] = "id";
    return columns;
  }
};

}  // namespace

void Gatherer::read_csv(TextSource& source, std::string_view first, Current& current) {
  enum class Kind : std::uint8_t { unknown, log, cost, resources };
  Kind kind = Kind::unknown;
  LogColumns log;
  CostColumns cost;
  ResourceColumns resources;
  std::size_t width = 0;
  std::uint64_t rows = 0;
  Arena memory;

  const auto bad_cell = [&](std::uint64_t line, std::string_view what) {
    current.notes.add(Severity::warning, "bad-cell", fmt::format("the cell {} holds broken JSON (Excel cuts cells at 32,767 characters): export again and do not open it in Excel", what),
                      fmt::format("la cellule {} contient du JSON incomplet (Excel coupe les cellules à 32 767 caractères) : refaites l'export sans l'ouvrir dans Excel", what), line);
  };
  const auto resource_row = [&](std::span<const std::string_view> cells, std::uint64_t line) {
    json::object record{json::storage_ptr(&memory)};
    for (std::size_t i = 0; i < std::min(cells.size(), resources.names.size()); ++i) {
      const std::string_view text = cells[i], name = resources.names[i];
      if (text.empty() || name == "tags") continue;
      if (text[0] == '{' || text[0] == '[') {
        boost::system::error_code error;
        json::parse_options options;
        options.max_depth = kMostJsonDepth;
        json::value parsed = json::parse(text, error, &memory, options);
        if (!error) record[name] = std::move(parsed);
        else bad_cell(line, name);
      } else {
        record[name] = text;
      }
    }
    const std::string_view id = cell(cells, resources.id);
    auto arm = parse_arm_id(id);
    if (!arm) arm = id_of_row(record);
    if (arm) return graph_record(record, *arm, Form::resource_graph_csv, current);
    ++current.input.records;
    current.notes.add(Severity::error, "no-id", "a row has no resource id; run the query with the column id, and in the portal with formatted results off",
                      "une ligne n'a pas d'identifiant de ressource ; relancez la requête avec la colonne id, et dans le portail sans résultats formatés", line);
  };
  const auto header = [&](std::span<const std::string_view> cells) {
    width = cells.size();
    if (const auto found = LogColumns::of(cells)) {
      kind = Kind::log;
      log = *found;
    } else if (const auto charged = CostColumns::of(cells)) {
      kind = Kind::cost;
      cost = *charged;
    } else if (auto listed = ResourceColumns::of(cells)) {
      kind = Kind::resources;
      resources = std::move(*listed);
    }
    return kind != Kind::unknown;
  };
  CsvReader reader([&](std::span<const std::string_view> cells, std::uint64_t line) {
    if (kind == Kind::unknown) return header(cells);
    ++rows;
    if (cells.size() != width) {
      current.notes.add(Severity::error, "columns", fmt::format("a row has {} columns, the heading {}: the row is left out", cells.size(), width),
                        fmt::format("une ligne a {} colonnes, l'en-tête {} : la ligne est omise", cells.size(), width), line);
      return current.notes.errors() < kMostErrors;
    }
    if (kind == Kind::log) {
      met(Form::storage_log_csv, current);
      gathered_.access.add(log.entry(cells));
    } else if (kind == Kind::cost) {
      if (const auto row = cost.row(cells)) cost_row(*row, current);
      else current.notes.add(Severity::error, "no-cost", "the cost of a row is no number", "le coût d'une ligne n'est pas un nombre", line);
    } else {
      resource_row(cells, line);
      memory.release();
    }
    return current.notes.errors() < kMostErrors;
  });
  for (std::string_view block = first;;) {
    const bool last = block.empty();
    if (const auto took = reader.write(block, last); !took) {
      current.notes.add(Severity::error, "malformed", took.error().message, "texte délimité incorrect : " + took.error().message, reader.error_line());
      break;
    }
    if (on_progress_) on_progress_({current.input.file, current.number + 1UL, source.read_bytes(), source.size_bytes(), resources_});
    if (last || reader.stopped()) break;
    const auto next = source.next();
    if (!next) {
      current.notes.add(Severity::error, "unreadable", next.error().message, next.error().message);
      break;
    }
    block = *next;
  }
  if (current.notes.errors() >= kMostErrors)
    current.notes.add(Severity::error, "given-up", "too many errors: the rest is not read", "trop d'erreurs : la suite n'est pas lue");
  if (kind == Kind::resources && rows == kPortalRows)
    current.notes.add(Severity::warning, "row-limit",
                      "exactly 55,000 rows: that is where the portal's CSV export stops, so rows are probably missing; export by subscription, or with az graph query",
                      "exactement 55 000 lignes : c'est là que s'arrête l'export CSV du portail, il en manque donc sans doute ; exportez par abonnement, ou avec az graph query");
}

void Gatherer::end_input(Current& current) {
  Input& input = current.input;
  std::ranges::sort(current.addresses);
  for (const auto& [from, address] : current.depends) {
    auto to = std::ranges::lower_bound(current.addresses, std::pair(address, Index{0}));
    for (; to != current.addresses.end() && to->first == address; ++to) gathered_.table->add_edge(from, to->second);
  }
  if (input.records == 0 && input.notes.empty())
    current.notes.add(Severity::error, "not-recognised",
                      "nothing in it is known: expected are Resource Graph results, ARM templates, terraform show -json, storage logs or cost exports",
                      "contenu non reconnu : on attend des résultats Resource Graph, des modèles ARM, terraform show -json, des journaux de stockage ou des exports de coûts");
  if (input.forms.empty()) input.forms.push_back(Form::unrecognised);
  if (current.unrecognised > 0)
    current.notes.add(Severity::error, "unknown-records",
                      fmt::format("{} records are of no known form (a resource needs its id; a query must not project it away), the first ends near line {}", current.unrecognised, current.first_unrecognised),
                      fmt::format("{} enregistrements n'ont aucune forme connue (une ressource doit avoir son id ; la requête ne doit pas l'écarter), le premier finit vers la ligne {}", current.unrecognised, current.first_unrecognised),
                      current.first_unrecognised);
  if (current.charged_again > 0)
    current.notes.add(Severity::note, "charged-again", fmt::format("{} rows charge days that another cost export has charged for the same resource; they are left out", current.charged_again),
                      fmt::format("{} lignes facturent des jours qu'un autre export a déjà facturés pour la même ressource ; elles sont omises", current.charged_again));
  if (current.foreign > 0)
    current.notes.add(Severity::note, "other-providers", fmt::format("{} resources belong to other Terraform providers than Azure's and are not counted", current.foreign),
                      fmt::format("{} ressources relèvent d'autres fournisseurs Terraform qu'Azure et ne sont pas comptées", current.foreign));
  if (current.unnamed > 0)
    current.notes.add(Severity::note, "open-names", fmt::format("{} names depend on parameters without a value; they are shown as expressions", current.unnamed),
                      fmt::format("{} noms dépendent de paramètres sans valeur ; ils sont affichés comme expressions", current.unnamed));
  current.notes.close();
}

}  // namespace bascule::estate
