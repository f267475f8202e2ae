#include "runtime/task.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace bascule {
namespace {

struct EndProgramOnException {
  void operator()(std::exception_ptr thrown) const {
    if (!thrown) return;
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      std::fprintf(stderr, "bascule: an exception left a task: %s\n", e.what());
    } catch (...) {
      std::fputs("bascule: an unknown exception left a task\n", stderr);
    }
    std::abort();
  }
};

}  // namespace

void spawn(Executor executor, Task<void> task) {
  boost::asio::co_spawn(executor, std::move(task), EndProgramOnException{});
}

void spawn(Loop& loop, Task<void> task) { spawn(loop.get_executor(), std::move(task)); }

Task<void> yield_to_loop() {
  co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable_t<Executor>{});
}

Task<Executor> this_executor() { co_return co_await boost::asio::this_coro::executor; }

}  // namespace bascule
