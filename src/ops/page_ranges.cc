// Get Page Ranges: what of a page blob was ever written, and not cleared since.
#include <algorithm>

#include "ops/history.h"
#include "ops/lineage.h"
#include "ops/service.h"

namespace bascule::ops {

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

}  // namespace

Task<Result<PageRanges>> Service::get_page_ranges(BlobRef ref, GetPageRanges get) {
  BASCULE_CO_ASSIGN(auto container, co_await resolve({ref.account, ref.container}));
  auto token = read_token();
  catalog::HeadRef head;
  if (ref.at.base()) { BASCULE_CO_ASSIGN(head, co_await parts_.catalog.head(catalog::keys::head(container->cid, ref.blob))); }
  else { BASCULE_CO_ASSIGN(head, co_await past_state(container->cid, ref.blob, ref.at)); }
  if (!there(head, now())) co_return refuse(Reason::blob_not_found);
  const catalog::HeadRecord& record = head->record;
  if (record.type != static_cast<std::uint8_t>(BlobType::page)) co_return refuse(Reason::blob_type_mismatch);
  BASCULE_CO_TRY(check_lease_read(record.lease, get.conditions.lease_id, now()));
  BASCULE_CO_TRY(check_read(get.conditions, stamp(record)));
  BASCULE_CO_ASSIGN(const Asked range, asked(get, record.size_bytes));
  PageRanges result;
  result.blob = to_view(ref.blob, record, now());
  const LineageId lineage{container->cid, record.manifest.id};
  const bool itself = record.manifest.holder == record.manifest.id;   // else a past state of it
  BASCULE_CO_ASSIGN(SpanView view, itself ? co_await SpanView::latest(parts_.catalog, lineages_, lineage, record.manifest.writes)
                                          : co_await SpanView::past(parts_.catalog, lineage, record.manifest.writes));
  for (std::uint64_t at = range.first; at < range.end;) {
    BASCULE_CO_ASSIGN(const auto stretch, co_await view.stretch(at, range.end));
    for (const auto& span : stretch.spans) {
      if (span.clear) continue;
      if (!result.ranges.empty() && result.ranges.back().last + 1 == span.offset) {
        result.ranges.back().last = span.end() - 1;
        continue;
      }
      if (result.ranges.size() == get.limit) {
        result.next = span.offset;
        co_return result;
      }
      result.ranges.push_back({span.offset, span.end() - 1, false});
    }
    at = stretch.end;
  }
  co_return result;
}

}  // namespace bascule::ops
