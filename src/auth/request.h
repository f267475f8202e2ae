// What authentication looks at in a request: the address as sent and as understood, the query, the headers, the peer.
// Filled in by each api/*; every view must stay valid until authorise() has returned.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace bascule::auth {

// One query parameter, name and value percent-decoded ('+' is a space), the name's case as sent. Repeats stay apart.
struct QueryParameter {
  std::string name;
  std::string value;
};
using Query = std::vector<QueryParameter>;

// Splits and decodes what stands after '?'. Nothing for a malformed escape ("%zz", "%2").
std::optional<Query> parse_query(std::string_view raw);
// The value of the first parameter of that name (compared without case), or nothing.
const std::string* find_parameter(const Query& query, std::string_view name);
// Percent-decoding of a path segment ('+' stays itself). Nothing for a malformed escape.
std::optional<std::string> percent_decode(std::string_view text);

struct AuthRequest {
  std::string_view method;                   // upper case, as sent
  std::string_view raw_path;                 // as on the request line, up to '?': still percent-encoded
  const Query* query = nullptr;              // never null when given to authorise()
  std::span<const http::HeaderView> headers; // as sent; empty for the source of a copy

  std::string_view account;                  // that the address names, without "-secondary"
  std::string_view container, blob;          // decoded; "" = none ("$root" is written out for blobs of the root container)
  std::string_view snapshot;                 // decoded ?snapshot= of the request; "" = none
  std::string_view version_id;               // decoded ?versionid=; "" = none
  bool path_style = false;                   // the account is the path's first segment, not the host's first label

  std::string_view version;                  // protocol version of the request, YYYY-MM-DD (AZURE-DETAILS 1)
  bool version_named = true;                 // the request itself says so: a bearer token needs that
  bool tls = false;
  std::string_view tls_version;              // "TLS 1.3"; "" = no TLS, or not known
  std::string_view peer_address;             // numeric, without port
};

}  // namespace bascule::auth
