// The accounts' keys, ready for signing: an HMAC's padded key blocks are hashed once per account and thread.
#pragma once
#include <array>
#include <memory>
#include <optional>

#include "base/digest.h"
#include "ops/types.h"

namespace bascule::auth {

struct SigningKeys {
  std::array<std::optional<HmacSha256Key>, 2> keys;  // an account's empty key is nothing
};

// This thread's keys of `account`; valid until the next call on this thread. A rotated account is another Account object.
const SigningKeys& signing_keys(const std::shared_ptr<const ops::Account>& account);

// Base64 of a signature, without an allocation.
std::array<char, 44> encode_signature(const Sha256Value& signature);

// True if one of the keys signs `text` with `signature` (Base64 as sent). Each comparison takes constant time.
bool matches_any_key(const SigningKeys& keys, std::string_view text, std::string_view signature);

}  // namespace bascule::auth
