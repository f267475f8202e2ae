// S3Provider: a bucket at an S3 endpoint, over PUT, ranged GET, HEAD, DELETE and ListObjectsV2 alone.
#pragma once
#include <atomic>
#include <memory>

#include "http/client.h"
#include "provider/provider.h"
#include "provider/s3/s3_options.h"
#include "provider/s3/sigv4.h"
#include "runtime/random.h"

namespace bascule::provider {

// What a first look at the bucket found.
struct ProbeReport {
  Duration put{}, get{}, list{}, remove{};              // how long each took
  std::optional<std::chrono::seconds> clock_skew;       // ours minus the provider's; nothing without a Date header
  bool listed_at_once = false;                          // false: listings lag behind, which is allowed
  std::vector<std::string> warnings;                    // for people; nothing that stops work
};

// One request per call (a listing may take several, size() of a missing object two): no retry, no pacing, which the
// decorators around it do. A put() answered 200 is durable; one whose answer is lost is `timeout` or `unavailable` and
// may be repeated. Bodies go from and to the caller's buffers. Beyond provider.h's errors: unsupported (the endpoint is
// no S3), internal (it did not accept a request of ours).
class S3Provider final : public Provider {
 public:
  // The client and the clock outlive the provider.
  S3Provider(S3Options options, S3Endpoint endpoint, http::Client& client, Clock& clock);

  std::string_view name() const override { return options_.name; }
  Task<Result<void>> put(std::string name, Slices content, Instant deadline) override;
  Task<Result<void>> get(std::string name, std::uint64_t offset, MutableBytes into, Instant deadline) override;
  Task<Result<std::uint64_t>> size(std::string name, Instant deadline) override;
  Task<Result<void>> remove(std::string name, Instant deadline) override;
  Task<Result<Listing>> list(std::string prefix, std::string after, std::size_t limit, Instant deadline) override;

  // Writes a small object under a random name, reads a range of it back, lists it and deletes it. An error says what is
  // wrong and what to do about it; it begins with the step that failed.
  Task<Result<ProbeReport>> probe(Random& random, Instant deadline);

  // Ours minus the provider's clock, from the last answer with a Date header.
  std::optional<std::chrono::seconds> clock_skew() const;

 private:
  struct Ask {
    std::string_view method;  // a literal
    std::string path;
    std::string query;
    std::string range;        // value of Range, "" for none
    std::string object;       // its name, "" for a listing
    Slices body;
  };
  using Answer = std::unique_ptr<http::ClientResponse>;

  Ask ask_object(std::string_view method, std::string name) const;
  Task<Result<Answer>> exchange(Ask ask, Instant deadline);
  Task<Error> refusal(Answer answer, std::string_view method, std::string object);
  Task<Result<void>> read_range(Answer answer, std::string object, std::uint64_t offset, MutableBytes into);
  Task<Result<std::uint64_t>> size_by_get(std::string name, Instant deadline);
  Error trouble(Code code, std::string_view what) const;  // with the provider's name and place

  S3Options options_;
  S3Endpoint endpoint_;
  http::Client& client_;
  Clock& clock_;
  s3::Signer signer_;
  static constexpr std::int64_t kUnknownSkew = INT64_MIN;
  std::atomic<std::int64_t> skew_seconds_{kUnknownSkew};
};

// Nothing around it. Errors: invalid_argument, for options that cannot work.
Result<std::unique_ptr<S3Provider>> make_s3_provider(S3Options options, http::Client& client, Clock& clock);

}  // namespace bascule::provider
