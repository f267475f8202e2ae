// A bucket with everything around it that production wants: paced, retried, counted.
#pragma once
#include "provider/metrics.h"
#include "provider/s3/s3_provider.h"

namespace bascule::provider {

// From outside in: metrics (what callers see, retries and waits included), retry, limit (each attempt is paced), S3.
struct S3Stack {
  std::unique_ptr<http::Client> client;      // of this provider alone: authorities and timeouts are its own
  std::shared_ptr<ProviderMetrics> metrics;
  std::unique_ptr<Provider> provider;        // what is used
  S3Provider* bucket = nullptr;              // within `provider`: for probe() and clock_skew()
};

// The clock, the randomness and the loops that it is used on outlive the stack. Errors: invalid_argument, for options that cannot work.
Result<S3Stack> make_s3_stack(S3Options options, Clock& clock, Random& random);

}  // namespace bascule::provider
