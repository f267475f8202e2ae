// A value that many threads read and that is replaced now and then, by a reload: readers never wait. A former value stays
// until the end, since nobody knows who still looks at it: for few replacements of something small.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace bascule {

template <class T> class Live {
 public:
  explicit Live(T value) { set(std::move(value)); }
  Live(const Live&) = delete;
  Live& operator=(const Live&) = delete;

  const T& get() const { return *now_.load(std::memory_order_acquire); }   // good until this object goes
  void set(T value) {
    const std::lock_guard lock(mutex_);
    all_.push_back(std::make_unique<const T>(std::move(value)));
    now_.store(all_.back().get(), std::memory_order_release);
  }

 private:
  std::atomic<const T*> now_{nullptr};
  std::mutex mutex_;
  std::vector<std::unique_ptr<const T>> all_;
};

}  // namespace bascule
