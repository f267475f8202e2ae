// Listening addresses: from "HOST:PORT" to sockets.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bascule::server {

struct Listener {
  int fd = -1;         // non-blocking, listening; the taker's to close
  std::string name;    // "127.0.0.1:10000": the numeric address, with the port it really has
  std::uint16_t port = 0;
  bool loopback = false;
};

// `where`: "HOST:PORT", "[IPv6]:PORT", "*:PORT" (all addresses); port 0 = any free one. A name listens on every address
// that it has. "unix:/PATH": a Unix socket, which everybody on this machine may connect to (the handler learns who it is); an
// old socket of that path goes. Errors name the address: invalid_argument, already_exists (in use), permission_denied, unavailable.
Result<std::vector<Listener>> listen_on(std::string_view where);

}  // namespace bascule::server
