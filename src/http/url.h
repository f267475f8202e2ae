// http and https URLs, and percent-encoding.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "http/client.h"

namespace bascule::http {

struct Url {
  Origin origin;
  std::string path;   // encoded, at least "/"
  std::string query;  // encoded, without '?'
  std::string target() const { return query.empty() ? path : path + "?" + query; }
};

// Refused with invalid_argument: other schemes, user information, an empty host, a bad port, control characters or spaces.
// A fragment is dropped. The message never repeats the URL: its query may hold a signature.
Result<Url> parse_url(std::string_view text);

// Everything but RFC 3986's unreserved characters (A-Z a-z 0-9 - . _ ~) and those in `keep`; upper-case hex.
std::string percent_encode(std::string_view text, std::string_view keep = "");
inline std::string percent_encode_path(std::string_view path) { return percent_encode(path, "/"); }
// Nothing if a '%' is not followed by two hex digits. '+' stays '+' unless it stands for a space (forms).
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

// "name", "name:port" or "[::1]:port": the Host header of an origin, without the scheme's own port.
std::string host_header(const Origin& origin);

}  // namespace bascule::http
