// Time, reached only through here, so that the whole server also runs on simulated time.
#pragma once
#include <chrono>

#include "base/time.h"
#include "runtime/task.h"

namespace bascule {

using Instant = std::chrono::steady_clock::time_point;  // monotonic; simulated clocks count from an arbitrary start
using Duration = std::chrono::steady_clock::duration;
constexpr Instant kNoDeadline = Instant::max();

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;                 // any thread
  virtual WallTime wall() const = 0;               // any thread; may step backwards
  virtual Task<void> sleep_until(Instant when) = 0;  // on a loop
  Task<void> sleep_for(Duration d) { return sleep_until(now() + d); }
};

Clock& system_clock();  // the real one; lives as long as the program

}  // namespace bascule
