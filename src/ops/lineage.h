// A lineage: the manifest of an append or page blob and of the past states that share it. Its writes are numbered; the
// head says how many there were when it was written, and so does each past state: what is visible to it are the youngest
// spans among the writes up to that number. docs/formats/catalog.md, "Append and page blobs".
#pragma once
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "catalog/catalog.h"
#include "ops/span_map.h"

namespace bascule::ops {

constexpr std::uint64_t kAnyOffset = ~std::uint64_t{0};
constexpr std::uint64_t kLatest = ~std::uint64_t{0};   // a holder that sees every write: the blob itself

struct LineageId {
  std::uint64_t cid = 0, manifest = 0;
  bool operator==(const LineageId&) const = default;
};

// A page of spans: those of [begin, end), which no other page has.
struct SpanPage {
  std::uint64_t begin = 0, end = kAnyOffset;   // the end is known where it was asked for
  std::uint64_t version = 0;                   // 0: not written yet
  std::vector<catalog::Span> spans;
};
// The page that holds an offset: where a lineage has none yet, an empty one from 0.
Task<Result<SpanPage>> page_at(catalog::Catalog& catalog, LineageId id, std::uint64_t offset);
// The pages that meet [from, to), the last first.
Task<Result<std::vector<SpanPage>>> pages_of(catalog::Catalog& catalog, LineageId id, std::uint64_t from, std::uint64_t to);

// What has been written and may not be folded yet: the writes of a lineage that are kept in memory, for reads of the blob.
class Lineage {
 public:
  // The commit of write `birth` is done. Kept where everything before it is; else the next read asks the store.
  void wrote(std::uint64_t birth, const std::vector<catalog::Span>& spans);
  // Everything up to `birth` stands in pages.
  void folded(std::uint64_t birth);
  // Whether it is time to fold; true once until folded() or fold_failed().
  bool begin_fold(std::size_t after);
  void fold_failed();

 private:
  friend class Lineages;
  friend class SpanView;
  std::mutex mutex_;
  SpanMap recent_;
  std::uint64_t through_ = 0;      // every write up to it is in recent_ or in the pages
  bool loaded_ = false;
  bool folding_ = false;
  std::size_t unfolded_ = 0;       // writes of this process since the last fold
  std::size_t counted_ = 0;        // of recent_, in Lineages::spans_
  std::list<LineageId>::iterator place_;
};

// Those in use. Bounded: what is idle is forgotten and read again. Any thread.
class Lineages {
 public:
  static constexpr std::size_t kMostLineages = 20'000, kMostSpans = 400'000;

  std::shared_ptr<Lineage> of(LineageId id);
  // With every write up to `writes` at least.
  Task<Result<std::shared_ptr<Lineage>>> loaded(catalog::Catalog& catalog, LineageId id, std::uint64_t writes);

 private:
  struct Hash {
    std::size_t operator()(const LineageId& id) const { return std::hash<std::uint64_t>{}(id.manifest * 31 + id.cid); }
  };
  void settle_count(LineageId id, const std::shared_ptr<Lineage>& lineage);

  std::mutex mutex_;
  std::unordered_map<LineageId, std::shared_ptr<Lineage>, Hash> lineages_;
  std::list<LineageId> used_;     // the last used first
  std::size_t spans_ = 0;
};

// What is visible at one number of writes. One coroutine.
class SpanView {
 public:
  // Of the blob itself: everything up to `writes` and perhaps later writes, never half of one span's bytes.
  static Task<Result<SpanView>> latest(catalog::Catalog& catalog, Lineages& lineages, LineageId id, std::uint64_t writes);
  // Of a past state: exactly the writes up to `writes`.
  static Task<Result<SpanView>> past(catalog::Catalog& catalog, LineageId id, std::uint64_t writes);
  // Whichever of the two this manifest is.
  static Task<Result<SpanView>> of(catalog::Catalog& catalog, Lineages& lineages, std::uint64_t cid, const catalog::Manifest& manifest);

  // In order and disjoint, clipped to [from, to); holes left out.
  Task<Result<std::vector<catalog::Span>>> visible(std::uint64_t from, std::uint64_t to);
  // The same for as far as one page of the manifest reaches, however far that is: for who walks over all of a blob.
  // Cleared stretches are among them where older content may show below.
  struct Stretch {
    std::uint64_t end = 0;
    std::vector<catalog::Span> spans;
  };
  Task<Result<Stretch>> stretch(std::uint64_t from, std::uint64_t to);

 private:
  SpanMap recent(std::uint64_t from, std::uint64_t to) const;
  void lay(SpanMap& seen, const SpanPage& page, std::uint64_t from, std::uint64_t to) const;
  SpanView(catalog::Catalog& catalog, LineageId id) : catalog_(&catalog), id_(id) {}
  catalog::Catalog* catalog_;
  LineageId id_;
  std::uint64_t writes_ = kLatest;
  std::shared_ptr<Lineage> lineage_;   // latest
  SpanMap own_;                        // past: the writes that are not folded
};

// All writes from `first` on that are not folded, in order: their numbers and spans, at most `limit`.
struct UnfoldedWrite {
  std::uint64_t birth = 0;
  std::vector<catalog::Span> spans;
};
Task<Result<std::vector<UnfoldedWrite>>> unfolded_writes(catalog::Catalog& catalog, LineageId id, std::uint64_t first,
                                                         std::size_t limit);

// The lineage's guard, before anybody has folded.
void put_guard(catalog::Transaction& t, LineageId id);
// Takes the lineage for a fold: its guard is written anew, with what else is in `with`, so that no fold that began earlier
// commits any more. The guard's version, to be required by every commit of this one; 0: there is none, and nothing was
// written. Errors: conflict (another one was faster).
Task<Result<std::uint64_t>> claim(catalog::Catalog& catalog, LineageId id, catalog::Transaction with = {});
// The number of the last write that is not folded; 0: none.
Task<Result<std::uint64_t>> last_unfolded(catalog::Catalog& catalog, LineageId id);

// The numbers of writes at which somebody still looks at a lineage: kLatest for the blob itself, and one for each past
// state; without `except`, a holder that is about to go. No reference records: the blob alone has it.
Task<Result<std::vector<std::uint64_t>>> holders(catalog::Catalog& catalog, LineageId id, std::uint64_t except = 0);

}  // namespace bascule::ops
