#include "provider/metrics.h"

#include "base/latency.h"

namespace bascule::provider {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

// One call from its start to finish().
class Measured {
 public:
  Measured(OperationMetrics& metrics, Clock& clock) : metrics_(metrics), clock_(clock), start_(clock.now()) {
    metrics_.in_flight.fetch_add(1, kRelaxed);
  }
  Measured(const Measured&) = delete;
  Measured& operator=(const Measured&) = delete;
  ~Measured() { metrics_.in_flight.fetch_sub(1, kRelaxed); }

  template <class T> void finish(const Result<T>& result, std::uint64_t bytes) {
    const std::uint64_t micros = to_microseconds(clock_.now() - start_);
    metrics_.took[latency_bucket(micros, OperationMetrics::kBuckets)].fetch_add(1, kRelaxed);
    metrics_.took_microseconds.fetch_add(micros, kRelaxed);
    if (result) {
      metrics_.succeeded.fetch_add(1, kRelaxed);
      metrics_.bytes.fetch_add(bytes, kRelaxed);
    } else {
      metrics_.failed[static_cast<std::size_t>(result.error().code)].fetch_add(1, kRelaxed);
    }
  }

 private:
  OperationMetrics& metrics_;
  Clock& clock_;
  const Instant start_;
};

}  // namespace

MetricsProvider::MetricsProvider(std::unique_ptr<Provider> inner, Clock& clock, std::shared_ptr<ProviderMetrics> metrics)
    : Decorator(std::move(inner)), clock_(clock), metrics_(std::move(metrics)) {}

Task<Result<void>> MetricsProvider::put(std::string name, Slices content, Instant deadline) {
  Measured measured(metrics_->put, clock_);
  auto result = co_await inner().put(std::move(name), content, deadline);
  measured.finish(result, total_size(content));
  co_return result;
}

Task<Result<void>> MetricsProvider::get(std::string name, std::uint64_t offset, MutableBytes into, Instant deadline) {
  Measured measured(metrics_->get, clock_);
  auto result = co_await inner().get(std::move(name), offset, into, deadline);
  measured.finish(result, into.size());
  co_return result;
}

Result<bool> MetricsProvider::try_get(std::string_view name, std::uint64_t offset, MutableBytes into) {
  auto result = inner().try_get(name, offset, into);
  if (result && *result) metrics_->read_at_once.fetch_add(1, kRelaxed);
  return result;
}

Task<Result<std::uint64_t>> MetricsProvider::size(std::string name, Instant deadline) {
  Measured measured(metrics_->size, clock_);
  auto result = co_await inner().size(std::move(name), deadline);
  measured.finish(result, 0);
  co_return result;
}

Task<Result<void>> MetricsProvider::remove(std::string name, Instant deadline) {
  Measured measured(metrics_->remove, clock_);
  auto result = co_await inner().remove(std::move(name), deadline);
  measured.finish(result, 0);
  co_return result;
}

Task<Result<Listing>> MetricsProvider::list(std::string prefix, std::string after, std::size_t limit, Instant deadline) {
  Measured measured(metrics_->list, clock_);
  auto result = co_await inner().list(std::move(prefix), std::move(after), limit, deadline);
  measured.finish(result, 0);
  co_return result;
}

}  // namespace bascule::provider
