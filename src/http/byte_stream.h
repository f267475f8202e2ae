// ByteStream: a connection as HTTP sees it. Sockets, TLS, and the in-memory pipe of tests and the simulator implement it.
#pragma once
#include "base/bytes.h"
#include "runtime/clock.h"

namespace bascule::http {

// One coroutine at a time reads and one writes; all on the connection's loop.
class ByteStream {
 public:
  virtual ~ByteStream() = default;  // closes at once (RST where data is unread)
  // Reads at least one byte, or returns 0 at the peer's orderly end. Errors: timeout, unavailable (reset), cancelled.
  virtual Task<Result<std::size_t>> read_some(MutableBytes into) = 0;
  // Returns once read_some() would not wait, so that an idle connection needs no buffer. May return early (as this does
  // where a transport has nothing better): read_some() then waits. Errors as read_some(); the peer's end is none.
  virtual Task<Result<void>> wait_readable() { co_return Result<void>(); }
  // Writes everything, in one gathering call where the transport can. The bytes stay the caller's until it returns.
  virtual Task<Result<void>> write_all(Slices slices) = 0;
  // Operations that have not finished by `when` fail with timeout; kNoDeadline switches it off. Cheap to call per request.
  virtual void set_deadline(Instant when) = 0;
  // Ends the sending direction (TCP FIN, TLS close_notify) so that the peer sees an orderly end.
  virtual Task<void> shutdown_write() = 0;
  // Cuts the connection now; pending and later operations fail with cancelled. Any number of times.
  virtual void abort() = 0;
  virtual bool encrypted() const = 0;          // TLS
  virtual std::string_view peer_address() const = 0;  // numeric IP without port; "" in memory
  virtual std::uint16_t peer_port() const { return 0; }           // 0 = unknown
  virtual std::string_view tls_version() const { return {}; }     // "TLS 1.3"; "" = not encrypted
};

}  // namespace bascule::http
