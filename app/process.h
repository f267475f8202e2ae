// What the program asks of the system for its own process.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bascule::app {

// Files for nobody else; no core dumps, which would hold keys (unless `debugging`); as many open files as are allowed.
void prepare_process(bool debugging);

// Of the process, as the kernel counts it; 0 where it does not say.
std::uint64_t resident_bytes();

// Tells systemd (NOTIFY_SOCKET): "READY=1", "STOPPING=1", "STATUS=…". Without systemd nothing happens.
void notify_service_manager(std::string_view state);

// For root: becomes, for good, the user that the data in `folder` belongs to, so that what is written there stays that user's (the
// service could not open it otherwise). Nothing for anybody else, or where the data is root's or not there. permission_denied.
Result<void> become_owner_of(const std::string& folder);

}  // namespace bascule::app
