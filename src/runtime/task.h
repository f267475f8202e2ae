// Task<T>: a coroutine on an event loop. A task stays on the loop it was started on.
// Coroutines are named functions that take by value what they use after a suspension; no capturing coroutine lambdas;
// no lock is held across co_await.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "base/result.h"

namespace bascule {

using Loop = boost::asio::io_context;
using Executor = Loop::executor_type;  // the concrete type: cheaper than any_io_executor
template <class T = void>
using Task = boost::asio::awaitable<T, Executor>;

// Starts `task` on `loop`; an exception that leaves it is a bug and ends the program with a message.
void spawn(Loop& loop, Task<void> task);
void spawn(Executor executor, Task<void> task);

// The executor of the running coroutine: `co_await this_executor()`.
Task<Executor> this_executor();

// Lets whatever else is ready on the loop run first.
Task<void> yield_to_loop();

// Runs `loop` until `task` is done and returns its value (tests, short commands). Defined in runtime/run.h.

}  // namespace bascule
