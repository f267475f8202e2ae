// Runs lifecycle policies: once a day each account's blobs are looked at in stretches of one page of a listing, what the
// policy asks for is done, and the place is noted, so that a run goes on after the end of the gateway that began it.
// What a lease, a hold, a retention or a newer write forbids is left as it is, counted, and looked at again by the next run.
#pragma once
#include <string>

#include "catalog/lifecycle.h"
#include "jobs/lifecycle_policy.h"
#include "ops/service.h"
#include "ops/turns.h"

namespace bascule::jobs {

// Any loop. `service` outlives it.
class Lifecycle {
 public:
  static constexpr Duration kEvery = std::chrono::hours(24);   // from a run's beginning to the next's
  static constexpr std::size_t kPageBlobs = 500;

  explicit Lifecycle(ops::Service& service) : service_(service), catalog_(service.parts().catalog) {}

  // The policy is checked. A run under way ends; the next begins anew. "": no policy any more.
  Task<Result<void>> set(std::string account, std::string policy);
  // Nothing where the account has no policy. Errors: not_found (no such account).
  Task<Result<std::optional<catalog::LifecycleRecord>>> show(std::string account);
  // Begins a run now, unless one is under way. not_found: there is no policy. conflict: another gateway runs it.
  Task<Result<catalog::LifecycleRecord>> begin(std::string account);
  // One stretch of the run under way; what it came to.
  Task<Result<catalog::LifecycleRecord>> step(std::string account);

  // Begins what is due, and goes one stretch on with each run that nobody else has; whether there was anything to do.
  Task<Result<bool>> pass();

 private:
  using Record = catalog::LifecycleRecord;
  using Found = catalog::Maybe<Record>;
  Task<Result<Found>> claimed(std::string account);          // the record, ours or free to be
  Task<Result<void>> save(std::string account, std::uint64_t version, Record record);
  Task<Result<std::string>> next_container(std::string account, std::string from, LifecyclePolicy policy);
  Task<Result<void>> look_at_page(std::string account, LifecyclePolicy policy, Record& record);
  Task<void> look_at(std::string account, const LifecyclePolicy& policy, const ops::BlobView& view, Record& record);
  Task<Result<void>> act(LifecycleAction action, ops::BlobRef ref, ops::BlobView view);

  ops::Service& service_;
  catalog::Catalog& catalog_;
  ops::Turns turns_;   // at accounts: the job and a command
};

}  // namespace bascule::jobs
