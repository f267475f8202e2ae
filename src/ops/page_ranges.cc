// Get Page Ranges: what of a page blob was ever written, and not cleared since; or what changed since a snapshot of it.
#include <algorithm>

#include "ops/history.h"
#include "ops/lineage.h"
#include "ops/pending_copy.h"
#include "ops/service.h"

namespace bascule::ops {

namespace keys = catalog::keys;

namespace {

struct Asked { std::uint64_t first = 0, end = 0; };
Result<Asked> asked(const GetPageRanges& get, std::uint64_t size) {
  Asked range{0, size};
  if (get.range) {
    if (get.range->first >= size && size > 0) return refuse(Reason::invalid_range, std::to_string(size));
    range.first = get.range->first / kPageBytes * kPageBytes;   // whole pages
    if (get.range->last) range.end = std::min(size, (*get.range->last / kPageBytes + 1) * kPageBytes);
  }
  range.first = std::max(range.first, get.start);
  range.end = std::max(range.first, range.end);
  return range;
}

// Ranges in order, neighbours of one kind joined; false once there are as many as were asked for, and more.
class Collected {
 public:
  Collected(PageRanges& into, std::size_t limit) : into_(into), limit_(limit) {}
  bool add(std::uint64_t first, std::uint64_t end, bool cleared) {
    auto& ranges = into_.ranges;
    if (!ranges.empty() && ranges.back().last + 1 == first && ranges.back().cleared == cleared) {
      ranges.back().last = end - 1;
      return true;
    }
    if (ranges.size() == limit_) {
      into_.next = first;
      return false;
    }
    ranges.push_back({first, end - 1, cleared});
    return true;
  }

 private:
  PageRanges& into_;
  const std::size_t limit_;
};

// The stretches in [from, to) that a view has content in.
Task<Result<std::vector<catalog::Span>>> content_in(SpanView& view, std::uint64_t from, std::uint64_t to) {
  std::vector<catalog::Span> all;
  while (from < to) {
    BASCULE_CO_ASSIGN(auto stretch, co_await view.stretch(from, to));
    for (auto& span : stretch.spans)
      if (!span.clear) all.push_back(span);
    from = stretch.end;
  }
  co_return all;
}

}  // namespace

Task<Result<std::optional<std::uint64_t>>> Service::previous_writes(std::uint64_t cid, BlobRef ref, std::optional<WallTime> previous,
                                                                    catalog::Manifest manifest) {
  if (!previous) co_return std::nullopt;
  if (ref.at.kind == At::Kind::snapshot && *previous > ref.at.time) co_return refuse(Reason::previous_snapshot_newer);
  BASCULE_CO_ASSIGN(const auto found, co_await past_state(cid, ref.blob, {At::Kind::snapshot, *previous}));
  if (!found) co_return refuse(Reason::previous_snapshot_not_found);
  const catalog::Manifest& then = found->record.manifest;
  if (then.id != manifest.id) co_return refuse(Reason::blob_overwritten);   // of a blob of that name that this one has replaced
  if (then.writes > manifest.writes) co_return refuse(Reason::previous_snapshot_newer);   // than a version
  co_return then.writes;
}

Task<Result<PageRanges>> Service::get_page_ranges(BlobRef ref, GetPageRanges get) {
  BASCULE_CO_ASSIGN(auto container, co_await resolve({ref.account, ref.container}));
  auto token = read_token();
  BASCULE_CO_ASSIGN(const auto head, co_await named_state(container->cid, ref));
  if (!there(head, ending_now(*container))) co_return refuse(Reason::blob_not_found);
  const catalog::HeadRecord& record = head->record;
  if (record.type != static_cast<std::uint8_t>(BlobType::page)) co_return refuse(Reason::blob_type_mismatch);
  BASCULE_CO_TRY(check_own_content(&record));
  BASCULE_CO_TRY(check_lease_read(record.lease, get.conditions.lease_id, now()));
  BASCULE_CO_TRY(check_read(get.conditions, stamp(record)));
  BASCULE_CO_ASSIGN(const Asked range, asked(get, record.size_bytes));
  BASCULE_CO_ASSIGN(const auto before, co_await previous_writes(container->cid, ref, get.previous, record.manifest));
  PageRanges result;
  result.blob = to_view(ref.blob, record, now());
  Collected collected(result, get.limit);
  BASCULE_CO_ASSIGN(SpanView view, co_await SpanView::of(parts_.catalog, lineages_, container->cid, record.manifest));
  std::optional<SpanView> then;
  if (before) { BASCULE_CO_ASSIGN(then, co_await SpanView::past(parts_.catalog, {container->cid, record.manifest.id}, *before)); }
  for (std::uint64_t at = range.first; at < range.end;) {
    BASCULE_CO_ASSIGN(const auto stretch, co_await view.stretch(at, range.end));
    for (const auto& span : stretch.spans) {
      if (before && span.birth <= *before) continue;   // as it was
      if (!span.clear) {
        if (!collected.add(span.offset, span.end(), false)) co_return result;
      } else if (before) {   // cleared since, where there was something
        BASCULE_CO_ASSIGN(const auto gone, co_await content_in(*then, span.offset, span.end()));
        for (const auto& old : gone)
          if (!collected.add(old.offset, old.end(), true)) co_return result;
      }
    }
    at = stretch.end;
  }
  co_return result;
}

}  // namespace bascule::ops
