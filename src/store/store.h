// Store: the ordered key-value engine under the catalog. Engines: rocksdb/ (embedded), memory/ (tests, simulator);
// one conformance suite (store/conformance.h) holds for all.
//
// Every key that is there has a version, chosen by whoever commits it, never 0 and never the same twice while the key
// lives; absence is version 0. A commit is all or nothing, is checked against the versions of the keys it names, and is
// durable when it returns. There are no preconditions on ranges: an invariant over a range names the key that guards it.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/task.h"

namespace bascule::store {

constexpr std::size_t kMaxKeyBytes = 4 * 1024;
constexpr std::size_t kMaxValueBytes = 64 * 1024;
constexpr std::size_t kMaxCommitBytes = 1024 * 1024;  // keys and values of all changes

struct Versioned {
  std::uint64_t version = 0;
  std::string value;
};

struct Entry {
  std::string key;
  std::uint64_t version = 0;
  std::string value;
};

struct Precondition {
  std::string key;
  std::uint64_t version = 0;  // 0: the key is not there
  std::uint64_t as_of = 0;    // Store::moment() from before the version was read; spares the store a lookup
};

struct Change {
  std::string key;
  std::uint64_t version = 0;          // the new one; 0 removes the key
  std::string value;
  // Left out if the key is there already: several commits may name one immutable thing, and the first to come writes it.
  bool unless_there = false;
  std::uint64_t as_of = 0;            // with unless_there: a Store::moment() at which the key was not there
};

struct Commit {
  std::vector<Precondition> preconditions;
  std::vector<Change> changes;        // a key at most once
  std::string journal_record;         // written with the changes into the journal's own table; "" = none
};

struct JournalEntry {
  std::uint64_t sequence = 0;         // dense order of commits, from 1
  std::string record;
};

// Any thread, any loop.
class Store {
 public:
  virtual ~Store() = default;

  // Nobody but the holder of this object writes: what was read may be kept until a commit through it changes that key.
  virtual bool sole_writer() const { return false; }

  // A point in the order of commits: reads that begin after this call see everything up to it. 0: the engine keeps no
  // such account.
  virtual std::uint64_t moment() const { return 0; }

  virtual Task<Result<std::optional<Versioned>>> get(std::string_view key) = 0;
  // The same without ever waiting: false when it would have to touch the disk. On true `found` is set.
  virtual Result<bool> try_get(std::string_view key, std::optional<Versioned>& found) = 0;

  // Keys in [begin, end), bytewise; at most `limit` entries and about `limit_bytes` of values, one consistent instant.
  // Fewer than both limits means that the range is exhausted.
  // fill_cache false: a walk over everything, which must not push out of a cache what requests need.
  struct Scan {
    std::string begin, end;
    std::size_t limit = 1000;
    std::size_t limit_bytes = 4 * 1024 * 1024;
    bool reverse = false, fill_cache = true;
  };
  virtual Task<Result<std::vector<Entry>>> scan(Scan range) = 0;

  // Everything as it is at the instant of view(), for as long as it is kept, while commits go on. The engine keeps on its
  // disk what a view sees, so none should be kept for long. Any thread; the store outlives it.
  class View {
   public:
    virtual ~View() = default;
    // As Store::scan; forwards only, and never through the cache. unavailable: the store was opened again meanwhile (a full
    // disk), and the view went with it.
    virtual Task<Result<std::vector<Entry>>> scan(Scan range) = 0;
  };
  // unsupported: the engine has none.
  virtual Result<std::unique_ptr<View>> view();

  // Errors: conflict (a precondition does not hold; nothing was changed; the message names no key), invalid_argument
  // (a limit above), exhausted (disk full), internal. After an error other than these the outcome is unknown and the
  // engine refuses every later commit with `unavailable` until it is opened again.
  // Commits that arrive together share one synced write. Returns the journal sequence.
  virtual Task<Result<std::uint64_t>> commit(Commit commit) = 0;

  virtual Task<Result<std::vector<JournalEntry>>> read_journal(std::uint64_t after, std::size_t limit) = 0;
  virtual Task<Result<void>> trim_journal(std::uint64_t through) = 0;
};

inline Result<std::unique_ptr<Store::View>> Store::view() {
  return fail(Code::unsupported, "this store keeps no view of an instant");
}

}  // namespace bascule::store
