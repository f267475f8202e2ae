#include "store/rocksdb/committer.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>

#include "base/bytes.h"

namespace bascule::store {
namespace {

constexpr std::size_t kMaxBatchCommits = 1024;
constexpr std::size_t kMaxBatchBytes = 8u << 20;
constexpr std::uint64_t kMaxTrimsPerBatch = 4096;
constexpr std::uint64_t kMaxTrimsPerWrite = 65536;
constexpr std::chrono::milliseconds kAttemptEvery{200};
// What a reopening needs at least: it writes the log's content into tables and begins a new log.
constexpr std::uint64_t kReopenBuffers = 5;  // write buffers

std::uint64_t default_reserve(int folder_fd) {
  struct statvfs fs{};
  if (folder_fd < 0 || ::fstatvfs(folder_fd, &fs) != 0) return 0;
  return std::min<std::uint64_t>(std::uint64_t{fs.f_blocks} * fs.f_frsize / 16, 128u << 20);
}

}  // namespace

Committer::Committer(Tables& tables, const std::string& path, const RocksOptions& options,
                     std::shared_ptr<BackgroundErrors> errors)
    : tables_(tables), path_(path), options_(options), errors_(std::move(errors)), versions_(options.version_cache_entries) {
  folder_fd_ = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  reserve_bytes_ = options_.reserve_bytes != 0 ? options_.reserve_bytes : default_reserve(folder_fd_);
}

Committer::~Committer() {
  if (thread_.joinable()) {
    Request stop;
    stop.kind = Request::Kind::stop;
    submit(stop);
    thread_.join();
  }
  if (folder_fd_ >= 0) ::close(folder_fd_);
}

Result<void> Committer::start() {
  BASCULE_TRY(read_journal_bounds());
  thread_ = std::thread(&Committer::run, this);
  return {};
}

Result<void> Committer::read_journal_bounds() {
  const std::unique_ptr<rocksdb::Iterator> at(tables_.db->NewIterator(rocksdb::ReadOptions(), tables_.journal));
  const auto sequence_here = [&]() -> std::optional<std::uint64_t> {
    if (!at->Valid() || at->key().size() != sizeof(JournalKey::bytes)) return std::nullopt;
    return load_be64(at->key().data());
  };
  at->SeekToFirst();
  const auto first = sequence_here();
  at->SeekForPrev(JournalKey(UINT64_MAX >> 1).slice());
  last_sequence_ = sequence_here().value_or(0);
  if (!at->status().ok()) return fail(to_error(at->status(), "read the journal"));
  std::string last;
  const auto status = tables_.db->Get(rocksdb::ReadOptions(), tables_.journal, to_slice(kLastSequenceKey), &last);
  if (!status.ok() && !status.IsNotFound()) return fail(to_error(status, "read the journal"));
  if (status.ok()) {
    if (last.size() != 8) return fail(Code::corrupt, "store: the journal's last sequence is damaged");
    last_sequence_ = std::max(last_sequence_, load_be64(last.data()));
  }
  first_journalled_ = first.value_or(last_sequence_ + 1);
  return {};
}

void Committer::submit(Request& request) {
  Request* head = queue_.load(std::memory_order_relaxed);
  do {
    request.next = head;
  } while (!queue_.compare_exchange_weak(head, &request, std::memory_order_release, std::memory_order_relaxed));
  if (head == nullptr) queue_.notify_one();
}

void Committer::run() {
  std::vector<Request*> taken;
  for (bool stop = false; !stop;) {
    queue_.wait(nullptr, std::memory_order_acquire);
    taken.clear();
    for (Request* r = queue_.exchange(nullptr, std::memory_order_acquire); r != nullptr; r = r->next) taken.push_back(r);
    std::ranges::reverse(taken);
    if (taken.back()->kind == Request::Kind::stop) {  // nothing is submitted after it
      stop = true;
      taken.pop_back();
    }
    std::span<Request*> left(taken);
    while (!left.empty()) {
      std::size_t count = 0;
      for (std::size_t bytes = 0; count < left.size() && count < kMaxBatchCommits && bytes < kMaxBatchBytes; ++count) {
        const Commit& commit = left[count]->commit;
        bytes += commit.journal_record.size();
        for (const Change& change : commit.changes) bytes += change.key.size() + change.value.size();
      }
      run_batch(left.first(count));
      left = left.subspan(count);
    }
  }
}

void Committer::run_batch(std::span<Request*> requests) {
  batch_.Clear();
  overlay_.forget();
  look_at_free_space();
  const auto usable = ready();
  batch_sequence_ = last_sequence_;
  batch_trim_through_ = 0;
  for (Request* request : requests) {
    if (!usable) request->verdict = fail(usable.error());
    else if (request->kind == Request::Kind::commit) request->verdict = prepare(request->commit);
  }
  if (usable && batch_.Count() != 0) {
    trim_with_this_batch();
    if (const auto written = write_batch(); !written) {
      for (Request* request : requests) {
        if (request->verdict) request->verdict = fail(written.error());
      }
    }
  }
  count(requests);
  for (Request* request : requests) {
    if (request->kind == Request::Kind::trim && request->verdict) request->verdict = trim(request->through);
    auto verdict = std::move(request->verdict);
    request->done.set(std::move(verdict));  // the request is gone from here on
  }
}

void Committer::count(std::span<Request* const> requests) const {
  StoreMetrics* m = options_.metrics.get();
  if (m == nullptr) return;
  std::uint64_t committed = 0, conflicts = 0, refused = 0;
  for (const Request* request : requests) {
    if (request->kind != Request::Kind::commit) continue;
    if (request->verdict) ++committed;
    else if (request->verdict.error().code == Code::conflict) ++conflicts;
    else ++refused;
  }
  m->committed.fetch_add(committed, std::memory_order_relaxed);
  if (conflicts != 0) m->conflicts.fetch_add(conflicts, std::memory_order_relaxed);
  if (refused != 0) m->refused.fetch_add(refused, std::memory_order_relaxed);
}

Result<std::uint64_t> Committer::version_of(const std::string& key, std::uint64_t as_of, std::uint64_t read) {
  const std::uint64_t hash = VersionCache::hash(key);
  if (const std::uint64_t* ordered = overlay_.find(hash, key)) return *ordered;
  if (recent_.untouched_since(hash, as_of)) return read;
  std::uint64_t version = 0;
  if (versions_.find(hash, key, version)) return version;
  const auto status = tables_.db->Get(rocksdb::ReadOptions(), tables_.data, to_slice(key), &pinned_);
  if (status.ok()) {
    if (pinned_.size() < kVersionBytes) return fail(Code::internal, "store: a stored value has no version");
    version = load_le<std::uint64_t>(pinned_.data());
    pinned_.Reset();
  } else if (!status.IsNotFound()) {
    Error error = to_error(status, "check a precondition");
    error.code = Code::internal;  // known to have changed nothing
    return fail(std::move(error));
  }
  versions_.put(hash, key, version);
  return version;
}

bool Committer::may_use_reserve(const Commit& commit) const {
  bool only_replaces = true;
  for (const Change& change : commit.changes) {
    if (change.version == 0) return true;
    only_replaces = only_replaces && std::ranges::any_of(commit.preconditions, [&](const Precondition& p) {
      return p.version != 0 && p.key == change.key;
    });
  }
  return only_replaces;
}

Result<std::uint64_t> Committer::prepare(const Commit& commit) {
  for (const Precondition& precondition : commit.preconditions) {
    BASCULE_ASSIGN(const std::uint64_t version, version_of(precondition.key, precondition.as_of, precondition.version));
    if (version != precondition.version) return fail(Code::conflict, "store: a precondition does not hold");
  }
  if (low_space_ && !may_use_reserve(commit)) {
    return fail(Code::exhausted, "store: the disk is nearly full: only deletions and replacements are taken");
  }
  there_.clear();  // looked up before anything is appended: an error must leave the batch as it was
  for (const Change& change : commit.changes) {
    if (!change.unless_there) continue;
    BASCULE_ASSIGN(const std::uint64_t version, version_of(change.key, change.as_of, 0));
    if (version != 0) there_.push_back(&change);
  }
  const std::uint64_t sequence = commit.journal_record.empty() ? 0 : ++batch_sequence_;
  append(commit, sequence);
  return sequence;
}

void Committer::append(const Commit& commit, std::uint64_t sequence) {
  for (const Change& change : commit.changes) {
    if (change.unless_there && std::ranges::find(there_, &change) != there_.end()) continue;
    const rocksdb::Slice key = to_slice(change.key);
    if (change.version == 0) {
      batch_.Delete(tables_.data, key);
    } else {
      const rocksdb::Slice value[2] = {{reinterpret_cast<const char*>(&change.version), kVersionBytes},
                                       to_slice(change.value)};
      batch_.Put(tables_.data, rocksdb::SliceParts(&key, 1), rocksdb::SliceParts(value, 2));
    }
    overlay_.put(VersionCache::hash(change.key), change.key, change.version);
  }
  if (sequence != 0) batch_.Put(tables_.journal, JournalKey(sequence).slice(), to_slice(commit.journal_record));
}

// The newest record always stays, so that the last sequence is known after a restart.
void Committer::trim_with_this_batch() {
  if (!options_.trim_journal_at_once || batch_sequence_ == last_sequence_) return;
  batch_trim_through_ = std::min(last_sequence_, first_journalled_ + kMaxTrimsPerBatch - 1);
  for (std::uint64_t sequence = first_journalled_; sequence <= batch_trim_through_; ++sequence) {
    batch_.SingleDelete(tables_.journal, JournalKey(sequence).slice());
  }
}

Result<void> Committer::write_batch() {
  rocksdb::WriteOptions options;
  options.sync = true;
  const auto begin = std::chrono::steady_clock::now();
  const auto status = tables_.db->Write(options, &batch_);
  if (StoreMetrics* m = options_.metrics.get()) {
    const std::uint64_t took = to_microseconds(std::chrono::steady_clock::now() - begin);
    m->wrote[latency_bucket(took, StoreMetrics::kBuckets)].fetch_add(1, std::memory_order_relaxed);
    m->write_microseconds.fetch_add(took, std::memory_order_relaxed);
  }
  if (status.ok()) {
    overlay_.drain([this](std::uint64_t hash, std::string_view key, std::uint64_t version) {
      versions_.put(hash, key, version);
      recent_.note(hash);
    });
    recent_.advance();
    last_sequence_ = batch_sequence_;
    if (batch_trim_through_ != 0) first_journalled_ = batch_trim_through_ + 1;
    return {};
  }
  if (is_full_disk(status)) {
    // The batch was not appended whole, so nothing was changed. RocksDB 7.8 goes on writing to a log whose end is torn
    // after Resume() (facebook/rocksdb issue 11643; Debian's build aborts there): only reopening is safe.
    stalled_ = true;
    note("store: the disk is full: commits are refused until there is space");
    return fail(to_error(status, "commit"));
  }
  broken_ = true;
  Error error = to_error(status, "commit");
  if (error.code == Code::internal) error.code = Code::unavailable;
  note(error.message);
  return fail(std::move(error));
}

Result<std::uint64_t> Committer::trim(std::uint64_t through) {
  through = std::min(through, last_sequence_);
  while (first_journalled_ <= through) {
    batch_.Clear();
    const std::uint64_t end = std::min(through, first_journalled_ + kMaxTrimsPerWrite - 1);
    for (std::uint64_t sequence = first_journalled_; sequence <= end; ++sequence) {
      batch_.SingleDelete(tables_.journal, JournalKey(sequence).slice());
    }
    if (end == last_sequence_) batch_.Put(tables_.journal, to_slice(kLastSequenceKey), JournalKey(end).slice());
    batch_sequence_ = last_sequence_;
    batch_trim_through_ = end;
    BASCULE_TRY(write_batch());
  }
  return through;
}

// Whether writes may be tried. Brings the database back after a full disk.
Result<void> Committer::ready() {
  if (broken_) return fail(Code::unavailable, "store: an earlier write failed; open the store again (restart) to go on");
  if (!stalled_ && !errors_->raised.load(std::memory_order_relaxed)) return {};
  const auto now = std::chrono::steady_clock::now();
  const bool due = now >= next_attempt_;
  if (due) next_attempt_ = now + kAttemptEvery;
  if (stalled_) {
    const std::uint64_t needed = kReopenBuffers * fitting_write_buffer(path_, options_);
    if (!due || free_bytes_ < needed) return fail(Code::exhausted, "store: the disk is full");
    return reopen();
  }
  if (due) {  // a flush or a compaction failed; writes go on meanwhile and tell by themselves whether it matters
    errors_->raised.store(false);
    if (!tables_.db->Resume().ok()) errors_->raised.store(true);
  }
  return {};
}

Result<void> Committer::reopen() {
  versions_.clear();
  recent_.forget();
  pinned_.Reset();
  const std::unique_lock lock(tables_.mutex);
  tables_.close();
  errors_->raised.store(false);
  if (const auto opened = open_tables(path_, options_, errors_, tables_); !opened) {
    note(opened.error().message);
    if (const auto readable = open_tables_to_read(path_, options_, tables_); !readable) note(readable.error().message);
    return fail(Code::exhausted, "store: the disk is full");
  }
  if (const auto bounds = read_journal_bounds(); !bounds) {
    broken_ = true;
    return fail(bounds.error());
  }
  stalled_ = false;
  note("store: there is space again: commits are taken");
  return {};
}

void Committer::look_at_free_space() {
  struct statvfs fs{};
  if (folder_fd_ < 0 || ::fstatvfs(folder_fd_, &fs) != 0) return;
  free_bytes_ = std::uint64_t{fs.f_bavail} * fs.f_frsize;
  const bool low = free_bytes_ < reserve_bytes_;
  if (low != low_space_) {
    note(low ? "store: the disk is nearly full: only deletions and replacements are taken"
             : "store: the disk has space again");
  }
  low_space_ = low;
}

void Committer::note(std::string_view text) const {
  if (options_.note) options_.note(text);
}

}  // namespace bascule::store
