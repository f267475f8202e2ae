#include "api/identity/authority.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "auth/request.h"
#include "auth/text.h"
#include "base/log.h"

namespace bascule::api::identity {
namespace json = boost::json;
namespace {

constexpr std::size_t kMostForm = 64 * 1024;
constexpr std::string_view kDefault = "/.default";

// Entra's numbers for the errors of RFC 6749, 5.2, which people look up ("Microsoft Entra authentication error codes").
struct Number {
  std::string_view error;
  int number;
};
constexpr Number kNumbers[] = {
    {"invalid_client", 7000215}, {"unauthorized_client", 700016}, {"invalid_scope", 70011}, {"invalid_resource", 500011},
    {"invalid_grant", 50126}, {"unsupported_grant_type", 70003}, {"invalid_request", 900144}, {"invalid_tenant", 90002},
    {"temporarily_unavailable", 90033}, {"server_error", 90033}};

int number_of(std::string_view error) {
  for (const Number& one : kNumbers)
    if (one.error == error) return one.number;
  return 50000;
}

bool is_host(std::string_view text) {
  return !text.empty() && text.size() <= 260 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
  });
}

// A tenant's name as it stands in a path: Azure's are GUIDs and domains, AD FS's is "adfs".
bool is_tenant(std::string_view text) { return is_host(text) && text.find_first_of(":[]") == std::string_view::npos; }

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0) out.push_back(path.substr(0, slash));
    path.remove_prefix(slash);
  }
  return out;
}

// The one resource that a scope names. "https://storage.azure.com/.default" is it, and with a second slash too, which
// resources that end in one bring about. What OpenID Connect adds for people counts for nothing here.
std::optional<std::string_view> resource_in(std::string_view scope) {
  std::optional<std::string_view> found;
  while (!scope.empty()) {
    const std::size_t space = std::min(scope.find(' '), scope.size());
    const std::string_view one = scope.substr(0, space);
    scope.remove_prefix(std::min(space + 1, scope.size()));
    if (one.empty() || one == "openid" || one == "profile" || one == "offline_access" || one == "email") continue;
    if (found) return std::nullopt;
    found = one.ends_with(kDefault) ? one.substr(0, one.size() - kDefault.size()) : one;
  }
  return found;
}

std::string value_of(const auth::Query& form, std::string_view name) {
  const std::string* value = auth::find_parameter(form, name);
  return value ? *value : std::string();
}

Task<std::optional<std::string>> read_form(http::Exchange& exchange) {
  std::string body, chunk(16 * 1024, '\0');
  while (true) {
    const auto got = co_await exchange.read_body(as_writable(chunk));
    if (!got || body.size() + *got > kMostForm) co_return std::nullopt;
    if (*got == 0) co_return body;
    body.append(chunk, 0, *got);
  }
}

Task<void> send(http::Exchange& exchange, int status, json::object object) {
  http::Response response;
  response.status = status;
  response.add("Content-Type", "application/json; charset=utf-8");
  response.add("Cache-Control", "no-store");
  response.add("Pragma", "no-cache");
  const std::string body = json::serialize(object);
  const Bytes slice = as_bytes(body);
  (void)co_await exchange.respond(std::move(response), {&slice, 1});
}

}  // namespace

struct AuthorityService::Call {
  http::Exchange& exchange;
  std::string id, correlation, tenant;

  // Its arguments by value: the answer waits.
  Task<void> refuse(AuthorityService& service, int status, std::string error, std::string text) const {
    const int number = number_of(error);
    const std::string now = format_iso8601_seconds(service.clock_.wall());
    std::string shown = now.substr(0, 10) + " " + now.substr(11, 8) + "Z";
    std::string description = "AADSTS" + std::to_string(number) + ": " + text + " Trace ID: " + id + " Correlation ID: " + correlation +
                              " Timestamp: " + shown;
    return send(exchange, status, {{"error", std::move(error)}, {"error_description", std::move(description)},
                                   {"error_codes", json::array{number}}, {"timestamp", std::move(shown)},
                                   {"trace_id", id}, {"correlation_id", correlation}});
  }
};

