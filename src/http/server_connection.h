// Serves HTTP/1.1 requests from one ByteStream, one after another, to a Handler.
#pragma once
#include <atomic>
#include <functional>
#include <memory>

#include "http/message.h"

namespace bascule::http {

struct ConnectionLimits {
  std::size_t head_bytes = 64 * 1024;           // request line and headers: 431 beyond
  std::size_t target_bytes = 16 * 1024;         // 414 beyond
  std::size_t headers = 256;                    // their count: 431 beyond
  Duration head_timeout = std::chrono::seconds(20);      // from the first byte to the end of the head: 408
  Duration idle_timeout = std::chrono::minutes(2);       // between requests: closed without a word
  Duration body_stall_timeout = std::chrono::seconds(60);  // no byte of a body for so long: cut
  Duration write_stall_timeout = std::chrono::seconds(60);
  std::uint64_t drain_bytes = 256 * 1024;       // how much unread body is swallowed to keep a connection; beyond: close
};

// The protocol's own form of the errors that arise before a handler sees the request (malformed, too large, too slow).
using RefusalWriter = std::function<Response(int status, std::string_view why, std::string& body)>;

// Runs until the peer leaves, a limit is hit, or `draining` becomes true between two requests (then the last response
// says Connection: close). Owns the stream.
Task<void> serve_connection(std::unique_ptr<ByteStream> stream, Handler& handler, const ConnectionLimits& limits,
                            Clock& clock, const RefusalWriter& refuse, const std::atomic<bool>& draining);

// Answers a connection that there is no room for: the refusal with `status`, before any request is read, and the end.
Task<void> refuse_connection(std::unique_ptr<ByteStream> stream, int status, std::string_view why,
                             const ConnectionLimits& limits, Clock& clock, const RefusalWriter& refuse);

}  // namespace bascule::http
