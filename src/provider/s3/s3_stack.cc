#include "provider/s3/s3_stack.h"

#include "provider/limit.h"
#include "provider/retry.h"

namespace bascule::provider {

Result<S3Stack> make_s3_stack(S3Options options, Clock& clock, Random& random) {
  LimitOptions limits;
  limits.puts_per_second = options.puts_per_second;
  limits.gets_per_second = options.gets_per_second;
  limits.max_in_flight = static_cast<int>(options.in_flight);
  RetryOptions retries;
  retries.attempt_timeout = options.request_timeout;

  S3Stack stack;
  stack.client = http::make_client(client_options(options), clock);
  BASCULE_ASSIGN(std::unique_ptr<S3Provider> bucket, make_s3_provider(std::move(options), *stack.client, clock));
  stack.bucket = bucket.get();
  stack.metrics = std::make_shared<ProviderMetrics>();
  std::unique_ptr<Provider> paced = std::make_unique<LimitProvider>(std::move(bucket), limits, clock);
  std::unique_ptr<Provider> retried = std::make_unique<RetryProvider>(std::move(paced), retries, clock, random);
  stack.provider = std::make_unique<MetricsProvider>(std::move(retried), clock, stack.metrics);
  return stack;
}

}  // namespace bascule::provider
