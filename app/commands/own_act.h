// Access events of acts that a command carries out itself, because no server runs.
#pragma once
#include <memory>
#include <string>

#include "app/config.h"
#include "events/recorder.h"

namespace bascule::app {

// Where acts are recorded. Under the policy `refuse` a place that takes nothing is found out here, before anything is changed:
// a command does not live long enough to wait with its event. Otherwise a place that is not there is a warning.
Result<std::unique_ptr<events::Recorder>> open_command_events(const Config& config, std::string_view operation);

// One that does not come to Control: it says what was done when it ends.
class OwnAct {
 public:
  static Result<OwnAct> begin(const Config& config, std::string operation, std::string body);
  // exit: the command's; `error` "" = none. Waits until it is written.
  void end(int exit, std::string_view error);

 private:
  std::unique_ptr<events::Recorder> events_;
  std::string operation_, body_, caller_;
  WallTime time_{};
  Instant begun_{};
};

}  // namespace bascule::app
