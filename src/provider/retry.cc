#include "provider/retry.h"

#include <algorithm>

namespace bascule::provider {

RetryProvider::RetryProvider(std::unique_ptr<Provider> inner, RetryOptions options, Clock& clock, Random& random)
    : Decorator(std::move(inner)),
      options_(options),
      clock_(clock),
      random_(random),
      budget_tenths_(std::int64_t{10} * options.budget) {}

// `call` is a plain function object that lives in the calling coroutine's frame, as everything it refers to.
template <class Call>
auto RetryProvider::repeat(Call call, Instant deadline) -> decltype(call(Instant{})) {
  for (int attempt = 1;; ++attempt) {
    const Instant now = clock_.now();
    const Instant until = deadline - options_.attempt_timeout > now ? now + options_.attempt_timeout : deadline;
    auto result = co_await call(until);
    if (result) {
      give_to_budget();
      co_return result;
    }
    if (!retryable(result.error().code) || attempt >= options_.max_attempts) co_return result;
    const Instant next = clock_.now() + jittered(attempt);
    if (next >= deadline) co_return result;
    if (!take_from_budget()) co_return result;
    co_await clock_.sleep_until(next);
  }
}

Duration RetryProvider::jittered(int attempt) {
  const int doublings = std::min(attempt - 1, 20);
  const Duration bound = std::min(options_.max_backoff, options_.first_backoff * (std::int64_t{1} << doublings));
  const double part = static_cast<double>(random_.next_u64() >> 11) * 0x1p-53;
  return Duration(static_cast<Duration::rep>(static_cast<double>(bound.count()) * part));
}

bool RetryProvider::take_from_budget() {
  std::int64_t left = budget_tenths_.load(std::memory_order_relaxed);
  do {
    if (left < 10) {
      over_budget_.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
  } while (!budget_tenths_.compare_exchange_weak(left, left - 10, std::memory_order_relaxed));
  retries_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void RetryProvider::give_to_budget() {
  const std::int64_t full = std::int64_t{10} * options_.budget;
  std::int64_t left = budget_tenths_.load(std::memory_order_relaxed);
  while (left < full && !budget_tenths_.compare_exchange_weak(left, left + 1, std::memory_order_relaxed)) {}
}

Task<Result<void>> RetryProvider::put(std::string name, Slices content, Instant deadline) {
  co_return co_await repeat([&](Instant until) { return inner().put(name, content, until); }, deadline);
}

Task<Result<void>> RetryProvider::get(std::string name, std::uint64_t offset, MutableBytes into, Instant deadline) {
  co_return co_await repeat([&](Instant until) { return inner().get(name, offset, into, until); }, deadline);
}

Task<Result<std::uint64_t>> RetryProvider::size(std::string name, Instant deadline) {
  co_return co_await repeat([&](Instant until) { return inner().size(name, until); }, deadline);
}

Task<Result<void>> RetryProvider::remove(std::string name, Instant deadline) {
  co_return co_await repeat([&](Instant until) { return inner().remove(name, until); }, deadline);
}

Task<Result<Listing>> RetryProvider::list(std::string prefix, std::string after, std::size_t limit, Instant deadline) {
  co_return co_await repeat([&](Instant until) { return inner().list(prefix, after, limit, until); }, deadline);
}

}  // namespace bascule::provider
