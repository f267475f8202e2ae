#include "auth/issuers.h"

#include <algorithm>
#include <array>

#include "auth/text.h"
#include "base/digest.h"
#include "base/log.h"

namespace bascule::auth {
namespace {

using namespace std::chrono_literals;
constexpr Duration kRetry = 30s;          // after a failure, in the background
constexpr Duration kLookAgain = 200ms;    // of the background task, so that it ends soon when told
constexpr Duration kMostWait = 12s;       // of a request for another's fetch
constexpr int kMostWaiting = 1'000;       // requests that wait for one issuer

std::atomic<std::uint64_t> next_instance{1};

std::string_view without_slash(std::string_view text) {
  if (text.ends_with('/')) text.remove_suffix(1);
  return text;
}

TokenRefusal invalid(std::string detail, std::string_view reason) {
  return {TokenRefusal::Kind::invalid, std::move(detail), reason};
}
TokenRefusal malformed(std::string detail) { return {TokenRefusal::Kind::malformed, std::move(detail), "token_malformed"}; }
TokenRefusal away() {
  return {TokenRefusal::Kind::unavailable, "The keys of the token's issuer cannot be read now.", "issuer_away"};
}

std::int64_t seconds(WallTime time) { return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count(); }

}  // namespace

struct Issuers::Issuer {
  IssuerSettings settings;
  // What the hot path reads: no lock.
  std::atomic<std::uint64_t> generation{0};       // of `keys`; 0: there are none yet
  std::atomic<std::int64_t> good_until{0};        // steady ns
  std::atomic<bool> fetching{false};
  std::atomic<std::int64_t> next_fetch{std::numeric_limits<std::int64_t>::min()};   // steady ns: no sooner on a request's behalf
  std::atomic<int> waiting{0};

  mutable std::mutex mutex;                       // of what follows
  std::shared_ptr<const KeySet> keys;
  Instant due{};                                  // for the background task
  WallTime fetched{};
  std::string error;

  std::shared_ptr<const KeySet> current() const {
    std::lock_guard lock(mutex);
    return keys;
  }
  bool good(Instant now) const { return now.time_since_epoch().count() < good_until.load(std::memory_order_relaxed); }
};

// A token that was verified.
struct Issuers::Remembered {
  Sha256Value hash{};
  std::uint64_t instance = 0, generation = 0;
  const Issuer* issuer = nullptr;
  std::shared_ptr<const Identity> identity;
  std::vector<std::string> audiences;             // without a slash at the end
  bool for_all_accounts = false;
  std::int64_t expires = 0, not_before = 0;       // seconds since 1970
};

// Of one thread: sets of four, so that the tokens in use stay although others come by.
struct Issuers::Cache {
  static constexpr std::size_t kSets = 256, kWays = 4;
  struct Set {
    std::array<std::shared_ptr<const Remembered>, kWays> ways;
    std::uint8_t next = 0;
  };
  std::array<Set, kSets> sets;
  Set& set_of(const Sha256Value& hash) { return sets[std::to_integer<std::size_t>(hash[0])]; }

