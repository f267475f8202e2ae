// Counters without contention: each thread has a block of its own, which whoever shows them adds up.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace bascule::app {

template <class Block> class PerThread {
 public:
  PerThread() : number_(next()) {}
  PerThread(const PerThread&) = delete;
  PerThread& operator=(const PerThread&) = delete;

  // The calling thread's; no lock but at its first call.
  Block& mine() {
    thread_local std::uint64_t number = 0;
    thread_local Block* block = nullptr;
    if (block == nullptr || number != number_) {
      auto fresh = std::make_unique<Block>();
      block = fresh.get();
      number = number_;
      const std::lock_guard lock(mutex_);
      blocks_.push_back(std::move(fresh));
    }
    return *block;
  }
  // Every thread's, those that have ended too.
  template <class F> void each(F show) const {
    const std::lock_guard lock(mutex_);
    for (const auto& block : blocks_) show(*block);
  }

 private:
  // Tells objects of one type apart in the threads' memory.
  static std::uint64_t next() {
    static std::atomic<std::uint64_t> last{0};
    return last.fetch_add(1) + 1;
  }

  const std::uint64_t number_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Block>> blocks_;
};

}  // namespace bascule::app
