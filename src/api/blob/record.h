// A request of the blob service as an event: the one place where it is filled in.
#pragma once
#include "api/blob/call.h"
#include "api/common/observed.h"
#include "events/sink.h"

namespace bascule::api::blob {

struct Begun {
  WallTime wall{};
  Instant at{};
};

// After the answer.
void record(events::EventSink& sink, const Call& call, const ObservedExchange& observed, Begun begun);

// Azure's name of an operation in its logs ("GetBlob"), and the category that they file it under. A lease's depends on what
// the request does with it.
struct LoggedOperation {
  std::string_view name, category;
  bool content = false;   // blobs' content is read or written
};
LoggedOperation logged_operation(auth::Operation operation, std::string_view lease_action = {});

}  // namespace bascule::api::blob