// Where the client found us: what it goes on with must lead back here.
std::string AuthorityService::base(const http::Request& request) const {
  if (!options_.authority.url.empty()) {
    std::string url = options_.authority.url;
    while (url.ends_with('/')) url.pop_back();
    return url;
  }
  const std::string_view host = request.find("host").value_or(std::string_view());
  return std::string(request.encrypted ? "https://" : "http://") + std::string(is_host(host) ? host : "localhost");
}

bool AuthorityService::knows(std::string_view tenant) const {
  if (!is_tenant(tenant)) return false;
  return options_.authority.tenants.empty() ||
         std::ranges::any_of(options_.authority.tenants, [&](const std::string& one) { return auth::equal_without_case(one, tenant); });
}

Task<void> AuthorityService::configuration(Call& call, bool v2) {
  const auto endpoints = co_await provider_.endpoints();
  if (!endpoints)
    co_return co_await call.refuse(*this, 503, "temporarily_unavailable", "The identity provider does not answer.");
  const std::string here = base(call.exchange.request()) + "/" + call.tenant;
  const std::string_view version = v2 ? "/v2.0" : "";
  json::object document{{"issuer", here + std::string(version)},
                        {"authorization_endpoint", here + "/oauth2" + std::string(version) + "/authorize"},
                        {"token_endpoint", here + "/oauth2" + std::string(version) + "/token"},
                        {"token_endpoint_auth_methods_supported", {"client_secret_post", "private_key_jwt"}},
                        {"grant_types_supported", {"client_credentials"}},
                        {"response_types_supported", {"token"}},
                        {"response_modes_supported", {"query"}},
                        {"subject_types_supported", {"pairwise"}},
                        {"id_token_signing_alg_values_supported", {"RS256"}},
                        {"scopes_supported", {"openid"}}};
  if (!endpoints->keys.empty()) document["jwks_uri"] = endpoints->keys;
  co_await send(call.exchange, 200, std::move(document));
}

// "This authority is what it says it is": for those who ask here rather than Microsoft.
Task<void> AuthorityService::instance(Call& call) {
  const http::Request& request = call.exchange.request();
  const auto query = auth::parse_query(request.query).value_or(auth::Query{});
  const std::string asked = value_of(query, "authorization_endpoint");
  const auto url = http::parse_url(asked);
  const auto path = url ? segments_of(url->path) : std::vector<std::string_view>{};
  const std::string here = base(request), host = here.substr(here.find("://") + 3);
  if (path.empty() || !knows(path[0]) || !auth::equal_without_case(http::host_header(url->origin), host))
    co_return co_await send(call.exchange, 400, {{"error", "invalid_instance"},
                                                 {"error_description", "AADSTS50049: Unknown or invalid instance."},
                                                 {"error_codes", json::array{50049}}});
  co_await send(call.exchange, 200,
                {{"tenant_discovery_endpoint", here + "/" + std::string(path[0]) + "/v2.0/.well-known/openid-configuration"},
                 {"api-version", "1.1"},
                 {"metadata", json::array{json::object{{"preferred_network", host}, {"preferred_cache", host}, {"aliases", json::array{host}}}}}});
}

