// Two persons for what cannot be undone: a request by one waits here until another one approves it; then it is carried out,
// once. docs/admin.md, "Two persons".
#pragma once
#include <string>
#include <vector>

#include "app/admin/principal.h"
#include "app/admin/requests.h"
#include "app/admin/tokens.h"
#include "catalog/admin_records.h"

namespace bascule::app {

// off: one is enough. on: always two. automatic: two wherever there are two: for a token's holder, always; for the owner, as soon
// as there is a live token that could approve.
enum class TwoPerson : std::uint8_t { off, automatic, on };

constexpr Duration kApprovalLife = std::chrono::hours(24);
constexpr std::size_t kMostWaiting = 100;                      // at a time
constexpr auto kDecidedKept = std::chrono::days(90);

// Any loop.
class Approvals {
 public:
  using Record = catalog::ApprovalRecord;
  using State = Record::State;
  struct Kept {
    std::string id;
    std::uint64_t version = 0;
    Record record;
  };

  Approvals(catalog::Catalog& catalog, AdminTokens& tokens, Clock& clock, Random& random)
      : catalog_(catalog), tokens_(tokens), clock_(clock), random_(random) {}

  Task<Result<bool>> needed(TwoPerson two, const ControlRequest* request, AdminPrincipal who);
  Task<Result<Kept>> ask(std::string request, std::string body, AdminPrincipal who);
  // The owner goes on alone, for a reason that is kept: `running`, as after approve().
  Task<Result<Kept>> begin_alone(std::string request, std::string body, AdminPrincipal who, std::string why);
  Task<Result<std::vector<Kept>>> list();                      // the oldest first
  Task<Result<Kept>> get(std::string id);

  // `who` approves exactly what `digest` stands for: the record is `running` and this caller's alone to carry out and to
  // end with finish(). conflict: it no longer waits; permission_denied: not this one may approve; refused with
  // invalid_argument: the digest is another one's.
  Task<Result<Kept>> approve(std::string id, std::string digest, AdminPrincipal who);
  Task<Result<void>> finish(Kept approved, Result<void> outcome);
  // By whoever could approve, or by who asked.
  Task<Result<Kept>> reject(std::string id, std::string why, AdminPrincipal who);

  // What an approval is bound to: id, request, body and who asked.
  static std::string digest(const Kept& kept);
  // "waiting", "expired", "running", "interrupted", "done", "failed", "rejected".
  std::string_view state(const Record& record) const;

 private:
  Record asked(std::string request, std::string body, AdminPrincipal who) const;
  Task<Result<Kept>> add(Record record);
  Task<Result<void>> save(Kept& kept);
  catalog::Catalog& catalog_;
  AdminTokens& tokens_;
  Clock& clock_;
  Random& random_;
};

}  // namespace bascule::app
