// HTTP/1.1 messages (RFC 9110, RFC 9112) as the server's handlers and the client see them.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "http/byte_stream.h"

namespace bascule::http {

struct HeaderView {
  std::string_view name;   // as sent
  std::string_view value;  // surrounding white space removed
};

// Names compare without case.
bool same_name(std::string_view a, std::string_view b);

// A received request's head. Views point into the connection's buffer: valid until the handler returns.
class Request {
 public:
  std::string_view method;
  std::string_view target;  // exactly as on the request line: origin-form, percent-encoded
  std::string_view path;    // target up to '?'
  std::string_view query;   // after '?', "" if none
  std::vector<HeaderView> headers;  // in the order sent
  std::optional<std::uint64_t> content_length;  // nothing when chunked or absent
  bool chunked = false;
  bool expect_continue = false;
  bool keep_alive = true;
  int minor_version = 1;            // of HTTP/1.x
  bool encrypted = false;           // the connection is TLS
  std::string_view peer_address;
  std::uint16_t peer_port = 0;      // 0 = unknown
  std::string_view tls_version;     // "TLS 1.3"; "" = not encrypted

  // The first header of that name; nothing if absent. count() tells repeated ones.
  std::optional<std::string_view> find(std::string_view name) const;
  std::size_t count(std::string_view name) const;
};

struct Header {
  std::string name;
  std::string value;
};

// What a handler answers. Content-Length or Transfer-Encoding, Date and Connection are the writer's to add.
struct Response {
  int status = 200;
  std::string reason;  // "" = the standard phrase
  std::vector<Header> headers;  // written in this order, Date last
  void add(std::string_view name, std::string value) { headers.push_back({std::string(name), std::move(value)}); }
};

// One request and its answer, given to a Handler. All calls on the connection's loop.
class Exchange {
 public:
  virtual ~Exchange() = default;
  virtual const Request& request() const = 0;

  // Next bytes of the request's body (decoded if chunked): at least one, or 0 at its end. The first call sends
  // "100 Continue" if the client waits for it. A body cut short is Code::cancelled; a malformed one invalid_argument.
  // Bytes go straight from the socket into `into` where it is large.
  virtual Task<Result<std::size_t>> read_body(MutableBytes into) = 0;
  virtual std::uint64_t body_bytes_read() const = 0;

  // The whole answer at once: `body` is sent with Content-Length (none of it for HEAD, but its length is).
  // Nothing is sent for a body with 204 and 304 (304 says Content-Length: 0, as Azure does).
  virtual Task<Result<void>> respond(Response response, Slices body) = 0;
  // Or in parts: start(length known, or chunked when nothing), any number of write(), finish().
  // A HEAD's start() with a length writes the head alone; write() is then not called.
  virtual Task<Result<void>> start(Response response, std::optional<std::uint64_t> length) = 0;
  virtual Task<Result<void>> write(Slices slices) = 0;
  virtual Task<Result<void>> finish() = 0;
  virtual bool started() const = 0;  // the head is out: from here on only cut() can tell of an error
  // Cuts the connection without finishing the answer: the client must see that it is incomplete.
  virtual void cut() = 0;
};

class Handler {
 public:
  virtual ~Handler() = default;
  virtual Task<void> handle(Exchange& exchange) = 0;
};

}  // namespace bascule::http
