// A disk whose power can be cut: the model behind a lock, a countdown of operations, and fsyncs that can be disobeyed.
#pragma once
#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "forgetfs/model.h"

namespace forgetfs {

struct Counts {
  std::uint64_t changes = 0;   // writes, creations, removals, renames, resizes, syncs: what the countdown counts
  std::uint64_t writes = 0;
  std::uint64_t file_syncs = 0;
  std::uint64_t directory_syncs = 0;
  std::uint64_t ignored_syncs = 0;
  std::uint64_t cuts = 0;
  std::uint64_t refused = 0;   // operations refused while the power was cut
};

// Thread-safe. While the power is cut every operation answers -EIO.
class Disk {
 public:
  Disk(EntryRule rule, std::chrono::microseconds sync_time) : model_(rule), sync_time_(sync_time) {}

  void load(const std::string& folder);
  void save(const std::string& folder);

  // Control.
  void arm(std::uint64_t changes, Survival survival, std::uint64_t seed);  // cut instead of that change from now (1: the next)
  void cut(Survival survival, std::uint64_t seed);
  void revive();  // the power is back; handles from before stay dead
  // fsync of a path that matches (fnmatch, '*' spans '/') does nothing. "f:" or "d:" before it: of files or directories only.
  void ignore_sync(std::string pattern);
  void obey_all_syncs();
  Counts counts() const;
  bool is_cut() const;
  std::string describe() const;  // one JSON object: the counts and the state

  // Runs `action` on the model under the lock; -EIO while the power is cut.
  template <class Action>
  auto look(Action&& action) -> decltype(action(std::declval<Model&>())) {
    const std::lock_guard lock(mutex_);
    if (cut_) {
      counts_.refused++;
      return -EIO;
    }
    return action(model_);
  }
  // The same for a change: it counts, and the power may go in its place.
  template <class Action>
  auto change(Action&& action) -> decltype(action(std::declval<Model&>())) {
    const std::lock_guard lock(mutex_);
    if (!spend_locked()) return -EIO;
    return action(model_);
  }
  std::int64_t write(InodeId file, std::uint64_t offset, std::string_view bytes, bool durable);
  int sync(InodeId id);

  void unpin(InodeId id, std::uint64_t times);

 private:
  bool spend_locked();  // false: there is no power (any more)
  bool ignored_locked(InodeId id) const;

  mutable std::mutex mutex_;
  Model model_;
  const std::chrono::microseconds sync_time_;
  bool cut_ = false;
  std::uint64_t countdown_ = 0;  // 0: not armed
  Survival survival_ = Survival::none;
  std::uint64_t seed_ = 0;
  std::uint64_t life_ = 0;       // grows with each cut: a sync that was under way then does nothing
  std::vector<std::string> ignored_;
  Counts counts_;
};

}  // namespace forgetfs
