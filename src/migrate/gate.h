// Bounds on what is under way at once, for coroutines of one loop (no locking).
#pragma once
#include <deque>
#include <vector>

#include "runtime/clock.h"
#include "runtime/completion.h"

namespace bascule::migrate {

// A counting semaphore; first come, first served.
class Gate {
 public:
  explicit Gate(std::size_t places) : free_(places) {}

  Task<void> enter() {
    if (free_ > 0 && waiting_.empty()) {
      --free_;
      co_return;
    }
    Completion<bool> turn;
    waiting_.push_back(&turn);
    co_await turn.wait();
  }
  void leave() {
    if (waiting_.empty()) {
      ++free_;
    } else {
      Completion<bool>* next = waiting_.front();
      waiting_.pop_front();
      next->set(true);  // the place goes over to it
    }
  }

 private:
  std::size_t free_;
  std::deque<Completion<bool>*> waiting_;
};

class Place {
 public:
  explicit Place(Gate& gate) : gate_(&gate) {}  // of a place already entered
  Place(Place&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
  Place& operator=(Place&&) = delete;
  ~Place() {
    if (gate_) gate_->leave();
  }

 private:
  Gate* gate_;
};

// Counts tasks that were started; wait() returns when all have finished. One waiter.
class Group {
 public:
  void started() { ++running_; }
  void finished() {
    if (--running_ == 0 && waiter_) std::exchange(waiter_, nullptr)->set(true);
  }
  Task<void> wait() {
    if (running_ == 0) co_return;
    Completion<bool> all;
    waiter_ = &all;
    co_await all.wait();
  }

 private:
  std::size_t running_ = 0;
  Completion<bool>* waiter_ = nullptr;
};

// Gathers tasks so that they go on together: when `size` have arrived, or a little after the first. Small writes that
// reach the target at once share an extent there, and so the syncs, which are most of what a small write costs.
class Wave {
 public:
  Wave(std::size_t size, Duration patience, Clock& clock) : size_(size), patience_(patience), clock_(clock) {}

  Task<void> arrive(Group& timers) {
    if (size_ <= 1) co_return;
    Completion<bool> turn;
    waiting_.push_back(&turn);
    if (waiting_.size() >= size_) {
      release();
    } else if (waiting_.size() == 1) {
      timers.started();
      spawn(co_await this_executor(), give_up(*this, number_, timers));
    }
    co_await turn.wait();
  }

 private:
  void release() {
    ++number_;
    for (Completion<bool>* turn : std::exchange(waiting_, {})) turn->set(true);
  }
  static Task<void> give_up(Wave& wave, std::uint64_t number, Group& timers) {
    co_await wave.clock_.sleep_for(wave.patience_);
    if (wave.number_ == number) wave.release();
    timers.finished();
  }

  const std::size_t size_;
  const Duration patience_;
  Clock& clock_;
  std::uint64_t number_ = 0;  // of the wave that gathers
  std::vector<Completion<bool>*> waiting_;
};

}  // namespace bascule::migrate
