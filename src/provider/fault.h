// FaultProvider: what networks, disks and operators do, from one seed. For tests and the simulator.
#pragma once
#include <atomic>
#include <map>
#include <mutex>

#include "provider/decorator.h"
#include "runtime/random.h"

namespace bascule::provider {

// Each a probability from 0 to 1, drawn per call.
struct FaultOptions {
  double fail_before = 0;       // an error, and nothing happened
  double fail_after = 0;        // an error, although it happened
  double tear_put = 0;          // an error, and a part of the object is left: size() and list() show it, get() never does
  double delay = 0;             // the call waits first
  Duration max_delay = std::chrono::milliseconds(200);
  // Lies. No honest provider does these; what is above must notice.
  double lie_lose_put = 0;      // acknowledges a put that did not happen
  double lie_flip_bit = 0;      // one bit of a successful get is wrong
  double lie_short_get = 0;     // says that the object ends before the range does
};

class FaultProvider final : public Decorator {
 public:
  // The clock and the randomness outlive the provider.
  FaultProvider(std::unique_ptr<Provider> inner, FaultOptions options, Clock& clock, Random& random);

  // Any thread, at any time.
  void set_options(FaultOptions options);
  void set_away(bool away) { away_.store(away); }  // every call fails with `unavailable`, nothing happens

  Task<Result<void>> put(std::string name, Slices content, Instant deadline) override;
  Task<Result<void>> get(std::string name, std::uint64_t offset, MutableBytes into, Instant deadline) override;
  Result<bool> try_get(std::string_view name, std::uint64_t offset, MutableBytes into) override;
  Task<Result<std::uint64_t>> size(std::string name, Instant deadline) override;
  Task<Result<void>> remove(std::string name, Instant deadline) override;
  Task<Result<Listing>> list(std::string prefix, std::string after, std::size_t limit, Instant deadline) override;

 private:
  // What one call will meet, drawn at its start in a fixed order.
  struct Fate {
    bool before = false, after = false, tear = false, lose = false, flip = false, cut = false;
    Duration delay{};
    Code code = Code::unavailable;
    std::uint64_t where = 0;  // the byte that is flipped, the place of the tear
  };
  Fate draw();
  Task<Result<void>> meet(Fate fate, Instant deadline);  // the delay, and what fails before the effect
  Error fault(Code code, std::string_view what) const;
  std::optional<std::uint64_t> torn(const std::string& name);

  Clock& clock_;
  std::atomic<bool> away_{false};
  std::mutex mutex_;  // guards the rest
  FaultOptions options_;
  Random& random_;
  std::map<std::string, std::uint64_t> torn_;  // name -> what is left of it
};

}  // namespace bascule::provider
