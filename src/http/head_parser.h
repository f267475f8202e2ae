// Heads of requests and responses: from text to fields. Strict where laxness lets requests be smuggled past a proxy.
#pragma once
#include <vector>

#include "http/message.h"
#include "http/server_connection.h"

namespace bascule::http {

struct HeadError {
  int status = 0;        // what to answer; 0 = no error
  std::string_view why;  // for people; a literal
};

// `head` ends with the empty line. `into` receives views into `head` (its vector is reused). Refused among others: folded
// lines, control characters, Content-Length beside Transfer-Encoding, differing lengths, any coding but "chunked", no or
// two Host headers in HTTP/1.1. An absolute-form target loses its scheme and authority, which must equal Host.
HeadError parse_request_head(std::string_view head, const ConnectionLimits& limits, Request& into);

struct ResponseHead {
  int status = 0;
  int minor_version = 1;  // of HTTP/1.x
  std::vector<Header> headers;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = true;
};

// False if `head` is no acceptable response head.
bool parse_response_head(std::string_view head, ResponseHead& into);

// The position after the empty line that ends the head, 0 if it is not there yet. The first `scanned` bytes are known to
// hold no end.
std::size_t find_head_end(std::string_view data, std::size_t scanned);

}  // namespace bascule::http
