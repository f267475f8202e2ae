#include "store/rocksdb/rocks_store.h"

#include "base/bytes.h"
#include "store/limits.h"
#include "store/rocksdb/committer.h"
#include "store/rocksdb/rocks_common.h"

namespace bascule::store {
namespace {

constexpr std::size_t kMaxLoopScan = 6000;  // entries: more would hold an event loop for milliseconds

Error not_open() { return {Code::unavailable, 0, "store: the database could not be opened again after a full disk"}; }

Result<Versioned> decode(std::string_view stored) {
  if (stored.size() < kVersionBytes) return fail(Code::corrupt, "store: a stored value has no version");
  return Versioned{load_le<std::uint64_t>(stored.data()), std::string(stored.substr(kVersionBytes))};
}

class RocksStore final : public Store {
 public:
  explicit RocksStore(Workers& workers) : workers_(workers) {}

  Result<void> open(const std::string& path, const RocksOptions& options) {
    auto errors = std::make_shared<BackgroundErrors>();
    BASCULE_TRY(open_tables(path, options, errors, tables_));
    committer_.emplace(tables_, path, options, std::move(errors));
    return committer_->start();
  }

  bool sole_writer() const override { return true; }  // one process holds the folder
  std::uint64_t moment() const override { return committer_->moment(); }

  Task<Result<std::optional<Versioned>>> get(std::string_view key) override {
    std::optional<Versioned> found;
    BASCULE_CO_ASSIGN(const bool had, try_get(key, found));
    if (had) co_return found;
    co_return co_await offload(workers_, [this, owned = std::string(key)]() -> Result<std::optional<Versioned>> {
      std::optional<Versioned> read;
      BASCULE_TRY(read_value(owned, rocksdb::kReadAllTier, read));
      return read;
    });
  }

  Result<bool> try_get(std::string_view key, std::optional<Versioned>& found) override {
    return read_value(key, rocksdb::kBlockCacheTier, found);
  }

  Task<Result<std::vector<Entry>>> scan(Scan range) override {
    BASCULE_CO_TRY(check_limits(range));
    std::vector<Entry> entries;
    if (range.begin >= range.end) co_return entries;
    if (range.limit <= kMaxLoopScan) {
      BASCULE_CO_ASSIGN(const bool had, collect(range, rocksdb::kBlockCacheTier, entries));
      if (had) co_return entries;
    }
    co_return co_await offload(workers_, [this, &range]() -> Result<std::vector<Entry>> {
      std::vector<Entry> read;
      BASCULE_TRY(collect(range, rocksdb::kReadAllTier, read));
      return read;
    });
  }

  Result<std::unique_ptr<View>> view() override {
    const auto lock = hold(rocksdb::kReadAllTier);
    if (!tables_.db) return fail(not_open());
    const rocksdb::Snapshot* at = tables_.db->GetSnapshot();
    const std::lock_guard views(tables_.views_mutex);
    tables_.views.push_back(at);
    return std::make_unique<RocksView>(*this, at, tables_.life);
  }

  Task<Result<std::uint64_t>> commit(Commit commit) override {
    BASCULE_CO_TRY(check_limits(commit));
    Committer::Request request;
    request.commit = std::move(commit);
    committer_->submit(request);
    co_return co_await request.done.wait();
  }

  Task<Result<std::vector<JournalEntry>>> read_journal(std::uint64_t after, std::size_t limit) override {
    co_return co_await offload(workers_, [this, after, limit] { return journal_after(after, limit); });
  }

  Task<Result<void>> trim_journal(std::uint64_t through) override {
    Committer::Request request;
    request.kind = Committer::Request::Kind::trim;
    request.through = through;
    committer_->submit(request);
    BASCULE_CO_TRY(co_await request.done.wait());
    co_return Result<void>{};
  }

 private:
  class RocksView final : public View {
   public:
    RocksView(RocksStore& store, const rocksdb::Snapshot* at, std::uint64_t life) : store_(store), at_(at), life_(life) {}
    ~RocksView() override {
      const auto lock = store_.hold(rocksdb::kReadAllTier);
      if (store_.tables_.life != life_) return;   // it went when the database was closed
      const std::lock_guard views(store_.tables_.views_mutex);
      std::erase(store_.tables_.views, at_);
      store_.tables_.db->ReleaseSnapshot(at_);
    }
    Task<Result<std::vector<Entry>>> scan(Scan range) override {
      BASCULE_CO_TRY(check_limits(range));
      range.reverse = range.fill_cache = false;
      if (range.begin >= range.end) co_return std::vector<Entry>{};
      co_return co_await offload(store_.workers_, [this, &range]() -> Result<std::vector<Entry>> {
        std::vector<Entry> read;
        BASCULE_TRY(store_.collect(range, rocksdb::kReadAllTier, read, this));
        return read;
      });
    }

