// What serve asks of the system for its own process.
#pragma once
#include <string_view>

namespace bascule::app {

// Files for nobody else; no core dumps, which would hold keys (unless `debugging`); as many open files as are allowed.
void prepare_process(bool debugging);

// Tells systemd (NOTIFY_SOCKET): "READY=1", "STOPPING=1", "STATUS=…". Without systemd nothing happens.
void notify_service_manager(std::string_view state);

}  // namespace bascule::app
