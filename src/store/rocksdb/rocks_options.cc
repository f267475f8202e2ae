#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/memtablerep.h>
#include <rocksdb/table.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <filesystem>

#include "base/bytes.h"
#include "store/rocksdb/rocks_common.h"
#include "store/rocksdb/wal_tail.h"

namespace bascule::store {
namespace {

constexpr std::size_t kMiB = 1u << 20;

rocksdb::DBOptions database_options(std::size_t write_buffer, const RocksOptions& options) {
  rocksdb::DBOptions db;
  db.create_if_missing = true;
  db.create_missing_column_families = true;
  db.paranoid_checks = true;
  db.max_open_files = options.max_open_files;
  db.db_write_buffer_size = 2 * write_buffer;
  db.max_total_wal_size = 3 * write_buffer;
  db.max_background_jobs = 2;
  db.bytes_per_sync = kMiB;  // table files reach the disk as they are written, not in one burst before a commit's sync
  db.avoid_unnecessary_blocking_io = true;
  // One thread writes: nothing to share a memtable with, nobody to spin for.
  db.allow_concurrent_memtable_write = false;
  db.enable_write_thread_adaptive_yield = false;
  // An error in the middle of the log must stop the opening; wal_tail.h tells it from a torn tail.
  // (This mode excludes recycled log files in RocksDB 7.8, whose stale content it could not tell from damage.)
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  db.max_manifest_file_size = 16 * kMiB;
  db.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  db.max_log_file_size = 2 * kMiB;
  db.keep_log_file_num = 3;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
  return db;
}

rocksdb::ColumnFamilyOptions data_options(std::size_t write_buffer, const RocksOptions& options) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.cache_bytes, 4);
  table.cache_index_and_filter_blocks = true;  // so that one bound holds for all of them
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.block_size = 8 * 1024;
  table.format_version = 5;
  table.checksum = rocksdb::kXXH3;

  rocksdb::ColumnFamilyOptions cf;
  cf.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  cf.write_buffer_size = write_buffer;
  cf.max_write_buffer_number = 3;
  cf.memtable_prefix_bloom_size_ratio = 0.02;  // most preconditions ask for keys that are not there
  cf.memtable_whole_key_filtering = true;
  cf.compression = rocksdb::kNoCompression;    // values are sealed: they do not compress
  cf.level_compaction_dynamic_level_bytes = true;
  cf.target_file_size_base = std::max(write_buffer, kMiB);
  cf.max_bytes_for_level_base = 4 * std::max(write_buffer, kMiB);
  return cf;
}

rocksdb::ColumnFamilyOptions journal_options(std::size_t write_buffer) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(kMiB);
  table.format_version = 5;
  table.checksum = rocksdb::kXXH3;
  rocksdb::ColumnFamilyOptions cf;
  cf.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  cf.write_buffer_size = std::max(write_buffer / 4, kMiB / 2);
  // Written in order and hardly ever read: appending costs less than finding a place in a skip list.
  cf.memtable_factory = std::make_shared<rocksdb::VectorRepFactory>();
  cf.max_write_buffer_number = 3;
  cf.compression = rocksdb::kNoCompression;
  return cf;
}

struct AllOptions {
  rocksdb::DBOptions db;
  rocksdb::ColumnFamilyOptions data, journal;
};

AllOptions all_options(const std::string& path, const RocksOptions& options) {
  const std::size_t write_buffer = fitting_write_buffer(path, options);
  return {database_options(write_buffer, options), data_options(write_buffer, options), journal_options(write_buffer)};
}

rocksdb::Status try_open(const std::string& path, const AllOptions& options, bool to_write, Tables& tables) {
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const std::vector<rocksdb::ColumnFamilyDescriptor> families = {{rocksdb::kDefaultColumnFamilyName, options.data},
                                                                 {"journal", options.journal}};
  const auto status = to_write ? rocksdb::DB::Open(options.db, path, families, &handles, &opened)
                               : rocksdb::DB::OpenForReadOnly(options.db, path, families, &handles, &opened);
  if (!status.ok()) return status;
  tables.db.reset(opened);
  tables.data = handles[0];
  tables.journal = handles[1];
  return status;
}

Error explain(const rocksdb::Status& status, const std::string& path) {
  const std::string text = status.ToString();
  if (status.IsIOError() && (text.contains("lock file") || text.contains("lock hold"))) {
    return {Code::unavailable, 0,
            "another process holds " + path + ": stop it, or let this command reach it through its admin socket"};
  }
  if (text.contains("Permission denied")) {
    return {Code::permission_denied, 0, "store: no permission to open " + path + ": " + text};
  }
  return to_error(status, "open " + path);
}

}  // namespace

void Tables::close() {
  if (!db) return;
  for (const auto* view : views) db->ReleaseSnapshot(view);
  views.clear();
  ++life;
  for (auto* handle : {data, journal})
    if (handle != nullptr) db->DestroyColumnFamilyHandle(handle);
  data = journal = nullptr;
  db->Close();  // an error here concerns what a failed write left behind, which is not needed
  db.reset();
}

std::size_t fitting_write_buffer(const std::string& path, const RocksOptions& options) {
  const std::size_t wanted = std::max(options.write_buffer_bytes, kMiB);
  struct statvfs fs{};
  if (::statvfs(path.c_str(), &fs) != 0) return wanted;
  const std::uint64_t bytes = std::uint64_t{fs.f_blocks} * fs.f_frsize;
  return static_cast<std::size_t>(std::clamp<std::uint64_t>(bytes / 32, kMiB, wanted));
}

Error to_error(const rocksdb::Status& status, std::string_view doing) {
  Code code = Code::internal;
  if (is_full_disk(status)) code = Code::exhausted;
  else if (status.IsCorruption()) code = Code::corrupt;
  else if (status.IsIOError() || status.IsTryAgain() || status.IsBusy() || status.IsShutdownInProgress()) {
    code = Code::unavailable;
  }
  std::string message = code == Code::exhausted ? "store: the disk is full: " : "store: ";
  message.append("cannot ").append(doing).append(": ").append(status.ToString());
  return {code, 0, std::move(message)};
}

Result<void> open_tables(const std::string& path, const RocksOptions& options,
                         std::shared_ptr<rocksdb::EventListener> listener, Tables& tables) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) {
    const bool denied = error == std::errc::permission_denied || error == std::errc::read_only_file_system;
    return fail(denied ? Code::permission_denied : Code::unavailable,
                "store: cannot create " + path + ": " + error.message());
  }
  AllOptions all = all_options(path, options);
  all.db.listeners.push_back(std::move(listener));
  auto status = try_open(path, all, true, tables);
  if (status.IsCorruption()) {
    BASCULE_ASSIGN(const WalState wal, inspect_wal(path));
    if (wal == WalState::damaged) {
      return fail(Code::corrupt, "store: acknowledged commits in the log of " + path + " are damaged (" +
                                     status.ToString() + "); restore from the journal or a backup");
    }
    if (wal == WalState::torn_tail) {
      if (options.note) options.note("store: dropped a commit that was never acknowledged from the torn end of the log");
      all.db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
      status = try_open(path, all, true, tables);
    }
  }
  if (!status.ok()) return fail(explain(status, path));
  return {};
}

Result<void> open_tables_to_read(const std::string& path, const RocksOptions& options, Tables& tables) {
  AllOptions all = all_options(path, options);
  all.db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;  // the log ends in the refused batch
  const auto status = try_open(path, all, false, tables);
  if (!status.ok()) return fail(explain(status, path));
  return {};
}

}  // namespace bascule::store
