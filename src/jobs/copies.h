// Carries on the copies that are pending: those that this gateway began, and those of gateways that are gone.
#pragma once
#include <atomic>
#include <map>
#include <set>
#include <string>

#include "ops/remote.h"
#include "ops/service.h"

namespace bascule::jobs {

// On one loop; `service` and `remote` outlive it. Null `remote`: only copies within the installation.
class Copies {
 public:
  static constexpr std::size_t kAtOnce = 8;
  // A copy whose source cannot be reached is tried again, less and less often; without any progress for so long it has failed.
  static constexpr Duration kFirstRetry = std::chrono::seconds(1), kLongestRetry = std::chrono::minutes(5);
  static constexpr Duration kPatience = std::chrono::hours(2);

  Copies(ops::Service& service, ops::Remote* remote);
  // Looks for copies to carry on and starts them; cheap while there is nothing new. Errors are the store's.
  Task<Result<void>> pass();
  void stop() { stop_ = true; }          // any thread: copies that run end soon, to be carried on by the next life
  bool idle() const { return running_.empty(); }

 private:
  struct Trouble {
    Instant since{}, next{};
    Duration wait{};
  };
  Task<void> carry(std::string key);

  ops::Service& service_;
  ops::Remote* const remote_;
  std::atomic<bool> stop_{false};
  std::set<std::string> running_;
  std::map<std::string, Trouble> troubles_;
  std::uint64_t seen_ = 0;       // Service::copies_noted() at the last look
  Instant look_again_{};
};

}  // namespace bascule::jobs
