#include "ops/fold.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace bascule::ops {

namespace keys = catalog::keys;
using catalog::clipped;
using catalog::Span;

namespace {

constexpr std::size_t kWritesPerRound = 8192;
constexpr std::size_t kCommitBytes = 192 * 1024;
constexpr std::size_t kWritesPerCommit = 512;
constexpr std::size_t kPiecesPerDrop = 64;

bool meets(const Span& span, std::uint64_t from, std::uint64_t to) { return span.offset < to && span.end() > from; }
bool by_place(const Span& a, const Span& b) { return a.offset != b.offset ? a.offset < b.offset : a.birth < b.birth; }
bool continues(const Span& a, const Span& b) {   // b is the rest of a
  return a.end() == b.offset && a.birth == b.birth && a.clear == b.clear &&
         (a.clear || (a.piece.id == b.piece.id && a.skip + a.length == b.skip));
}

using Pieces = std::map<extent::PieceId, Span>;   // -> one of its spans, for the piece and where it was written
void collect(Pieces& pieces, const std::vector<Span>& spans) {
  for (const Span& span : spans)
    if (!span.clear) pieces.emplace(span.piece.id, span);
}

// One round over the oldest writes.
class Round {
 public:
  Round(catalog::Catalog& catalog, const Fold& what, std::uint64_t guard) : catalog_(catalog), what_(what), guard_(guard) {}

  Task<Result<bool>> run() {   // true: there may be more writes
    BASCULE_CO_ASSIGN(auto writes, co_await unfolded_writes(catalog_, what_.id, 0, kWritesPerRound));
    std::erase_if(writes, [this](const auto& write) { return write.birth > what_.through; });
    const bool more = writes.size() == kWritesPerRound;
    for (const auto& write : writes) {
      collect(written_, write.spans);
      spans_.insert(spans_.end(), write.spans.begin(), write.spans.end());
    }
    std::ranges::sort(spans_, by_place);
    BASCULE_CO_TRY(co_await turn_pages());
    BASCULE_CO_TRY(co_await remove(writes));
    co_return more;
  }

 private:
  // A page as it is read, and what becomes of it.
  struct Turned {
    SpanPage old;
    std::vector<SpanPage> made;
  };

  // The first offset from `at` on that a write, or (everything) a page, is concerned with.
  std::optional<std::uint64_t> next_concerned(std::uint64_t at) const {
    std::optional<std::uint64_t> next;
    for (const Span& span : spans_) {
      if (span.end() <= at) continue;
      if (!next || std::max(span.offset, at) < *next) next = std::max(span.offset, at);
      if (span.offset >= at) break;   // sorted
    }
    if (what_.everything) next = at;
    return next;
  }

  Task<Result<void>> turn_pages() {
    for (auto at = next_concerned(0); at;) {
      BASCULE_CO_ASSIGN(SpanPage page, co_await page_at(catalog_, what_.id, *at));
      std::vector<Span> all = page.spans;
      for (const Span& span : spans_)
        if (meets(span, page.begin, page.end)) all.push_back(clipped(span, page.begin, page.end));
      const std::vector<Span> kept = seen_by(all, what_.holders);
      collect(kept_, kept);
      BASCULE_CO_ASSIGN(auto made, divide(kept, page.begin));
      const std::uint64_t end = page.end;
      for (const SpanPage& p : made)
        for (const Span& span : p.spans) bytes_ += encoded_size(span);
      bytes_ += page.spans.size() * 16;
      batch_.push_back({std::move(page), std::move(made)});
      if (bytes_ >= kCommitBytes) BASCULE_CO_TRY(co_await commit_batch());
      if (end == kAnyOffset) break;
      at = next_concerned(end);
    }
    co_return co_await commit_batch();
  }

  catalog::Transaction begin() const {
    catalog::Transaction t;
    t.require(keys::write(what_.id.cid, what_.id.manifest, 0), guard_);
    return t;
  }

