// Copies of append and page blobs: their content is sealed anew as the new blob's own, stretch by stretch, and what was
// never written stays a hole. They share nothing: each goes on being written.
#include <algorithm>

#include "ops/manifest.h"
#include "ops/pending_copy.h"

namespace bascule::ops {

namespace {
constexpr std::uint64_t kStretchBytes = 64 * 1024 * 1024;   // one body
}

// Gives up what it placed and could not name.
Task<Result<void>> Service::seal_stretch(Container from, Container to, std::string account, const BlobView& view,
                                         const catalog::Manifest& manifest, ByteRange range, ManifestWriter& writer) {
  const std::uint64_t length = *range.last - range.first + 1;
  const auto reader = span_reader(std::move(from), view, manifest, range.first, length, read_token());
  ReaderBody body(*reader);
  BASCULE_CO_ASSIGN(auto in, co_await ingest(to, std::move(account), {.length_bytes = length}, body, 0));
  std::uint64_t offset = range.first;
  for (std::size_t i = 0; i < in.pieces.size(); ++i) {
    const auto& piece = in.pieces[i].piece;
    auto added = co_await writer.add_span({.offset = offset, .length = piece.size_bytes, .piece = piece}, in.pieces[i].extent);
    if (!added) {
      co_await abandon(std::move(to), {in.pieces.begin() + static_cast<std::ptrdiff_t>(i) + 1, in.pieces.end()});
      co_return fail(added.error());
    }
    offset += piece.size_bytes;
  }
  co_return Result<void>{};
}

Task<Result<void>> Service::seal_spans_anew(Container from, Container to, std::string account, std::string blob,
                                            catalog::HeadRecord head, ManifestWriter& writer) {
  const LineageId id{from->cid, head.manifest.id};
  BASCULE_CO_ASSIGN(SpanView spans, co_await SpanView::past(parts_.catalog, id, head.manifest.writes));
  const BlobView view = to_view(std::move(blob), head, now());
  std::optional<ByteRange> range;   // that is gathered, and not copied yet
  for (std::uint64_t at = 0; at < head.size_bytes;) {
    BASCULE_CO_ASSIGN(const auto stretch, co_await spans.stretch(at, head.size_bytes));
    for (const catalog::Span& span : stretch.spans) {
      if (span.clear) continue;
      if (range && *range->last + 1 == span.offset && *range->last - range->first < kStretchBytes) {
        range->last = span.end() - 1;
        continue;
      }
      if (range) BASCULE_CO_TRY(co_await seal_stretch(from, to, account, view, head.manifest, *range, writer));
      range = ByteRange{span.offset, span.end() - 1};
    }
    at = stretch.end;
  }
  if (range) BASCULE_CO_TRY(co_await seal_stretch(from, to, account, view, head.manifest, *range, writer));
  co_return Result<void>{};
}

}  // namespace bascule::ops
