// ops::Remote over HTTP.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "fetch/guard.h"
#include "ops/remote.h"
#include "runtime/clock.h"

namespace bascule::fetch {

struct RemoteOptions {
  std::vector<Network> allowed;        // beside the public internet
  bool allow_plain_http = false;
  std::string ca_file;                 // PEM; "" = the system's
  Duration connect_timeout = std::chrono::seconds(10);
  Duration stall_timeout = std::chrono::seconds(20);   // no byte for so long
};

// Used from any loop; `clock` outlives it.
std::unique_ptr<ops::Remote> make_http_remote(RemoteOptions options, Clock& clock);

}  // namespace bascule::fetch
