// Conditional headers and leases against a blob's (or container's) state. Pure functions: no clock, no I/O.
// Sources: "Specifying conditional headers for Blob service operations"; AZURE-DETAILS 13-17; "Lease Blob".
#pragma once
#include <optional>
#include <string>

#include "catalog/records.h"
#include "ops/operations.h"

namespace bascule::ops {

struct Stamp {          // what conditions look at
  ETag etag = 0;
  WallTime last_modified{};
  const Tags* tags = nullptr;   // for x-ms-if-tags; null: none. Lives as long as what it was taken from
};

// A read of something that is there: condition_not_met (412) or not_modified (304).
Result<void> check_read(const Conditions& conditions, Stamp current);
// A write that may create. `current` is nothing where the thing is not there yet: then If-Match and If-Modified-Since
// alone do not hold. If-None-Match: * on an existing one is blob_exists, unless the write holds the lease
// (`holds_lease`): then it overwrites.
Result<void> check_write(const Conditions& conditions, std::optional<Stamp> current, bool holds_lease = false);
// A change of what must be there: If-None-Match: * never holds.
Result<void> check_change(const Conditions& conditions, Stamp current);

// --- leases ---
using Lease = std::optional<catalog::LeaseRecord>;

LeaseView view(const Lease& lease, WallTime now);
// A read with a lease id must name the active lease; without one it is free.
Result<void> check_lease_read(const Lease& lease, const std::optional<std::string>& id, WallTime now);
// A write to a leased blob must name the lease; naming one where none is active is refused too.
Result<void> check_lease_write(const Lease& lease, const std::optional<std::string>& id, WallTime now);
// What a write leaves of the lease: an expired or broken one is freed.
Lease after_write(const Lease& lease, WallTime now);

struct LeaseChange {
  Lease lease;                // the new state
  std::string lease_id;       // to answer; "" for release and break
  int remaining_seconds = 0;  // break
};
// The state machine of "Lease Blob". `action.proposed_id` must be set for acquire (the caller makes one up).
Result<LeaseChange> apply(const Lease& lease, const LeaseAction& action, WallTime now);

}  // namespace bascule::ops
