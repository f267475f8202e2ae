// Whether a shared access signature is genuine, in force, and allows an operation.
#pragma once
#include <expected>
#include <memory>

#include "auth/action.h"
#include "auth/failure.h"
#include "auth/sas.h"
#include "ops/types.h"

namespace bascule::auth {

struct SasGrant {
  std::string permissions;   // the letters in force
  bool create_only = false;  // see Authorised
};

// First step: well formed, and signed, for the resource that the request names, with one of the account's keys or with a
// user delegation key of its. Nothing = genuine. `account` may be null (no such account): never genuine.
std::optional<AuthFailure> verify_sas(const Sas& sas, const AuthRequest& request, Operation operation,
                                      const std::shared_ptr<const ops::Account>& account);

// Second step, where sas.identifier is set: takes what the token leaves out from the container's stored policy.
std::optional<AuthFailure> apply_stored_policy(Sas& sas, const std::vector<ops::StoredPolicy>& policies);

// Third step: in force at `now`, for this sender and protocol, and allowing the operation.
std::expected<SasGrant, AuthFailure> check_sas(const Sas& sas, const AuthRequest& request, Operation operation,
                                               WallTime now);

}  // namespace bascule::auth
