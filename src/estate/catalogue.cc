#include "estate/catalogue.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "estate/ascii.h"

namespace bascule::estate {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

Path path(std::string_view text) { return text == "-" ? Path() : split(text, '.'); }

std::optional<Move> parse_move(std::string_view text) {
  for (std::size_t i = 0; i < kMoves; ++i)
    if (const auto move = static_cast<Move>(i); name(move) == text || (move == Move::managed && text == "managed")) return move;
  return std::nullopt;
}

bool is_date(std::string_view text) {
  return text.size() == 10 && text[4] == '-' && text[7] == '-' && std::ranges::count(text, '-') == 2;
}

}  // namespace

// Reads one table after the other; rows point into the files.
struct Catalogue::Loader {
  using Row = std::vector<std::string_view>;
  Catalogue& into;
  std::span<const EmbeddedFile> files;
  struct Service {
    std::string_view provider, name;
    Label label;
  };
  std::unordered_map<std::string_view, std::vector<Service>> services;

  static Error wrong(std::string_view file, std::size_t line, std::string_view what) {
    return {Code::internal, 0, std::string(file) + ":" + std::to_string(line) + ": " + std::string(what)};
  }

  // Each line that is neither empty nor a remark, with as many columns as `columns`; `take` says what is wrong with it.
  template <class Take> Result<void> table(std::string_view file, std::size_t columns, Take take) {
    const auto found = std::ranges::find(files, file, &EmbeddedFile::name);
    if (found == files.end()) return fail(wrong(file, 0, "is missing"));
    std::size_t number = 0;
    for (const std::string_view line : split(found->text, '\n')) {
      ++number;
      if (line.empty() || line[0] == '#') continue;
      const Row row = split(line, '\t');
      if (row.size() != columns) return fail(wrong(file, number, "has another number of columns"));
      if (const std::string_view what = take(row); !what.empty()) return fail(wrong(file, number, what));
    }
    return {};
  }

  // Nothing known is said with a date too: of the look.
  Label label(std::string_view source, std::string_view date) {
    if (is_date(date)) into.newest_ = std::max(into.newest_, date);
    return source == "-" ? Label::unknown("", std::string(date)) : Label::declared(std::string(source), std::string(date));
  }

