// Completion<T>: one value handed from any thread to one waiting coroutine.
#pragma once
#include <atomic>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <utility>

#include "runtime/task.h"

namespace bascule {

// Construct, hand a reference to whoever will call set(), then co_await wait() once. set() is called exactly once, from
// any thread, before or after wait(). The object must outlive both (it usually lives in the waiting coroutine's frame:
// set() touches nothing of it after the hand-over).
template <class T>
class Completion {
 public:
  Completion() = default;
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;

  void set(T value) {
    value_.emplace(std::move(value));
    if (state_.exchange(kSet, std::memory_order_acq_rel) == kWaiting) {
      Handler handler = std::move(*handler_);
      boost::asio::post(std::move(handler));
    }
  }

  Task<T> wait() {
    if (state_.load(std::memory_order_acquire) != kSet) {
      co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>&, void()>(
          [this](auto handler) {
            handler_.emplace(std::move(handler));
            int expected = kEmpty;
            if (!state_.compare_exchange_strong(expected, kWaiting, std::memory_order_acq_rel)) {
              Handler ready = std::move(*handler_);
              boost::asio::post(std::move(ready));
            }
          },
          kUse);
    }
    co_return std::move(*value_);
  }

 private:
  static constexpr int kEmpty = 0, kWaiting = 1, kSet = 2;
  static constexpr boost::asio::use_awaitable_t<Executor> kUse{};
  // Not any_completion_handler: the one of Boost 1.81 recurses for ever when it is moved into place.
  using Handler = typename boost::asio::async_result<boost::asio::use_awaitable_t<Executor>, void()>::handler_type;
  std::atomic<int> state_{kEmpty};
  std::optional<T> value_;
  std::optional<Handler> handler_;
};

}  // namespace bascule
