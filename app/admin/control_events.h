// Administrative acts as events.
#pragma once
#include <string>
#include <string_view>

#include "events/sink.h"

namespace bascule::app {

struct Act {
  std::string_view operation;      // the control request
  std::string_view body;           // as asked: a JSON object, or what was meant for one
  std::string_view caller, role;   // "local:root", "owner"
  std::string_view via;            // "socket", "api", "folder"
  std::string_view address;        // of the peer, where there is one
  WallTime time{};
  Duration took{};
  events::Outcome outcome = events::Outcome::allowed;
  std::string_view error;          // "" = none
  std::string_view approval;       // the id of the request for approval that it was, waits as, or decides on; "" = none
  std::string_view approver;       // the second person; "" = none was needed, or nobody has approved it yet
};

// What only looks at how the server is, and is asked for all the time: not recorded, and never refused for want of a record.
bool is_look(std::string_view operation);

void record_act(events::EventSink& sink, const Act& act);

// The request's members as a reader may see them: numbers and flags, and texts that name something; all others are
// "(hidden)". "" where the body is no JSON object.
std::string shown_arguments(std::string_view body);

}  // namespace bascule::app
