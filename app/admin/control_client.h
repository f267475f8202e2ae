// The commands' side of Control: one request to a server, over DIR/admin.sock or over the admin API.
#pragma once
#include <atomic>
#include <boost/json/object.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "app/admin/requests.h"

namespace bascule::app {

using OnAnswerLine = std::function<void(std::string_view line)>;

// To the process that holds the folder. `on_line` gets every line of the answer. Blocks; ends early where `stop` becomes
// true. not_found: nobody serves the folder. permission_denied: another user's server. unavailable: it went away meanwhile.
Result<void> ask_socket(const std::string& data, const ControlRequest& request, const boost::json::object& members, const OnAnswerLine& on_line,
                        const std::atomic<bool>& stop);

struct AdminApiPlace {
  std::string server;    // https://HOST:PORT
  std::string token;
  std::string ca_file;   // authorities to trust, PEM; "" = the system's
};
// The same over TLS. invalid_argument: what was given is no https:// URL.
Result<void> ask_api(const AdminApiPlace& place, const ControlRequest& request, const boost::json::object& members, const OnAnswerLine& on_line,
                     const std::atomic<bool>& stop);

}  // namespace bascule::app
