// The managed identity endpoint: what Azure's App Service offers its programs at IDENTITY_ENDPOINT (REST protocol
// 2019-08-01), so that an unmodified program with DefaultAzureCredential gets its token and holds no secret of its own.
// Source: "How to use managed identities for App Service", REST endpoint reference, in Microsoft's documentation.
//
//   GET /msi/token?resource=R&api-version=2019-08-01[&client_id=|&principal_id=|&mi_res_id=]
//   X-IDENTITY-HEADER: the secret that IDENTITY_HEADER gives the program
#pragma once
#include <string_view>

#include "api/common/request_id.h"
#include "api/identity/token_cache.h"
#include "http/message.h"

namespace bascule::api::identity {

// Whose a request's connection is; nothing: that cannot be told. Asked only where it matters.
using PeerOwner = std::function<std::optional<std::uint32_t>(const http::Request&)>;

class ManagedIdentityService final : public http::Handler {
 public:
  // On one loop. All outlive it.
  ManagedIdentityService(const Options& options, Provider& provider, Clock& clock, Random& random, PeerOwner owner)
      : options_(options), tokens_(provider, clock), ids_(random), owner_(std::move(owner)) {}

  // 200 with access_token, expires_on, resource, token_type, client_id. Errors as JSON {statusCode, message, correlationId}:
  // 400 what was asked for makes no sense, is not the identity's, or the provider refuses it; 403 no or a wrong header, or
  // not a user who may ask; 404 another path; 405; 503 the provider is away.
  Task<void> handle(http::Exchange& exchange) override;

 private:
  const ManagedIdentity* find(std::string_view header, const http::Request& request) const;

  const Options& options_;
  TokenCache tokens_;
  RequestIds ids_;
  const PeerOwner owner_;
};

}  // namespace bascule::api::identity
