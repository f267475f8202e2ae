// LimitProvider: keeps to what a bucket takes: so many puts and gets a second, so many requests in flight. Who comes too
// early waits on the clock; who would wait past its deadline gets `overloaded` at once.
#pragma once
#include <deque>
#include <mutex>

#include "provider/decorator.h"
#include "runtime/completion.h"

namespace bascule::provider {

struct LimitOptions {
  double puts_per_second = 0;      // put, remove and list (providers count them alike); 0: no limit
  double gets_per_second = 0;      // get and size
  int burst = 20;                  // requests that may come at once after a pause
  int max_in_flight = 0;           // 0: no limit
  std::size_t max_waiting = 4096;  // for a place in flight; more are refused with `overloaded`
};

class LimitProvider final : public Decorator {
 public:
  LimitProvider(std::unique_ptr<Provider> inner, LimitOptions options, Clock& clock);  // the clock outlives it
  ~LimitProvider() override;

  Task<Result<void>> put(std::string name, Slices content, Instant deadline) override;
  Task<Result<void>> get(std::string name, std::uint64_t offset, MutableBytes into, Instant deadline) override;
  Task<Result<std::uint64_t>> size(std::string name, Instant deadline) override;
  Task<Result<void>> remove(std::string name, Instant deadline) override;
  Task<Result<Listing>> list(std::string prefix, std::string after, std::size_t limit, Instant deadline) override;

 private:
  // Spaces starts evenly, with a burst: the generic cell rate algorithm.
  class Pace {
   public:
    Pace(double per_second, int burst);
    // When the next request may start, which is thereby taken; nothing if that is past `deadline`.
    std::optional<Instant> take(Instant now, Instant deadline);
   private:
    const Duration interval_, tolerance_;
    std::mutex mutex_;
    Instant next_{};
  };
  struct Flight;  // the places in flight and who waits for one; shared with the sweeper
  class Place;    // gives its place back when it ends

  Task<Result<void>> enter(Pace& pace, Instant deadline);

  Clock& clock_;
  Pace puts_, gets_;
  std::shared_ptr<Flight> flight_;
};

}  // namespace bascule::provider
