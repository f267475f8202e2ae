// What a bearer token, or a user delegation SAS, is answered with. Only for this folder's *.cc.
#pragma once
#include <optional>

#include "auth/authorise.h"
#include "auth/issuers.h"
#include "auth/sas.h"

namespace bascule::auth {

// The token of "Bearer …", or nothing: another scheme.
std::optional<std::string_view> bearer_token(std::string_view authorization);

std::string challenge(const Settings& settings);

// What is wrong before the token is looked at: protocol version, plain HTTP, no issuers.
std::optional<AuthFailure> refuse_bearer(const AuthRequest& request, const Settings& settings);
AuthFailure refused_token(const TokenRefusal& refusal, const Settings& settings);

// The identity's roles decide.
Decision grant_bearer(const AuthRequest& request, Operation operation, std::shared_ptr<const ops::Account> account,
                      std::shared_ptr<const Identity> identity);

// What of a genuine user delegation SAS its owner's roles, and the user that it is bound to, leave. `bearer`: who sent the
// request beside it, if anybody.
std::optional<AuthFailure> check_owner(const Sas& sas, const AuthRequest& request, Operation operation,
                                       const ops::Account& account, const Identity* bearer, Authorised& yes);

}  // namespace bascule::auth
