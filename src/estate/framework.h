// The Commission's Cloud Sovereignty Framework as versioned data (data/csf-*.toml): what it asks, and what evidence the profiles
// hold for it. Evidence is shown, never weighed: this is a self-assessment and not a certification, and there is no level while
// a factor is unknown; with evidence for every factor the level is still for whoever procures to give.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/embedded.h"
#include "base/result.h"
#include "estate/words.h"
#include "profile/profile.h"

namespace bascule::estate {

struct OwnedWords {
  std::string en, fr;
  const std::string& in(Language language) const { return language == Language::fr ? fr : en; }
};

struct Factor {
  std::string id;                              // "SOV-1.1": the objective and the place in its list
  OwnedWords title;
  std::vector<profile::FactId> facts;          // what would be evidence
  bool regions = false, qualifications = false;  // and these, which are no single facts
};
struct Objective {
  std::string id;                              // "SOV-1"
  OwnedWords title;
  std::optional<int> weight;                   // percent; nothing = not known
  std::vector<Factor> factors;
};
struct SealLevel {
  std::string id;                              // "SEAL-0"
  OwnedWords meaning;
};
struct Framework {
  std::string id, title, version, date, source, looked, note;
  std::vector<SealLevel> levels;
  std::vector<Objective> objectives;
  std::size_t factors() const;
};

Result<Framework> parse_framework(std::string_view content, const std::string& shown);
const Framework& shipped_framework();          // parses: a test sees to it
std::span<const EmbeddedFile> framework_files();

// One thing that a profile says, as evidence.
struct Evidence {
  std::string fact;                            // its name in files: "seat", "regions", "qualifications"
  std::string value;
  std::string source, date;
};
struct FactorEvidence {
  const Factor* factor = nullptr;
  std::vector<Evidence> evidence;              // empty: unknown
};
struct ObjectiveEvidence {
  const Objective* objective = nullptr;
  std::vector<FactorEvidence> factors;
  std::size_t unknown = 0;
};
// What one profile holds for every factor, in the framework's order.
std::vector<ObjectiveEvidence> gather_evidence(const Framework& framework, const profile::Profile& profile);

}  // namespace bascule::estate
