// ByteStreams over TCP, plain and with TLS.
#pragma once
#include <atomic>
#include <memory>
#include <string>

#include "http/address.h"
#include "http/byte_stream.h"
#include "http/tls.h"

namespace bascule::http {

// Bytes on the wire; read by any thread.
struct SocketTally {
  std::atomic<std::uint64_t> bytes_in{0};
  std::atomic<std::uint64_t> bytes_out{0};
};

class SocketStream;

// The open streams of one loop; used on that loop only, and outlives them.
class StreamSet {
 public:
  StreamSet() = default;
  StreamSet(const StreamSet&) = delete;
  StreamSet& operator=(const StreamSet&) = delete;

  std::size_t size() const { return size_; }
  void end_idle();   // those that have read nothing since wait_readable() see the peer's end
  void abort_all();

 private:
  friend class SocketStream;
  SocketStream* first_ = nullptr;
  std::size_t size_ = 0;
};

struct SocketOptions {
  StreamSet* set = nullptr;
  SocketTally* tally = nullptr;  // outlives the stream
  std::uint16_t peer_port = 0;   // what peer_port() says
};

// Takes over `fd`, a connected TCP socket.
std::unique_ptr<ByteStream> make_socket_stream(Executor executor, int fd, std::string peer_address,
                                               SocketOptions options = {});

// Takes over `fd` and does the server's side of the handshake. Errors: timeout, unavailable, permission_denied.
Task<Result<std::unique_ptr<ByteStream>>> accept_tls(int fd, std::string peer_address, TlsContextPtr tls,
                                                     Instant deadline, SocketOptions options = {});

// Connects to a name or numeric address; with `tls`, checks that the certificate is for `host`. Errors: unavailable
// (name unknown, refused, unreachable), timeout, permission_denied (certificate: the message says what is wrong).
//
// `permit` is asked for every address that the name has, right before it is connected to, so that no second answer of the
// name service comes in between; empty: every address is good. Errors: unsupported where it refused all of them.
Task<Result<std::unique_ptr<ByteStream>>> connect_stream(std::string host, std::uint16_t port, TlsContextPtr tls,
                                                         Instant deadline, AddressFilter permit = {});

}  // namespace bascule::http
