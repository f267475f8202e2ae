#include "runtime/sim.h"

#include <gtest/gtest.h>

#include <vector>

namespace bascule {
namespace {

Task<void> note_after(SimClock& clock, int seconds, int what, std::vector<int>& order) {
  co_await clock.sleep_for(std::chrono::seconds(seconds));
  order.push_back(what);
}

Task<void> sleep_an_hour(SimClock& clock) { co_await clock.sleep_for(std::chrono::hours(1)); }

TEST(SimClock, JumpsAndKeepsOrder) {
  Loop loop;
  SimClock clock;
  std::vector<int> order;
  spawn(loop, note_after(clock, 30, 3, order));
  spawn(loop, note_after(clock, 10, 1, order));
  spawn(loop, note_after(clock, 30, 4, order));
  spawn(loop, note_after(clock, 20, 2, order));
  spawn(loop, note_after(clock, 7200, 5, order));  // still asleep at the end
  const Instant before = clock.now();
  const WallTime wall = clock.wall();
  run_simulated(loop, clock, sleep_an_hour(clock));
  EXPECT_EQ(clock.now() - before, std::chrono::hours(1));
  EXPECT_EQ(clock.wall() - wall, std::chrono::hours(1));
  EXPECT_EQ(order, (std::vector{1, 2, 3, 4}));
  clock.step_wall(-std::chrono::minutes(90));
  EXPECT_EQ(clock.wall() - wall, -std::chrono::minutes(30));
}

TEST(SeededRandom, RepeatsFromItsSeed) {
  SeededRandom a(1), b(1), c(2);
  const auto first = a.bytes<40>();
  EXPECT_EQ(first, b.bytes<40>());
  EXPECT_NE(first, c.bytes<40>());
  EXPECT_NE(first, a.bytes<40>());
}

}  // namespace
}  // namespace bascule
