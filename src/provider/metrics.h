// MetricsProvider: counts what a provider does and how long it takes. The figures are plain atomics that whoever shows
// them reads at any time.
#pragma once
#include <array>
#include <atomic>

#include "provider/decorator.h"

namespace bascule::provider {

constexpr std::size_t kCodes = static_cast<std::size_t>(Code::internal) + 1;

struct OperationMetrics {
  static constexpr std::size_t kBuckets = 21;  // up to 33.6 s (base/latency.h)

  std::atomic<std::uint64_t> succeeded{0};
  std::array<std::atomic<std::uint64_t>, kCodes> failed{};  // by Code
  std::atomic<std::uint64_t> bytes{0};                      // of what succeeded
  std::array<std::atomic<std::uint64_t>, kBuckets> took{};  // successes and failures
  std::atomic<std::uint64_t> took_microseconds{0};          // in all
  std::atomic<std::int64_t> in_flight{0};
};

struct ProviderMetrics {
  OperationMetrics put, get, size, remove, list;
  std::atomic<std::uint64_t> read_at_once{0};  // try_get() that answered; not in `get`
};

class MetricsProvider final : public Decorator {
 public:
  // The clock outlives the provider. The metrics are shared with whoever shows them.
  MetricsProvider(std::unique_ptr<Provider> inner, Clock& clock, std::shared_ptr<ProviderMetrics> metrics);

  Task<Result<void>> put(std::string name, Slices content, Instant deadline) override;
  Task<Result<void>> get(std::string name, std::uint64_t offset, MutableBytes into, Instant deadline) override;
  Result<bool> try_get(std::string_view name, std::uint64_t offset, MutableBytes into) override;
  Task<Result<std::uint64_t>> size(std::string name, Instant deadline) override;
  Task<Result<void>> remove(std::string name, Instant deadline) override;
  Task<Result<Listing>> list(std::string prefix, std::string after, std::size_t limit, Instant deadline) override;

 private:
  Clock& clock_;
  std::shared_ptr<ProviderMetrics> metrics_;
};

}  // namespace bascule::provider
