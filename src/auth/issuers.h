// Bearer tokens: the identity providers that are trusted, their keys, and whether a token is one of theirs, for us, and in
// force. What its bearer may do is not here (roles.h).
//
// Keys are read from an issuer's discovery document and key set, again before they age, and at once (but not more often than
// every ten seconds) when a token names a key that is not known. While an issuer cannot be reached its last keys stay good
// for `keep`; then its tokens are refused with 503, until it can be reached again. A key that the issuer has withdrawn is
// refused as soon as the new set is read.
//
// A token that was verified is remembered by its SHA-256, per thread, until it ends or its issuer's keys change; the rest is
// decided anew each time: time, audience, whether the issuer's keys are still good.
#pragma once
#include <atomic>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/documents.h"
#include "auth/jwks.h"
#include "auth/jwt.h"
#include "auth/principal.h"
#include "runtime/clock.h"
#include "runtime/task.h"

namespace bascule::auth {

struct IssuerSettings {
  std::string tenant;   // what role assignments and user delegation keys call it; a token's `tid` must be that, if it has one
  std::string url;      // exactly as its tokens and its discovery document name it
};

struct IssuersSettings {
  std::vector<IssuerSettings> issuers;
  std::vector<std::string> audiences{"https://storage.azure.com"};   // a slash at the end makes no difference
  std::vector<std::string> account_domains{"blob.core.windows.net"}; // https://ACCOUNT.DOMAIN is that account's audience too
  ClaimNames claims;
  Duration skew = std::chrono::minutes(5);
  Duration refresh = std::chrono::hours(1);
  Duration keep = std::chrono::hours(24);
};

// Why a token is not accepted. `detail` is for the client: nothing of the token.
struct TokenRefusal {
  enum class Kind : std::uint8_t { malformed, invalid, unavailable } kind = Kind::invalid;
  std::string detail;
  std::string_view reason{};   // a constant word for the record
};
using TokenDecision = std::expected<std::shared_ptr<const Identity>, TokenRefusal>;

struct IssuerState {           // for `bascule status` and readiness
  std::string tenant, url;
  bool usable = false;
  std::size_t keys = 0, ignored = 0;
  WallTime fetched{};          // WallTime(): never
  std::string error;           // of the last attempt; "" = it succeeded
};

class Issuers {
 public:
  // invalid_argument: a URL that may not be asked, a tenant or URL that comes twice.
  static Result<std::unique_ptr<Issuers>> make(IssuersSettings settings, std::unique_ptr<Documents> documents, Clock& clock);
  ~Issuers();

  bool empty() const { return settings_.issuers.empty(); }
  const IssuersSettings& settings() const { return settings_; }

  // For a request to `account` at `now`. Nothing: the issuer has to be asked first; use verify(). Any loop.
  std::optional<TokenDecision> verify_now(std::string_view token, std::string_view account, WallTime now);
  // The same, asking the issuer where that is due and allowed.
  Task<TokenDecision> verify(std::string token, std::string account);

  // Reads every issuer's keys, and again before they age, until `stop`. `done` is set at the end.
  Task<void> keep_fresh(const std::atomic<bool>& stop, std::atomic<bool>& done);

  std::vector<IssuerState> states() const;
  std::uint64_t fetches() const { return fetches_.load(std::memory_order_relaxed); }   // documents that were asked for

  static constexpr Duration kLeastBetweenFetches = std::chrono::seconds(10);

 private:
  struct Issuer;
  struct Remembered;
  struct Cache;
  Issuers(IssuersSettings settings, std::unique_ptr<Documents> documents, Clock& clock);

  Issuer* issuer_of(std::string_view url);
  std::expected<std::shared_ptr<const Remembered>, TokenRefusal> check_signature(std::string_view token, bool& ask);
  std::optional<TokenRefusal> check_moment(const Remembered& one, std::string_view account, WallTime now) const;
  Task<void> fetch(Issuer& issuer);               // one at a time for each issuer
  Task<void> wait_for_fetch(Issuer& issuer);
  Task<Result<KeySet>> read_keys(std::string url);
  bool may_fetch(Issuer& issuer);                 // claims the right to, if it is due

  const IssuersSettings settings_;
  const std::unique_ptr<Documents> documents_;
  Clock& clock_;
  std::vector<std::unique_ptr<Issuer>> issuers_;
  const std::uint64_t instance_;                  // tells this object's entries of the threads' caches from others'
  std::atomic<std::uint64_t> fetches_{0};
};

}  // namespace bascule::auth