  Task<Result<void>> commit_batch() {
    catalog::Transaction t = begin();
    bool changes = false;
    Pieces gone;
    for (const Turned& turned : batch_) {
      const std::string key = keys::page(what_.id.cid, what_.id.manifest, turned.old.begin);
      std::string first = turned.made.empty() ? "" : catalog::encode_span_page(turned.made[0].spans);
      const std::string former = turned.old.version ? catalog::encode_span_page(turned.old.spans) : "";
      if (turned.made.size() <= 1 && first == former) continue;
      changes = true;
      t.require(key, turned.old.version);
      if (!first.empty()) t.put(key, std::move(first));
      else t.remove(key);
      for (std::size_t i = 1; i < turned.made.size(); ++i)
        t.put(keys::page(what_.id.cid, what_.id.manifest, turned.made[i].begin), catalog::encode_span_page(turned.made[i].spans));
      Pieces had, has;
      collect(had, turned.old.spans);
      for (const SpanPage& p : turned.made) collect(has, p.spans);
      for (const auto& [id, span] : had)
        if (!has.contains(id)) gone.emplace(id, span);
    }
    std::vector<extent::Piece> dead;
    required_.clear();
    for (const auto& [id, span] : gone) {
      if (written_.contains(id)) continue;   // named by its write too: it goes, if at all, with that
      BASCULE_CO_ASSIGN(const bool lives, co_await named_elsewhere(span, t));
      if (!lives) dead.push_back(span.piece);
    }
    batch_.clear();
    bytes_ = 0;
    if (!changes) co_return Result<void>{};
    drop(t, dead);
    co_return co_await catalog_.commit(std::move(t));
  }

  // Does a page name a piece beside those of the batch, or one of the batch still? What decides is required.
  Task<Result<bool>> named_elsewhere(const Span& span, catalog::Transaction& t) {
    const extent::PieceId id = span.piece.id;
    const auto names = [&id](const std::vector<Span>& spans) {
      return std::ranges::any_of(spans, [&id](const Span& s) { return !s.clear && s.piece.id == id; });
    };
    for (const Turned& turned : batch_)
      for (const SpanPage& page : turned.made)
        if (names(page.spans)) co_return true;
    const bool inside = std::ranges::any_of(batch_, [&](const Turned& turned) {
      return turned.old.begin <= span.piece_begin() && span.piece_end() <= turned.old.end;
    });
    if (inside) co_return false;
    BASCULE_CO_ASSIGN(const auto pages, co_await pages_of(catalog_, what_.id, span.piece_begin(), span.piece_end()));
    for (const SpanPage& page : pages) {
      if (std::ranges::any_of(batch_, [&](const Turned& turned) { return turned.old.begin == page.begin; })) continue;
      if (names(page.spans)) co_return true;
      if (required_.insert(page.begin).second) t.require(keys::page(what_.id.cid, what_.id.manifest, page.begin), page.version);
    }
    co_return false;
  }

  void drop(catalog::Transaction& t, const std::vector<extent::Piece>& dead) {
    for (std::size_t at = 0; at < dead.size();) {
      catalog::DropRecord record{.kind = catalog::DropRecord::Kind::pieces, .cid = what_.id.cid};
      for (; at < dead.size() && record.pieces.size() < kPiecesPerDrop; ++at) record.pieces.push_back(dead[at]);
      t.put(keys::dropped(catalog_.next_version()), encode(record));
    }
  }

  // Every page that meets them has been turned: what no page kept has no other name.
  Task<Result<void>> remove(const std::vector<UnfoldedWrite>& writes) {
    for (std::size_t at = 0; at < writes.size();) {
      catalog::Transaction t = begin();
      std::vector<extent::Piece> dead;
      for (std::size_t n = 0; at < writes.size() && n < kWritesPerCommit && dead.size() < 2048; ++at, ++n) {
        t.remove(keys::write(what_.id.cid, what_.id.manifest, writes[at].birth));
        for (const Span& span : writes[at].spans)
          if (!span.clear && !kept_.contains(span.piece.id)) dead.push_back(span.piece);
      }
      drop(t, dead);
      BASCULE_CO_TRY(co_await catalog_.commit(std::move(t)));
    }
    co_return Result<void>{};
  }

