#include "ops/manifest.h"

#include <algorithm>

namespace bascule::ops {

namespace keys = catalog::keys;

ManifestWriter::ManifestWriter(catalog::Catalog& catalog, ContainerRef ref, Container container, bool owns_pieces)
    : catalog_(catalog), ref_(std::move(ref)), container_(std::move(container)), owns_pieces_(owns_pieces),
      mapping_version_(container_->mapping_version) {
  manifest_.id = manifest_.holder = catalog_.next_version();
}

ManifestWriter::ManifestWriter(catalog::Catalog& catalog, ContainerRef ref, Container container, Of of)
    : ManifestWriter(catalog, std::move(ref), std::move(container), true) {
  manifest_.spans = of == Of::spans;
}

Task<Result<void>> ManifestWriter::add_span(catalog::Span span, std::shared_ptr<const extent::PlacedExtent> extent) {
  if (pending_bytes_ >= catalog::kSpanPageBytes) BASCULE_CO_TRY(co_await flush_page());
  if (pending_spans_.empty() && manifest_.paged) page_offset_ = span.offset;
  pending_bytes_ += encoded_size(span);
  pending_spans_.push_back(span);
  co_return co_await note(extent);
}

Task<Result<void>> ManifestWriter::add(catalog::ManifestEntry entry, std::shared_ptr<const extent::PlacedExtent> extent) {
  offset_ += entry.piece.size_bytes;
  pending_bytes_ += encoded_size(entry);
  pending_.push_back(std::move(entry));
  BASCULE_CO_TRY(co_await note(extent));
  if (pending_bytes_ >= catalog::kPageBytes) co_return co_await flush_page();
  co_return Result<void>{};
}

Task<Result<void>> ManifestWriter::note(const std::shared_ptr<const extent::PlacedExtent>& extent) {
  if (extent && (unnamed_.empty() || unnamed_.back() != extent)) {
    unnamed_bytes_ += extent->record_value.size();
    unnamed_.push_back(extent);
  }
  if (unnamed_bytes_ > store::kMaxCommitBytes / 4) co_return co_await name_unnamed();
  co_return Result<void>{};
}

std::string ManifestWriter::page_value() const {
  return manifest_.spans ? catalog::encode_span_page(pending_spans_) : catalog::encode_page(pending_);
}

Task<Result<void>> ManifestWriter::name_unnamed() {
  BASCULE_CO_TRY(co_await catalog_.name_extents(std::exchange(unnamed_, {})));
  unnamed_bytes_ = 0;
  co_return Result<void>{};
}

Task<Result<void>> ManifestWriter::flush_page() {
  const std::string mapping_key = keys::mapping(ref_.account, ref_.container);
  catalog::Transaction t;
  t.require(mapping_key, mapping_version_);
  t.put(keys::page(container_->cid, manifest_.id, page_offset_), page_value());
  // Said with every page: the record is tiny, and who tells first would otherwise have to be remembered across retries.
  t.put(keys::intent(catalog_.session(), manifest_.id), encode(catalog::IntentRecord{.cid = container_->cid, .owns_pieces = owns_pieces_, .spans = manifest_.spans}));
  for (const auto& extent : unnamed_) t.name(*extent);
  manifest_.paged = true;
  auto done = co_await catalog_.commit(std::move(t));
  if (!done && done.error().code == Code::conflict) {   // the same container may have a mapping that was written anew
    BASCULE_CO_ASSIGN(const auto mapping, co_await catalog_.get<catalog::MappingRecord>(mapping_key));
    const bool anew = mapping && mapping->record.cid == container_->cid && mapping->version != mapping_version_;
    if (!anew) co_return refuse(Reason::container_not_found);
    mapping_version_ = mapping->version;
    co_return co_await flush_page();
  }
  if (!done) co_return fail(done.error());
  page_offset_ = offset_;
  pending_.clear();
  pending_spans_.clear();
  pending_bytes_ = 0;
  unnamed_.clear();
  unnamed_bytes_ = 0;
  co_return Result<void>{};
}

Task<Result<catalog::Manifest>> ManifestWriter::finish(catalog::Transaction& head) {
  if (manifest_.spans) {
    // What is left goes with the head, and with it the lineage's guard.
  } else if (!manifest_.paged && pending_.size() <= catalog::kInlineEntries) {
    manifest_.entries = pending_;
    if (pending_.empty()) manifest_.id = manifest_.holder = 0;
  } else if (!pending_.empty()) {
    BASCULE_CO_TRY(co_await flush_page());
  }
  for (const auto& extent : unnamed_) head.name(*extent);
  if (manifest_.paged) head.remove(keys::intent(catalog_.session(), manifest_.id));
  if (manifest_.spans) {
    head.put(keys::write(container_->cid, manifest_.id, 0), catalog::encode_write({}));
    if (!pending_spans_.empty()) head.put(keys::page(container_->cid, manifest_.id, page_offset_), page_value());
  }
  co_return manifest_;
}

Task<void> ManifestWriter::give_up() {
  if (!owns_pieces_ && !manifest_.paged) co_return;
  catalog::Transaction t;
  for (const auto& extent : unnamed_) t.name(*extent);
  if (manifest_.paged) t.remove(keys::intent(catalog_.session(), manifest_.id));
  using Kind = catalog::DropRecord::Kind;
  if (manifest_.paged) {
    catalog::DropRecord pages{.kind = owns_pieces_ ? Kind::manifest : Kind::pages, .cid = container_->cid, .manifest = manifest_};
    pages.manifest.entries.clear();
    t.put(keys::dropped(catalog_.next_version()), encode(pages));
  }
  if (owns_pieces_ && !(pending_.empty() && pending_spans_.empty())) {  // what is in no page
    catalog::DropRecord rest{.kind = Kind::pieces, .cid = container_->cid};
    for (const auto& e : pending_) rest.pieces.push_back(e.piece);
    for (const auto& s : pending_spans_) rest.pieces.push_back(s.piece);
    t.put(keys::dropped(catalog_.next_version()), encode(rest));
  }
  if (!co_await catalog_.commit(std::move(t))) catalog_.ids().note_lost();
}

Task<Result<void>> ManifestCursor::load(std::string begin, bool reverse) {
  const std::string first = keys::page(cid_, manifest_.id, 0);
  store::Store::Scan scan{.begin = first, .end = begin, .limit = 1, .reverse = true};
  if (!reverse) scan = {.begin = begin, .end = keys::after_prefix(first.substr(0, 17)), .limit = 1};
  BASCULE_CO_ASSIGN(auto pages, co_await catalog_.scan(std::move(scan)));
  index_ = 0;
  if (pages.empty()) {
    manifest_.entries.clear();
    end_ = true;
    co_return Result<void>{};
  }
  BASCULE_CO_ASSIGN(manifest_.entries, catalog::decode_page(pages[0].value));
  offset_ = load_be64(pages[0].key.data() + 17);
  loaded_ = true;
  co_return Result<void>{};
}

Task<Result<void>> ManifestCursor::seek(std::uint64_t offset) {
  index_ = 0;
  offset_ = 0;
  end_ = false;
  if (manifest_.paged) {
    BASCULE_CO_TRY(co_await load(keys::page(cid_, manifest_.id, offset + 1), true));
    if (end_) co_return fail(Code::corrupt, "a manifest has no page for offset " + std::to_string(offset));
  }
  const auto& entries = manifest_.entries;
  while (index_ < entries.size() && offset_ + entries[index_].piece.size_bytes <= offset)
    offset_ += entries[index_++].piece.size_bytes;
  co_return Result<void>{};
}

bool ManifestCursor::try_next(At& at) {
  if (manifest_.paged && (!loaded_ || index_ == manifest_.entries.size())) return false;
  if (index_ == manifest_.entries.size()) {
    at = {offset_, nullptr};
    return true;
  }
  at = {offset_, &manifest_.entries[index_]};
  offset_ += manifest_.entries[index_++].piece.size_bytes;
  return true;
}

Task<Result<ManifestCursor::At>> ManifestCursor::next() {
  At at;
  if (try_next(at)) co_return at;
  if (!end_) BASCULE_CO_TRY(co_await load(keys::page(cid_, manifest_.id, loaded_ ? offset_ : 0), false));
  if (end_) co_return At{offset_, nullptr};
  try_next(at);
  co_return at;
}

Task<Result<std::vector<catalog::ManifestEntry>>> all_entries(catalog::Catalog& catalog, std::uint64_t cid,
                                                              catalog::Manifest manifest) {
  if (!manifest.paged) co_return std::move(manifest.entries);
  std::vector<catalog::ManifestEntry> all;
  ManifestCursor cursor(catalog, cid, std::move(manifest));
  while (true) {
    BASCULE_CO_ASSIGN(const auto at, co_await cursor.next());
    if (!at.entry) co_return all;
    all.push_back(*at.entry);
  }
}

}  // namespace bascule::ops
