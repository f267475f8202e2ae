// RetryProvider: the one retry loop. Every operation may be repeated (provider.h), so every one is: exponential backoff
// with full jitter, only for retryable codes, never past the caller's deadline, and only while the budget lasts, so that
// a provider in trouble is not buried under retries.
#pragma once
#include <atomic>

#include "provider/decorator.h"
#include "runtime/random.h"

namespace bascule::provider {

struct RetryOptions {
  Duration first_backoff = std::chrono::milliseconds(50);  // the bound of the first wait; doubles from attempt to attempt
  Duration max_backoff = std::chrono::seconds(5);
  Duration attempt_timeout = std::chrono::seconds(30);     // of one attempt; the caller's deadline holds if earlier
  int max_attempts = 8;
  // Budget: a retry costs one, a success gives back a tenth, at most this many are saved up.
  int budget = 100;
};

class RetryProvider final : public Decorator {
 public:
  // The clock and the randomness outlive the provider.
  RetryProvider(std::unique_ptr<Provider> inner, RetryOptions options, Clock& clock, Random& random);

  Task<Result<void>> put(std::string name, Slices content, Instant deadline) override;
  Task<Result<void>> get(std::string name, std::uint64_t offset, MutableBytes into, Instant deadline) override;
  Task<Result<std::uint64_t>> size(std::string name, Instant deadline) override;
  Task<Result<void>> remove(std::string name, Instant deadline) override;
  Task<Result<Listing>> list(std::string prefix, std::string after, std::size_t limit, Instant deadline) override;

  std::uint64_t retries() const { return retries_.load(std::memory_order_relaxed); }
  std::uint64_t refused_by_budget() const { return over_budget_.load(std::memory_order_relaxed); }

 private:
  template <class Call> auto repeat(Call call, Instant deadline) -> decltype(call(Instant{}));
  Duration jittered(int attempt);
  bool take_from_budget();
  void give_to_budget();

  const RetryOptions options_;
  Clock& clock_;
  Random& random_;
  std::atomic<std::int64_t> budget_tenths_;
  std::atomic<std::uint64_t> retries_{0}, over_budget_{0};
};

}  // namespace bascule::provider
