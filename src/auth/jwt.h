// A signed JSON Web Token in its compact form, taken apart: nothing of it is proven yet. Sources: RFC 7515, RFC 7519,
// RFC 9068 (access tokens), RFC 8725.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/public_key.h"
#include "base/result.h"

namespace bascule::auth {

constexpr std::size_t kMostTokenBytes = 24 * 1024;
constexpr std::size_t kMostTokenGroups = 1'000;

// The claims that are looked at, as sent. Times: seconds since 1970.
struct Claims {
  std::string issuer, subject, object_id, tenant, name, client_id, kind;   // kind: Keycloak's `typ`
  std::vector<std::string> audiences, groups, roles;
  std::optional<std::int64_t> expires, not_before, issued_at;
};

// Where an issuer writes groups and application roles: "groups", "realm_access.roles".
struct ClaimNames {
  std::string groups = "groups", roles = "roles";
};

struct Jwt {
  Algorithm algorithm = Algorithm::rs256;
  std::string key_id;
  Claims claims;
  std::string_view signed_text;   // of the token that was given: it must outlive this
  std::string signature;
};

// invalid_argument: it is no such token; too large, too deep, too many of something; signed with anything else than
// RS256, PS256, ES256; with a critical extension. A key that comes along (jwk, jku, x5u, x5c) is not looked at.
// The message is for the client: it repeats nothing of the token.
Result<Jwt> parse_jwt(std::string_view token, const ClaimNames& names);

}  // namespace bascule::auth
