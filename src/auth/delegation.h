// User delegation keys: derived, never kept. Who may have one gets HMAC-SHA256 over what the key is for, under a secret of the
// account; a SAS names the same things, so that its key is derived again. Another secret revokes all that were given out.
// Source: "Get User Delegation Key", "Create a user delegation SAS" in Microsoft's documentation.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "auth/failure.h"
#include "auth/sas.h"
#include "catalog/access.h"
#include "ops/types.h"

namespace bascule::auth {

constexpr auto kLongestDelegation = std::chrono::days(7);

// What a key is for. `start` and `expiry` count by the instant, whatever their form (clients write them anew).
struct DelegationKey {
  std::string_view account, object_id, tenant, start, expiry, service, version, user_tenant;
};
// Nothing: start or expiry is no time.
std::optional<std::array<std::byte, 32>> delegation_key(const catalog::DelegationSecret& secret, const DelegationKey& key);

// True if `text` is signed (Base64 as sent) with the key that the SAS names. Constant time.
bool matches_delegation_key(const ops::Account& account, const UserDelegation& delegation, std::string_view text,
                            std::string_view signature);

// Of a genuine one: the key is in force at `now`, and nothing is asked that there is not. Nothing = it is fine.
std::optional<AuthFailure> check_delegation(const UserDelegation& delegation, WallTime now);

}  // namespace bascule::auth
