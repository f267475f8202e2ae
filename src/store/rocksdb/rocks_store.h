// RocksStore: the embedded engine, on a plain rocksdb::DB with one committer thread (committer.h).
// Values are stored as an 8-byte little-endian version followed by the value; the journal is a column family of its own,
// keyed by the 8-byte big-endian sequence.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "runtime/workers.h"
#include "store/metrics.h"
#include "store/store.h"

namespace bascule::store {

struct RocksOptions {
  std::size_t cache_bytes = 64u << 20;         // blocks, indexes and filters
  std::size_t write_buffer_bytes = 16u << 20;  // made smaller on a small file system
  std::size_t version_cache_entries = 1u << 16;
  int max_open_files = 512;
  // While nothing ships the journal: a batch removes the records of the batches before it, so that a record's write and
  // removal cancel out in memory. Off: trim_journal() alone removes.
  bool trim_journal_at_once = true;
  // Commits are refused (`exhausted`) while the file system has less than this left, except those that remove a key or
  // only replace keys (each put under a precondition of a version other than 0): so deletes go on when the disk is full.
  // 0: a sixteenth of the file system, at most 128 MiB. Whoever fills the same file system should leave more than this.
  std::uint64_t reserve_bytes = 0;
  std::shared_ptr<StoreMetrics> metrics;  // shared with whoever shows them; may be null
  // Told what a person should know: a torn tail dropped after a crash, a full disk, its recovery. Any thread.
  std::function<void(std::string_view)> note;
};

// Opens or creates the folder and holds it exclusively. Blocks; call it before the loops run. `workers` must outlive the
// store; the destructor waits for queued commits, and no call may be running by then.
// Errors: unavailable ("another process holds ..."), corrupt (acknowledged data is damaged), permission_denied,
// exhausted, internal.
Result<std::unique_ptr<Store>> open_rocksdb(const std::string& path, RocksOptions options, Workers& workers);

}  // namespace bascule::store
