// The comparison on a terminal.
#include <fmt/format.h>

#include <algorithm>

#include "estate/compare.h"
#include "estate/compare_words.h"
#include "estate/visible.h"

namespace bascule::estate {
namespace {

using Row = std::vector<std::string>;

// Columns as wide as their widest cell, at most `most` each; what is longer goes on below, in its column.
std::string table(const std::vector<Row>& rows, std::size_t most) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], std::min(most, display_columns(row[i])));
  std::string out;
  const auto line = [&](const Row& cells) {
    std::string text;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      text += cells[i];
      if (i + 1 < cells.size()) text.append(widths[i] - std::min(widths[i], display_columns(cells[i])) + 2, ' ');
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  };
  for (const Row& row : rows) {
    Row rest = row;
    do {
      Row now(rest.size());
      for (std::size_t i = 0; i < rest.size(); ++i) {
        if (display_columns(rest[i]) <= widths[i] || i + 1 == rest.size()) {
          now[i] = std::exchange(rest[i], {});
          continue;
        }
        std::size_t end = 0, fits = 0;   // the last space that still fits; none: a hard end
        std::size_t count = 0;
        for (std::size_t at = 0; at < rest[i].size() && count <= widths[i]; ++at) {
          if ((static_cast<unsigned char>(rest[i][at]) & 0xc0) != 0x80 && count++ < widths[i]) fits = at;
          if (rest[i][at] == ' ' && count <= widths[i]) end = at;
        }
        if (end == 0) end = fits;
        now[i] = rest[i].substr(0, end);
        rest[i].erase(0, end + (rest[i][end] == ' ' ? 1 : 0));
      }
      line(now);
    } while (std::ranges::any_of(rest, [](const std::string& cell) { return !cell.empty(); }));
  }
  return out;
}

class Writer {
 public:
  Writer(const Comparison& comparison, Language language) : c_(comparison), language_(language) {}

  std::string write() {
    head();
    if (c_.rule) answers();
    else facts();
    out_ += "\n";
    labels();
    return std::move(out_);
  }

 private:
  std::string_view say(std::string_view key) const { return estate::say(language_, key); }
  std::string say(std::string_view key, std::initializer_list<std::string_view> values) const { return estate::say(language_, key, values); }
  std::string count(std::size_t value) const { return number(language_, value); }

  void head() {
    if (!c_.rule) {
      out_ += fmt::format("{}\n{}\n\n", say("compare.norule"), say("compare.neutral"));
      return;
    }
    using enum profile::Outcome;
    const std::string title = visible(c_.rule->title), file = visible(c_.rule_file);
    out_ += title.empty() ? say("compare.under.file", {file}) : say("compare.under", {title});
    out_ += "\n" + say("compare.counts", {count(c_.places()), count(c_.providers.size()), count(c_.count(allowed)), count(c_.count(refused)),
                                          count(c_.count(undecided))});
    out_ += fmt::format("\n{}\n{}\n\n", say("compare.unknown." + std::string(name(c_.rule->unknown))), say("compare.neutral"));
  }

  void answers() {
    std::vector<Row> rows{{std::string(say("col.provider")), std::string(say("col.region")), std::string(say("col.country")), std::string(say("col.answer")),
                           std::string(say("col.decides"))}};
    for (const ComparedProvider& provider : c_.providers) {
      for (const ComparedPlace& place : provider.places) {
        const std::string reason = because(language_, *place.verdict);
        rows.push_back({visible(provider.profile->title, 60), place.region != nullptr ? place.region->id : std::string(say("compare.noregion")),
                        place.region != nullptr ? country_words(language_, place.region->country) : std::string(say("label.unknown")),
                        std::string(say("outcome." + std::string(name(place.verdict->outcome)))), reason.empty() ? std::string(say("compare.all")) : visible(reason)});
        const profile::Verdict& verdict = *place.verdict;
        if (verdict.deciding) rows.back().back() += " [" + short_label(label(verdict.checks[*verdict.deciding])) + "]";
      }
    }
    out_ += table(rows, 28);
    set();
    if (sources_.empty()) return;
    out_ += fmt::format("\n{}\n", say("compare.sources"));
    for (std::size_t i = 0; i < sources_.size(); ++i) out_ += fmt::format("  ({}) {}\n", i + 1, visible(sources_[i]));
  }

  // "declared 2026-11-23, (3)": the source's number in the list below the table.
  std::string short_label(const Label& label) {
    std::string out = fmt::format("{} {}", say("label." + std::string(name(label.known))), label.date);
    if (label.by.empty()) return out;
    auto at = std::ranges::find(sources_, label.by);
    if (at == sources_.end()) at = sources_.insert(at, label.by);
    return out + fmt::format(", ({})", at - sources_.begin() + 1);
  }

  void set() {
    if (c_.set.empty()) return;
    out_ += fmt::format("\n{}\n", say("compare.set"));
    for (const profile::Check& check : c_.set)
      out_ += fmt::format("  {}: {} ({}: {})\n", say("demand." + std::string(name(check.demand))), say("outcome." + std::string(name(check.outcome))),
                          say("col.found"), check.found + " / " + check.demanded);
  }

  void facts() {
    using profile::FactId;
    constexpr FactId kShown[] = {FactId::seat, FactId::control, FactId::technology_countries, FactId::presence_outside_eu};
    std::vector<Row> rows{{std::string(say("col.provider"))}};
    for (const FactId id : kShown) rows[0].emplace_back(say("fact." + std::string(profile::kind(id).name)));
    rows[0].emplace_back(say("col.countries"));
    rows[0].emplace_back(say("col.qualifications"));
    for (const ComparedProvider& provider : c_.providers) {
      Row& row = rows.emplace_back(Row{visible(provider.profile->title, 60)});
      for (const FactId id : kShown) row.push_back(visible(value_words(language_, profile::kind(id), provider.profile->fact(id))));
      row.push_back(data_countries(language_, *provider.profile));
      row.push_back(visible(held_qualifications(language_, *provider.profile)));
    }
    out_ += table(rows, 22);
  }

  void labels() {
    std::size_t known = 0;
    const std::size_t all = c_.framework->factors();
    for (const ComparedProvider& provider : c_.providers) known = std::max(known, all - provider.unknown_factors);
    if (!c_.rule) out_ += fmt::format("{}\n", say("compare.text.labels"));
    out_ += say("compare.text.csf", {c_.framework->version, count(known), count(all), say("csf.statement")}) + "\n";
  }

  const Comparison& c_;
  Language language_;
  std::string out_;
  std::vector<std::string> sources_;   // those that decided, in the order of their first use
};

}  // namespace

std::string compare_text(const Comparison& comparison, Language language) { return Writer(comparison, language).write(); }

}  // namespace bascule::estate
