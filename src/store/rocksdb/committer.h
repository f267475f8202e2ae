// The one thread that writes to the database. It takes all queued commits, checks them in order against the versions as
// the commits before them leave them, refuses the ones that do not hold, puts the others with their journal records into
// one synced write, and then completes them all. Nothing is visible before it is durable.
#pragma once
#include <atomic>
#include <rocksdb/write_batch.h>
#include <thread>
#include <vector>

#include "runtime/completion.h"
#include "store/rocksdb/rocks_common.h"
#include "store/rocksdb/version_cache.h"

namespace bascule::store {

class BackgroundErrors;

class Committer {
 public:
  struct Request {
    enum class Kind : std::uint8_t { commit, trim, stop };
    Kind kind = Kind::commit;
    Commit commit;                 // within the limits (limits.h)
    std::uint64_t through = 0;     // trim
    Completion<Result<std::uint64_t>> done;
    Request* next = nullptr;       // the queue's
    Result<std::uint64_t> verdict = 0;  // the committer's, until done is set
  };

  // `tables` must outlive the committer.
  Committer(Tables& tables, const std::string& path, const RocksOptions& options,
            std::shared_ptr<BackgroundErrors> errors);
  ~Committer();  // finishes what is queued
  Result<void> start();  // reads the journal's bounds; call once, before submit()

  // Any thread. The request stays the caller's and must live until its `done` is set.
  void submit(Request& request);

  std::uint64_t moment() const { return recent_.now(); }  // any thread

 private:
  void run();
  void run_batch(std::span<Request*> requests);
  Result<std::uint64_t> prepare(const Commit& commit);
  // As of the batch under construction. `as_of`: when the caller read `read`, 0 if it did not.
  Result<std::uint64_t> version_of(const std::string& key, std::uint64_t as_of, std::uint64_t read);
  bool may_use_reserve(const Commit& commit) const;
  void append(const Commit& commit, std::uint64_t sequence);
  void trim_with_this_batch();
  Result<void> write_batch();
  void count(std::span<Request* const> requests) const;
  Result<std::uint64_t> trim(std::uint64_t through);
  Result<void> ready();
  Result<void> reopen();
  Result<void> read_journal_bounds();
  void look_at_free_space();
  void note(std::string_view text) const;

  Tables& tables_;
  const std::string path_;
  const RocksOptions options_;
  const std::shared_ptr<BackgroundErrors> errors_;
  int folder_fd_ = -1;               // for fstatvfs
  std::uint64_t reserve_bytes_ = 0;

  std::atomic<Request*> queue_{nullptr};  // newest first

  // The committer thread's own.
  VersionCache versions_;
  VersionOverlay overlay_;
  RecentWrites recent_;
  rocksdb::WriteBatch batch_;
  rocksdb::PinnableSlice pinned_;
  std::vector<const Change*> there_;  // of the commit at hand: what need not be written
  std::uint64_t last_sequence_ = 0;       // durable
  std::uint64_t batch_sequence_ = 0;      // with the batch under construction
  std::uint64_t first_journalled_ = 1;    // oldest record that may be there
  std::uint64_t batch_trim_through_ = 0;
  std::uint64_t free_bytes_ = UINT64_MAX;
  bool low_space_ = false;
  bool stalled_ = false;                  // a write failed on a full disk: read only until reopen()
  bool broken_ = false;                   // outcome unknown: refuse everything until the store is opened again
  std::chrono::steady_clock::time_point next_attempt_{};

  std::thread thread_;
};

// What happened in RocksDB's own threads. Its own recovery is switched off: it would poll on a thread of its own while
// the committer can try exactly when there is something to write.
class BackgroundErrors final : public rocksdb::EventListener {
 public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status*) override { raised.store(true); }
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* automatic) override {
    *automatic = false;
  }
  std::atomic<bool> raised{false};
};

}  // namespace bascule::store
