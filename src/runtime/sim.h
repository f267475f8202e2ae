// Simulated time and seeded randomness: a whole server in one thread whose every run from one seed is the same.
#pragma once
#include <map>
#include <memory>

#include "runtime/clock.h"
#include "runtime/random.h"
#include "runtime/run.h"

namespace bascule {

// Time stands still while the loop has anything to do, and jumps to the next sleeper when it has not. One loop, one
// thread. Sleepers that are left when it is destroyed are dropped; the loop must still be there then.
class SimClock final : public Clock {
 public:
  explicit SimClock(WallTime start = WallTime(std::chrono::seconds(1'700'000'000)));
  ~SimClock() override;

  Instant now() const override { return now_; }
  WallTime wall() const override;
  Task<void> sleep_until(Instant when) override;

  void step_wall(Ticks by) { wall_offset_ += by; }  // somebody sets the clock
  // Jumps to the earliest sleeper and wakes it (equal times in the order they began). False if there is none.
  bool advance();

 private:
  struct Sleepers;
  Instant now_;
  WallTime wall_offset_;
  std::uint64_t next_number_ = 0;
  std::unique_ptr<Sleepers> sleepers_;
};

// xoshiro256**: good statistics, no secrecy. One thread.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed);
  void fill(MutableBytes out) override;

 private:
  std::uint64_t next();
  std::array<std::uint64_t, 4> state_;
};

// Runs `loop` until `done`; ends the program when nothing is ready and nobody sleeps.
void run_simulated_until(Loop& loop, SimClock& clock, const bool& done);

// run() on simulated time.
template <class T> T run_simulated(Loop& loop, SimClock& clock, Task<T> task) {
  bool done = false;
  if constexpr (std::is_void_v<T>) {
    spawn(loop, detail::keep_value(std::move(task), done));
    run_simulated_until(loop, clock, done);
  } else {
    std::optional<T> value;
    spawn(loop, detail::keep_value(std::move(task), value, done));
    run_simulated_until(loop, clock, done);
    return std::move(*value);
  }
}

}  // namespace bascule
