// What the parts of the RocksDB engine share. Included by this folder's .cc files only.
#pragma once
#include <rocksdb/db.h>

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "store/rocksdb/rocks_store.h"

namespace bascule::store {

constexpr std::size_t kVersionBytes = 8;  // the little-endian version before each value

// A sequence's key in the journal's column family.
struct JournalKey {
  explicit JournalKey(std::uint64_t sequence) { store_be64(bytes, sequence); }
  rocksdb::Slice slice() const { return {bytes, sizeof bytes}; }
  char bytes[8];
};
// The last sequence ever given, 8 bytes big-endian, written where a trim would remove the last record. It sorts after
// every sequence.
constexpr std::string_view kLastSequenceKey = "\xff" "last-sequence";

// The open database. The committer alone writes, and alone closes and opens it again (after a full disk), under the
// exclusive lock; readers hold the lock shared for one call. `db` is null if it could not be opened again.
struct Tables {
  std::shared_mutex mutex;
  std::unique_ptr<rocksdb::DB> db;
  rocksdb::ColumnFamilyHandle* data = nullptr;
  rocksdb::ColumnFamilyHandle* journal = nullptr;

  // What views look at: released, and of no use any more, when the database is closed. `life` counts the openings, so that a
  // view knows whether its own lasts.
  std::mutex views_mutex;
  std::vector<const rocksdb::Snapshot*> views;
  std::uint64_t life = 0;

  Tables() = default;
  Tables(const Tables&) = delete;
  Tables& operator=(const Tables&) = delete;
  ~Tables() { close(); }
  void close();
};

inline rocksdb::Slice to_slice(std::string_view text) { return {text.data(), text.size()}; }

inline bool is_full_disk(const rocksdb::Status& status) {
  return status.IsNoSpace() || status.subcode() == rocksdb::Status::kNoSpace;
}

// exhausted, corrupt, unavailable or internal, with RocksDB's own words.
Error to_error(const rocksdb::Status& status, std::string_view doing);

// What a table's memory may grow to on this file system: logs are allocated ahead by about as much, which alone could
// fill a small one.
std::size_t fitting_write_buffer(const std::string& path, const RocksOptions& options);

// Opens both tables. After a crash the log may end in a batch that was never acknowledged: that is dropped (see
// wal_tail.h); damage to what was acknowledged is an error.
Result<void> open_tables(const std::string& path, const RocksOptions& options,
                         std::shared_ptr<rocksdb::EventListener> listener, Tables& tables);
// Only to read: needs no space on the disk.
Result<void> open_tables_to_read(const std::string& path, const RocksOptions& options, Tables& tables);

}  // namespace bascule::store
