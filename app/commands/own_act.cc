#include "app/commands/own_act.h"

#include <unistd.h>

#include "app/admin/control.h"
#include "app/admin/control_events.h"
#include "base/log.h"

namespace bascule::app {
namespace {

constexpr std::chrono::milliseconds kPatience{2000};

}  // namespace

Result<std::unique_ptr<events::Recorder>> open_command_events(const Config& config, std::string_view operation) {
  BASCULE_ASSIGN(auto options, config.event_options());
  options.descriptor.reset();   // standard output is the answer's
  const bool must = options.policy == events::Policy::refuse && options.any() && !is_look(operation);
  auto opened = events::Recorder::open(std::move(options), system_clock(), system_random());
  if (!opened && !must) {
    log::warn("access events cannot be written", {{"error", opened.error().message}});
    return events::Recorder::open({}, system_clock(), system_random());
  }
  if (!opened || !must) return opened;
  const events::Detail details[] = {{"Operation", operation}};
  (*opened)->record(events::ServiceEvent{.time = system_clock().wall(), .operation = "CommandBegun", .details = details});
  if ((*opened)->flush(kPatience)) return opened;
  return fail(Code::unavailable, "this act cannot be recorded, so it is not carried out (events.when_unwritable = refuse): " + (*opened)->stats().trouble);
}

Result<OwnAct> OwnAct::begin(const Config& config, std::string operation, std::string body) {
  OwnAct act;
  act.caller_ = local_owner(::geteuid(), "folder").name;
  BASCULE_ASSIGN(act.events_, open_command_events(config, operation));
  act.operation_ = std::move(operation);
  act.body_ = std::move(body);
  act.time_ = system_clock().wall();
  act.begun_ = system_clock().now();
  return act;
}

void OwnAct::end(int exit, std::string_view error) {
  if (events_->enabled())
    record_act(*events_, {.operation = operation_, .body = body_, .caller = caller_, .role = name(Role::owner), .via = "folder", .time = time_,
                          .took = system_clock().now() - begun_, .outcome = exit == kDone ? events::Outcome::allowed : events::Outcome::failed,
                          .error = error});
  events_->close();
}

}  // namespace bascule::app
