// The format of a rule's file.
#include <fmt/format.h>

#include "profile/country.h"
#include "profile/fact.h"
#include "profile/rule.h"
#include "profile/toml_reader.h"

namespace bascule::profile {
namespace {

constexpr std::string_view kCountries = "\"EU\", \"EEA\", \"any\" or a country's two letters (ISO 3166)";

std::string joined(std::span<const std::string_view> words) {
  std::string out;
  for (const std::string_view word : words) out += (out.empty() ? "\"" : ", \"") + std::string(word) + "\"";
  return out;
}

class File {
 public:
  explicit File(const std::string& shown) : read_(shown) {}

  Result<Rule> take(const toml::table& table) {
    bool demands = false;
    for (const auto& [key, node] : table) {
      if (key == "title") {
        BASCULE_ASSIGN(rule_.title, read_.text(node, "title", 1000));
      } else if (key == "unknown") {
        BASCULE_TRY(unknown(node));
      } else if (const auto demand = parse_demand(key.str())) {
        BASCULE_TRY(take(*demand, node));
        demands = true;
      } else {
        std::vector<std::string_view> allowed = {"title", "unknown"};
        for (std::size_t i = 0; i < kDemands; ++i) allowed.push_back(name(static_cast<Demand>(i)));
        return read_.unknown_key(key, allowed);
      }
    }
    if (!demands) return fail(Code::invalid_argument, read_.shown() + ": the rule demands nothing");
    return std::move(rule_);
  }

 private:
  Result<void> unknown(const toml::node& node) {
    BASCULE_ASSIGN(const std::string text, read_.text(node, "unknown"));
    if (text == name(Unknown::refuse)) rule_.unknown = Unknown::refuse;
    else if (text == name(Unknown::undecided)) rule_.unknown = Unknown::undecided;
    else return read_.wrong(node, fmt::format("unknown: {} is not allowed; allowed: \"refuse\", \"undecided\"", quoted(text)));
    return {};
  }

  Result<void> take(Demand demand, const toml::node& node) {
    switch (demand) {
      case Demand::data_countries: return countries(demand, node, rule_.data_countries);
      case Demand::seat: return countries(demand, node, rule_.seat);
      case Demand::control: return countries(demand, node, rule_.control);
      case Demand::technology: return countries(demand, node, rule_.technology);
      case Demand::resale: return countries(demand, node, rule_.resale);
      case Demand::presence: return countries(demand, node, rule_.presence);
      case Demand::qualifications_all: return names(demand, node, rule_.qualifications_all);
      case Demand::qualifications_any: return names(demand, node, rule_.qualifications_any);
      case Demand::services: return words(demand, node, kind(FactId::services).words, rule_.services);
      case Demand::exit_egress: return words(demand, node, kind(FactId::exit_egress).words, rule_.exit_egress);
      case Demand::control_reviewed_days: return number(demand, node, {0, 36500}, rule_.control_reviewed_days);
      case Demand::non_eu_share_largest: return number(demand, node, {0, 100}, rule_.non_eu_share_largest);
      case Demand::non_eu_share_total: return number(demand, node, {0, 100}, rule_.non_eu_share_total);
      case Demand::exit_notice_days: return number(demand, node, {0, 36500}, rule_.exit_notice_days);
      case Demand::distinct_operators: return number(demand, node, {1, 100}, rule_.distinct_operators);
      case Demand::distinct_countries: return number(demand, node, {1, 100}, rule_.distinct_countries);
    }
    return {};
  }

  Result<void> list(Demand demand, const toml::node& node, const std::function<bool(std::string_view)>& good, std::string_view allowed,
                    std::vector<std::string>& into) {
    BASCULE_ASSIGN(into, read_.texts(node, name(demand), good, allowed));
    if (into.empty()) return read_.wrong(node, fmt::format("{}: the list is empty, which nothing can meet; leave it out or name some", name(demand)));
    return {};
  }
  Result<void> countries(Demand demand, const toml::node& node, std::vector<std::string>& into) {
    return list(demand, node, is_country_word, kCountries, into);
  }
  Result<void> names(Demand demand, const toml::node& node, std::vector<std::string>& into) {
    return list(demand, node, [](std::string_view text) { return !text.empty(); }, "a qualification's name, as \"SecNumCloud 3.2\"", into);
  }
  Result<void> words(Demand demand, const toml::node& node, std::span<const std::string_view> among, std::vector<std::string>& into) {
    return list(demand, node, [among](std::string_view text) { return std::ranges::find(among, text) != among.end(); }, joined(among), into);
  }
  struct Range {
    std::int64_t least, most;
  };
  Result<void> number(Demand demand, const toml::node& node, Range range, std::optional<std::int64_t>& into) {
    BASCULE_ASSIGN(into, read_.number(node, name(demand), range.least, range.most));
    return {};
  }

  TomlReader read_;
  Rule rule_;
};

}  // namespace

Result<Rule> parse_rule(std::string_view content, const std::string& shown) {
  if (content.size() > kMostRuleBytes)
    return fail(Code::invalid_argument, fmt::format("{}: {} bytes; allowed are at most {}", shown, content.size(), kMostRuleBytes));
  BASCULE_ASSIGN(const toml::table table, TomlReader::parse(content, shown));
  return File(shown).take(table);
}

}  // namespace bascule::profile
