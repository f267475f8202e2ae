// Who asks, once it is proven.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ops/types.h"

namespace bascule::auth {

// Append only: access events name them.
enum class PrincipalKind : std::uint8_t { shared_key, account_sas, service_sas, anonymous, bearer, user_delegation_sas };

// Whom an issuer's token names. Immutable once it is shared; nothing of it is secret, the token itself is never kept.
struct Identity {
  std::string issuer;               // as in the token, one of the configured ones
  std::string tenant;               // as configured for the issuer, or the token's own `tid` where it may say so
  std::string object_id;            // `oid`, else `sub`: what role assignments name
  std::string name;                 // for people and records: `preferred_username`, `upn` …, else ""
  std::string client_id;            // `appid`, `azp` or `client_id`: the program that asked, else ""
  std::vector<std::string> groups;  // as in the token: ids, or Keycloak's paths; sorted
  std::vector<std::string> roles;   // application roles, as in the token; sorted
};

struct Principal {
  PrincipalKind kind = PrincipalKind::anonymous;
  std::shared_ptr<const ops::Account> account;  // whose data is asked for; never null in an Authorised
  std::string permissions;                      // SAS: the letters in force (its own or its stored policy's)
  // bearer: whom the token names. user_delegation_sas: whose key signed it (issuer, tenant and object id alone).
  std::shared_ptr<const Identity> identity;
};

// rscc, rscd, rsce, rscl, rsct: a read's answer carries these instead of the blob's own headers.
struct ResponseOverrides {
  std::optional<std::string> cache_control, content_disposition, content_encoding, content_language, content_type;
  bool empty() const {
    return !cache_control && !content_disposition && !content_encoding && !content_language && !content_type;
  }
};

}  // namespace bascule::auth
