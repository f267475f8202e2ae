#include "auth/delegation.h"

#include <fmt/format.h>

#include "auth/key_cache.h"
#include "base/time.h"

namespace bascule::auth {
namespace {

constexpr std::string_view kPurpose = "bascule/user-delegation-key/1";

void append_field(std::string_view field, std::string& out) {
  append_be32(out, static_cast<std::uint32_t>(field.size()));
  out.append(field);
}

}  // namespace

std::optional<std::array<std::byte, 32>> delegation_key(const catalog::DelegationSecret& secret, const DelegationKey& key) {
  const auto start = parse_iso8601(key.start), expiry = parse_iso8601(key.expiry);
  if (!start || !expiry) return std::nullopt;
  std::string text;
  append_field(kPurpose, text);
  for (const std::string_view field : {key.account, key.object_id, key.tenant}) append_field(field, text);
  append_field(format_iso8601_seconds(*start), text);
  append_field(format_iso8601_seconds(*expiry), text);
  for (const std::string_view field : {key.service, key.version, key.user_tenant}) append_field(field, text);
  return hmac_sha256(secret.value, as_bytes(text));
}

bool matches_delegation_key(const ops::Account& account, const UserDelegation& d, std::string_view text, std::string_view signature) {
  if (!account.access || !account.access->secret) return false;
  const auto key = delegation_key(*account.access->secret, {account.name, d.object_id, d.tenant, d.start, d.expiry, d.service,
                                                            d.version, d.user_tenant});
  if (!key) return false;
  SigningKeys keys;
  keys.keys[0].emplace(*key);
  return matches_any_key(keys, text, signature);
}

std::optional<AuthFailure> check_delegation(const UserDelegation& d, WallTime now) {
  const auto start = parse_iso8601(d.start), expiry = parse_iso8601(d.expiry);
  if (!start || !expiry || now < *start || now >= *expiry)
    return failures::authentication_failed(
        fmt::format("The key that signed it is not valid in the specified time frame: Start [{}] - Expiry [{}] - Current [{}]",
                    start ? format_http_date(*start) : "", expiry ? format_http_date(*expiry) : "", format_http_date(now)),
        "expired");
  // Whether that user may do it is for the access control lists of a hierarchical namespace to say; there is none here.
  if (!d.unauthorised.empty())
    return failures::authentication_failed("suoid is for accounts with a hierarchical namespace.");
  return std::nullopt;
}

}  // namespace bascule::auth
