// What every engine refuses before it looks at a commit's preconditions. Pure functions; any thread.
#pragma once
#include "store/store.h"

namespace bascule::store {

// A journal record carries the commit's keys and values, sealed: twice the commit is ample.
constexpr std::size_t kMaxJournalRecordBytes = 2 * kMaxCommitBytes;

// invalid_argument: an empty or too long key, a too long value, too many bytes, a key that is changed twice, a removal
// that carries a value.
Result<void> check_limits(const Commit& commit);

// invalid_argument: a limit of 0. An empty or reversed range is fine and holds nothing.
Result<void> check_limits(const Store::Scan& range);

}  // namespace bascule::store
