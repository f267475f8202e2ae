// What a program finds at AZURE_AUTHORITY_HOST: the few things that Azure's identity libraries ask of an authority, passed
// on to the organisation's own identity provider. Programs with a client secret (EnvironmentCredential) and with workload
// federation (AZURE_FEDERATED_TOKEN_FILE) stay as they are. It holds no secret and keeps nothing.
//
// With the tenant "adfs" every library takes the authority as it is, and asks nothing of Microsoft; with another one they
// ask login.microsoftonline.com about it first, unless the program switches that off (disable_instance_discovery).
//
//   GET  /TENANT[/v2.0]/.well-known/openid-configuration
//   GET  /common/discovery/instance?authorization_endpoint=…
//   POST /TENANT/oauth2[/v2.0]/token
#pragma once
#include "api/common/request_id.h"
#include "api/identity/provider.h"
#include "http/message.h"

namespace bascule::api::identity {

class AuthorityService final : public http::Handler {
 public:
  // On one loop. All outlive it.
  AuthorityService(const Options& options, Provider& provider, Clock& clock, Random& random)
      : options_(options), provider_(provider), clock_(clock), ids_(random) {}

  // Errors of the token endpoint are in Entra's form: error, error_description ("AADSTS…"), error_codes, timestamp,
  // trace_id, correlation_id.
  Task<void> handle(http::Exchange& exchange) override;

 private:
  struct Call;
  Task<void> token(Call& call);
  Task<void> configuration(Call& call, bool v2);
  Task<void> instance(Call& call);
  std::string base(const http::Request& request) const;
  bool knows(std::string_view tenant) const;

  const Options& options_;
  Provider& provider_;
  Clock& clock_;
  RequestIds ids_;
};

// A refusal before any request could be read: fits http::RefusalWriter. Of both services.
http::Response refuse_unread(int status, std::string_view why, std::string& body);

}  // namespace bascule::api::identity
