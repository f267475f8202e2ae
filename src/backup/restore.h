// A new life of a catalog from a backup of a former one.
#pragma once
#include "backup/reading.h"

namespace bascule::backup {

struct RestoreReport {
  ReadReport read;
  std::uint64_t former_incarnation = 0, incarnation = 0;
  WallTime instant{};
};

// Writes all that the backup holds into `store`, which is empty, and begins a new incarnation there: the former one's extents
// are left alone until take_over(). Every byte is authenticated and every record decoded on the way; after an error the store is
// of no use. Errors: corrupt; the place's and the store's.
Task<Result<RestoreReport>> restore(Place& place, const Listed& backup, store::Store& store, Content content, ReadOptions options);

}  // namespace bascule::backup