  const Remembered* find(const Sha256Value& hash, std::uint64_t instance) {
    for (auto& one : set_of(hash).ways)
      if (one && one->instance == instance && one->hash == hash) return one.get();
    return nullptr;
  }
  void put(std::shared_ptr<const Remembered> one) {
    Set& set = set_of(one->hash);
    for (auto& way : set.ways) {
      if (way && way->hash != one->hash) continue;
      way = std::move(one);
      return;
    }
    set.ways[set.next++ % kWays] = std::move(one);
  }
  static Cache& of_this_thread() {
    thread_local const auto cache = std::make_unique<Cache>();
    return *cache;
  }
};

Issuers::Issuers(IssuersSettings settings, std::unique_ptr<Documents> documents, Clock& clock)
    : settings_(std::move(settings)), documents_(std::move(documents)), clock_(clock), instance_(next_instance++) {
  for (const IssuerSettings& one : settings_.issuers) {
    auto issuer = std::make_unique<Issuer>();
    issuer->settings = one;
    issuers_.push_back(std::move(issuer));
  }
}

Issuers::~Issuers() = default;

Result<std::unique_ptr<Issuers>> Issuers::make(IssuersSettings settings, std::unique_ptr<Documents> documents, Clock& clock) {
  for (std::size_t i = 0; i < settings.issuers.size(); ++i) {
    const IssuerSettings& one = settings.issuers[i];
    if (one.tenant.empty() || one.tenant.size() > 256)
      return fail(Code::invalid_argument, "an issuer needs a tenant, written before it: TENANT=" + one.url);
    if (!acceptable_document_url(one.url))
      return fail(Code::invalid_argument, one.url + " is no https address (plain http is for this machine alone)");
    for (std::size_t k = 0; k < i; ++k)
      if (settings.issuers[k].url == one.url || settings.issuers[k].tenant == one.tenant)
        return fail(Code::invalid_argument, "the issuer or the tenant of " + one.tenant + "=" + one.url + " is there twice");
  }
  for (std::string& audience : settings.audiences) audience = without_slash(audience);
  return std::unique_ptr<Issuers>(new Issuers(std::move(settings), std::move(documents), clock));
}

Issuers::Issuer* Issuers::issuer_of(std::string_view url) {
  for (const auto& issuer : issuers_)
    if (issuer->settings.url == url) return issuer.get();
  return nullptr;
}

std::optional<TokenRefusal> Issuers::check_moment(const Remembered& one, std::string_view account, WallTime now) const {
  const std::int64_t time = seconds(now), skew = std::chrono::duration_cast<std::chrono::seconds>(settings_.skew).count();
  if (time >= one.expires + skew) return invalid("Lifetime validation failed. The token is expired.", "expired");
  if (time < one.not_before - skew) return invalid("Lifetime validation failed. The token is not yet valid.", "not_yet_valid");
  if (!one.for_all_accounts) {
    const auto names_account = [&](std::string_view audience) {
      constexpr std::string_view kScheme = "https://";
      if (!audience.starts_with(kScheme)) return false;
      audience.remove_prefix(kScheme.size());
      if (account.empty() || !audience.starts_with(account) || audience.size() <= account.size() + 1 || audience[account.size()] != '.') return false;
      audience.remove_prefix(account.size() + 1);
      return std::ranges::find(settings_.account_domains, audience) != settings_.account_domains.end();
    };
    if (!std::ranges::any_of(one.audiences, names_account)) return invalid("Audience validation failed. Audience did not match.", "wrong_audience");
  }
  return std::nullopt;
}

// Everything that does not change while the issuer's keys stay. `ask`: with fresh keys it may be another answer.
std::expected<std::shared_ptr<const Issuers::Remembered>, TokenRefusal> Issuers::check_signature(std::string_view token, bool& ask) {
  const auto jwt = parse_jwt(token, settings_.claims);
  if (!jwt) return std::unexpected(malformed(jwt.error().message));
  const Claims& claims = jwt->claims;
  Issuer* issuer = issuer_of(claims.issuer);
  if (!issuer) return std::unexpected(invalid("Issuer validation failed. Issuer did not match.", "unknown_issuer"));
  const std::uint64_t generation = issuer->generation.load(std::memory_order_acquire);
  const auto keys = issuer->current();
  if (!keys || !issuer->good(clock_.now())) {
    ask = true;
    return std::unexpected(away());
  }
  const PublicKey* key = keys->find(jwt->key_id, jwt->algorithm);
  if (!key) {
    ask = !keys->has_id(jwt->key_id) || jwt->key_id.empty();
    return std::unexpected(invalid("Signature validation failed. The signing key was not found.", "unknown_key"));
  }
  if (!key->verify(jwt->algorithm, jwt->signed_text, as_bytes(jwt->signature)))
    return std::unexpected(invalid("Signature validation failed.", "signature"));

  // Only now is anything of it worth a word.
  if (!claims.tenant.empty() && !equal_without_case(claims.tenant, issuer->settings.tenant))
    return std::unexpected(invalid("Issuer validation failed. The token is another tenant's.", "wrong_tenant"));
  for (const std::string_view other : {"ID", "Refresh", "Offline", "Logout"})
    if (equal_without_case(claims.kind, other)) return std::unexpected(invalid("The token is no access token.", "token_malformed"));
  const std::string& object = claims.object_id.empty() ? claims.subject : claims.object_id;
  if (object.empty() || !claims.expires) return std::unexpected(invalid("The token lacks a claim that it must have.", "token_malformed"));

  auto one = std::make_shared<Remembered>();
  auto identity = std::make_shared<Identity>();
  identity->issuer = claims.issuer;
  identity->tenant = issuer->settings.tenant;
  identity->object_id = object;
  identity->name = claims.name;
  identity->client_id = claims.client_id;
  identity->groups = claims.groups;
  identity->roles = claims.roles;
  std::ranges::sort(identity->groups);
  std::ranges::sort(identity->roles);
  one->identity = std::move(identity);
  for (const std::string& audience : claims.audiences) {
    one->audiences.emplace_back(without_slash(audience));
    one->for_all_accounts |= std::ranges::find(settings_.audiences, one->audiences.back()) != settings_.audiences.end();
  }
  one->expires = *claims.expires;
  one->not_before = std::max(claims.not_before.value_or(0), claims.issued_at.value_or(0));
  one->instance = instance_;
  one->generation = generation;
  one->issuer = issuer;
  return one;
}

std::optional<TokenDecision> Issuers::verify_now(std::string_view token, std::string_view account, WallTime now) {
  if (token.size() > kMostTokenBytes)
    return TokenDecision(std::unexpected(malformed("The token is too large.")));
  const Sha256Value hash = Sha256::of(as_bytes(token));
  Cache& cache = Cache::of_this_thread();
  const Remembered* known = cache.find(hash, instance_);
  if (known && known->generation != known->issuer->generation.load(std::memory_order_acquire)) known = nullptr;
  if (known && !known->issuer->good(clock_.now())) return std::nullopt;
  std::shared_ptr<const Remembered> fresh;
  if (!known) {
    bool ask = false;
    auto checked = check_signature(token, ask);
    if (!checked && ask) return std::nullopt;
    if (!checked) return TokenDecision(std::unexpected(std::move(checked.error())));
    auto remembered = std::make_shared<Remembered>(**checked);
    remembered->hash = hash;
    fresh = std::move(remembered);
    known = fresh.get();
  }
  if (auto refusal = check_moment(*known, account, now)) return TokenDecision(std::unexpected(std::move(*refusal)));
  std::shared_ptr<const Identity> identity = known->identity;
  if (fresh) cache.put(std::move(fresh));   // one that is refused now takes no place
  return TokenDecision(std::move(identity));
}

bool Issuers::may_fetch(Issuer& issuer) {
  const std::int64_t now = clock_.now().time_since_epoch().count();
  if (now < issuer.next_fetch.load(std::memory_order_relaxed)) return false;
  if (issuer.fetching.exchange(true, std::memory_order_acq_rel)) return false;
  issuer.next_fetch.store(now + kLeastBetweenFetches.count(), std::memory_order_relaxed);
  return true;
}

// Another request's fetch may bring the key that this one needs.
Task<void> Issuers::wait_for_fetch(Issuer& issuer) {
  if (!issuer.fetching.load(std::memory_order_acquire)) co_return;
  if (issuer.waiting.fetch_add(1, std::memory_order_relaxed) < kMostWaiting) {
    const Instant end = clock_.now() + kMostWait;
    while (issuer.fetching.load(std::memory_order_acquire) && clock_.now() < end) co_await clock_.sleep_for(5ms);
  }
  issuer.waiting.fetch_sub(1, std::memory_order_relaxed);
}

Task<TokenDecision> Issuers::verify(std::string token, std::string account) {
  if (auto decision = verify_now(token, account, clock_.wall())) co_return std::move(*decision);
  Issuer* issuer = nullptr;
  if (const auto jwt = parse_jwt(token, settings_.claims)) issuer = issuer_of(jwt->claims.issuer);
  if (issuer) {
    if (may_fetch(*issuer)) co_await fetch(*issuer);
    else co_await wait_for_fetch(*issuer);
  }
  if (auto decision = verify_now(token, account, clock_.wall())) co_return std::move(*decision);
  bool ask = false;
  auto checked = check_signature(token, ask);   // for its reason
  if (!checked) co_return std::unexpected(std::move(checked.error()));
  co_return std::unexpected(away());
}

Task<Result<KeySet>> Issuers::read_keys(std::string url) {
  fetches_.fetch_add(1, std::memory_order_relaxed);
  BASCULE_CO_ASSIGN(const std::string document,
                    co_await documents_->get(std::string(without_slash(url)) + "/.well-known/openid-configuration", kMostDiscoveryBytes));
  BASCULE_CO_ASSIGN(const Discovery discovery, parse_discovery(document));
  if (discovery.issuer != url)
    co_return fail(Code::invalid_argument, "the discovery document is another issuer's");
  if (!acceptable_document_url(discovery.jwks_uri))
    co_return fail(Code::invalid_argument, "the discovery document's jwks_uri is no https address");
  fetches_.fetch_add(1, std::memory_order_relaxed);
  BASCULE_CO_ASSIGN(const std::string keys, co_await documents_->get(discovery.jwks_uri, kMostJwksBytes));
  co_return parse_jwks(keys);
}

// Whoever claimed `fetching` comes here.
Task<void> Issuers::fetch(Issuer& issuer) {
  auto read = co_await read_keys(issuer.settings.url);
  const Instant now = clock_.now();
  std::string changed;
  {
    std::lock_guard lock(issuer.mutex);
    if (read) {
      const auto same = [](const KeySet::Entry& a, const KeySet::Entry& b) {
        return a.id == b.id && a.algorithm == b.algorithm && a.key->fingerprint() == b.key->fingerprint();
      };
      const bool differs = !issuer.keys || !std::ranges::equal(issuer.keys->entries, read->entries, same);
      if (differs) {
        changed = std::to_string(read->entries.size()) + " keys, " + std::to_string(read->ignored) + " ignored";
        issuer.keys = std::make_shared<const KeySet>(std::move(*read));
      }
      issuer.fetched = clock_.wall();
      issuer.error.clear();
      issuer.due = now + settings_.refresh;
      issuer.good_until.store((now + settings_.keep).time_since_epoch().count(), std::memory_order_relaxed);
      if (differs) issuer.generation.fetch_add(1, std::memory_order_release);
    } else {
      if (issuer.error != read.error().message) changed = read.error().message;
      issuer.error = read.error().message;
      issuer.due = now + std::min<Duration>(kRetry, settings_.refresh);
    }
  }
  if (!changed.empty()) {
    if (read) log::info("issuer keys", {{"tenant", issuer.settings.tenant}, {"issuer", issuer.settings.url}, {"what", changed}});
    else log::warn("issuer keys not read", {{"tenant", issuer.settings.tenant}, {"issuer", issuer.settings.url}, {"error", changed}});
  }
  issuer.fetching.store(false, std::memory_order_release);
}

Task<void> Issuers::keep_fresh(const std::atomic<bool>& stop, std::atomic<bool>& done) {
  while (!stop) {
    for (const auto& issuer : issuers_) {
      Instant due;
      {
        std::lock_guard lock(issuer->mutex);
        due = issuer->due;
      }
      if (stop || clock_.now() < due || issuer->fetching.exchange(true, std::memory_order_acq_rel)) continue;
      issuer->next_fetch.store((clock_.now() + kLeastBetweenFetches).time_since_epoch().count(), std::memory_order_relaxed);
      co_await fetch(*issuer);
    }
    co_await clock_.sleep_for(kLookAgain);
  }
  done = true;
}

std::vector<IssuerState> Issuers::states() const {
  std::vector<IssuerState> states;
  for (const auto& issuer : issuers_) {
    std::lock_guard lock(issuer->mutex);
    IssuerState state;
    state.tenant = issuer->settings.tenant;
    state.url = issuer->settings.url;
    state.usable = issuer->keys && issuer->good(clock_.now());
    state.keys = issuer->keys ? issuer->keys->entries.size() : 0;
    state.ignored = issuer->keys ? issuer->keys->ignored : 0;
    state.fetched = issuer->fetched;
    state.error = issuer->error;
    states.push_back(std::move(state));
  }
  return states;
}

}  // namespace bascule::auth
