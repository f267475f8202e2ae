// From a request to a yes or a no: who asks (Shared Key, SAS, a bearer token, nobody) and whether that allows the operation.
#pragma once
#include <expected>
#include <string>
#include <utility>
#include <vector>

#include "auth/action.h"
#include "auth/failure.h"
#include "auth/principal.h"
#include "auth/request.h"
#include "ops/operations.h"

namespace bascule::auth {

struct Authorised {
  Principal principal;
  ResponseOverrides overrides;
  std::string encryption_scope;  // ses of a SAS; "" = none
  // The credential may make a new blob but not overwrite one: the write must go with "If-None-Match: *", and a blob that
  // is there answers 403 UnauthorizedBlobOverwrite.
  bool create_only = false;
};

class Issuers;

struct Settings {
  Issuers* issuers = nullptr;      // whose tokens are accepted; null: nobody's. Outlives what uses the settings
  bool bearer_over_http = false;   // behind a proxy that does TLS
  // Named in WWW-Authenticate towards clients without credentials, which may then ask it for a token.
  std::string authority = "https://login.microsoftonline.com/common/oauth2/authorize";
  std::string resource = "https://storage.azure.com";
};

using Decision = std::expected<Authorised, AuthFailure>;

// `request` and what it views must live until the answer is there. Waits only where a container's record is needed
// (stored policies, public access), or an issuer has to be asked for its keys; Shared Key, SAS without `si` and tokens whose
// key is known never do. Any loop.
Task<Decision> authorise(const AuthRequest& request, Operation operation, ops::Operations& operations, WallTime now,
                         const Settings& settings);
Task<Decision> authorise(const AuthRequest& request, Operation operation, ops::Operations& operations, WallTime now);

// The same without a coroutine for the hot path: nothing where it would have to wait (then use authorise()).
std::optional<Decision> authorise_now(const AuthRequest& request, Operation operation, const ops::Operations& operations,
                                      WallTime now, const Settings& settings);
std::optional<Decision> authorise_now(const AuthRequest& request, Operation operation, const ops::Operations& operations,
                                      WallTime now);

// What else may somebody do who has shown a token already: his roles alone decide.
Decision authorise_identity(const AuthRequest& request, Operation operation, const ops::Operations& operations,
                            std::shared_ptr<const Identity> identity);

}  // namespace bascule::auth
