#include "runtime/workers.h"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace bascule {
namespace {

class ThreadWorkers final : public Workers {
 public:
  ThreadWorkers(std::size_t threads, std::string_view name) {
    for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i) {
      threads_.emplace_back([this] { work(); });
      std::string label = std::string(name.substr(0, 11)) + "-" + std::to_string(i);
      label.resize(std::min<std::size_t>(label.size(), 15));  // the kernel's limit
      pthread_setname_np(threads_.back().native_handle(), label.c_str());
    }
  }

  ~ThreadWorkers() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void submit(std::move_only_function<void()> job) override {
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      auto job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      job = nullptr;
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::move_only_function<void()>> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

class InlineWorkers final : public Workers {
 public:
  void submit(std::move_only_function<void()> job) override { job(); }
};

}  // namespace

std::unique_ptr<Workers> make_thread_workers(std::size_t threads, std::string_view name) {
  return std::make_unique<ThreadWorkers>(threads, name);
}

std::unique_ptr<Workers> make_inline_workers() { return std::make_unique<InlineWorkers>(); }

}  // namespace bascule
