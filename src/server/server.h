// Server: accepts connections, spreads them over the loops and serves HTTP/1.1 on them until told to drain.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "events/sink.h"
#include "http/server_connection.h"
#include "runtime/loops.h"

namespace bascule::server {

struct ServerOptions {
  std::vector<std::string> listen;   // "HOST:PORT" or "unix:/PATH", see listen_on()
  std::string certificate_file;      // PEM, with its chain; with key_file: TLS on every address; both "": plain HTTP
  std::string key_file;
  bool allow_plain_http = false;     // plain HTTP on addresses beyond loopback, too
  std::size_t max_connections = 10'000;        // one more is answered 503 and closed
  Duration handshake_timeout = std::chrono::seconds(10);
  http::ConnectionLimits limits;
  events::EventSink* events = nullptr;         // where refused connections are recorded; outlives the server. Null: nowhere
};

// Read by any thread; all but `open` only grow.
struct ServerCounters {
  std::atomic<std::int64_t> open{0};
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};            // for max_connections
  std::atomic<std::uint64_t> failed_handshakes{0};
  std::atomic<std::uint64_t> requests{0};
};

class Server {
 public:
  // `loops` must outlive the server; `handler` is called on all of them and must be there until drain() or stop() has
  // returned and the loops are stopped.
  Server(Loops& loops, ServerOptions options, http::Handler& handler, http::RefusalWriter refuse, Clock& clock);
  ~Server();  // stop()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Opens the addresses and begins. Refuses plain HTTP beyond loopback unless it is allowed. Once.
  Result<void> start();
  // The numeric addresses with their real ports, in the order of `listen`; "unix:/PATH" as it is. A peer on such a socket is
  // called "unix uid:N" in its requests.
  const std::vector<std::string>& addresses() const { return addresses_; }
  std::uint16_t port() const { return port_; }  // of the first
  bool encrypted() const;

  // Limits and certificate anew, for the connections to come; the addresses stay, and whether there is TLS at all. Reads the
  // files now; nothing changes before the function that it returns is called, which cannot fail.
  Result<std::function<void()>> prepare(ServerOptions fresh);
  // Reads certificate and key again for the connections to come; on an error the old ones stay.
  Result<void> reload_certificate();

  // Stops accepting, closes idle connections, lets requests finish (their answers say Connection: close) for at most
  // `limit`, then cuts the rest. True if nothing had to be cut. Blocks; not from a loop.
  bool drain(Duration limit);
  void stop() { drain(Duration::zero()); }

  const ServerCounters& counters() const;
  std::uint64_t bytes_in() const;
  std::uint64_t bytes_out() const;

 private:
  struct State;
  Loops& loops_;
  std::vector<std::string> addresses_;
  std::uint16_t port_ = 0;
  const std::shared_ptr<State> state_;  // shared with the connections' coroutines
};

}  // namespace bascule::server
