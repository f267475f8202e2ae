// A place (a provider's region) under a rule: allowed, refused, or it cannot be decided; and the fact that decides. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profile/profile.h"
#include "profile/rule.h"

namespace bascule::profile {

enum class Outcome : std::uint8_t { allowed, refused, undecided };
std::string_view name(Outcome outcome);

// One demand, held against one fact.
struct Check {
  Demand demand;
  Outcome outcome = Outcome::allowed;
  bool unknown = false;      // the fact is not known: the rule's `unknown` made the outcome
  std::string demanded;      // "EU, CH"
  std::string fact;          // its name: "seat", "region", "qualification SecNumCloud 3.2"
  std::string found;         // its value as text; empty where it is unknown
  std::string source, date;  // of the fact; of an unknown one, where and when it was looked for
};

struct Verdict {
  Outcome outcome = Outcome::allowed;
  std::vector<Check> checks;             // every demand on a single place, in the order of Demand
  // The check that decides: the first whose known fact breaks the rule, else the first whose fact is unknown.
  // Nothing where the place is allowed: then all of them do.
  std::optional<std::size_t> deciding;
};

// `region` may be null for a provider whose regions are not known: where the data lies is unknown then.
// `today`: YYYY-MM-DD, against which the age of a review is reckoned.
Verdict evaluate(const Profile& profile, const Region* region, const Rule& rule, std::string_view today);

struct Place {
  const Profile* profile = nullptr;
  const Region* region = nullptr;   // null: not known
};
// The demands on a set of places together (distinct_operators, distinct_countries), in that order; only those that the rule
// makes. Operators count as one where they have one parent. Places that each are allowed are the caller's affair.
std::vector<Check> evaluate_set(std::span<const Place> places, const Rule& rule);

// Days from `from` to `to`, both YYYY-MM-DD; nothing where one is no date.
std::optional<std::int64_t> days_between(std::string_view from, std::string_view to);

}  // namespace bascule::profile
