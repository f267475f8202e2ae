#include "api/identity/provider.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cmath>

#include "api/identity/assertion.h"
#include "base/digest.h"

namespace bascule::api::identity {
namespace json = boost::json;
namespace {

constexpr std::size_t kMostAnswerBytes = 256 * 1024, kMostDescription = 300;
constexpr auto kKeptFor = std::chrono::hours(1);
constexpr std::int64_t kOtherwiseSeconds = 60, kMostSeconds = 24 * 3600;
constexpr std::string_view kAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

std::string text_at(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(json::string_view(name.data(), name.size()));
  const json::string* text = found ? found->if_string() : nullptr;
  return text ? std::string(text->data(), text->size()) : std::string();
}

// Seconds, as a number or, as some write them, as a text.
std::int64_t seconds_at(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(json::string_view(name.data(), name.size()));
  std::int64_t seconds = kOtherwiseSeconds;
  if (found && found->is_int64()) seconds = found->get_int64();
  else if (found && found->is_string()) seconds = std::atoll(found->get_string().c_str());
  return std::clamp<std::int64_t>(seconds, 0, kMostSeconds);
}

std::optional<json::object> parse_object(std::string_view text) {
  boost::system::error_code bad;
  json::value value = json::parse({text.data(), text.size()}, bad);
  if (bad || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

ProviderRefusal no_answer(std::string why) { return {0, "temporarily_unavailable", std::move(why)}; }

// The provider's words, unless they repeat a secret, and without what could forge a line of a log.
std::string clean(std::string text, const Form& form, const std::optional<std::string>& secret) {
  if (secret && !secret->empty() && text.find(*secret) != std::string::npos) return {};
  for (const auto& [name, value] : form)
    if (name.starts_with("client_") && name != "client_id" && !value.empty() && text.find(value) != std::string::npos) return {};
  if (text.size() > kMostDescription) text.resize(kMostDescription);
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return text;
}

}  // namespace

const Resource* find_resource(const std::vector<Resource>& resources, std::string_view name) {
  const auto bare = [](std::string_view text) {
    while (text.ends_with('/')) text.remove_suffix(1);
    return text;
  };
  for (const Resource& one : resources)
    if (bare(one.name) == bare(name)) return &one;
  return nullptr;
}

std::string encode_form(const Form& form) {
  std::string text;
  for (const auto& [name, value] : form) {
    if (!text.empty()) text += '&';
    text.append(http::percent_encode(name)).append("=").append(http::percent_encode(value));
  }
  return text;
}

Result<http::Url> Provider::url_of(std::string_view text) const {
  BASCULE_ASSIGN(http::Url url, http::parse_url(text));
  if (!url.origin.tls && !options_.allow_plain_http)
    return fail(Code::invalid_argument, "the identity provider's address is not https://: its answers could be anybody's");
  return url;
}

Task<Result<std::string>> Provider::fetch(http::Url url, http::ClientRequest request, int& status) {
  request.deadline = clock_.now() + options_.timeout;
  auto response = co_await client_.send(url.origin, std::move(request));
  if (!response) co_return fail(std::move(response.error()));
  status = (*response)->status();
  co_return co_await (*response)->read_all(kMostAnswerBytes);
}

Task<Result<Provider::Endpoints>> Provider::endpoints() {
  if (!options_.token_endpoint.empty()) co_return Endpoints{options_.token_endpoint, {}, {}};
  if (known_ && clock_.now() - known_since_ < kKeptFor) co_return *known_;
  std::string where = options_.issuer;
  while (where.ends_with('/')) where.pop_back();
  BASCULE_CO_ASSIGN(http::Url url, url_of(where + "/.well-known/openid-configuration"));
  int status = 0;
  http::ClientRequest request{.method = "GET", .target = url.target(), .headers = {{"Accept", "application/json"}}};
  auto body = co_await fetch(url, std::move(request), status);
  std::string why = body ? "it answered " + std::to_string(status) : body.error().message;
  if (body && status == 200) {
    const auto document = parse_object(*body);
    std::string issuer = document ? text_at(*document, "issuer") : std::string();
    while (issuer.ends_with('/')) issuer.pop_back();
    // Another's document would send the secrets elsewhere.
    if (issuer == where && !text_at(*document, "token_endpoint").empty()) {
      known_ = Endpoints{text_at(*document, "token_endpoint"), text_at(*document, "jwks_uri"), text_at(*document, "authorization_endpoint")};
      known_since_ = clock_.now();
      co_return *known_;
    }
    why = issuer == where ? "it names no token endpoint" : "it is of another issuer";
  }
  if (known_) co_return *known_;
  co_return fail(Code::unavailable, "the identity provider's discovery document: " + why);
}

Task<TokenAnswer> Provider::ask(Form form, std::string client_id, std::optional<std::string> secret) {
  const auto known = co_await endpoints();
  if (!known) co_return std::unexpected(no_answer(known.error().message));
  const auto url = url_of(known->token);
  if (!url) co_return std::unexpected(no_answer(url.error().message));
  http::ClientRequest request{.method = "POST", .target = url->target()};
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
  if (secret && options_.basic) {
    const std::string pair = http::percent_encode(client_id) + ":" + http::percent_encode(*secret);
    request.headers.push_back({"Authorization", "Basic " + to_base64(as_bytes(pair))});
  } else {
    form.emplace_back("client_id", client_id);
    if (secret) form.emplace_back("client_secret", *secret);
  }
  const std::string body = encode_form(form);
  const Bytes slice = as_bytes(body);
  request.body = {&slice, 1};
  const WallTime asked = clock_.wall();
  int status = 0;
  const auto answer = co_await fetch(*url, std::move(request), status);
  if (!answer) co_return std::unexpected(no_answer("the identity provider: " + answer.error().message));
  const auto object = parse_object(*answer);
  if (status == 200 && object) {
    std::string text = text_at(*object, "access_token");
    if (!text.empty()) co_return Token{std::move(text), asked + std::chrono::seconds(seconds_at(*object, "expires_in")), asked};
  }
  ProviderRefusal refusal{status, object ? text_at(*object, "error") : "", object ? text_at(*object, "error_description") : ""};
  if (status == 200) refusal = no_answer("the identity provider's answer holds no token");
  refusal.error = clean(std::move(refusal.error), form, secret);
  refusal.description = clean(std::move(refusal.description), form, secret);
  co_return std::unexpected(std::move(refusal));
}

Task<TokenAnswer> Provider::ask_for(const Client& client, const Resource& resource) {
  Form form{{"grant_type", "client_credentials"}};
  if (!resource.scope.empty()) form.emplace_back("scope", resource.scope);
  if (!resource.audience.empty()) form.emplace_back("audience", resource.audience);
  const SecretReader& reader = client.secret ? client.secret : client.key ? client.key : client.token;
  auto secret = reader();
  if (!secret) co_return std::unexpected(ProviderRefusal{0, "server_error", secret.error().message});
  if (client.secret) co_return co_await ask(std::move(form), client.id, std::move(*secret));
  if (client.key) {
    secret = make_assertion(*secret, {client.id, options_.issuer, client.key_id}, clock_.wall(), random_);
    if (!secret) co_return std::unexpected(ProviderRefusal{0, "server_error", secret.error().message});
  }
  form.emplace_back("client_assertion_type", kAssertionType);
  form.emplace_back("client_assertion", std::move(*secret));
  co_return co_await ask(std::move(form), client.id, std::nullopt);
}

}  // namespace bascule::api::identity