  catalog::Catalog& catalog_;
  const Fold& what_;
  const std::uint64_t guard_;
  std::vector<Span> spans_;       // of the writes
  Pieces written_, kept_;         // named by the writes; by a page of this round
  std::vector<Turned> batch_;
  std::size_t bytes_ = 0;
  std::set<std::uint64_t> required_;   // by the commit that is being made, beside the batch's own
};

}  // namespace

Task<Result<void>> fold(catalog::Catalog& catalog, Fold what, std::uint64_t guard) {
  while (true) {
    Round round(catalog, what, guard);
    BASCULE_CO_ASSIGN(const bool more, co_await round.run());
    if (!more) co_return Result<void>{};
  }
}

std::vector<Span> seen_by(const std::vector<Span>& spans, const std::vector<std::uint64_t>& holders) {
  // What each holder sees, joined for each span.
  std::map<std::uint64_t, SpanMap> seen;   // by birth
  for (const std::uint64_t holder : holders) {
    SpanMap view;
    for (const Span& span : spans)
      if (span.birth <= holder) view.insert(span);
    view.each(0, kAnyOffset, [&seen](Span span) {
      const std::uint64_t birth = std::exchange(span.birth, 0);   // of one birth and place: the same, once
      seen[birth].insert(span);
    });
  }
  std::vector<Span> kept;
  SpanMap below;   // what is kept and older
  for (auto& [birth, parts] : seen) {
    const std::size_t first = kept.size();
    parts.each(0, kAnyOffset, [&](Span span) {
      span.birth = birth;
      if (!span.clear) {
        kept.push_back(span);
        return;
      }
      // Zeros matter where something older shows to others.
      below.each(span.offset, span.end(), [&](const Span& under) { kept.push_back(clipped(span, under.offset, under.end())); });
    });
    for (std::size_t i = first; i < kept.size(); ++i) below.insert(kept[i]);
  }
  std::ranges::sort(kept, [](const Span& a, const Span& b) { return a.birth != b.birth ? a.birth < b.birth : a.offset < b.offset; });
  std::vector<Span> joined;
  for (const Span& span : kept) {
    if (!joined.empty() && continues(joined.back(), span)) joined.back().length += span.length;
    else joined.push_back(span);
  }
  std::ranges::sort(joined, by_place);
  return joined;
}

Result<std::vector<SpanPage>> divide(std::vector<Span> spans, std::uint64_t begin) {
  std::vector<SpanPage> pages;
  std::size_t total = 0;
  for (const Span& span : spans) total += encoded_size(span);
  if (spans.empty()) return pages;
  pages.push_back({.begin = begin});
  if (total <= catalog::kSpanPageBytes * 3 / 2) {
    pages.back().spans = std::move(spans);
    return pages;
  }
  std::multimap<std::pair<std::uint64_t, std::uint64_t>, Span> rest;   // by place and birth
  for (Span& span : spans) rest.emplace(std::pair(span.offset, span.birth), span);
  std::size_t bytes = 0;
  while (!rest.empty()) {
    Span span = rest.begin()->second;
    rest.erase(rest.begin());
    SpanPage& page = pages.back();
    if (bytes >= catalog::kSpanPageBytes && span.offset > page.begin) {
      const std::uint64_t border = span.offset;
      rest.emplace(std::pair(span.offset, span.birth), span);
      for (Span& left : page.spans) {
        if (left.end() <= border) continue;
        rest.emplace(std::pair(border, left.birth), clipped(left, border, left.end()));
        left = clipped(left, left.offset, border);
      }
      std::erase_if(page.spans, [](const Span& left) { return left.length == 0; });   // an older one that begins at the border too
      pages.push_back({.begin = border});
      bytes = 0;
      continue;
    }
    bytes += encoded_size(span);
    page.spans.push_back(span);
  }
  for (const SpanPage& page : pages)
    if (page.spans.size() * 130 > catalog::kMostSpanPageBytes && catalog::encode_span_page(page.spans).size() > catalog::kMostSpanPageBytes)
      return fail(Code::exhausted, "a stretch of a page blob has too many past states for one page of its manifest");
  return pages;
}

}  // namespace bascule::ops
