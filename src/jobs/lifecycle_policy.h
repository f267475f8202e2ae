// Lifecycle management policies: Azure's JSON, checked, and which action it asks for of one blob.
// Source: "Azure Blob Storage lifecycle management policy structure" (rules, filters, actions, run conditions).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "ops/types.h"

namespace bascule::jobs {

// What a rule does to a blob, from the cheapest to keep to the dearest; of several the first is taken.
enum class LifecycleAction : std::uint8_t { remove, to_archive, to_cold, to_cool, to_hot };
inline constexpr std::size_t kLifecycleActions = 5;
std::string_view name(LifecycleAction action);       // as in the policy: "delete", "tierToArchive", …
std::string_view tier_of(LifecycleAction action);    // "Archive", …; "" for delete

// When an action runs: all that are given must be exceeded, in days.
struct LifecycleConditions {
  std::optional<double> after_modification, after_creation, after_last_access, after_tier_change;
};

// Which of a blob's states a rule looks at.
enum class LifecycleSubject : std::uint8_t { base, snapshot, version };
inline constexpr std::size_t kLifecycleSubjects = 3;

struct LifecycleRule {
  std::string name;
  bool enabled = true;
  bool block_blobs = false, append_blobs = false;
  std::vector<std::string> prefixes;                          // "container/name…"; none = everything
  std::vector<std::pair<std::string, std::string>> tags;      // all must be equal
  std::optional<LifecycleConditions> actions[kLifecycleSubjects][kLifecycleActions];
  bool heats_when_read = false;                               // enableAutoTierToHotFromCool
};

struct LifecyclePolicy {
  std::vector<LifecycleRule> rules;
  bool any_enabled() const;
};

inline constexpr std::size_t kMostPolicyBytes = 48 * 1024;   // as it is kept: without white space

// From Azure's JSON, with or without the envelope {"policy": …} or {"properties": {"policy": …}} that Azure's tools write.
// invalid_argument: where in the document and what is allowed there.
Result<LifecyclePolicy> parse_lifecycle_policy(std::string_view json);
// The same document as it is kept: {"rules": […]} without white space or envelope.
Result<std::string> normalised_lifecycle_policy(std::string_view json);

// One state of one blob, as a run sees it.
struct LifecycleBlob {
  std::string container;
  const ops::BlobView* view = nullptr;
  LifecycleSubject subject = LifecycleSubject::base;
  WallTime created{};                         // of the state: a snapshot's or version's own time
  std::optional<WallTime> last_access;        // nothing: not known
  const std::vector<std::pair<std::string, std::string>>* tags = nullptr;
};
// The cheapest action that a rule asks for; nothing: leave it. `tracking_since` stands for an access time that is not known.
// Tiers move towards the cooler only, but for tierToHot and enableAutoTierToHotFromCool; archived blobs are not brought back.
std::optional<LifecycleAction> lifecycle_action(const LifecyclePolicy& policy, const LifecycleBlob& blob, WallTime now,
                                                WallTime tracking_since);
// Some enabled rule may concern blobs of the container.
bool concerns(const LifecyclePolicy& policy, std::string_view container);

}  // namespace bascule::jobs
