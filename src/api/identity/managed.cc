#include "api/identity/managed.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "auth/request.h"
#include "auth/text.h"
#include "base/log.h"

namespace bascule::api::identity {
namespace json = boost::json;
namespace {

constexpr std::string_view kVersion = "2019-08-01";

struct Refusal {
  int status = 400;
  std::string message;
};

// What stands in the query, once it makes sense.
struct Asked {
  std::string resource, client_id, principal_id, resource_id;
};

std::expected<Asked, Refusal> read_query(std::string_view raw) {
  const auto query = auth::parse_query(raw);
  if (!query) return std::unexpected(Refusal{400, "The query of the request is malformed."});
  Asked asked;
  std::string version;
  for (const auto& [name, into] : {std::pair<std::string_view, std::string*>{"resource", &asked.resource},
                                   {"api-version", &version},
                                   {"client_id", &asked.client_id},
                                   {"principal_id", &asked.principal_id},
                                   {"object_id", &asked.principal_id},
                                   {"mi_res_id", &asked.resource_id}}) {
    int times = 0;
    for (const auth::QueryParameter& parameter : *query)
      if (auth::equal_without_case(parameter.name, name)) {
        *into = parameter.value;
        ++times;
      }
    if (times > 1) return std::unexpected(Refusal{400, "The parameter " + std::string(name) + " stands twice."});
  }
  if (version != kVersion)
    return std::unexpected(Refusal{400, "The parameter api-version is missing or not supported; supported is " + std::string(kVersion) + "."});
  if (asked.resource.empty()) return std::unexpected(Refusal{400, "The parameter resource is missing."});
  const int named = !asked.client_id.empty() + !asked.principal_id.empty() + !asked.resource_id.empty();
  if (named > 1) return std::unexpected(Refusal{400, "Only one of client_id, principal_id and mi_res_id may be given."});
  return asked;
}

bool is_named(const ManagedIdentity& identity, const Asked& asked) {
  if (!asked.client_id.empty()) return asked.client_id == identity.client.id;
  if (!asked.principal_id.empty()) return asked.principal_id == identity.object_id;
  return asked.resource_id.empty() || auth::equal_without_case(asked.resource_id, identity.resource_id);
}

bool is_ours(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path.empty() || auth::equal_without_case(path, "/msi/token");
}

Task<void> send(http::Exchange& exchange, int status, json::object object) {
  http::Response response;
  response.status = status;
  response.add("Content-Type", "application/json; charset=utf-8");
  response.add("Cache-Control", "no-store");
  if (status == 405) response.add("Allow", "GET");
  const std::string body = json::serialize(object);
  const Bytes slice = as_bytes(body);
  (void)co_await exchange.respond(std::move(response), {&slice, 1});
}

Refusal refusal_of(const ProviderRefusal& refusal) {
  if (refusal.passing()) return {503, "The identity provider gives no token now. " + refusal.description};
  return {400, "The identity provider refuses the identity: " + refusal.error +
                   (refusal.description.empty() ? "" : " (" + refusal.description + ")")};
}

}  // namespace

// Every identity is looked at, whichever the header is of, so that the time taken tells nothing.
const ManagedIdentity* ManagedIdentityService::find(std::string_view header, const http::Request& request) const {
  const ManagedIdentity* found = nullptr;
  for (const ManagedIdentity& identity : options_.identities) {
    const auto wanted = identity.header();
    if (!wanted) {
      log::error("the header of an identity cannot be read", {{"identity", identity.name}, {"error", wanted.error().message}});
      continue;
    }
    const bool same = equal_constant_time(as_bytes(*wanted), as_bytes(header)) && !wanted->empty();
    if (!same) continue;
    const auto uid = identity.any_user ? std::nullopt : owner_(request);
    const bool may = identity.any_user || (uid && std::ranges::find(identity.uids, *uid) != identity.uids.end());
    if (!may) log::warn("an identity was asked for by a user who may not", {{"identity", identity.name}, {"uid", uid ? std::to_string(*uid) : "unknown"}});
    else if (!found) found = &identity;
  }
  return found;
}

Task<void> ManagedIdentityService::handle(http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  const std::string id = ids_.next();
  const std::string peer(request.peer_address);
  const auto refuse = [&exchange, &id](Refusal refusal) {
    return send(exchange, refusal.status, {{"statusCode", refusal.status}, {"message", std::move(refusal.message)}, {"correlationId", id}});
  };
  if (!is_ours(request.path)) co_return co_await refuse({404, "There is nothing here."});
  if (request.method != "GET") co_return co_await refuse({405, "Only GET is allowed."});
  const auto header = request.find("X-IDENTITY-HEADER");
  const ManagedIdentity* identity = header ? find(*header, request) : nullptr;
  if (!identity) {
    log::warn("managed identity refused", {{"peer", peer}, {"why", header ? "header or user" : "no header"}, {"request_id", id}});
    co_return co_await refuse({403, header ? "The header X-IDENTITY-HEADER is not that of an identity which this user may have."
                                           : "The header X-IDENTITY-HEADER is missing."});
  }
  const auto asked = read_query(request.query);
  if (!asked) co_return co_await refuse(asked.error());
  if (!is_named(*identity, *asked))
    co_return co_await refuse({400, "No managed identity was found for the client_id, principal_id or mi_res_id that was given."});
  const Resource* resource = find_resource(options_.resources, asked->resource);
  if (!resource || (!identity->resources.empty() && std::ranges::find(identity->resources, resource->name) == identity->resources.end()))
    co_return co_await refuse({400, "The identity has no tokens for the resource that was asked for."});
  const TokenAnswer token = co_await tokens_.get(*identity, *resource);
  if (!token) {
    log::warn("no token for an identity", {{"identity", identity->name}, {"resource", resource->name}, {"peer", peer},
                                           {"error", token.error().error}, {"why", token.error().description}, {"request_id", id}});
    co_return co_await refuse(refusal_of(token.error()));
  }
  log::info("token given", {{"identity", identity->name}, {"resource", resource->name}, {"peer", peer}, {"request_id", id}});
  const auto until = std::chrono::duration_cast<std::chrono::seconds>(token->until.time_since_epoch()).count();
  co_await send(exchange, 200, {{"access_token", token->text}, {"client_id", identity->client.id},
                                {"expires_on", std::to_string(until)}, {"resource", asked->resource}, {"token_type", "Bearer"}});
}

}  // namespace bascule::api::identity
