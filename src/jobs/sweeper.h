// The sweeper turns what commits let go of (drop records) into dead bytes per extent, removes what deleted containers and
// ended uploads leave behind, and collects extents of which nothing lives. Liveness costs writers one record; everything
// else happens here, in bounded commits, and may be interrupted anywhere: a drop record goes only with its effect.
#pragma once
#include <map>
#include <set>

#include "ops/service.h"

namespace bascule::jobs {

struct SweepCounts {
  std::uint64_t drops = 0, extents_removed = 0, bytes_removed = 0, orphans_removed = 0;
};

// One per catalog, on one loop.
class Sweeper {
 public:
  Sweeper(ops::Service& service, Duration uncommitted_lifetime = std::chrono::days(7));

  // One pass over everything that is due; true if there was anything to do. Errors are the provider's or the store's:
  // try again later.
  Task<Result<bool>> pass();
  // What dead sessions placed and no commit named: listed at the provider, decided by the closed session and the missing
  // name. Also settles extents that are named in part. Run after an unclean end, and again later, since a PUT of a dead
  // session may still land.
  Task<Result<void>> adopt_dead_sessions(std::vector<std::uint32_t> sessions);
  // Uploads without a commit for a week (AZURE.md 9).
  Task<Result<void>> expire_uploads();
  SweepCounts counts() const { return counts_; }

 private:
  using ExtentId = extent::ExtentId;
  struct PieceKey {
    ExtentId extent;
    std::uint32_t offset;
    auto operator<=>(const PieceKey&) const = default;
  };
  using Dead = std::map<PieceKey, std::uint32_t>;  // -> sealed size

  Task<Result<void>> sweep_drop(store::Entry entry);
  Task<Result<void>> sweep_manifest(store::Entry entry, catalog::DropRecord drop);
  Task<Result<void>> sweep_upload(store::Entry entry, catalog::DropRecord drop);
  Task<Result<void>> sweep_container(store::Entry entry, catalog::DropRecord drop);
  Task<Result<std::set<PieceKey>>> pieces_of(std::uint64_t cid, catalog::Manifest manifest);
  Task<Result<catalog::Manifest>> live_manifest(std::uint64_t cid, std::uint64_t manifest);
  Task<Result<bool>> referenced(std::uint64_t cid, std::uint64_t manifest, std::uint64_t except);
  // Adds to the totals; an extent whose bytes are all dead becomes garbage in the same commit.
  Task<Result<void>> bury(catalog::Transaction& t, Dead dead);
  Task<Result<bool>> collect_garbage();
  Task<Result<void>> sweep_intents(const std::set<std::uint32_t>& sessions);
  Task<Result<void>> remove_orphans(const std::set<std::uint32_t>& sessions);

  ops::Service& service_;
  catalog::Catalog& catalog_;
  const Duration uncommitted_lifetime_;
  SweepCounts counts_;
};

}  // namespace bascule::jobs
