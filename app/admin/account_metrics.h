// What each account's requests are, counted without contention, as request_metrics.h counts operations. Series are bounded:
// the first kMostAccounts accounts that are seen have their own, the rest share "(other)"; what names no account that exists
// is "(unknown)", whatever it names.
#pragma once
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "app/admin/request_metrics.h"

namespace bascule::app {

class AccountMetrics {
 public:
  static constexpr std::size_t kMostAccounts = 100;
  static constexpr std::size_t kOther = kMostAccounts, kUnknown = kMostAccounts + 1, kSlots = kMostAccounts + 2;
  static constexpr std::size_t kMostName = 24;   // Azure's

  // Whether there is such an account. Called when a thread sees a name for the first time, and for unknown names.
  class Known {
   public:
    virtual ~Known() = default;
    virtual bool has(std::string_view account) const = 0;
  };

  // Any thread; no lock but where a thread sees an account for the first time.
  std::size_t slot(std::string_view account, const Known& known);
  void add(std::size_t slot, const RequestMetrics::Outcome& outcome);

  struct Named {
    std::string account;     // or "(other)", "(unknown)"
    RequestMetrics::OpTotals totals;
  };
  // Those with requests, by their names; "(other)" and "(unknown)" last.
  std::vector<Named> totals() const;

 private:
  // An account's name, padded: compared and hashed as three words.
  struct Name {
    std::uint64_t words[kMostName / 8] = {};
    bool operator==(const Name&) const = default;
  };
  static constexpr std::size_t kTable = 256;   // more than twice the accounts it ever holds: probing ends soon
  struct Block {
    std::array<OpCounters, kSlots> counters;
    // Its thread's alone.
    std::array<Name, kTable> names;
    std::array<std::uint16_t, kTable> slots{};   // + 1; 0: free
  };
  std::size_t enroll(std::string_view account);

  PerThread<Block> blocks_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> slots_;
};

}  // namespace bascule::app
