// The program's event loops: one thread each, usually one per core.
#pragma once
#include <atomic>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include "runtime/task.h"

namespace bascule {

class Loops {
 public:
  explicit Loops(std::size_t count = 0);  // 0 = as many as there are cores; they run at once
  ~Loops();                               // stop(); tasks that are still suspended are destroyed
  Loops(const Loops&) = delete;
  Loops& operator=(const Loops&) = delete;

  std::size_t size() const { return loops_.size(); }
  Loop& operator[](std::size_t i) { return *loops_[i]; }
  Loop& next() { return *loops_[next_.fetch_add(1, std::memory_order_relaxed) % loops_.size()]; }  // in turn

  // Ends all loops after the handlers that are running, and joins the threads. Any number of times; not from a loop.
  void stop();

 private:
  std::vector<std::unique_ptr<Loop>> loops_;
  std::vector<std::thread> threads_;
  std::atomic<std::size_t> next_{0};
};

}  // namespace bascule