Task<void> AuthorityService::token(Call& call) {
  const auto body = co_await read_form(call.exchange);
  if (!body) {
    call.exchange.cut();
    co_return;
  }
  const auto form = auth::parse_query(*body);
  if (!form) co_return co_await call.refuse(*this, 400, "invalid_request", "The request's body is no form.");
  for (const char* name : {"grant_type", "client_id"})
    if (value_of(*form, name).empty())
      co_return co_await call.refuse(*this, 400, "invalid_request", "The request body must contain the following parameter: '" + std::string(name) + "'.");
  if (value_of(*form, "grant_type") != "client_credentials")
    co_return co_await call.refuse(*this, 400, "unsupported_grant_type", "Only client credentials are taken here.");
  const std::string scope = value_of(*form, "scope"), client_id = value_of(*form, "client_id");
  std::string named = value_of(*form, "resource");
  if (named.empty()) named = resource_in(scope).value_or(std::string_view());
  const Resource* resource = named.empty() ? nullptr : find_resource(options_.resources, named);
  if (!resource)
    co_return co_await call.refuse(*this, 400, "invalid_scope", "The scope names no resource that this authority knows.");
  const std::string secret = value_of(*form, "client_secret"), assertion = value_of(*form, "client_assertion");
  if (secret.empty() == assertion.empty())
    co_return co_await call.refuse(*this, 401, "invalid_client", "The request body must contain one of 'client_secret' and 'client_assertion'.");
  Form forward{{"grant_type", "client_credentials"}};
  if (!resource->scope.empty()) forward.emplace_back("scope", resource->scope);
  if (!resource->audience.empty()) forward.emplace_back("audience", resource->audience);
  if (!assertion.empty()) {
    forward.emplace_back("client_assertion_type", value_of(*form, "client_assertion_type"));
    forward.emplace_back("client_assertion", assertion);
  }
  const std::string peer(call.exchange.request().peer_address);
  const TokenAnswer answer =
      co_await provider_.ask(std::move(forward), client_id, secret.empty() ? std::nullopt : std::optional(secret));
  log::info("token asked for", {{"client", client_id.substr(0, 100)}, {"resource", resource->name}, {"peer", peer},
                                {"credential", secret.empty() ? "assertion" : "secret"},
                                {"outcome", answer ? "given" : answer.error().error}, {"request_id", call.id}});
  if (!answer) {
    const ProviderRefusal& refusal = answer.error();
    const int status = refusal.passing() ? 503 : refusal.status == 401 ? 401 : 400;
    co_return co_await call.refuse(*this, status, refusal.error.empty() ? "invalid_request" : refusal.error,
                                   refusal.description.empty() ? "The identity provider refuses." : refusal.description);
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(answer->until - answer->asked).count();
  co_await send(call.exchange, 200, {{"token_type", "Bearer"}, {"expires_in", seconds}, {"ext_expires_in", seconds},
                                     {"access_token", answer->text}});
}

Task<void> AuthorityService::handle(http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  Call call{exchange, ids_.next(), {}, {}};
  call.correlation = parse_guid(request.find("client-request-id").value_or(std::string_view())).value_or(call.id);
  const auto path = segments_of(request.path);
  const auto is = [&](std::initializer_list<std::string_view> wanted) {  // "" stands for the tenant
    return path.size() == wanted.size() && std::ranges::equal(path, wanted, [](std::string_view have, std::string_view want) {
             return want.empty() || auth::equal_without_case(have, want);
           });
  };
  const bool reads = request.method == "GET", posts = request.method == "POST";
  if (reads && is({"common", "discovery", "instance"})) co_return co_await instance(call);
  const bool v1 = is({"", ".well-known", "openid-configuration"}), v2 = is({"", "v2.0", ".well-known", "openid-configuration"});
  const bool token_v1 = is({"", "oauth2", "token"}), token_v2 = is({"", "oauth2", "v2.0", "token"});
  if (!(reads && (v1 || v2)) && !(posts && (token_v1 || token_v2)))
    co_return co_await call.refuse(*this, 404, "invalid_request", "There is nothing here.");
  if (!knows(path[0])) co_return co_await call.refuse(*this, 400, "invalid_tenant", "The tenant is not known here.");
  call.tenant = path[0];
  if (reads) co_await configuration(call, v2);
  else co_await token(call);
}

http::Response refuse_unread(int status, std::string_view why, std::string& body) {
  body = json::serialize(json::object{{"error", "invalid_request"}, {"error_description", json::string_view(why.data(), why.size())}});
  http::Response response;
  response.status = status;
  response.add("Content-Type", "application/json; charset=utf-8");
  return response;
}

}  // namespace bascule::api::identity
