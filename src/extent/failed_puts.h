// Extents whose PUT failed while their session lives: each may have arrived all the same, or may yet, and no commit will
// ever name it, since the packer gave its pieces an error and uses a name once. So what is here is garbage by what the
// writer knows, not by its age; a write in flight is never here. Who collects removes each at once, and once more when
// nothing can arrive any longer.
#pragma once
#include <deque>
#include <mutex>
#include <optional>

#include "extent/ids.h"
#include "runtime/clock.h"

namespace bascule::extent {

// Any thread.
class FailedPuts {
 public:
  static constexpr std::size_t kMost = 100'000;   // 40 bytes each
  struct One {
    ExtentId id;
    Instant failed{};
    bool removed_once = false;
  };

  // False when there are too many to keep: then whoever follows this session must look for it.
  bool add(ExtentId id, Instant failed) {
    std::lock_guard lock(mutex_);
    if (left_ >= kMost) return false;
    ++left_;
    fresh_.push_back({id, failed, false});
    return true;
  }
  // The next one to remove: at once the first time, and again from `late` after its failure on. Given back with keep() or
  // ended with done().
  std::optional<One> take(Instant now, Duration late) {
    std::lock_guard lock(mutex_);
    std::deque<One>* from = !fresh_.empty() ? &fresh_ : !again_.empty() && now - again_.front().failed >= late ? &again_ : nullptr;
    if (!from) return std::nullopt;
    const One one = from->front();
    from->pop_front();
    return one;
  }
  void keep(One one) {
    std::lock_guard lock(mutex_);
    if (one.removed_once) again_.push_back(one);
    else fresh_.push_front(one);
  }
  void done() {
    std::lock_guard lock(mutex_);
    --left_;
  }
  bool any() const {
    std::lock_guard lock(mutex_);
    return left_ != 0;
  }

 private:
  mutable std::mutex mutex_;
  std::deque<One> fresh_, again_;
  std::size_t left_ = 0;   // taken ones included
};

}  // namespace bascule::extent
