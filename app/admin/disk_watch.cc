#include "app/admin/disk_watch.h"

#include <sys/statvfs.h>

namespace bascule::app {
namespace {

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

}  // namespace

void DiskWatch::add(Instant now, std::uint64_t free_bytes, std::uint64_t size_bytes) {
  const std::lock_guard lock(mutex_);
  samples_.push_back({now, free_bytes});
  while (now - samples_.front().at > kWindow) samples_.pop_front();
  size_bytes_ = size_bytes;
}

// The line through all samples that fits best: one large upload that is collected again does not make an alarm for hours.
DiskState DiskWatch::state() const {
  const std::lock_guard lock(mutex_);
  DiskState state{.size_bytes = size_bytes_};
  if (samples_.empty()) return state;
  state.free_bytes = samples_.back().free_bytes;
  const Duration window = samples_.back().at - samples_.front().at;
  if (samples_.size() < 3 || window < kLeast) return state;
  state.window_seconds = static_cast<std::uint64_t>(seconds(window));
  const double n = static_cast<double>(samples_.size());
  double mean_time = 0, mean_free = 0;
  for (const Sample& s : samples_) {
    mean_time += seconds(s.at - samples_.front().at) / n;
    mean_free += static_cast<double>(s.free_bytes) / n;
  }
  double above = 0, below = 0;
  for (const Sample& s : samples_) {
    const double t = seconds(s.at - samples_.front().at) - mean_time;
    above += t * (static_cast<double>(s.free_bytes) - mean_free);
    below += t * t;
  }
  state.growth_bytes_per_second = below > 0 ? -above / below : 0;
  const double left = static_cast<double>(state.free_bytes) / std::max(state.growth_bytes_per_second, 1e-9);
  constexpr double kLongest = 100.0 * 365 * 24 * 3600;   // beyond a century it says nothing
  if (state.growth_bytes_per_second > 0 && left < kLongest) state.full_in_seconds = static_cast<std::uint64_t>(left);
  return state;
}

Task<void> DiskWatch::watch(std::string folder, Clock& clock, const std::atomic<bool>& stop, std::atomic<bool>& done) {
  while (!stop) {
    if (struct statvfs space{}; ::statvfs(folder.c_str(), &space) == 0)
      add(clock.now(), std::uint64_t{space.f_bavail} * space.f_frsize, std::uint64_t{space.f_blocks} * space.f_frsize);
    const Instant next = clock.now() + kEvery;
    while (!stop && clock.now() < next) co_await clock.sleep_for(std::chrono::milliseconds(100));
  }
  done = true;
}

}  // namespace bascule::app
