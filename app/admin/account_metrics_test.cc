#include "app/admin/account_counting.h"
#include "app/admin/disk_watch.h"
#include "app/admin/failure_limit.h"

#include <gtest/gtest.h>

#include <thread>

namespace bascule::app {
namespace {

using namespace std::chrono_literals;

class Names final : public AccountMetrics::Known {
 public:
  bool has(std::string_view account) const override {
    ++asked;
    return account.starts_with("acme");
  }
  mutable std::atomic<int> asked{0};
};

RequestMetrics::Outcome ok() { return {.op = Op::get_blob, .status = 200, .body_out = 10, .took = std::chrono::microseconds(100)}; }

TEST(AccountMetrics, AddsUpOverThreads) {
  AccountMetrics metrics;
  const Names names;
  const auto work = [&] {
    for (int i = 0; i < 1000; ++i)
      for (const char* account : {"acme", "acme2", "nobody", "", "a-name-that-is-longer-than-any"}) metrics.add(metrics.slot(account, names), ok());
  };
  std::thread a(work), b(work);
  a.join();
  b.join();
  const auto totals = metrics.totals();
  ASSERT_EQ(totals.size(), 3u);
  EXPECT_EQ(totals[0].account, "acme");
  EXPECT_EQ(totals[0].totals.by_class[2], 2000u);
  EXPECT_EQ(totals[0].totals.body_out, 20'000u);
  EXPECT_EQ(totals[1].account, "acme2");
  EXPECT_EQ(totals[2].account, "(unknown)");
  EXPECT_EQ(totals[2].totals.count(), 6000u);
  EXPECT_EQ(names.asked, 2 * (2 + 1000));   // a known one once a thread
}

TEST(AccountMetrics, IsBounded) {
  AccountMetrics metrics;
  const Names names;
  for (int round = 0; round < 3; ++round)
    for (int i = 0; i < 10'000; ++i) metrics.add(metrics.slot("acme" + std::to_string(i), names), ok());
  const auto totals = metrics.totals();
  ASSERT_EQ(totals.size(), AccountMetrics::kMostAccounts + 1);
  EXPECT_EQ(totals.back().account, "(other)");
  EXPECT_EQ(totals.back().totals.count(), 3u * (10'000 - AccountMetrics::kMostAccounts));
  for (std::size_t i = 0; i + 1 < totals.size(); ++i) EXPECT_EQ(totals[i].totals.count(), 3u);
}

TEST(DiskWatch, SaysHowLong) {
  DiskWatch watch;
  const Instant begin{};
  EXPECT_EQ(watch.state().window_seconds, 0u);
  constexpr std::uint64_t kSize = 1'000'000'000'000;
  for (int i = 0; i < 3; ++i) watch.add(begin + i * 30s, 500'000'000'000, kSize);
  EXPECT_EQ(watch.state().window_seconds, 0u);            // a minute says nothing yet
  EXPECT_FALSE(watch.state().full_in_seconds);
  for (int i = 3; i <= 120; ++i) watch.add(begin + i * 30s, 500'000'000'000 - static_cast<std::uint64_t>(i - 2) * 30'000'000, kSize);
  const DiskState filling = watch.state();
  EXPECT_EQ(filling.window_seconds, 3600u);
  EXPECT_NEAR(filling.growth_bytes_per_second, 1e6, 2e4);
  EXPECT_NEAR(static_cast<double>(*filling.full_in_seconds), 496.5e3, 10e3);
  // What was long ago is forgotten; what is freed ends the alarm.
  for (int i = 0; i <= 720; ++i) watch.add(begin + 2h + i * 30s, 400'000'000'000, kSize);
  EXPECT_EQ(watch.state().window_seconds, 6u * 3600);
  EXPECT_FALSE(watch.state().full_in_seconds);
}

TEST(FailureLimit, ShutsOutWhoFailsOften) {
  FailureLimit limit;
  const Instant now = Instant() + 1h;
  for (std::size_t i = 1; i <= FailureLimit::kMostFailures; ++i) {
    EXPECT_TRUE(limit.may_try("192.0.2.1", now));
    EXPECT_EQ(limit.failed("192.0.2.1", now), i == FailureLimit::kMostFailures);
  }
  EXPECT_FALSE(limit.may_try("192.0.2.1", now));
  EXPECT_TRUE(limit.may_try("192.0.2.2", now));
  EXPECT_TRUE(limit.may_try("192.0.2.1", now + FailureLimit::kWindow));
  for (std::size_t i = 0; i < FailureLimit::kMostFailures; ++i) limit.failed("2001:db8::" + std::to_string(i), now);
  EXPECT_FALSE(limit.may_try("2001:db8::ffff", now));     // the same /64
  EXPECT_TRUE(limit.may_try("2001:db8:0:1::1", now));
  for (int i = 0; i < 20'000; ++i) limit.failed("a" + std::to_string(i), now);   // forgets, does not grow
  EXPECT_TRUE(limit.may_try("2001:db8::ffff", now));
}

}  // namespace
}  // namespace bascule::app
