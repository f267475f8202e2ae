#include "store/memory/memory_store.h"

#include <iterator>
#include <map>
#include <mutex>

#include "store/limits.h"

namespace bascule::store {
namespace {

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(MemoryStoreOptions options) : options_(options) {}

  bool sole_writer() const override { return true; }

  Task<Result<std::optional<Versioned>>> get(std::string_view key) override { co_return find(key); }

  Result<bool> try_get(std::string_view key, std::optional<Versioned>& found) override {
    found = find(key);
    return true;
  }

  Task<Result<std::vector<Entry>>> scan(Scan range) override {
    BASCULE_CO_TRY(check_limits(range));
    const std::lock_guard lock(mutex_);
    co_return collect(map_, range);
  }

  Result<std::unique_ptr<View>> view() override {
    const std::lock_guard lock(mutex_);
    return std::make_unique<MemoryView>(map_);
  }

  Task<Result<std::uint64_t>> commit(Commit commit) override {
    BASCULE_CO_TRY(check_limits(commit));
    const bool slow = options_.clock != nullptr && options_.commit_latency > Duration::zero();
    if (slow) co_await options_.clock->sleep_for(options_.commit_latency / 2);
    auto outcome = apply(std::move(commit));
    if (slow) co_await options_.clock->sleep_for(options_.commit_latency / 2);
    co_return outcome;
  }

  Task<Result<std::vector<JournalEntry>>> read_journal(std::uint64_t after, std::size_t limit) override {
    co_return journal_after(after, limit);
  }

  Task<Result<void>> trim_journal(std::uint64_t through) override {
    const std::lock_guard lock(mutex_);
    journal_.erase(journal_.begin(), journal_.upper_bound(through));
    co_return Result<void>{};
  }

 private:
  using Map = std::map<std::string, Versioned, std::less<>>;

  class MemoryView final : public View {
   public:
    explicit MemoryView(Map map) : map_(std::move(map)) {}
    Task<Result<std::vector<Entry>>> scan(Scan range) override {
      BASCULE_CO_TRY(check_limits(range));
      co_return collect(map_, range);
    }

   private:
    const Map map_;
  };

  std::optional<Versioned> find(std::string_view key) {
    const std::lock_guard lock(mutex_);
    const auto at = map_.find(key);
    if (at == map_.end()) return std::nullopt;
    return at->second;
  }

  std::uint64_t version_of(std::string_view key) const {
    const auto at = map_.find(key);
    return at == map_.end() ? 0 : at->second.version;
  }

  static std::vector<Entry> collect(const Map& map, const Scan& range) {
    std::vector<Entry> entries;
    if (range.begin >= range.end) return entries;
    std::size_t bytes = 0;
    const auto take = [&](const Map::value_type& item) {
      entries.push_back({item.first, item.second.version, item.second.value});
      bytes += item.second.value.size();
      return entries.size() < range.limit && bytes < range.limit_bytes;
    };
    const auto first = map.lower_bound(range.begin), last = map.lower_bound(range.end);
    if (range.reverse) {
      for (auto at = last; at != first;)
        if (!take(*--at)) break;
    } else {
      for (auto at = first; at != last; ++at)
        if (!take(*at)) break;
    }
    return entries;
  }

  Result<std::uint64_t> apply(Commit commit) {
    const std::lock_guard lock(mutex_);
    for (const Precondition& precondition : commit.preconditions) {
      if (version_of(precondition.key) != precondition.version) {
        return fail(Code::conflict, "store: a precondition does not hold");
      }
    }
    for (const Change& change : commit.changes) {
      if (change.version != 0 && !change.unless_there && version_of(change.key) == change.version) {
        return fail(Code::internal, "store: a version is used twice for one key");
      }
    }
    for (Change& change : commit.changes) {
      if (change.version == 0) {
        map_.erase(change.key);
      } else if (!change.unless_there || !map_.contains(change.key)) {
        map_.insert_or_assign(std::move(change.key), Versioned{change.version, std::move(change.value)});
      }
    }
    if (commit.journal_record.empty()) return 0;
    if (options_.trim_journal_at_once) journal_.clear();
    journal_.emplace(++sequence_, std::move(commit.journal_record));
    return sequence_;
  }

  std::vector<JournalEntry> journal_after(std::uint64_t after, std::size_t limit) {
    const std::lock_guard lock(mutex_);
    std::vector<JournalEntry> entries;
    for (auto at = journal_.upper_bound(after); at != journal_.end() && entries.size() < limit; ++at) {
      entries.push_back({at->first, at->second});
    }
    return entries;
  }

  const MemoryStoreOptions options_;
  std::mutex mutex_;
  Map map_;
  std::map<std::uint64_t, std::string> journal_;
  std::uint64_t sequence_ = 0;
};

}  // namespace

std::unique_ptr<Store> make_memory_store(MemoryStoreOptions options) {
  return std::make_unique<MemoryStore>(options);
}

}  // namespace bascule::store
