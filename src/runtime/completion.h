// Completion<T>: one value handed from any thread to one waiting coroutine.
#pragma once
#include <atomic>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

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
      auto handler = std::move(handler_);
      auto executor = *executor_;
      boost::asio::post(executor, [h = std::move(handler)]() mutable { std::move(h)(); });
    }
  }

  Task<T> wait() {
    if (state_.load(std::memory_order_acquire) != kSet) {
      executor_ = co_await boost::asio::this_coro::executor;
      co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>&, void()>(
          [this](auto handler) {
            handler_ = std::move(handler);
            int expected = kEmpty;
            if (!state_.compare_exchange_strong(expected, kWaiting, std::memory_order_acq_rel)) {
              auto ready = std::move(handler_);
              boost::asio::post(*executor_, [h = std::move(ready)]() mutable { std::move(h)(); });
            }
          },
          kUse);
    }
    co_return std::move(*value_);
  }

 private:
  static constexpr int kEmpty = 0, kWaiting = 1, kSet = 2;
  static constexpr boost::asio::use_awaitable_t<Executor> kUse{};
  std::atomic<int> state_{kEmpty};
  std::optional<T> value_;
  std::optional<Executor> executor_;
  boost::asio::any_completion_handler<void()> handler_;
};

}  // namespace bascule
