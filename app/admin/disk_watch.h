// How full the disk under the data folder is, and how long until it is full, judged from how free space shrank.
#pragma once
#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "runtime/clock.h"
#include "runtime/task.h"

namespace bascule::app {

struct DiskState {
  std::uint64_t free_bytes = 0, size_bytes = 0;
  std::uint64_t window_seconds = 0;                     // over how long it was looked at; 0: not long enough
  double growth_bytes_per_second = 0;                   // of what lies there; below 0: it shrinks
  std::optional<std::uint64_t> full_in_seconds;         // nothing where it does not grow, or nobody knows yet
};

// Any thread.
class DiskWatch {
 public:
  static constexpr Duration kEvery = std::chrono::seconds(30), kLeast = std::chrono::minutes(2), kWindow = std::chrono::hours(6);

  void add(Instant now, std::uint64_t free_bytes, std::uint64_t size_bytes);
  DiskState state() const;

  // Looks now and then until `stop`; on one loop. `done` becomes true at the end.
  Task<void> watch(std::string folder, Clock& clock, const std::atomic<bool>& stop, std::atomic<bool>& done);

 private:
  struct Sample {
    Instant at{};
    std::uint64_t free_bytes = 0;
  };
  mutable std::mutex mutex_;
  std::deque<Sample> samples_;
  std::uint64_t size_bytes_ = 0;
};

}  // namespace bascule::app
