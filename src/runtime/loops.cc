#include "runtime/loops.h"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <string>

namespace bascule {
namespace {

void run_for_ever(Loop& loop) {
  const auto work = boost::asio::make_work_guard(loop);
  loop.run();
}

}  // namespace

Loops::Loops(std::size_t count) {
  if (count == 0) count = std::max(1u, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < count; ++i) {
    loops_.push_back(std::make_unique<Loop>(1));  // 1: a single thread runs it, which spares wake-ups
    threads_.emplace_back(run_for_ever, std::ref(*loops_.back()));
    pthread_setname_np(threads_.back().native_handle(), ("loop-" + std::to_string(i)).substr(0, 15).c_str());
  }
}

Loops::~Loops() {
  stop();
  loops_.clear();
}

void Loops::stop() {
  for (auto& loop : loops_) loop->stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace bascule
