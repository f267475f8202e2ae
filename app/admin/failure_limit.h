// How often an address may fail to show a good token: then its failures are answered 429 for a while, and not recorded one by
// one.
#pragma once
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "runtime/clock.h"

namespace bascule::app {

// Any thread. Of IPv6 a /64 counts as one address: it is one customer's.
class FailureLimit {
 public:
  static constexpr std::size_t kMostFailures = 10;             // within kWindow
  static constexpr Duration kWindow = std::chrono::minutes(1);
  static constexpr std::size_t kMostAddresses = 4096;          // remembered; the longest known goes first

  bool may_try(std::string_view address, Instant now);
  // True with the failure that shuts the address out: it is worth a line in the log.
  bool failed(std::string_view address, Instant now);

 private:
  struct Failures {
    Instant since{};
    std::size_t count = 0;
  };
  static std::string network_of(std::string_view address);

  std::mutex mutex_;
  std::unordered_map<std::string, Failures> known_;
  std::deque<std::string> order_;   // in which they came
};

}  // namespace bascule::app
