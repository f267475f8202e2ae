// The restore window: what stands between something's death and its deletion at the provider.
//
// Once a catalog has been backed up, an extent is deleted when it has been dead for the window and every place that backups go
// to has a newer one, complete, that does not name it any more. So the newest backup can always be restored whole, and every
// other for as long as the window after its instant. Where no backup was ever made nothing waits.
// And what belongs to the life before a restore waits until that is taken over.
#pragma once
#include "catalog/backups.h"
#include "catalog/catalog.h"
#include "runtime/clock.h"

namespace bascule::jobs {

struct Window {
  std::uint64_t backups_version = 0, restored_version = 0;
  catalog::BackupsRecord backups;
  catalog::RestoredRecord restored;

  static Task<Result<Window>> look(catalog::Catalog& catalog);

  // What a garbage record written now says; the commit takes require_epoch(). `now`: Service::lawful_now().
  catalog::GarbageRecord garbage(std::uint64_t bytes, WallTime now) const {
    return {.bytes = bytes, .epoch = backups.epoch, .died = backups.epoch == 0 ? WallTime() : now};
  }
  void require_epoch(catalog::Transaction& t) const { t.require(catalog::keys::backups(), backups_version); }

  // Of a life before this one that has not been taken over: nothing of it may be deleted.
  bool is_former(std::uint64_t incarnation) const;
  bool any_former() const;   // is there one at all

  // Does a backup that can be restored name it still? May be asked of what was read before or after look().
  bool holds(const catalog::GarbageRecord& garbage, std::uint32_t session, Duration window, WallTime now) const;
};

}  // namespace bascule::jobs
