// What may not be touched: time-based retention and legal holds, of a container and of single states of blobs (versions).
// While one stands nothing deletes or overwrites what it covers, whoever asks. Pure rules; Service sees to it that they are
// asked under the version of the state's record and of the container's mapping, which every change of a container's rules
// moves. Sources: "Store business-critical blob data with immutable storage", "Container-level WORM policies",
// "Version-level WORM policies", "Legal holds for immutable blob data"; AZURE-DETAILS 54.
//
// A container's retention (its days) means two things. Where the container does not have version-level policies, it covers
// every blob from its last write on, and what it has covered is never overwritten, only deleted when its time is over. Where
// it has them, it is the policy that a new state gets if its writer names none, and covers what was there before.
#pragma once
#include "catalog/records.h"
#include "ops/operations.h"

namespace bascule::ops {

enum class Touch : std::uint8_t {
  replace,      // another content takes its place, and nothing keeps what was
  succeed,      // the same, but what was lives on as a version
  metadata,
  properties,   // headers that say how the content is to be served
  pages,        // content is changed where it lies
  append,       // something is added at the end
  snapshot,
  remove,       // it goes, now or when it is no longer kept for undeletion
};

// `now`: Service::lawful_now(). `rules`: the container's; null: none. blob_under_legal_hold, blob_under_policy.
Result<void> check_touch(const catalog::ContainerImmutability* rules, const catalog::HeadRecord& state, Touch touch, WallTime now);

// A container whose blobs are, or may be, covered goes only when it is empty.
bool covers_blobs(const catalog::ContainerImmutability& rules);
// The refusal then, by what stands in the way.
Reason why_container_stays(const catalog::ContainerImmutability& rules);

// Changes that Azure allows: an unlocked policy freely; a locked one may only be prolonged, five times. invalid_argument,
// conflict, not_found, with words for the operator.
Result<void> set_retention(catalog::ContainerImmutability& rules, std::uint32_t days, catalog::ContainerImmutability::Appends appends);
Result<void> lock_retention(catalog::ContainerImmutability& rules);
Result<void> clear_retention(catalog::ContainerImmutability& rules);
Result<void> add_hold(catalog::ContainerImmutability& rules, std::string tag);
Result<void> clear_hold(catalog::ContainerImmutability& rules, const std::string& tag);
Result<void> enable_versions(catalog::ContainerImmutability& rules, WallTime now);   // for good

// The policy of one state. Locked: it only grows, and is never taken away. immutability_in_the_past, policy_locked.
Result<void> set_policy(catalog::ImmutabilityRecord& state, const KeepUntil& policy, WallTime now);

// What a new state is kept by: as its writer says, else by the container's retention where that is what new states get.
// no_version_immutability, immutability_in_the_past.
Result<void> keep_new_state(const catalog::ContainerImmutability* rules, catalog::HeadRecord& state, const Keep& keep, WallTime now);

}  // namespace bascule::ops
