#include "http/client_pool.h"

namespace bascule::http {

Task<void> OriginPool::expire(std::shared_ptr<Waiter> waiter, Instant when, Clock& clock) {
  co_await clock.sleep_until(when);
  if (!std::exchange(waiter->settled, true)) waiter->done.set(false);
}

Task<Result<void>> OriginPool::take_slot(Instant deadline) {
  if (slots_used_ < limit_) {
    ++slots_used_;
    co_return Result<void>();
  }
  auto waiter = std::make_shared<Waiter>();
  waiters_.push_back(waiter);
  if (deadline != kNoDeadline) spawn(co_await this_executor(), expire(waiter, deadline, clock_));
  if (co_await waiter->done.wait()) co_return Result<void>();
  co_return fail(Code::timeout, "no connection became free in time");
}

void OriginPool::give_slot() {
  while (!waiters_.empty()) {
    const auto waiter = std::move(waiters_.front());
    waiters_.pop_front();
    if (std::exchange(waiter->settled, true)) continue;
    waiter->done.set(true);  // the slot passes on
    return;
  }
  --slots_used_;
}

void OriginPool::drop_expired() {
  const Instant now = clock_.now();
  while (!idle_.empty() && idle_.front()->idle_since + idle_timeout_ <= now) idle_.pop_front();
}

std::unique_ptr<ClientConnection> OriginPool::take_idle() {
  drop_expired();
  if (idle_.empty()) return nullptr;
  auto connection = std::move(idle_.back());
  idle_.pop_back();
  connection->reused = true;
  return connection;
}

void OriginPool::give_idle(std::unique_ptr<ClientConnection> connection) {
  connection->idle_since = clock_.now();
  connection->stream->set_deadline(kNoDeadline);
  connection->input.release();
  idle_.push_back(std::move(connection));
  drop_expired();
}

}  // namespace bascule::http