  Result<void> reasons() {
    return table("reasons.tsv", 3, [this](const Row& row) {
      return into.reasons_.emplace(row[0], Words{row[1], row[2]}).second ? "" : "twice";
    });
  }
  Result<void> equivalents() {
    return table("services.tsv", 5, [this](const Row& row) -> std::string_view {
      if (!is_date(row[4])) return "wants a date";
      services[row[0]].push_back({row[1], row[2], label(row[3], row[4])});
      return "";
    });
  }
  Result<void> types() {
    return table("types.tsv", 8, [this](const Row& row) -> std::string_view {
      Mapping mapping{.type = row[0], .title = row[1], .holds = row[5] == "-" ? "" : row[5], .label = label(row[6], row[7])};
      const auto move = parse_move(row[2]);
      if (!move) return "unknown kind of move";
      mapping.move = *move;
      const auto reason = into.reasons_.find(row[3]);
      if (reason == into.reasons_.end()) return "unknown reason";
      mapping.reason = reason->second;
      if (row[4] != "-") {
        const auto found = services.find(row[4]);
        if (found == services.end()) return "unknown service";
        for (const Service& service : found->second) mapping.equivalents.push_back({service.provider, service.name, service.label});
      }
      if (mapping.move == Move::managed && mapping.equivalents.empty()) return "a managed equivalent wants a service";
      if (!is_date(row[7])) return "wants a date";
      into.mappings_.push_back(std::move(mapping));
      return "";
    });
  }
  Result<void> terraform() {
    return table("terraform.tsv", 3, [this](const Row& row) {
      return into.terraform_.emplace(row[0], TerraformType{row[1], row[2] == "-" ? "{name}" : row[2]}).second ? "" : "twice";
    });
  }
  static std::optional<Test> parse_test(std::string_view text) {
    const std::size_t colon = text.find(':');
    const std::string_view kind = text.substr(0, colon);
    Test test;
    if (kind == "present") return colon == std::string_view::npos ? std::optional(test) : std::nullopt;
    if (colon == std::string_view::npos) return std::nullopt;
    if (kind == "is") test.kind = Test::Kind::is;
    else if (kind == "is-not") test.kind = Test::Kind::is_not;
    else if (kind == "begins") test.kind = Test::Kind::begins;
    else if (kind == "contains") test.kind = Test::Kind::contains;
    else return std::nullopt;
    test.words = split(text.substr(colon + 1), '|');
    return test;
  }
  Result<void> blockers() {
    std::vector<std::string> types;
    std::unordered_map<std::string_view, std::uint8_t> bits;
    BASCULE_TRY(table("blockers.tsv", 10, [&](const Row& row) -> std::string_view {
      BlockerRule rule{.arm = path(row[2]), .terraform = path(row[3])};
      const std::size_t second = row[4].find(';');   // "begins:Premium;kind=is:StorageV2"
      const auto test = parse_test(row[4].substr(0, second));
      if (!test) return "unknown test";
      rule.test = *test;
      if (second != std::string_view::npos) {
        const std::string_view more = row[4].substr(second + 1);
        const auto and_test = parse_test(more.substr(std::min(more.find('='), more.size() - 1) + 1));
        if (!and_test) return "unknown second test";
        rule.and_arm = path(more.substr(0, more.find('=')));
        rule.and_test = *and_test;
      }
      if (row[5] != "-") {
        rule.blocker.turns = parse_move(row[5]);
        if (!rule.blocker.turns) return "unknown kind of move";
      }
      rule.blocker.id = row[0];
      rule.blocker.what = {row[6], row[7]};
      if (!is_date(row[9])) return "wants a date";
      rule.blocker.label = label(row[8], row[9]);
      rule.bit = bits.emplace(row[0], bits.size()).first->second;
      if (bits.size() > kMostBlockers) return "too many blockers";
      into.blockers_.push_back(std::move(rule));
      types.push_back(lowered(row[1]));
      return "";
    }));
    for (const BlockerRule& rule : into.blockers_)
      if (!into.by_bit_[rule.bit]) into.by_bit_[rule.bit] = &rule.blocker;
    for (std::size_t i = 0; i < types.size(); ++i)
      (types[i] == "*" ? into.general_ : into.rules_[types[i]]).blockers.push_back(&into.blockers_[i]);
    return {};
  }
  Result<void> sizes() {
    std::vector<std::string> types;
    BASCULE_TRY(table("sizes.tsv", 5, [&](const Row& row) -> std::string_view {
      SizeRule rule{.arm = path(row[1]), .terraform = path(row[2])};
      if (row[3] == "B") rule.unit_bytes = 1;
      else if (row[3] == "MiB") rule.unit_bytes = 1 << 20;
      else if (row[3] == "GiB") rule.unit_bytes = 1 << 30;
      else if (row[3] == "TiB") rule.unit_bytes = static_cast<double>(1ULL << 40);
      else return "unknown unit";
      if (row[4].size() != 1 || row[4][0] < '1' || row[4][0] > '3') return "unknown rank";
      rule.rank = static_cast<std::uint8_t>(row[4][0] - '0');
      into.sizes_.push_back(std::move(rule));
      types.push_back(lowered(row[0]));
      return "";
    }));
    for (std::size_t i = 0; i < types.size(); ++i) into.rules_[types[i]].sizes.push_back(&into.sizes_[i]);
    return {};
  }
  Result<void> back_references() {
    return table("back_references.tsv", 2, [this](const Row& row) {
      (row[0] == "*" ? into.general_ : into.rules_[lowered(row[0])]).back_references.push_back(row[1]);
      return "";
    });
  }
  Result<void> operations() {
    return table("operations.tsv", 4, [this](const Row& row) -> std::string_view {
      const auto move = parse_move(row[2]);
      if (!move) return "unknown kind of move";
      const auto reason = into.reasons_.find(row[3]);
      if (reason == into.reasons_.end()) return "unknown reason";
      return into.operations_.emplace(lowered(row[0]) + " " + lowered(row[1]), OperationRow{*move, reason->second}).second ? "" : "twice";
    });
  }
  Result<void> checklist() {
    return table("checklist.tsv", 7, [this](const Row& row) -> std::string_view {
      if (!is_date(row[6])) return "wants a date";
      into.checklist_.push_back({.id = row[0], .group = row[1], .what = {row[3], row[4]}, .date = row[2] == "-" ? "" : row[2], .label = label(row[5], row[6])});
      return "";
    });
  }