   private:
    friend class RocksStore;
    RocksStore& store_;
    const rocksdb::Snapshot* const at_;
    const std::uint64_t life_;
  };

  // While the database is being opened again, who must not wait gets none.
  std::shared_lock<std::shared_mutex> hold(rocksdb::ReadTier tier) {
    if (tier == rocksdb::kBlockCacheTier) return {tables_.mutex, std::try_to_lock};
    return std::shared_lock(tables_.mutex);
  }

  // False: not without the disk, which `tier` forbids.
  Result<bool> read_value(std::string_view key, rocksdb::ReadTier tier, std::optional<Versioned>& found) {
    const auto lock = hold(tier);
    if (!lock) return false;
    if (!tables_.db) return fail(not_open());
    rocksdb::ReadOptions options;
    options.read_tier = tier;
    rocksdb::PinnableSlice stored;
    const auto status = tables_.db->Get(options, tables_.data, to_slice(key), &stored);
    if (status.IsIncomplete()) return false;
    found.reset();
    if (status.IsNotFound()) return true;
    if (!status.ok()) return fail(to_error(status, "read"));
    BASCULE_ASSIGN(found, decode({stored.data(), stored.size()}));
    return true;
  }

  Result<bool> collect(const Scan& range, rocksdb::ReadTier tier, std::vector<Entry>& entries, const RocksView* view = nullptr) {
    const auto lock = hold(tier);
    if (!lock) return false;
    if (!tables_.db) return fail(not_open());
    if (view && view->life_ != tables_.life)
      return fail(Code::unavailable, "store: it was opened again, for the disk was full: what was seen at that instant is gone");
    const rocksdb::Slice lower = to_slice(range.begin), upper = to_slice(range.end);
    rocksdb::ReadOptions options;
    if (view) options.snapshot = view->at_;
    options.read_tier = tier;
    options.fill_cache = range.fill_cache;
    options.iterate_lower_bound = &lower;
    options.iterate_upper_bound = &upper;
    const std::unique_ptr<rocksdb::Iterator> at(tables_.db->NewIterator(options, tables_.data));
    range.reverse ? at->SeekToLast() : at->Seek(lower);
    entries.clear();
    std::size_t bytes = 0;
    while (at->Valid() && entries.size() < range.limit && bytes < range.limit_bytes) {
      const rocksdb::Slice stored = at->value();
      if (stored.size() < kVersionBytes) return fail(Code::corrupt, "store: a stored value has no version");
      Entry& entry = entries.emplace_back();
      entry.key.assign(at->key().data(), at->key().size());
      entry.version = load_le<std::uint64_t>(stored.data());
      entry.value.assign(stored.data() + kVersionBytes, stored.size() - kVersionBytes);
      bytes += entry.value.size();
      range.reverse ? at->Prev() : at->Next();
    }
    if (at->status().IsIncomplete()) return false;
    if (!at->status().ok()) return fail(to_error(at->status(), "scan"));
    return true;
  }

  Result<std::vector<JournalEntry>> journal_after(std::uint64_t after, std::size_t limit) {
    std::vector<JournalEntry> entries;
    if (after == UINT64_MAX) return entries;
    const auto lock = hold(rocksdb::kReadAllTier);
    if (!tables_.db) return fail(not_open());
    const std::unique_ptr<rocksdb::Iterator> at(tables_.db->NewIterator(rocksdb::ReadOptions(), tables_.journal));
    for (at->Seek(JournalKey(after + 1).slice()); at->Valid() && entries.size() < limit; at->Next()) {
      if (at->key().size() != sizeof(JournalKey::bytes)) break;
      entries.push_back({load_be64(at->key().data()), at->value().ToString()});
    }
    if (!at->status().ok()) return fail(to_error(at->status(), "read the journal"));
    return entries;
  }

  Workers& workers_;
  Tables tables_;
  std::optional<Committer> committer_;  // ends before the tables
};

}  // namespace

Result<std::unique_ptr<Store>> open_rocksdb(const std::string& path, RocksOptions options, Workers& workers) {
  auto store = std::make_unique<RocksStore>(workers);
  BASCULE_TRY(store->open(path, options));
  return store;
}

}  // namespace bascule::store
