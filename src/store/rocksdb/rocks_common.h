// What the parts of the RocksDB engine share. Included by this folder's .cc files only.
#pragma once
#include <rocksdb/db.h>

#include <memory>
#include <string>

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

struct Tables {
  std::unique_ptr<rocksdb::DB> db;
  rocksdb::ColumnFamilyHandle* data = nullptr;     // closed with the database by ~Tables
  rocksdb::ColumnFamilyHandle* journal = nullptr;

  Tables() = default;
  Tables(const Tables&) = delete;
  Tables& operator=(const Tables&) = delete;
  ~Tables();
};

inline rocksdb::Slice to_slice(std::string_view text) { return {text.data(), text.size()}; }

inline bool is_full_disk(const rocksdb::Status& status) {
  return status.IsNoSpace() || status.subcode() == rocksdb::Status::kNoSpace;
}

// exhausted, corrupt, unavailable or internal, with RocksDB's own words.
Error to_error(const rocksdb::Status& status, std::string_view doing);

// Opens both tables. After a crash the log may end in a batch that was never acknowledged: that is dropped (see
// wal_tail.h); damage to what was acknowledged is an error.
Result<void> open_tables(const std::string& path, const RocksOptions& options,
                         std::shared_ptr<rocksdb::EventListener> listener, Tables& tables);

}  // namespace bascule::store
