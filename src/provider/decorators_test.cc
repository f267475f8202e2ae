#include <gtest/gtest.h>

#include <algorithm>

#include "provider/fault.h"
#include "provider/limit.h"
#include "provider/memory/memory_provider.h"
#include "provider/metrics.h"
#include "provider/retry.h"
#include "runtime/sim.h"

namespace bascule::provider {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Fails in the ways it is told to, each call taking its time.
class Scripted final : public Provider {
 public:
  Scripted(Clock& clock, std::vector<Code> failures, Duration takes = {})
      : clock_(clock), failures_(std::move(failures)), takes_(takes) {}
  std::string_view name() const override { return "scripted"; }
  Task<Result<void>> put(std::string, Slices, Instant deadline) override { return call(deadline); }
  Task<Result<void>> get(std::string, std::uint64_t, MutableBytes, Instant deadline) override { return call(deadline); }
  Task<Result<std::uint64_t>> size(std::string, Instant deadline) override {
    BASCULE_CO_TRY(co_await call(deadline));
    co_return 1;
  }
  Task<Result<void>> remove(std::string, Instant deadline) override { return call(deadline); }
  Task<Result<Listing>> list(std::string, std::string, std::size_t, Instant deadline) override {
    BASCULE_CO_TRY(co_await call(deadline));
    co_return Listing{};
  }

  std::vector<Instant> begun;
  int at_once = 0, most_at_once = 0;

 private:
  Task<Result<void>> call(Instant deadline) {
    const std::size_t number = begun.size();
    begun.push_back(clock_.now());
    most_at_once = std::max(most_at_once, ++at_once);
    const Instant end = clock_.now() + takes_;
    if (takes_ > Duration::zero()) co_await clock_.sleep_until(std::min(end, deadline));
    --at_once;
    if (end > deadline) co_return fail(Code::timeout, "scripted: late");
    if (number < failures_.size()) co_return fail(failures_[number], "scripted: failure");
    co_return Result<void>{};
  }

  Clock& clock_;
  const std::vector<Code> failures_;
  const Duration takes_;
};

class Decorators : public testing::Test {
 protected:
  template <class T> Result<T> simulated(Task<Result<T>> task) { return run_simulated(loop_, clock_, std::move(task)); }
  Scripted& script(std::vector<Code> failures, Duration takes = {}) {
    auto made = std::make_unique<Scripted>(clock_, std::move(failures), takes);
    scripted_ = made.get();
    inner_ = std::move(made);
    return *scripted_;
  }

