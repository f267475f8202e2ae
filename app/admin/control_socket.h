// DIR/admin.sock: how other commands reach the process that holds the folder: the paths of the admin API (control_http.h),
// without a token. The socket is 0600, and who connects must be the same user or root (SO_PEERCRED): the owner.
#pragma once
#include <atomic>
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

}  // namespace bascule::app
