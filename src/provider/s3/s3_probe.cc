#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "provider/s3/s3_errors.h"
#include "provider/s3/s3_provider.h"

namespace bascule::provider {
namespace {

constexpr std::size_t kContentBytes = 4096;
constexpr std::size_t kRangeOffset = 1000;
constexpr std::size_t kRangeBytes = 2000;
constexpr std::chrono::seconds kSkewWorthAWord{300};  // S3 refuses beyond 15 minutes

std::unexpected<Error> at_step(std::string_view step, Error error) {
  error.message = fmt::format("{}: {}", step, error.message);
  return fail(std::move(error));
}

}  // namespace

Task<Result<ProbeReport>> S3Provider::probe(Random& random, Instant deadline) {
  ProbeReport report;
  const std::string name = "probe-" + to_hex(random.bytes<16>());
  const auto content = random.bytes<kContentBytes>();
  const Bytes slices[] = {Bytes(content)};

  Instant start = clock_.now();
  const auto lap = [&] {
    const Instant from = std::exchange(start, clock_.now());
    return start - from;
  };
  if (auto done = co_await put(name, slices, deadline); !done) co_return at_step("writing", std::move(done).error());
  report.put = lap();

  std::array<std::byte, kRangeBytes> read{};
  auto got = co_await get(name, kRangeOffset, read, deadline);
  report.get = lap();
  auto listed = co_await list(name, "", 1, deadline);
  report.list = lap();
  auto removed = co_await remove(name, deadline);  // in any case: nothing is left behind
  report.remove = lap();

  if (!got) co_return at_step("reading", std::move(got).error());
  if (!std::ranges::equal(read, std::span(content).subspan(kRangeOffset, kRangeBytes))) {
    co_return at_step("reading", trouble(Code::corrupt, "the bytes read are not the bytes written"));
  }
  if (!listed) co_return at_step("listing", std::move(listed).error());
  if (!removed) co_return at_step("deleting", std::move(removed).error());

  report.listed_at_once = listed->objects.size() == 1 && listed->objects[0].name == name;
  report.clock_skew = clock_skew();
  if (report.clock_skew && std::chrono::abs(*report.clock_skew) > kSkewWorthAWord) {
    report.warnings.push_back(fmt::format("provider '{}': this machine's clock is {} {} the provider's; beyond 15 minutes "
                                          "it refuses every request: set it (NTP)", options_.name,
                                          s3::shown_duration(std::chrono::abs(*report.clock_skew)),
                                          report.clock_skew->count() < 0 ? "behind" : "ahead of"));
  }
  co_return report;
}

}  // namespace bascule::provider
