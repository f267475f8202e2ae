// The admin API's own tokens: made by the owner, shown once, kept as a digest. A token is "bscadm_", its id, "_" and 32
// random bytes; whoever draws it himself (`bascule admin token draw`) hands the owner its fingerprint alone, so that not
// even the owner has ever held it.
#pragma once
#include <string>
#include <vector>

#include "app/admin/principal.h"
#include "catalog/admin_records.h"
#include "catalog/catalog.h"
#include "runtime/random.h"

namespace bascule::app {

constexpr std::uint32_t kTokenDays = 90, kMostTokenDays = 366;
constexpr std::size_t kMostTokens = 1000;   // kept, those included that are over

struct DrawnToken {
  std::string token, fingerprint, id;
  Sha256Value digest{};
};
DrawnToken draw_token(Random& random);
// "bscadm-sha256_ID_HEX" -> its id and digest; nothing where it is no fingerprint.
std::optional<DrawnToken> read_fingerprint(std::string_view text);
// The id that a token names; "" where it is none in form. Constant in time but for the length and the id.
std::string_view token_id(std::string_view token);
Sha256Value token_digest(std::string_view token);
bool is_principal_name(std::string_view name);   // 1 to 64 letters, digits, and . _ @ - behind the first

bool is_live(const catalog::AdminTokenRecord& record, WallTime now);

// Any loop. `catalog`, `clock` and `random` outlive it.
class AdminTokens {
 public:
  AdminTokens(catalog::Catalog& catalog, Clock& clock, Random& random) : catalog_(catalog), clock_(clock), random_(random) {}

  struct Kept {
    std::string id;
    catalog::AdminTokenRecord record;
  };
  struct New {
    std::string name;
    Role role = Role::auditor;
    std::uint32_t days = kTokenDays;
    std::string fingerprint;         // of a token that was drawn elsewhere; "" = it is drawn here
  };
  struct Made {
    Kept kept;
    std::string token;               // "" where it was drawn elsewhere
  };
  Task<Result<Made>> make(New wanted, std::string by);
  Task<Result<std::vector<Kept>>> list();                   // by their ids
  Task<Result<Kept>> get(std::string id);                   // not_found
  Task<Result<Kept>> revoke(std::string id, std::string by);   // may be repeated; the first one counts

  // permission_denied, and the same words, whatever is wrong: unknown, another digest, over, revoked.
  Task<Result<AdminPrincipal>> authenticate(std::string token);

 private:
  catalog::Catalog& catalog_;
  Clock& clock_;
  Random& random_;
};

}  // namespace bascule::app
