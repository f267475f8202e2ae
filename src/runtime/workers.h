// Threads for calls that block (file I/O, fsync, RocksDB misses), so that no event loop ever does.
#pragma once
#include <functional>
#include <memory>

#include "runtime/completion.h"
#include "runtime/task.h"

namespace bascule {

class Workers {
 public:
  virtual ~Workers() = default;  // waits for what is queued
  virtual void submit(std::move_only_function<void()> job) = 0;  // any thread; never blocks
};

std::unique_ptr<Workers> make_thread_workers(std::size_t threads, std::string_view name);
std::unique_ptr<Workers> make_inline_workers();  // runs the job inside submit(): for the simulator and for tests

// Runs `job` on a worker and resumes on the caller's loop with its value.
template <class F, class T = std::invoke_result_t<F&>>
Task<T> offload(Workers& workers, F job) {
  Completion<T> done;
  workers.submit([&done, &job] { done.set(job()); });
  co_return co_await done.wait();
}

}  // namespace bascule
