#include "auth/jwt.h"

#include "auth/base64url.h"
#include "auth/json_parts.h"
#include "auth/text.h"

namespace bascule::auth {
namespace {

namespace json = boost::json;
constexpr std::size_t kMostHeaderBytes = 8 * 1024, kMostSignatureBytes = 1024 + 1;
constexpr std::size_t kHeaderDepth = 8, kClaimsDepth = 12;
constexpr std::size_t kMostAudiences = 32, kMostRoles = 200, kMostTextBytes = 1024;

std::unexpected<Error> malformed() { return fail(Code::invalid_argument, "The token is not well formed."); }

Result<void> read_header(std::string_view text, Jwt& jwt) {
  const auto header = parse_object(text, kHeaderDepth);
  if (!header) return malformed();
  const auto algorithm = parse_algorithm(text_member(*header, "alg"));
  if (!algorithm) return fail(Code::invalid_argument, "The token's signature algorithm is not accepted.");
  // An extension that must be understood, and is not (RFC 7515 section 4.1.11). `zip` and `b64` are of that kind.
  if (header->contains("crit")) return fail(Code::invalid_argument, "The token has a critical header that is not supported.");
  if (const json::value* kind = header->if_contains("typ")) {
    const auto* kind_text = kind->if_string();
    std::string_view type = kind_text ? std::string_view(kind_text->data(), kind_text->size()) : std::string_view();
    if (type.size() > 12 && equal_without_case(type.substr(0, 12), "application/")) type.remove_prefix(12);
    if (!equal_without_case(type, "JWT") && !equal_without_case(type, "at+jwt"))
      return fail(Code::invalid_argument, "The token is no access token.");
  }
  if (const json::value* id = header->if_contains("kid")) {
    const auto* key_id = id->if_string();
    if (!key_id || key_id->size() > 256) return malformed();
    jwt.key_id.assign(key_id->data(), key_id->size());
  }
  jwt.algorithm = *algorithm;
  return {};
}

std::string first_text(const json::object& object, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names)
    if (const std::string_view text = text_member(object, name); !text.empty()) return std::string(text);
  return {};
}

Result<void> read_claims(std::string_view text, const ClaimNames& names, Claims& claims) {
  const auto object = parse_object(text, kClaimsDepth);
  if (!object) return malformed();
  claims.issuer = text_member(*object, "iss");
  claims.subject = text_member(*object, "sub");
  claims.object_id = text_member(*object, "oid");
  claims.tenant = text_member(*object, "tid");
  claims.kind = text_member(*object, "typ");
  claims.name = first_text(*object, {"preferred_username", "upn", "unique_name", "email", "app_displayname"});
  claims.client_id = first_text(*object, {"appid", "azp", "client_id", "clientId"});
  auto audiences = texts_member(*object, "aud", kMostAudiences);
  auto groups = texts_member(*object, names.groups, kMostTokenGroups);
  auto roles = texts_member(*object, names.roles, kMostRoles);
  if (!audiences || !groups || !roles) return malformed();
  claims.audiences = std::move(*audiences);
  claims.groups = std::move(*groups);
  claims.roles = std::move(*roles);
  for (const std::string* one : {&claims.issuer, &claims.subject, &claims.object_id, &claims.tenant, &claims.name, &claims.client_id})
    if (one->size() > kMostTextBytes) return malformed();
  claims.expires = time_member(*object, "exp");
  claims.not_before = time_member(*object, "nbf");
  claims.issued_at = time_member(*object, "iat");
  for (const auto& time : {claims.expires, claims.not_before, claims.issued_at})
    if (time && *time < 0) return malformed();
  return {};
}

}  // namespace

Result<Jwt> parse_jwt(std::string_view token, const ClaimNames& names) {
  if (token.size() > kMostTokenBytes) return fail(Code::invalid_argument, "The token is too large.");
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return malformed();
  if (first > kMostHeaderBytes || token.size() - second > kMostSignatureBytes * 4 / 3 + 4) return malformed();
  const auto header = from_base64url(token.substr(0, first));
  const auto claims = from_base64url(token.substr(first + 1, second - first - 1));
  auto signature = from_base64url(token.substr(second + 1));
  if (!header || !claims || !signature || signature->empty()) return malformed();
  Jwt jwt;
  BASCULE_TRY(read_header(*header, jwt));
  BASCULE_TRY(read_claims(*claims, names, jwt.claims));
  jwt.signed_text = token.substr(0, second);
  jwt.signature = std::move(*signature);
  return jwt;
}

}  // namespace bascule::auth