  Result<void> load() {
    BASCULE_TRY(reasons());
    BASCULE_TRY(equivalents());
    BASCULE_TRY(types());
    BASCULE_TRY(terraform());
    BASCULE_TRY(blockers());
    BASCULE_TRY(sizes());
    BASCULE_TRY(back_references());
    BASCULE_TRY(operations());
    BASCULE_TRY(checklist());
    for (const Mapping& mapping : into.mappings_)
      if (!into.by_type_.emplace(lowered(mapping.type), &mapping).second)
        return fail(wrong("types.tsv", 0, std::string(mapping.type) + " is there twice"));
    for (auto& [type, rules] : into.rules_) {
      rules.blockers.insert(rules.blockers.end(), into.general_.blockers.begin(), into.general_.blockers.end());
      rules.back_references.insert(rules.back_references.end(), into.general_.back_references.begin(), into.general_.back_references.end());
    }
    return {};
  }
};

Result<std::unique_ptr<const Catalogue>> Catalogue::parse(std::span<const EmbeddedFile> files) {
  std::unique_ptr<Catalogue> made(new Catalogue());
  BASCULE_TRY((Loader{.into = *made, .files = files}.load()));
  return std::unique_ptr<const Catalogue>(std::move(made));
}

const Catalogue& Catalogue::builtin() {
  static const auto kParsed = parse(assess_data());
  if (!kParsed) {   // the tests read the same data: this is a broken build
    std::fprintf(stderr, "bascule: %s\n", kParsed.error().message.c_str());
    std::abort();
  }
  return **kParsed;
}

const Mapping* Catalogue::find(std::string_view type) const {
  const auto found = by_type_.find(lowered(type));
  return found == by_type_.end() ? nullptr : found->second;
}

const Catalogue::TerraformType* Catalogue::terraform(std::string_view type) const {
  const auto found = terraform_.find(type);
  return found == terraform_.end() ? nullptr : &found->second;
}

const TypeRules& Catalogue::rules(std::string_view type) const {
  const auto found = rules_.find(lowered(type));
  return found == rules_.end() ? general_ : found->second;
}

Words Catalogue::reason(std::string_view code) const {
  const auto found = reasons_.find(code);
  return found == reasons_.end() ? Words{} : found->second;
}

OperationRow Catalogue::operation(std::string_view service, std::string_view operation, std::string_view authentication) const {
  const auto look = [this](std::string_view a, std::string_view b) {
    auto found = operations_.find(lowered(a) + " " + lowered(b));
    return found == operations_.end() ? nullptr : &found->second;
  };
  const OperationRow* row = look(service, operation);
  if (!row) row = look(service, "*");
  if (!row) return {Move::unknown, reason("operation-unknown")};
  if (row->move != Move::unchanged) return *row;
  const OperationRow* how = look("authentication", authentication);
  if (!how) return {Move::unknown, reason("authentication-unknown")};
  return how->move == Move::unchanged ? *row : *how;
}

}  // namespace bascule::estate
