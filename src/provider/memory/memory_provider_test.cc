#include "provider/memory/memory_provider.h"

#include "provider/conformance.h"
#include "provider/fault.h"
#include "provider/limit.h"
#include "provider/metrics.h"
#include "provider/retry.h"

namespace bascule::provider {
namespace {

ProviderUnderTest plain(std::string name, MemoryProviderOptions options) {
  return {std::move(name), [options](Loop&, const std::string&) { return std::make_shared<MemoryProvider>(options); }};
}

template <class Wrap> ProviderUnderTest wrapped(std::string name, Wrap wrap) {
  return {std::move(name), [wrap](Loop&, const std::string&) -> std::shared_ptr<Provider> {
            return wrap(std::make_unique<MemoryProvider>());
          }};
}

INSTANTIATE_TEST_SUITE_P(
    Memory, ProviderConformance,
    testing::Values(
        plain("plain", {}), plain("never_at_once", {.reads_at_once = false}),
        wrapped("retry", [](auto inner) {
          return std::make_unique<RetryProvider>(std::move(inner), RetryOptions{}, system_clock(), system_random());
        }),
        wrapped("limit", [](auto inner) {
          return std::make_unique<LimitProvider>(
              std::move(inner), LimitOptions{.puts_per_second = 20'000, .gets_per_second = 20'000, .max_in_flight = 3},
              system_clock());
        }),
        wrapped("metrics", [](auto inner) {
          return std::make_unique<MetricsProvider>(std::move(inner), system_clock(),
                                                   std::make_shared<ProviderMetrics>());
        }),
        wrapped("fault_without_faults", [](auto inner) {
          return std::make_unique<FaultProvider>(std::move(inner), FaultOptions{}, system_clock(), system_random());
        }),
        wrapped("retry_around_faults", [](auto inner) {
          auto faulty = std::make_unique<FaultProvider>(
              std::move(inner), FaultOptions{.fail_before = 0.1, .fail_after = 0.1, .tear_put = 0.1}, system_clock(),
              system_random());
          return std::make_unique<RetryProvider>(
              std::move(faulty),
              RetryOptions{.first_backoff = std::chrono::microseconds(10), .max_attempts = 60, .budget = 1'000'000},
              system_clock(), system_random());
        })),
    provider_name);

Task<Result<void>> put_one(Provider& provider, std::string name, std::string_view content) {
  const Bytes slices[] = {as_bytes(content)};
  co_return co_await provider.put(std::move(name), slices, kNoDeadline);
}

TEST(MemoryProvider, Other_content_under_a_known_name_is_a_bug) {
  Loop loop;
  MemoryProvider provider;
  ASSERT_TRUE(run(loop, put_one(provider, "a", "one")));
  EXPECT_EQ(run(loop, put_one(provider, "a", "two")).error().code, Code::internal);
  ASSERT_TRUE(run(loop, provider.remove("a", kNoDeadline)));
  EXPECT_EQ(run(loop, put_one(provider, "a", "two")).error().code, Code::internal);
  EXPECT_TRUE(run(loop, put_one(provider, "a", "one")));
  EXPECT_EQ(run(loop, put_one(provider, "b", "")).error().code, Code::invalid_argument);
}

TEST(MemoryProvider, Tampering_shows) {
  Loop loop;
  MemoryProvider provider;
  ASSERT_TRUE(run(loop, put_one(provider, "a", "abc")));
  EXPECT_TRUE(provider.flip_bit("a", 1));
  EXPECT_EQ(provider.content("a"), "acc");
  EXPECT_FALSE(provider.flip_bit("a", 3));
  EXPECT_TRUE(provider.truncate("a", 2));
  EXPECT_EQ(run(loop, provider.size("a", kNoDeadline)).value(), 2u);
  EXPECT_TRUE(provider.drop("a"));
  EXPECT_EQ(provider.object_count(), 0u);
}

}  // namespace
}  // namespace bascule::provider