  Loop loop_;
  SimClock clock_;
  SeededRandom random_{1};
  Scripted* scripted_ = nullptr;
  std::unique_ptr<Provider> inner_;
};

TEST_F(Decorators, What_may_pass_is_retried_and_what_may_not_is_told_at_once) {
  Scripted& inner = script({Code::unavailable, Code::overloaded, Code::timeout});
  RetryProvider retry(std::move(inner_), {}, clock_, random_);
  EXPECT_TRUE(simulated(retry.remove("a", kNoDeadline)));
  EXPECT_EQ(inner.begun.size(), 4u);
  EXPECT_EQ(retry.retries(), 3u);
  for (const Code code : {Code::not_found, Code::corrupt, Code::permission_denied, Code::exhausted, Code::internal}) {
    Scripted& once = script({code, code});
    RetryProvider strict(std::move(inner_), {}, clock_, random_);
    EXPECT_EQ(simulated(strict.size("a", kNoDeadline)).error().code, code);
    EXPECT_EQ(once.begun.size(), 1u);
  }
}

TEST_F(Decorators, Waits_grow_are_jittered_and_bounded) {
  Scripted& inner = script(std::vector<Code>(50, Code::unavailable));
  RetryProvider retry(std::move(inner_), {.first_backoff = milliseconds(100), .max_backoff = seconds(1), .max_attempts = 12},
                      clock_, random_);
  EXPECT_EQ(simulated(retry.remove("a", kNoDeadline)).error().code, Code::unavailable);
  ASSERT_EQ(inner.begun.size(), 12u);
  Duration longest{}, first{};
  for (std::size_t i = 1; i < inner.begun.size(); ++i) {
    const Duration wait = inner.begun[i] - inner.begun[i - 1];
    if (i == 1) first = wait;
    longest = std::max(longest, wait);
    EXPECT_LE(wait, std::min<Duration>(seconds(1), milliseconds(100) * (1 << std::min<std::size_t>(i - 1, 10))));
  }
  EXPECT_LE(first, milliseconds(100));
  EXPECT_GT(longest, milliseconds(300));
}

TEST_F(Decorators, No_retry_goes_past_the_deadline) {
  Scripted& inner = script(std::vector<Code>(1000, Code::unavailable));
  RetryProvider retry(std::move(inner_), {.max_attempts = 1000, .budget = 1000}, clock_, random_);
  const Instant deadline = clock_.now() + seconds(10);
  EXPECT_EQ(simulated(retry.remove("a", deadline)).error().code, Code::unavailable);
  EXPECT_LT(clock_.now(), deadline);
  EXPECT_GT(inner.begun.size(), 3u);
}

TEST_F(Decorators, An_attempt_that_hangs_is_given_up_for_another) {
  Scripted& inner = script({}, seconds(100));
  RetryProvider retry(std::move(inner_), {.attempt_timeout = seconds(3), .max_attempts = 3}, clock_, random_);
  EXPECT_EQ(simulated(retry.remove("a", kNoDeadline)).error().code, Code::timeout);
  ASSERT_EQ(inner.begun.size(), 3u);
  EXPECT_GE(inner.begun[1] - inner.begun[0], seconds(3));
}

TEST_F(Decorators, A_budget_ends_retries_and_successes_refill_it) {
  Scripted& inner = script(std::vector<Code>(7, Code::unavailable));
  RetryProvider retry(std::move(inner_), {.max_attempts = 100, .budget = 5}, clock_, random_);
  EXPECT_FALSE(simulated(retry.remove("a", kNoDeadline)));
  EXPECT_EQ(inner.begun.size(), 6u);  // one and five from the budget
  EXPECT_EQ(retry.refused_by_budget(), 1u);
  EXPECT_FALSE(simulated(retry.remove("a", kNoDeadline)));
  EXPECT_EQ(inner.begun.size(), 7u);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(simulated(retry.remove("a", kNoDeadline)));
  EXPECT_EQ(retry.refused_by_budget(), 2u);
}

Task<void> count(Task<Result<void>> call, int& succeeded, int& failed) {
  if (co_await std::move(call)) ++succeeded;
  else ++failed;
}

Task<Result<void>> put_empty(Provider& provider, Instant deadline) {
  co_return co_await provider.put("a", {}, deadline);
}

TEST_F(Decorators, A_pace_is_kept_after_a_burst) {
  Scripted& inner = script({});
  LimitProvider limit(std::move(inner_), {.puts_per_second = 100, .burst = 5}, clock_);
  int succeeded = 0, failed = 0;
  const Instant begin = clock_.now();
  for (int i = 0; i < 50; ++i) spawn(loop_, count(put_empty(limit, begin + seconds(60)), succeeded, failed));
  while (succeeded + failed < 50) run_simulated(loop_, clock_, clock_.sleep_for(milliseconds(10)));
  EXPECT_EQ(succeeded, 50);
  EXPECT_EQ(std::ranges::count_if(inner.begun, [&](Instant at) { return at == begin; }), 5);
  EXPECT_GE(inner.begun.back() - begin, milliseconds(440));
  EXPECT_LE(inner.begun.back() - begin, milliseconds(460));
}

TEST_F(Decorators, Who_would_wait_past_the_deadline_is_told_at_once) {
  Scripted& inner = script({});
  LimitProvider limit(std::move(inner_), {.puts_per_second = 10, .burst = 1}, clock_);
  int succeeded = 0, failed = 0;
  const Instant begin = clock_.now();
  for (int i = 0; i < 100; ++i) spawn(loop_, count(put_empty(limit, begin + seconds(1)), succeeded, failed));
  run_simulated(loop_, clock_, clock_.sleep_for(milliseconds(1)));
  EXPECT_EQ(failed, 90);
  run_simulated(loop_, clock_, clock_.sleep_for(seconds(1)));
  EXPECT_EQ(succeeded, 10);
  EXPECT_EQ(inner.begun.size(), 10u);
  EXPECT_TRUE(simulated(limit.size("a", kNoDeadline)));  // gets are not slowed by puts
}

TEST_F(Decorators, Requests_in_flight_are_bounded_and_waiting_ends_with_the_deadline) {
  Scripted& inner = script({}, seconds(1));
  LimitProvider limit(std::move(inner_), {.max_in_flight = 4, .max_waiting = 15}, clock_);
  int succeeded = 0, failed = 0;
  const Instant begin = clock_.now();
  for (int i = 0; i < 20; ++i) {
    spawn(loop_, count(put_empty(limit, begin + milliseconds(i < 10 ? 60'000 : 1500)), succeeded, failed));
  }
  run_simulated(loop_, clock_, clock_.sleep_for(milliseconds(10)));
  EXPECT_EQ(failed, 1);  // 4 fly, 15 wait
  run_simulated(loop_, clock_, clock_.sleep_for(milliseconds(1700)));
  EXPECT_EQ(failed, 10);
  run_simulated(loop_, clock_, clock_.sleep_for(seconds(5)));
  EXPECT_EQ(succeeded, 10);
  EXPECT_EQ(inner.most_at_once, 4);
  EXPECT_EQ(inner.at_once, 0);
}

TEST_F(Decorators, Metrics_count_and_measure) {
  script({Code::not_found}, milliseconds(10));
  const auto metrics = std::make_shared<ProviderMetrics>();
  MetricsProvider measured(std::move(inner_), clock_, metrics);
  const std::string content(1000, 'x');
  const Bytes slices[] = {as_bytes(content)};
  EXPECT_FALSE(simulated(measured.put("a", slices, kNoDeadline)));
  EXPECT_TRUE(simulated(measured.put("a", slices, kNoDeadline)));
  EXPECT_EQ(metrics->put.succeeded, 1u);
  EXPECT_EQ(metrics->put.failed[static_cast<std::size_t>(Code::not_found)], 1u);
  EXPECT_EQ(metrics->put.bytes, 1000u);
  EXPECT_EQ(metrics->put.took_microseconds, 20'000u);
  EXPECT_EQ(metrics->put.took[8], 2u);  // 10 ms: over 8.192, up to 16.384
  EXPECT_EQ(metrics->put.in_flight, 0);
}

Task<Result<void>> put_text(Provider& provider, std::string name, std::string_view content) {
  const Bytes slices[] = {as_bytes(content)};
  co_return co_await provider.put(std::move(name), slices, kNoDeadline);
}

TEST_F(Decorators, Faults_do_what_their_names_say) {
  auto made = std::make_unique<MemoryProvider>();
  MemoryProvider& memory = *made;
  FaultProvider faulty(std::move(made), {}, clock_, random_);
  std::string read(3, '?');

  faulty.set_options({.fail_before = 1});
  EXPECT_FALSE(simulated(put_text(faulty, "before", "abc")));
  EXPECT_FALSE(memory.content("before"));
  faulty.set_options({.fail_after = 1});
  EXPECT_FALSE(simulated(put_text(faulty, "after", "abc")));
  EXPECT_EQ(memory.content("after"), "abc");
  faulty.set_options({.tear_put = 1});
  EXPECT_FALSE(simulated(put_text(faulty, "torn", "abc")));
  faulty.set_options({});
  EXPECT_LT(simulated(faulty.size("torn", kNoDeadline)).value(), 3u);
  EXPECT_EQ(simulated(faulty.list("", "", 10, kNoDeadline))->objects.size(), 2u);
  EXPECT_EQ(simulated(faulty.get("torn", 0, as_writable(read), kNoDeadline)).error().code, Code::corrupt);
  EXPECT_FALSE(faulty.try_get("torn", 0, as_writable(read)).value());
  EXPECT_TRUE(simulated(put_text(faulty, "torn", "abc")));
  EXPECT_TRUE(simulated(faulty.get("torn", 0, as_writable(read), kNoDeadline)));
  EXPECT_EQ(read, "abc");

  faulty.set_options({.lie_lose_put = 1});
  EXPECT_TRUE(simulated(put_text(faulty, "lost", "abc")));
  EXPECT_FALSE(memory.content("lost"));
  faulty.set_options({.lie_flip_bit = 1});
  EXPECT_TRUE(simulated(faulty.get("after", 0, as_writable(read), kNoDeadline)));
  EXPECT_NE(read, "abc");
  EXPECT_TRUE(faulty.try_get("after", 0, as_writable(read)).value());
  EXPECT_NE(read, "abc");
  faulty.set_options({.lie_short_get = 1});
  EXPECT_EQ(simulated(faulty.get("after", 0, as_writable(read), kNoDeadline)).error().code, Code::corrupt);

  faulty.set_options({.delay = 1, .max_delay = seconds(5)});
  const Instant begin = clock_.now();
  EXPECT_TRUE(simulated(faulty.remove("after", kNoDeadline)));
  EXPECT_GT(clock_.now(), begin);
  const Instant deadline = clock_.now() + milliseconds(1);
  EXPECT_EQ(simulated(faulty.size("torn", deadline)).error().code, Code::timeout);
  EXPECT_EQ(clock_.now(), deadline);

  faulty.set_options({});
  faulty.set_away(true);
  EXPECT_EQ(simulated(put_text(faulty, "away", "abc")).error().code, Code::unavailable);
  EXPECT_FALSE(faulty.try_get("torn", 0, as_writable(read)).value());
  faulty.set_away(false);
  EXPECT_TRUE(simulated(put_text(faulty, "away", "abc")));
}

TEST_F(Decorators, One_seed_gives_one_run) {
  const auto outcomes = [&](std::uint64_t seed) {
    SeededRandom random(seed);
    FaultProvider faulty(std::make_unique<MemoryProvider>(),
                         {.fail_before = 0.2, .fail_after = 0.2, .tear_put = 0.2, .delay = 0.5}, clock_, random);
    std::string seen;
    const Instant begin = clock_.now();
    for (int i = 0; i < 100; ++i) {
      const auto result = simulated(put_text(faulty, "o" + std::to_string(i), "abc"));
      seen += result ? "ok," : std::string(name(result.error().code)) + ",";
    }
    return seen + std::to_string((clock_.now() - begin).count());
  };
  EXPECT_EQ(outcomes(5), outcomes(5));
  EXPECT_NE(outcomes(5), outcomes(6));
}

}  // namespace
}  // namespace bascule::provider
