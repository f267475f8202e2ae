// Who administers: the tokens of the admin API, and the requests that wait for another's approval.
// docs/formats/catalog.md, "administration".
#pragma once
#include <cstdint>
#include <string>

#include "base/digest.h"
#include "base/result.h"
#include "base/time.h"
#include "catalog/records.h"

namespace bascule::catalog {

namespace keys {
constexpr std::string_view kAdminTokens = "at", kApprovals = "ap";   // followed by an id
inline std::string admin_token(std::string_view id) { return std::string(kAdminTokens) + std::string(id); }
inline std::string approval(std::string_view id) { return std::string(kApprovals) + std::string(id); }
}  // namespace keys

struct AdminTokenRecord {
  std::string name;                  // whose it is; two tokens of one name are one person's
  std::uint8_t role = 0;             // app::Role
  Sha256Value digest{};              // of the token, which is kept nowhere
  WallTime made{}, expires{};
  std::string made_by;
  WallTime revoked{};                // WallTime(): it is not
  std::string revoked_by;
};

struct ApprovalRecord {
  enum class State : std::uint8_t { waiting, running, done, failed, rejected, count_ };
  State state = State::waiting;
  std::string request, body;         // of the table of requests; JSON
  std::string asked_by, asked_token; // a principal's name; "" = the owner's, who has no token
  std::uint8_t asked_role = 0;
  WallTime asked{}, expires{};
  std::string decided_by, decided_token;
  WallTime decided{};
  std::uint32_t session = 0;         // running: in which; after its end nobody knows whether the request was carried out
  std::string outcome;               // failed: the error; rejected: why
};

std::string encode(const AdminTokenRecord&);
std::string encode(const ApprovalRecord&);
template <> Result<AdminTokenRecord> decode(std::string_view);
template <> Result<ApprovalRecord> decode(std::string_view);

}  // namespace bascule::catalog
