// run(): from ordinary code into a task and back, for tests and short commands.
#pragma once
#include <optional>
#include <type_traits>

#include "runtime/task.h"

namespace bascule {

// Runs `loop` on this thread until `done` is true. Ends the program if the loop runs out of work before that: the task
// waits for something that nobody will ever do.
void run_until(Loop& loop, const bool& done);

namespace detail {
template <class T> Task<void> keep_value(Task<T> task, std::optional<T>& value, bool& done) {
  value.emplace(co_await std::move(task));
  done = true;
}
inline Task<void> keep_value(Task<void> task, bool& done) {
  co_await std::move(task);
  done = true;
}
}  // namespace detail

// Runs `loop` until `task` is done and returns its value. Other tasks of the loop run too, and may be left unfinished.
template <class T> T run(Loop& loop, Task<T> task) {
  bool done = false;
  if constexpr (std::is_void_v<T>) {
    spawn(loop, detail::keep_value(std::move(task), done));
    run_until(loop, done);
  } else {
    std::optional<T> value;
    spawn(loop, detail::keep_value(std::move(task), value, done));
    run_until(loop, done);
    return std::move(*value);
  }
}

}  // namespace bascule
