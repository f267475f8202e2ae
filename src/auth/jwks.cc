#include "auth/jwks.h"

#include <algorithm>

#include "auth/base64url.h"
#include "auth/json_parts.h"

namespace bascule::auth {
namespace {

namespace json = boost::json;
constexpr std::size_t kDepth = 8, kMostIdBytes = 256;

// Nothing: it is for something else, or too weak.
std::optional<KeySet::Entry> read_key(const json::object& jwk) {
  KeySet::Entry entry;
  entry.id = text_member(jwk, "kid");
  if (entry.id.size() > kMostIdBytes) return std::nullopt;
  if (const json::value* use = jwk.if_contains("use"); use && text_member(jwk, "use") != "sig") return std::nullopt;
  if (jwk.contains("key_ops")) {
    const auto operations = texts_member(jwk, "key_ops", 16);
    if (!operations || std::ranges::find(*operations, "verify") == operations->end()) return std::nullopt;
  }
  if (jwk.contains("alg")) {
    entry.algorithm = parse_algorithm(text_member(jwk, "alg"));
    if (!entry.algorithm) return std::nullopt;
  }
  const auto number = [&jwk](std::string_view name) { return from_base64url(text_member(jwk, name)).value_or(""); };
  const std::string_view kind = text_member(jwk, "kty");
  Result<std::shared_ptr<const PublicKey>> key = fail(Code::invalid_argument, "another kind of key");
  if (kind == "RSA") key = PublicKey::rsa(as_bytes(number("n")), as_bytes(number("e")));
  else if (kind == "EC" && text_member(jwk, "crv") == "P-256") key = PublicKey::p256(as_bytes(number("x")), as_bytes(number("y")));
  if (!key || (entry.algorithm && !(*key)->fits(*entry.algorithm))) return std::nullopt;
  entry.key = std::move(*key);
  return entry;
}

}  // namespace

const PublicKey* KeySet::find(std::string_view id, Algorithm algorithm) const {
  const PublicKey* found = nullptr;
  for (const Entry& entry : entries) {
    if (!entry.key->fits(algorithm) || (entry.algorithm && *entry.algorithm != algorithm)) continue;
    if (!id.empty()) {
      if (entry.id == id) return entry.key.get();
      continue;
    }
    if (found) return nullptr;   // which one is not said
    found = entry.key.get();
  }
  return found;
}

bool KeySet::has_id(std::string_view id) const {
  return std::ranges::any_of(entries, [id](const Entry& entry) { return entry.id == id; });
}

Result<KeySet> parse_jwks(std::string_view text) {
  if (text.size() > kMostJwksBytes) return fail(Code::invalid_argument, "the key set is too large");
  const auto document = parse_object(text, kDepth);
  const json::value* keys = document ? document->if_contains("keys") : nullptr;
  if (!keys || !keys->is_array()) return fail(Code::invalid_argument, "the key set is no JSON object with keys");
  if (keys->get_array().size() > kMostKeys) return fail(Code::invalid_argument, "the key set has more than 64 keys");
  KeySet set;
  for (const json::value& value : keys->get_array()) {
    auto entry = value.is_object() ? read_key(value.get_object()) : std::nullopt;
    if (!entry) {
      ++set.ignored;
      continue;
    }
    if (!entry->id.empty() && set.has_id(entry->id))
      return fail(Code::invalid_argument, "two keys of the key set have the same id");
    set.entries.push_back(std::move(*entry));
  }
  return set;
}

Result<Discovery> parse_discovery(std::string_view text) {
  if (text.size() > kMostDiscoveryBytes) return fail(Code::invalid_argument, "the discovery document is too large");
  const auto document = parse_object(text, 16);
  if (!document) return fail(Code::invalid_argument, "the discovery document is no JSON object");
  Discovery out;
  out.issuer = text_member(*document, "issuer");
  out.jwks_uri = text_member(*document, "jwks_uri");
  out.authorization_endpoint = text_member(*document, "authorization_endpoint");
  out.token_endpoint = text_member(*document, "token_endpoint");
  if (out.issuer.empty() || out.jwks_uri.empty())
    return fail(Code::invalid_argument, "the discovery document names no issuer or no jwks_uri");
  return out;
}

}  // namespace bascule::auth
