// An HTTP/1.1 client with a pool of connections per origin: for S3 providers and for migration sources.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "http/address.h"
#include "http/message.h"

namespace bascule::http {

struct Origin {
  bool tls = true;
  std::string host;      // name or numeric address (IPv6 without brackets)
  std::uint16_t port = 443;
  bool operator==(const Origin&) const = default;
};

struct ClientOptions {
  AddressFilter permit;                // which addresses may be connected to; empty: all
  std::string ca_file;                 // PEM; "" = the system's
  std::size_t connections_per_origin = 64;   // a request waits for a free one
  Duration connect_timeout = std::chrono::seconds(10);   // name, TCP and TLS
  Duration stall_timeout = std::chrono::seconds(60);     // no byte in either direction
  Duration idle_timeout = std::chrono::seconds(30);      // a pooled connection is dropped after this
  std::size_t head_bytes = 64 * 1024;
};

struct ClientRequest {
  std::string method;
  std::string target;            // origin-form, encoded
  std::vector<Header> headers;   // Host and Content-Length are the client's to add (Host may be overridden here)
  Slices body;                   // the caller's until the response head is here
  Instant deadline = kNoDeadline;  // for the whole exchange, body of the response included
  bool expect_continue = false;
};

// A response whose body is read as wanted. Destroyed before its end: the connection is closed, not pooled.
class ClientResponse {
 public:
  virtual ~ClientResponse() = default;
  virtual int status() const = 0;
  virtual std::optional<std::string_view> header(std::string_view name) const = 0;
  virtual const std::vector<Header>& headers() const = 0;
  virtual std::optional<std::uint64_t> content_length() const = 0;
  virtual Task<Result<std::size_t>> read(MutableBytes into) = 0;  // 0 = complete; a body cut short is `unavailable`
  // Reads the rest, at most `limit` bytes (exhausted beyond).
  Task<Result<std::string>> read_all(std::size_t limit);
};

// May be used from several loops at once: each loop has connections of its own.
class Client {
 public:
  virtual ~Client() = default;
  // A request that failed before any byte of the response on a reused connection is sent once more on a new one.
  // Errors: unavailable (refused, reset, name not found), timeout, permission_denied (certificate not trusted, expired,
  // for another name: the message says which), unsupported (no address that `permit` allows).
  virtual Task<Result<std::unique_ptr<ClientResponse>>> send(const Origin& origin, ClientRequest request) = 0;
};

std::unique_ptr<Client> make_client(ClientOptions options, Clock& clock);

}  // namespace bascule::http
