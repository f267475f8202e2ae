// Tells a torn tail of the write-ahead log from damage to what was acknowledged.
//
// A batch is acknowledged once it is synced, and the next one is written only after that. So whatever lies before the
// beginning of any later batch was synced, and a bad place with a later batch behind it is damage. A bad place with no
// later batch behind it is the last batch, which a crash may have torn in any way, holes included.
// RocksDB has neither rule: kTolerateCorruptedTailRecords refuses a tail torn with holes, kPointInTimeRecovery drops
// acknowledged batches silently. (What neither can see: damage to the very last acknowledged batch looks like a tear.)
// Log format: RocksDB's wiki, "Write Ahead Log File Format": blocks of 32 KiB, records of crc, length, type, payload.
#pragma once
#include <string>

#include "base/result.h"

namespace bascule::store {

enum class WalState { whole, torn_tail, damaged };

// Reads every log file of a closed database. Errors: unavailable.
Result<WalState> inspect_wal(const std::string& path);

}  // namespace bascule::store
