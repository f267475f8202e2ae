#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "runtime/clock.h"
#include "runtime/completion.h"
#include "runtime/random.h"
#include "runtime/run.h"
#include "runtime/workers.h"

namespace bascule {
namespace {

Task<int> add(int a, int b) { co_return a + b; }

Task<int> wait_for(Completion<int>& completion) { co_return co_await completion.wait(); }

TEST(Run, ReturnsTheValue) {
  Loop loop;
  EXPECT_EQ(run(loop, add(2, 3)), 5);
  EXPECT_EQ(run(loop, add(4, 3)), 7);  // a loop may be run again
}

TEST(Completion, SetBeforeTheWait) {
  Loop loop;
  Completion<int> completion;
  completion.set(7);
  EXPECT_EQ(run(loop, wait_for(completion)), 7);
}

TEST(Completion, SetFromAnotherThreadWhileWaiting) {
  for (int i = 0; i < 200; ++i) {
    Loop loop;
    Completion<int> completion;
    std::thread setter([&completion, i] {
      if (i % 2 == 0) std::this_thread::sleep_for(std::chrono::microseconds(i));
      completion.set(i);
    });
    EXPECT_EQ(run(loop, wait_for(completion)), i);
    setter.join();
  }
}

Task<void> sum_on_workers(Workers& workers, int& sum, std::set<std::thread::id>& loops) {
  for (int i = 1; i <= 100; ++i) {
    sum += co_await offload(workers, [i] { return i; });
    loops.insert(std::this_thread::get_id());
  }
}

TEST(Workers, OffloadResumesOnTheLoop) {
  for (const bool threads : {true, false}) {
    Loop loop;
    auto workers = threads ? make_thread_workers(2, "test") : make_inline_workers();
    int sum = 0;
    std::set<std::thread::id> seen;
    run(loop, sum_on_workers(*workers, sum, seen));
    EXPECT_EQ(sum, 5050);
    EXPECT_EQ(seen, std::set<std::thread::id>{std::this_thread::get_id()});
  }
}

TEST(Workers, DestructionWaitsForWhatIsQueued) {
  std::atomic<int> done = 0;
  {
    auto workers = make_thread_workers(2, "test");
    for (int i = 0; i < 50; ++i) workers->submit([&done] { ++done; });
  }
  EXPECT_EQ(done, 50);
}

TEST(SystemClock, Sleeps) {
  Loop loop;
  const Instant before = system_clock().now();
  run(loop, system_clock().sleep_for(std::chrono::milliseconds(20)));
  EXPECT_GE(system_clock().now() - before, std::chrono::milliseconds(20));
}

TEST(SystemRandom, NeverRepeats) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(system_random().next_u64());
  EXPECT_EQ(seen.size(), 10'000u);
  std::array<std::byte, 5000> large{};
  system_random().fill(large);
  EXPECT_GT(std::set<std::byte>(large.begin(), large.end()).size(), 250u);
}

}  // namespace
}  // namespace bascule
