// The comparison: providers' facts side by side, and, under a rule, what each place is. Nothing here ranks: providers stand in
// the alphabetical order of their titles, places in the order of their regions' ids, whatever the rule says.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "estate/framework.h"
#include "estate/label.h"
#include "profile/evaluate.h"
#include "profile/profile.h"

namespace bascule::estate {

struct ComparedPlace {
  const profile::Region* region = nullptr;       // null: the provider's regions are not known
  std::optional<profile::Verdict> verdict;       // with a rule
};

struct ComparedProvider {
  const profile::Profile* profile = nullptr;
  std::vector<ComparedPlace> places;             // at least one
  std::vector<ObjectiveEvidence> evidence;
  std::size_t unknown_factors = 0;
  std::size_t count(profile::Outcome outcome) const;   // of its places; 0 without a rule
};

struct Comparison {
  std::string made;                              // UTC, 2026-11-23T05:00:00Z
  std::string program_version;
  std::optional<profile::Rule> rule;
  std::string rule_file;
  std::vector<ComparedProvider> providers;       // in the alphabetical order of their titles
  std::vector<profile::Check> set;               // the rule's demands on a set, held against all allowed places together
  const Framework* framework = nullptr;
  std::size_t count(profile::Outcome outcome) const;
  std::size_t places() const;
};

struct CompareInput {
  std::string made, program_version;
  std::optional<profile::Rule> rule;
  std::string rule_file;
  // Profiles of one's own: they stand beside the shipped ones, or in the place of one of the same id. They outlive the result.
  std::vector<const profile::Profile*> own;
};
Comparison compare(CompareInput input);

Label label(const profile::Fact& fact);
Label label(const profile::Check& check);

// For the terminal, a page wide.
std::string compare_text(const Comparison& comparison, Language language);
// One JSON object, as docs/schemas/compare.schema.json describes it.
std::string compare_json(const Comparison& comparison);

}  // namespace bascule::estate
