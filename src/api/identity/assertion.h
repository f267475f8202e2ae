// A client's proof of itself to an identity provider: a JWT signed with its private key (RFC 7523, private_key_jwt).
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "runtime/clock.h"
#include "runtime/random.h"

namespace bascule::api::identity {

struct AssertionParts {
  std::string client_id;   // iss and sub
  std::string audience;    // aud: the provider's issuer
  std::string key_id;      // "" = no kid
};

// PS256 with an RSA key (2048 bits or more), ES256 with a P-256 key; good for a minute, with a number of its own.
// invalid_argument: the PEM is no such key; the message never repeats it.
Result<std::string> make_assertion(std::string_view pem, const AssertionParts& parts, WallTime now, Random& random);

}  // namespace bascule::api::identity
