// What the identity service is told: the organisation's identity provider, what Azure's names mean there, who may have
// which identity. Plain values; secrets are read when they are needed, so that a file may change under a running service.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/clock.h"

namespace bascule::api::identity {

// Reads a secret's file anew. Any thread; may block shortly. Errors never hold what the file says.
using SecretReader = std::function<Result<std::string>()>;

struct ProviderOptions {
  std::string issuer;             // its discovery document names the token endpoint
  std::string token_endpoint;     // instead of discovery; "" = discovery
  bool basic = false;             // client secrets in an Authorization header (client_secret_basic), not in the form
  bool allow_plain_http = false;  // for tests
  Duration timeout = std::chrono::seconds(15);   // for one request, its answer included
};

// What programs call a resource, and what is asked for at the provider in its place.
struct Resource {
  std::string name;               // "https://storage.azure.com"; a slash at its end counts for nothing
  std::string scope;              // "" = none is sent
  std::string audience;           // parameter `audience`; "" = none is sent
};

// A client of the provider, and how it proves that it is itself. Just one of the three readers is set.
struct Client {
  std::string id;
  SecretReader secret;            // client_secret_post, or _basic
  SecretReader key;               // private_key_jwt: PEM, RSA of 2048 bits or more, or P-256
  std::string key_id;             // `kid` of the assertions; "" = none
  SecretReader token;             // a token that somebody else keeps fresh: sent as client_assertion
};

// A managed identity: a client of the provider that programs of this machine may use without holding its secret.
struct ManagedIdentity {
  std::string name;                    // for people and the log
  Client client;
  SecretReader header;                 // what X-IDENTITY-HEADER must say
  std::string object_id, resource_id;  // principal_id and mi_res_id may name it; "" = they may not
  std::vector<std::uint32_t> uids;     // whose programs may ask
  bool any_user = false;               // everybody's on this machine; the header alone then tells them apart
  std::vector<std::string> resources;  // for which resources; empty: all that there are
};

struct AuthorityOptions {
  std::string url;                     // as clients write it: "https://login.example.org:8443"; "" = from each request's Host
  std::vector<std::string> tenants;    // which it answers for; empty: any
};

struct Options {
  ProviderOptions provider;
  std::vector<Resource> resources;
  std::vector<ManagedIdentity> identities;
  AuthorityOptions authority;
};

// The resource of that name, slashes at the end apart; null if there is none.
const Resource* find_resource(const std::vector<Resource>& resources, std::string_view name);

}  // namespace bascule::api::identity
