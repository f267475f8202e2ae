// The residency rule: what an organisation demands of whoever keeps its data. One format, for `bascule compare` and for the
// policies of the gateway (docs/compare.md describes it for people). Nothing here ranks: a place is allowed, refused, or it
// cannot be decided.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bascule::profile {

// What a rule can demand, in the order in which it is checked. Names in files: name(Demand).
enum class Demand : std::uint8_t {
  data_countries,          // where the data lies
  seat,                    // the operator's registered seat
  control,                 // who effectively controls the operator
  control_reviewed_days,   // how old that look may be
  non_eu_share_largest,    // percent of capital or votes of the largest owner outside the EU, at most
  non_eu_share_total,      // of all owners outside the EU together, at most
  technology,              // where the suppliers of the platform's technology sit
  resale,                  // whose service is resold: where that company sits
  presence,                // where the operator's group may have establishments outside the EU
  qualifications_all,      // each of them held, for the object storage
  qualifications_any,      // one of them held, for the object storage
  services,                // offered besides
  exit_egress,             // what traffic costs when leaving for good
  exit_notice_days,        // notice, at most
  distinct_operators,      // of a set of places: at least so many operators
  distinct_countries,      // of a set of places: at least so many countries
};
inline constexpr std::size_t kDemands = static_cast<std::size_t>(Demand::distinct_countries) + 1;
std::string_view name(Demand demand);
std::optional<Demand> parse_demand(std::string_view name);

// What an unknown fact makes of the answer.
enum class Unknown : std::uint8_t { refuse, undecided };
std::string_view name(Unknown unknown);

struct Rule {
  std::string title;                       // for people; empty = none
  Unknown unknown = Unknown::refuse;
  // Empty: not demanded. Words as country.h knows them: "EU", "EEA", "any", "FR".
  std::vector<std::string> data_countries, seat, control, technology, resale, presence;
  std::optional<std::int64_t> control_reviewed_days, non_eu_share_largest, non_eu_share_total, exit_notice_days;
  std::vector<std::string> qualifications_all, qualifications_any, services, exit_egress;
  std::optional<std::int64_t> distinct_operators, distinct_countries;

  bool operator==(const Rule&) const = default;
  bool demands(Demand demand) const;
  std::string demanded(Demand demand) const;   // the demand's value as text: "EU, CH"; "24"
};

// A rule's file. `shown` is its name in errors: "FILE:LINE: what is wrong; what is allowed". At most kMostRuleBytes.
inline constexpr std::size_t kMostRuleBytes = 256 << 10;
Result<Rule> parse_rule(std::string_view content, const std::string& shown);

// The rule as a file that parse_rule reads back to the same.
std::string rule_text(const Rule& rule);

}  // namespace bascule::profile
