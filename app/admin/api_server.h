// The admin API's own listener: TLS always, bearer tokens of its own (tokens.h), failures limited by address.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "app/admin/control.h"
#include "server/server.h"

namespace bascule::app {

struct AdminApiOptions {
  std::string listen;                       // HOST:PORT
  std::string certificate_file, key_file;   // PEM
};

class AdminApi {
 public:
  // `control` and `clock` outlive it. Connections are served on a thread of its own.
  static Result<std::unique_ptr<AdminApi>> start(AdminApiOptions options, Control& control, Clock& clock);
  ~AdminApi();   // stop()

  const std::vector<std::string>& addresses() const;
  Result<void> reload_certificate();
  // Takes no more, tells what runs to stop, waits for its end (at most `limit`). Blocks.
  void stop(Duration limit);

 private:
  struct State;
  explicit AdminApi(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bascule::app
