// Authorization: SharedKey and SharedKeyLite, on the server's side (verify) and on a client's (sign).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/canonical.h"
#include "auth/failure.h"
#include "base/digest.h"
#include "base/time.h"
#include "ops/types.h"

namespace bascule::auth {

// Nothing if `authorization` (the header's value) proves that the sender holds one of the account's keys and the
// request's date is within 15 minutes of `now`. Both keys are tried; the comparison takes constant time.
std::optional<AuthFailure> verify_shared_key(const AuthRequest& request, std::string_view authorization,
                                             const std::shared_ptr<const ops::Account>& account, WallTime now);

// The value of the Authorization header for a request with these parts, which must hold x-ms-date and x-ms-version.
std::string sign_shared_key(const SignedParts& parts, const HmacSha256Key& key);
// The same, appended to a client's headers (x-ms-date and x-ms-version are added first). `target` is the request's
// origin-form; a target whose query cannot be decoded is signed without it and will be refused.
void sign_shared_key(std::string_view method, std::string_view target, std::string_view account,
                     const HmacSha256Key& key, std::string_view version, WallTime now,
                     std::optional<std::uint64_t> content_length, std::vector<http::Header>& headers);

}  // namespace bascule::auth
