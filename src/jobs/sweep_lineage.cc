// The sweeper, append and page blobs: a holder of a lineage has gone, and with it goes what it alone saw; with the last,
// all of it. The pieces are dropped by the folding (ops/fold.h), in drop records that the next pass takes.
#include "jobs/sweeper.h"
#include "ops/fold.h"

namespace bascule::jobs {

namespace keys = catalog::keys;
using catalog::Transaction;

namespace {
constexpr int kMostTries = 8;   // against writers of the blob that fold at the same time
}

Task<Result<void>> Sweeper::sweep_lineage(store::Entry entry, catalog::DropRecord drop) {
  Result<void> done;
  for (int i = 0; i < kMostTries; ++i) {
    done = co_await settle_lineage(entry, drop);
    if (done || done.error().code != Code::conflict) break;
  }
  co_return done;
}

Task<Result<void>> Sweeper::settle_lineage(store::Entry entry, catalog::DropRecord drop) {
  const catalog::Manifest& m = drop.manifest;
  const ops::LineageId id{drop.cid, m.id};
  const std::string guard_key = keys::write(id.cid, id.manifest, 0);
  // Whoever folds right now still counts this holder, or takes a blob that is gone for one that is there: no longer.
  Transaction t;
  if (m.shared) t.remove(keys::reference(id.cid, m.id, m.holder));
  BASCULE_CO_ASSIGN(const std::uint64_t guard, co_await ops::claim(catalog_, id, std::move(t)));
  // The last write before the holders: whoever becomes one later sees that write too.
  BASCULE_CO_ASSIGN(const std::uint64_t through, co_await ops::last_unfolded(catalog_, id));
  std::vector<std::uint64_t> holders;
  if (m.shared) { BASCULE_CO_ASSIGN(holders, co_await ops::holders(catalog_, id, m.holder)); }
  const bool dies = holders.empty();
  BASCULE_CO_TRY(co_await ops::fold(catalog_, {.id = id, .holders = std::move(holders), .through = through, .everything = true}, guard));
  Transaction last;
  last.require(entry.key, entry.version);
  last.remove(entry.key);
  if (dies && guard != 0) last.remove(guard_key);
  co_return co_await catalog_.commit(std::move(last));
}

}  // namespace bascule::jobs
