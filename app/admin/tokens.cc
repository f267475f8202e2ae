#include "app/admin/tokens.h"

#include <algorithm>

namespace bascule::app {

namespace keys = catalog::keys;
using Record = catalog::AdminTokenRecord;

namespace {

constexpr std::string_view kTokenPrefix = "bscadm_", kFingerprintPrefix = "bscadm-sha256_", kDomain = "bascule admin token v1";
constexpr std::size_t kIdChars = 16, kSecretBytes = 32, kSecretChars = 43;
constexpr std::size_t kTokenChars = kTokenPrefix.size() + kIdChars + 1 + kSecretChars;
constexpr int kAttempts = 8;

std::string base64url(Bytes bytes) {
  std::string text = to_base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

bool is_id(std::string_view text) {
  return text.size() == kIdChars && std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

bool is_principal_name(std::string_view name) {
  const auto alphanumeric = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !name.empty() && name.size() <= 64 && alphanumeric(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return alphanumeric(c) || c == '.' || c == '_' || c == '@' || c == '-'; });
}

Sha256Value token_digest(std::string_view token) {
  Sha256 sha;
  sha.update(as_bytes(kDomain));
  sha.update(as_bytes(std::string_view("\0", 1)));
  sha.update(as_bytes(token));
  return sha.finish();
}

DrawnToken draw_token(Random& random) {
  std::string id(kIdChars / 2, '\0'), secret(kSecretBytes, '\0');
  random.fill(as_writable(id));
  random.fill(as_writable(secret));
  DrawnToken drawn{.id = to_hex(as_bytes(id))};
  drawn.token = std::string(kTokenPrefix) + drawn.id + "_" + base64url(as_bytes(secret));
  drawn.digest = token_digest(drawn.token);
  drawn.fingerprint = std::string(kFingerprintPrefix) + drawn.id + "_" + to_hex(drawn.digest);
  return drawn;
}

std::optional<DrawnToken> read_fingerprint(std::string_view text) {
  DrawnToken read{.fingerprint = std::string(text)};
  if (text.size() != kFingerprintPrefix.size() + kIdChars + 1 + 64 || !text.starts_with(kFingerprintPrefix)) return std::nullopt;
  text.remove_prefix(kFingerprintPrefix.size());
  const auto digest = from_hex(text.substr(kIdChars + 1));
  if (!is_id(text.substr(0, kIdChars)) || text[kIdChars] != '_' || !digest) return std::nullopt;
  read.id = text.substr(0, kIdChars);
  std::ranges::copy(as_bytes(*digest), read.digest.begin());
  return read;
}

std::string_view token_id(std::string_view token) {
  if (token.size() != kTokenChars || !token.starts_with(kTokenPrefix) || token[kTokenPrefix.size() + kIdChars] != '_') return "";
  const std::string_view id = token.substr(kTokenPrefix.size(), kIdChars);
  return is_id(id) ? id : "";
}

bool is_live(const Record& record, WallTime now) { return record.revoked == WallTime() && now < record.expires; }

Task<Result<AdminTokens::Made>> AdminTokens::make(New wanted, std::string by) {
  if (!is_principal_name(wanted.name))
    co_return fail(Code::invalid_argument, "a token's name is 1 to 64 letters, digits and . _ @ -, and says whose it is");
  if (wanted.role == Role::owner) co_return fail(Code::invalid_argument, "a token's role is operator, key-officer or auditor");
  if (wanted.days < 1 || wanted.days > kMostTokenDays)
    co_return fail(Code::invalid_argument, "a token lasts from 1 to " + std::to_string(kMostTokenDays) + " days");
  BASCULE_CO_ASSIGN(const auto kept, co_await list());
  if (kept.size() >= kMostTokens)
    co_return fail(Code::exhausted, "there are " + std::to_string(kept.size()) + " tokens already; those that are over go after a year");
  DrawnToken drawn;
  if (wanted.fingerprint.empty()) {
    drawn = draw_token(random_);
  } else {
    const auto read = read_fingerprint(wanted.fingerprint);
    if (!read) co_return fail(Code::invalid_argument, "this is no fingerprint of a token; `bascule admin token draw` prints one");
    drawn = *read;
  }
  const WallTime now = clock_.wall();
  Made made{.kept = {drawn.id, {.name = std::move(wanted.name), .role = static_cast<std::uint8_t>(wanted.role), .digest = drawn.digest,
                                .made = now, .expires = now + std::chrono::days(wanted.days), .made_by = std::move(by)}},
            .token = std::move(drawn.token)};
  catalog::Transaction t;
  t.require(keys::admin_token(drawn.id), 0);
  t.put(keys::admin_token(drawn.id), encode(made.kept.record));
  for (const Kept& old : kept)   // who had one is known for a year
    if (now - old.record.expires > std::chrono::days(366)) t.remove(keys::admin_token(old.id));
  auto done = co_await catalog_.commit(std::move(t));
  if (!done && done.error().code == Code::conflict) co_return fail(Code::already_exists, "there is a token of this id already");
  if (!done) co_return fail(done.error());
  co_return made;
}

Task<Result<std::vector<AdminTokens::Kept>>> AdminTokens::list() {
  const std::string prefix(keys::kAdminTokens);
  BASCULE_CO_ASSIGN(const auto entries, co_await catalog_.scan({.begin = prefix, .end = keys::after_prefix(prefix), .limit = 2 * kMostTokens}));
  std::vector<Kept> kept;
  for (const auto& entry : entries) {
    BASCULE_CO_ASSIGN(Record record, catalog::decode<Record>(entry.value));
    kept.push_back({entry.key.substr(prefix.size()), std::move(record)});
  }
  co_return kept;
}

Task<Result<AdminTokens::Kept>> AdminTokens::get(std::string id) {
  if (!is_id(id)) co_return fail(Code::not_found, "there is no such token");
  BASCULE_CO_ASSIGN(auto found, co_await catalog_.get<Record>(keys::admin_token(id)));
  if (!found) co_return fail(Code::not_found, "there is no token " + id);
  co_return Kept{std::move(id), std::move(found->record)};
}

Task<Result<AdminTokens::Kept>> AdminTokens::revoke(std::string id, std::string by) {
  if (!is_id(id)) co_return fail(Code::not_found, "there is no such token");
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    BASCULE_CO_ASSIGN(auto found, co_await catalog_.get<Record>(keys::admin_token(id)));
    if (!found) co_return fail(Code::not_found, "there is no token " + id);
    Record& record = found->record;
    if (record.revoked != WallTime()) co_return Kept{std::move(id), std::move(record)};
    record.revoked = clock_.wall();
    record.revoked_by = by;
    catalog::Transaction t;
    t.require(keys::admin_token(id), found->version);
    t.put(keys::admin_token(id), encode(record));
    auto done = co_await catalog_.commit(std::move(t));
    if (done) co_return Kept{std::move(id), std::move(record)};
    if (done.error().code != Code::conflict) co_return fail(done.error());
  }
  co_return fail(Code::overloaded, "the token is changed by too many at once");
}

Task<Result<AdminPrincipal>> AdminTokens::authenticate(std::string token) {
  const std::string id(token_id(token));
  const Sha256Value digest = token_digest(token);
  Record record;
  if (!id.empty()) {
    BASCULE_CO_ASSIGN(auto found, co_await catalog_.get<Record>(keys::admin_token(id)));
    if (found) record = std::move(found->record);
  }
  const bool same = equal_constant_time(digest, record.digest);
  if (!same || record.name.empty() || !is_live(record, clock_.wall()))
    co_return fail(Code::permission_denied, "the token is not known, or its time is over");
  co_return AdminPrincipal{.name = std::move(record.name), .role = static_cast<Role>(record.role), .token_id = id, .token_made = record.made, .via = "api"};
}

}  // namespace bascule::app
