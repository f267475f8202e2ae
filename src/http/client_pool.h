// The client's connections to one origin on one loop. Only for this folder's *.cc.
#pragma once
#include <deque>
#include <memory>
#include <vector>

#include "http/body_reader.h"
#include "http/client.h"
#include "runtime/completion.h"

namespace bascule::http {

struct ClientConnection {
  explicit ClientConnection(std::unique_ptr<ByteStream> s) : stream(std::move(s)), input(*stream) {}
  const std::unique_ptr<ByteStream> stream;
  InputBuffer input;
  bool reused = false;
  Instant idle_since{};
};

// Hands out slots, of which there are `limit`; who has one may use a pooled connection or make a new one.
class OriginPool : public std::enable_shared_from_this<OriginPool> {
 public:
  OriginPool(Origin origin, std::size_t limit, Duration idle_timeout, Clock& clock)
      : origin_(std::move(origin)), limit_(limit), idle_timeout_(idle_timeout), clock_(clock) {}

  const Origin& origin() const { return origin_; }
  Task<Result<void>> take_slot(Instant deadline);  // timeout
  void give_slot();

  std::unique_ptr<ClientConnection> take_idle();  // nullptr if there is none
  void give_idle(std::unique_ptr<ClientConnection> connection);
  void drop_expired();

 private:
  struct Waiter {
    Completion<bool> done;  // false: too late
    bool settled = false;
  };
  static Task<void> expire(std::shared_ptr<Waiter> waiter, Instant when, Clock& clock);

  const Origin origin_;
  const std::size_t limit_;
  const Duration idle_timeout_;
  Clock& clock_;
  std::size_t slots_used_ = 0;
  std::deque<std::shared_ptr<Waiter>> waiters_;
  std::deque<std::unique_ptr<ClientConnection>> idle_;  // the longest idle first
};

// A slot, given back when this goes.
class Slot {
 public:
  explicit Slot(std::shared_ptr<OriginPool> pool) : pool_(std::move(pool)) {}
  ~Slot() {
    if (pool_) pool_->give_slot();
  }
  Slot(Slot&&) = default;
  Slot& operator=(Slot&&) = delete;
  OriginPool& pool() const { return *pool_; }

 private:
  std::shared_ptr<OriginPool> pool_;
};

}  // namespace bascule::http
