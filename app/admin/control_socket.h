// DIR/admin.sock: how other commands reach the process that holds the folder. HTTP/1.1, POST /NAME with a JSON body, the
// answer streamed as lines of JSON. The socket is 0600, and who connects must be the same user or root (SO_PEERCRED).
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "app/admin/control.h"
#include "runtime/loops.h"

namespace bascule::app {

std::string control_socket_path(const std::string& data);

// Serves Control on a Unix socket.
class ControlServer {
 public:
  // Replaces a socket that a dead process left: whoever calls holds the folder. Connections are served on `loop`.
  static Result<std::unique_ptr<ControlServer>> start(const std::string& data, Control& control, Loop& loop, Clock& clock);
  ~ControlServer();

  // Takes no more, tells what runs to stop, waits for its end (at most `limit`), removes the socket. Blocks.
  void stop(Duration limit);

 private:
  struct State;
  explicit ControlServer(std::shared_ptr<State> state) : state_(std::move(state)) {}
  const std::shared_ptr<State> state_;
};

// One request to the process that holds the folder. `on_line` gets every line. Blocks; the returned descriptor-based
// exchange ends early where `stop` becomes true.
// not_found: nobody serves the folder. permission_denied: another user's server. unavailable: it went away meanwhile.
Result<void> ask_server(const std::string& data, const std::string& what, const std::string& body,
                        const std::function<void(std::string_view line)>& on_line, const std::atomic<bool>& stop);

}  // namespace bascule::app
