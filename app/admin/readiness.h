// Readiness: may clients be sent here? Looks at the provider and the store every few seconds, and says it once in the log
// when something goes away and when it comes back.
#pragma once
#include <atomic>
#include <mutex>
#include <string>

#include "app/engine.h"

namespace bascule::app {

// Any thread.
class Readiness {
 public:
  void set(bool ready, std::string reason);
  bool ready() const;
  std::string reason() const;  // why not; "" when ready

  // Looks now and then until `stop`; on one loop. `done` becomes true at the end.
  Task<void> watch(Engine& engine, Clock& clock, const std::atomic<bool>& stop, std::atomic<bool>& done);

 private:
  mutable std::mutex mutex_;
  bool ready_ = false;
  std::string reason_ = "starting";
};

// One look: the store answers, the provider answers. An error says what to do.
Task<Result<void>> look(Engine& engine, Clock& clock);

}  // namespace bascule::app
