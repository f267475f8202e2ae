#include "provider/limit.h"

#include <algorithm>

namespace bascule::provider {
namespace {

constexpr std::chrono::milliseconds kSweepEvery{100};

Error too_much(std::string_view provider, std::string_view what) {
  return {Code::overloaded, 0, "provider '" + std::string(provider) + "': " + std::string(what)};
}

}  // namespace

LimitProvider::Pace::Pace(double per_second, int burst)
    : interval_(per_second > 0 ? std::chrono::duration_cast<Duration>(std::chrono::duration<double>(1.0 / per_second))
                               : Duration::zero()),
      tolerance_(interval_ * std::max(burst - 1, 0)) {}

std::optional<Instant> LimitProvider::Pace::take(Instant now, Instant deadline) {
  if (interval_ == Duration::zero()) return now;
  const std::lock_guard lock(mutex_);
  const Instant planned = std::max(next_, now);
  const Instant start = std::max(now, planned - tolerance_);
  if (start > now && start >= deadline) return std::nullopt;
  next_ = planned + interval_;
  return start;
}

struct LimitProvider::Flight {
  struct Waiter {
    Instant deadline;
    Completion<bool> done;  // true: has a place
  };

  Flight(int max, std::size_t max_wait, Clock& c) : max_in_flight(max), max_waiting(max_wait), clock(c) {}

  // Gives the place to the next who can still use it.
  void leave() {
    const Instant now = clock.now();
    Waiter* next = nullptr;
    std::vector<Waiter*> late;
    {
      const std::lock_guard lock(mutex);
      while (!waiting.empty() && next == nullptr) {
        Waiter* first = waiting.front();
        waiting.pop_front();
        if (first->deadline <= now) late.push_back(first);
        else next = first;
      }
      if (next == nullptr) --in_flight;
    }
    for (Waiter* waiter : late) waiter->done.set(false);
    if (next != nullptr) next->done.set(true);
  }

  // Ends those whose deadline has passed; whether anybody is still waiting.
  bool sweep_once() {
    const Instant now = clock.now();
    std::vector<Waiter*> late;
    bool more = false;
    {
      const std::lock_guard lock(mutex);
      std::erase_if(waiting, [&](Waiter* waiter) {
        if (waiter->deadline > now) return false;
        late.push_back(waiter);
        return true;
      });
      more = !waiting.empty();
      sweeping = more;
    }
    for (Waiter* waiter : late) waiter->done.set(false);
    return more;
  }

  static Task<void> sweep(std::shared_ptr<Flight> flight) {
    do {
      co_await flight->clock.sleep_for(flight->until_next_sweep());
    } while (flight->sweep_once());
  }

  Duration until_next_sweep() {
    const std::lock_guard lock(mutex);
    Duration wait = kSweepEvery;
    const Instant now = clock.now();
    for (const Waiter* waiter : waiting) wait = std::min(wait, waiter->deadline - now);
    return std::max(wait, Duration::zero());
  }

  const int max_in_flight;
  const std::size_t max_waiting;
  Clock& clock;
  std::mutex mutex;
  int in_flight = 0;
  bool sweeping = false;
  std::deque<Waiter*> waiting;  // each lives in the frame of the coroutine that waits
};

class LimitProvider::Place {
 public:
  explicit Place(std::shared_ptr<Flight> flight) : flight_(std::move(flight)) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    if (flight_->max_in_flight > 0) flight_->leave();
  }

 private:
  std::shared_ptr<Flight> flight_;
};

LimitProvider::LimitProvider(std::unique_ptr<Provider> inner, LimitOptions options, Clock& clock)
    : Decorator(std::move(inner)),
      clock_(clock),
      puts_(options.puts_per_second, options.burst),
      gets_(options.gets_per_second, options.burst),
      flight_(std::make_shared<Flight>(options.max_in_flight, options.max_waiting, clock)) {}

LimitProvider::~LimitProvider() = default;

// Waits for a place, then for the pace. On success the caller holds a place.
Task<Result<void>> LimitProvider::enter(Pace& pace, Instant deadline) {
  if (flight_->max_in_flight > 0) {
    Flight::Waiter self{.deadline = deadline};
    bool start_sweeper = false, queued = false;
    {
      const std::lock_guard lock(flight_->mutex);
      if (flight_->in_flight < flight_->max_in_flight) {
        ++flight_->in_flight;
      } else if (flight_->waiting.size() < flight_->max_waiting) {
        flight_->waiting.push_back(&self);
        queued = true;
        start_sweeper = !std::exchange(flight_->sweeping, true);
      } else {
        co_return fail(too_much(name(), "too many requests wait for it"));
      }
    }
    if (start_sweeper) spawn(co_await this_executor(), Flight::sweep(flight_));
    if (queued && !co_await self.done.wait()) {
      co_return fail(too_much(name(), "no request in flight ended before the deadline"));
    }
  }
  const Instant now = clock_.now();
  const auto start = pace.take(now, deadline);
  if (!start) {
    if (flight_->max_in_flight > 0) flight_->leave();
    co_return fail(too_much(name(), "its pace leaves no room before the deadline"));
  }
  if (*start > now) co_await clock_.sleep_until(*start);
  co_return Result<void>{};
}

Task<Result<void>> LimitProvider::put(std::string name, Slices content, Instant deadline) {
  BASCULE_CO_TRY(co_await enter(puts_, deadline));
  const Place place(flight_);
  co_return co_await inner().put(std::move(name), content, deadline);
}

Task<Result<void>> LimitProvider::get(std::string name, std::uint64_t offset, MutableBytes into, Instant deadline) {
  BASCULE_CO_TRY(co_await enter(gets_, deadline));
  const Place place(flight_);
  co_return co_await inner().get(std::move(name), offset, into, deadline);
}

Task<Result<std::uint64_t>> LimitProvider::size(std::string name, Instant deadline) {
  BASCULE_CO_TRY(co_await enter(gets_, deadline));
  const Place place(flight_);
  co_return co_await inner().size(std::move(name), deadline);
}

Task<Result<void>> LimitProvider::remove(std::string name, Instant deadline) {
  BASCULE_CO_TRY(co_await enter(puts_, deadline));
  const Place place(flight_);
  co_return co_await inner().remove(std::move(name), deadline);
}

Task<Result<Listing>> LimitProvider::list(std::string prefix, std::string after, std::size_t limit, Instant deadline) {
  BASCULE_CO_TRY(co_await enter(puts_, deadline));
  const Place place(flight_);
  co_return co_await inner().list(std::move(prefix), std::move(after), limit, deadline);
}

}  // namespace bascule::provider
