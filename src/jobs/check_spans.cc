// check, append and page blobs: what is visible of each must be there; of an append blob that is all of it.
#include "jobs/checker.h"
#include "ops/lineage.h"

namespace bascule::jobs {

Task<Result<void>> Checker::walk_spans(const Container& container, const catalog::HeadRecord& head, Covered& covered,
                                       Wrong& wrong) {
  const auto damaged = [&](const Error& error) -> Result<void> {
    if (error.code != Code::corrupt) return fail(error);
    wrong.add(Trouble::damaged, "its manifest: " + error.message);
    return {};
  };
  const bool holes = head.type == static_cast<std::uint8_t>(ops::BlobType::page);
  auto view = co_await ops::SpanView::past(parts_.catalog, {container.cid, head.manifest.id}, head.manifest.writes);
  if (!view) co_return damaged(view.error());
  extent::PieceId last;
  std::uint64_t there = 0;
  for (std::uint64_t at = 0; at < head.size_bytes;) {
    BASCULE_CO_TRY(go_on());
    const auto stretch = co_await view->stretch(at, head.size_bytes);
    if (!stretch) co_return damaged(stretch.error());
    for (const catalog::Span& span : stretch->spans) {
      if (span.clear) continue;
      there += span.length;
      if (span.piece.id == last) continue;
      last = span.piece.id;
      ++covered.pieces;
      BASCULE_CO_TRY(co_await look_at_piece(container, span.piece, "bytes from " + std::to_string(span.offset) + ": ", wrong));
    }
    at = stretch->end;
  }
  covered.bytes = holes ? head.size_bytes : there;
  co_return Result<void>{};
}

}  // namespace bascule::jobs
