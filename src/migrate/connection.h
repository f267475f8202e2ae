// How a storage account is reached: from a connection string or a SAS URL.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "http/client.h"

namespace bascule::migrate {

struct Connection {
  http::Origin origin;
  std::string base_path;          // "" or "/account" for path-style addresses
  std::string account;
  std::optional<std::string> key; // raw bytes; a secret
  std::string sas;                // query without '?'; a secret. "" where there is a key
  std::string container;          // of a container's SAS URL; "" = the whole account
  std::string describe() const;   // endpoint and container, nothing secret
};

// Understands DefaultEndpointsProtocol, AccountName, AccountKey, BlobEndpoint, EndpointSuffix, SharedAccessSignature and
// UseDevelopmentStorage=true; or an account's or container's URL with its SAS. Errors (invalid_argument) say what is
// missing and repeat nothing of the text.
Result<Connection> parse_connection(std::string_view text);

}  // namespace bascule::migrate
