// An issuer's set of keys, as it publishes it. Source: RFC 7517.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/public_key.h"
#include "base/result.h"

namespace bascule::auth {

constexpr std::size_t kMostJwksBytes = 512 * 1024;
constexpr std::size_t kMostKeys = 64;

// Immutable once it is shared.
class KeySet {
 public:
  struct Entry {
    std::string id;                        // "" = it has none
    std::optional<Algorithm> algorithm;    // nothing: any that fits the key
    std::shared_ptr<const PublicKey> key;
  };
  // The key for a token that names `id`; of one that names none, the only key that fits. Null: there is none.
  const PublicKey* find(std::string_view id, Algorithm algorithm) const;
  bool has_id(std::string_view id) const;

  std::vector<Entry> entries;
  std::size_t ignored = 0;                 // keys that are for something else, or too weak
};

// Keys that cannot be used (encryption, other curves, too short, symmetric) are left out and counted. invalid_argument: no
// JSON of that shape, too large, too many keys, or an id that two usable keys have.
Result<KeySet> parse_jwks(std::string_view text);

// What is read of a discovery document (OpenID Connect Discovery 1.0, section 3). invalid_argument.
struct Discovery {
  std::string issuer, jwks_uri, authorization_endpoint, token_endpoint;
};
constexpr std::size_t kMostDiscoveryBytes = 256 * 1024;
Result<Discovery> parse_discovery(std::string_view text);

}  // namespace bascule::auth
