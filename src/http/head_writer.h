// Heads of responses: from fields to text, into a buffer that is used again.
#pragma once
#include <string>

#include "http/message.h"

namespace bascule::http {

// The standard reason phrase; "" for a status without one.
std::string_view reason_phrase(int status);

struct ResponseFraming {
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool close = false;                // Connection: close
  bool announce_keep_alive = false;  // to an HTTP/1.0 client that asked for it
};

// Appends the whole head, the empty line included. A line break or NUL in a value becomes a space: no value can start a
// header of its own.
void write_response_head(std::string& out, const Response& response, const ResponseFraming& framing, WallTime now);

// Appends `value` as a header's value, made harmless as above.
void append_header_value(std::string& out, std::string_view value);

}  // namespace bascule::http
