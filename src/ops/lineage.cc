#include "ops/lineage.h"

#include <algorithm>

namespace bascule::ops {

namespace keys = catalog::keys;
using catalog::Span;

namespace {

constexpr std::size_t kScanWrites = 4096;

Result<SpanPage> read_page(const store::Entry& entry) {
  SpanPage page;
  page.begin = load_be64(entry.key.data() + 17);
  page.version = entry.version;
  BASCULE_ASSIGN(page.spans, catalog::decode_span_page(entry.value));
  return page;
}

}  // namespace

Task<Result<SpanPage>> page_at(catalog::Catalog& catalog, LineageId id, std::uint64_t offset) {
  BASCULE_CO_ASSIGN(auto found, co_await catalog.scan({.begin = keys::page(id.cid, id.manifest, 0),
                                                       .end = keys::page(id.cid, id.manifest, offset) + '\0',
                                                       .limit = 1,
                                                       .reverse = true}));
  SpanPage page;
  if (!found.empty()) { BASCULE_CO_ASSIGN(page, read_page(found[0])); }
  const std::string next = keys::page(id.cid, id.manifest, offset) + '\0';
  BASCULE_CO_ASSIGN(auto after, co_await catalog.scan({.begin = next, .end = keys::after_prefix(next.substr(0, 17)), .limit = 1}));
  if (!after.empty()) page.end = load_be64(after[0].key.data() + 17);
  co_return page;
}

Task<Result<std::vector<SpanPage>>> pages_of(catalog::Catalog& catalog, LineageId id, std::uint64_t from, std::uint64_t to) {
  std::vector<SpanPage> pages;
  std::string end = keys::page(id.cid, id.manifest, to);
  const std::string begin = keys::page(id.cid, id.manifest, 0);
  while (true) {
    BASCULE_CO_ASSIGN(auto found, co_await catalog.scan({.begin = begin, .end = end, .limit = 1, .reverse = true}));
    if (found.empty()) co_return pages;
    BASCULE_CO_ASSIGN(auto page, read_page(found[0]));
    const bool last = page.begin <= from;
    pages.push_back(std::move(page));
    if (last) co_return pages;
    end = std::move(found[0].key);
  }
}

Task<Result<std::vector<UnfoldedWrite>>> unfolded_writes(catalog::Catalog& catalog, LineageId id, std::uint64_t first,
                                                         std::size_t limit) {
  const std::string prefix = keys::write(id.cid, id.manifest, 0).substr(0, 17), end = keys::after_prefix(prefix);
  std::string begin = keys::write(id.cid, id.manifest, std::max<std::uint64_t>(first, 1));   // 0: the guard
  std::vector<UnfoldedWrite> writes;
  while (writes.size() < limit) {
    BASCULE_CO_ASSIGN(auto found, co_await catalog.scan({.begin = begin, .end = end, .limit = std::min(kScanWrites, limit - writes.size())}));
    if (found.empty()) break;
    for (const auto& entry : found) {
      UnfoldedWrite& write = writes.emplace_back();
      write.birth = load_be64(entry.key.data() + 17);
      BASCULE_CO_ASSIGN(write.spans, catalog::decode_write(entry.value));
    }
    begin = found.back().key + '\0';
  }
  co_return writes;
}

namespace {
// An offset of its own for each claim tells whose the guard is.
std::string guard_value(std::uint64_t claim) { return catalog::encode_write({{.offset = claim, .length = 1, .clear = true}}); }

Task<Result<std::optional<store::Entry>>> guard_of(catalog::Catalog& catalog, std::string key) {
  BASCULE_CO_ASSIGN(auto found, co_await catalog.scan({.begin = key, .end = key + '\0', .limit = 1}));
  if (found.empty()) co_return std::nullopt;
  co_return std::move(found[0]);
}
}  // namespace

void put_guard(catalog::Transaction& t, LineageId id) { t.put(keys::write(id.cid, id.manifest, 0), guard_value(0)); }

Task<Result<std::uint64_t>> claim(catalog::Catalog& catalog, LineageId id, catalog::Transaction with) {
  const std::string key = keys::write(id.cid, id.manifest, 0);
  BASCULE_CO_ASSIGN(const auto before, co_await guard_of(catalog, key));
  if (!before) co_return 0;
  const std::string mine = guard_value(catalog.next_version());
  with.require(key, before->version);
  with.put(key, mine);
  BASCULE_CO_TRY(co_await catalog.commit(std::move(with)));
  BASCULE_CO_ASSIGN(const auto after, co_await guard_of(catalog, key));
  if (!after || after->value != mine) co_return fail(Code::conflict, "a blob is being folded by another one");
  co_return after->version;
}

Task<Result<std::uint64_t>> last_unfolded(catalog::Catalog& catalog, LineageId id) {
  const std::string first = keys::write(id.cid, id.manifest, 1);
  BASCULE_CO_ASSIGN(const auto found, co_await catalog.scan({.begin = first, .end = keys::after_prefix(first.substr(0, 17)),
                                                             .limit = 1, .reverse = true}));
  co_return found.empty() ? 0 : load_be64(found[0].key.data() + 17);
}

Task<Result<std::vector<std::uint64_t>>> holders(catalog::Catalog& catalog, LineageId id, std::uint64_t except) {
  const std::string prefix = keys::reference(id.cid, id.manifest, 0).substr(0, 17), end = keys::after_prefix(prefix);
  std::vector<std::uint64_t> at;
  bool any = false;
  for (std::string begin = prefix;;) {
    BASCULE_CO_ASSIGN(auto found, co_await catalog.scan({.begin = begin, .end = end}));
    if (found.empty()) break;
    for (const auto& entry : found) {
      any = true;
      const std::uint64_t holder = load_be64(entry.key.data() + 17);
      if (holder == except) continue;
      BASCULE_CO_ASSIGN(const std::uint64_t writes, catalog::decode_total(entry.value));
      at.push_back(holder == id.manifest ? kLatest : writes);
    }
    begin = found.back().key + '\0';
  }
  if (!any && except == 0) at.push_back(kLatest);
  std::ranges::sort(at);
  at.erase(std::ranges::unique(at).begin(), at.end());
  co_return at;
}

void Lineage::wrote(std::uint64_t birth, const std::vector<Span>& spans) {
  std::lock_guard lock(mutex_);
  ++unfolded_;
  if (!loaded_ || through_ + 1 != birth) return;
  for (const Span& span : spans) recent_.insert(span);
  through_ = birth;
}

void Lineage::folded(std::uint64_t birth) {
  std::lock_guard lock(mutex_);
  recent_.erase_born_by(birth);
  unfolded_ = 0;
  folding_ = false;
}

bool Lineage::begin_fold(std::size_t after) {
  std::lock_guard lock(mutex_);
  if (folding_ || std::max(unfolded_, recent_.size()) < after) return false;
  folding_ = true;
  return true;
}

void Lineage::fold_failed() {
  std::lock_guard lock(mutex_);
  folding_ = false;
  unfolded_ = 0;   // tried again after as many writes as before
}

std::shared_ptr<Lineage> Lineages::of(LineageId id) {
  std::lock_guard lock(mutex_);
  if (const auto found = lineages_.find(id); found != lineages_.end()) {
    used_.splice(used_.begin(), used_, found->second->place_);
    return found->second;
  }
  while (!used_.empty() && (lineages_.size() >= kMostLineages || spans_ > kMostSpans)) {
    const auto last = lineages_.find(used_.back());
    spans_ -= last->second->counted_;
    lineages_.erase(last);   // who uses it still goes on with what it has
    used_.pop_back();
  }
  auto made = std::make_shared<Lineage>();
  used_.push_front(id);
  made->place_ = used_.begin();
  lineages_.emplace(id, made);
  return made;
}

void Lineages::settle_count(LineageId id, const std::shared_ptr<Lineage>& lineage) {
  std::scoped_lock lock(mutex_, lineage->mutex_);
  const auto found = lineages_.find(id);
  if (found == lineages_.end() || found->second != lineage) return;
  spans_ += lineage->recent_.size();
  spans_ -= lineage->counted_;
  lineage->counted_ = lineage->recent_.size();
}

Task<Result<std::shared_ptr<Lineage>>> Lineages::loaded(catalog::Catalog& catalog, LineageId id, std::uint64_t writes) {
  auto lineage = of(id);
  std::uint64_t first = 0;
  {
    std::lock_guard lock(lineage->mutex_);
    if (lineage->loaded_ && lineage->through_ >= writes) co_return lineage;
    if (lineage->loaded_) first = lineage->through_ + 1;
  }
  BASCULE_CO_ASSIGN(const auto found, co_await unfolded_writes(catalog, id, first, kAnyOffset));
  {
    std::lock_guard lock(lineage->mutex_);
    std::uint64_t through = writes;
    for (const auto& write : found) {
      for (const Span& span : write.spans) lineage->recent_.insert(span);
      through = std::max(through, write.birth);
    }
    lineage->through_ = std::max(lineage->through_, through);
    lineage->loaded_ = true;
  }
  settle_count(id, lineage);
  co_return lineage;
}

Task<Result<SpanView>> SpanView::latest(catalog::Catalog& catalog, Lineages& lineages, LineageId id, std::uint64_t writes) {
  SpanView view(catalog, id);
  BASCULE_CO_ASSIGN(view.lineage_, co_await lineages.loaded(catalog, id, writes));
  co_return view;
}

Task<Result<SpanView>> SpanView::past(catalog::Catalog& catalog, LineageId id, std::uint64_t writes) {
  SpanView view(catalog, id);
  view.writes_ = writes;
  BASCULE_CO_ASSIGN(const auto found, co_await unfolded_writes(catalog, id, 0, kAnyOffset));
  for (const auto& write : found)
    for (const Span& span : write.spans)
      if (write.birth <= writes) view.own_.insert(span);
  co_return view;
}

Task<Result<SpanView>> SpanView::of(catalog::Catalog& catalog, Lineages& lineages, std::uint64_t cid, const catalog::Manifest& manifest) {
  const LineageId id{cid, manifest.id};
  return manifest.holder == manifest.id ? latest(catalog, lineages, id, manifest.writes) : past(catalog, id, manifest.writes);
}

SpanMap SpanView::recent(std::uint64_t from, std::uint64_t to) const {
  SpanMap seen;
  const auto add = [&seen](const Span& span) { seen.insert(span); };
  if (!lineage_) {
    own_.each(from, to, add);
    return seen;
  }
  std::lock_guard lock(lineage_->mutex_);
  lineage_->recent_.each(from, to, add);
  return seen;
}

void SpanView::lay(SpanMap& seen, const SpanPage& page, std::uint64_t from, std::uint64_t to) const {
  for (const Span& span : page.spans)
    if (span.birth <= writes_ && span.offset < to && span.end() > from) seen.insert(clipped(span, from, to));
}

// The writes in memory first, the pages after them: what is folded in between is met at least once.
Task<Result<std::vector<Span>>> SpanView::visible(std::uint64_t from, std::uint64_t to) {
  SpanMap seen = recent(from, to);
  BASCULE_CO_ASSIGN(const auto pages, co_await pages_of(*catalog_, id_, from, to));
  for (const SpanPage& page : pages) lay(seen, page, from, to);
  std::vector<Span> visible;
  visible.reserve(seen.size());
  seen.each(from, to, [&](const Span& span) {
    if (!span.clear) visible.push_back(span);
  });
  co_return visible;
}

Task<Result<SpanView::Stretch>> SpanView::stretch(std::uint64_t from, std::uint64_t to) {
  SpanMap seen = recent(from, to);
  BASCULE_CO_ASSIGN(const SpanPage page, co_await page_at(*catalog_, id_, from));
  Stretch stretch{.end = std::min(to, page.end)};
  lay(seen, page, from, stretch.end);
  seen.each(from, stretch.end, [&](const Span& span) { stretch.spans.push_back(span); });
  co_return stretch;
}

}  // namespace bascule::ops
