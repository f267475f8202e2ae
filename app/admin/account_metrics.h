// What each account's requests are, counted without contention, as request_metrics.h counts operations. Series are bounded:
// the first kMostAccounts accounts that are seen have their own, the rest share "(other)"; what names no account that exists
// is "(unknown)", whatever it names.
#pragma once
#include <memory>
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

  AccountMetrics();
  ~AccountMetrics();
  AccountMetrics(const AccountMetrics&) = delete;
  AccountMetrics& operator=(const AccountMetrics&) = delete;

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
  struct Block;
  Block& mine();
  std::size_t enroll(std::string_view account);

  const std::uint64_t number_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> slots_;
  std::vector<std::unique_ptr<Block>> blocks_;
};

}  // namespace bascule::app
