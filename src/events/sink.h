// EventSink: where records of who did what go. One object for the whole server; null where none are kept.
#pragma once
#include "events/event.h"

namespace bascule::events {

class EventSink {
 public:
  virtual ~EventSink() = default;

  // False: nothing is recorded now, and nothing needs to be gathered for it.
  virtual bool enabled() const = 0;

  // Asked before work begins that will be recorded. False only under the policy `refuse` while events cannot be written:
  // the work must then not be done (503 ServerBusy; the sink counts it). What was admitted is recorded in any case.
  // Any thread, never waits.
  [[nodiscard]] virtual bool admit() = 0;

  // Any thread; never waits, never fails towards the caller: what cannot be kept is counted and said.
  virtual void record(const AccessEvent& event) = 0;
  virtual void record(const AdminEvent& event) = 0;
  virtual void record(const ConnectionEvent& event) = 0;
  virtual void record(const ServiceEvent& event) = 0;
};

}  // namespace bascule::events
