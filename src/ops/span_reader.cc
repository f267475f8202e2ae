// Get Blob of append and page blobs: a window of spans at a time. What was never written, or was cleared, is zeros.
#include "ops/lineage.h"
#include "ops/run_reader.h"

namespace bascule::ops {

namespace {

constexpr std::uint64_t kWindowBytes = 4 * 1024 * 1024;

class SpanBlobReader final : public RunReader {
 public:
  SpanBlobReader(const Service& service, Lineages& lineages, Container container, BlobView view, const catalog::Manifest& manifest,
                 std::uint64_t first, std::uint64_t length, std::shared_ptr<void> token)
      : RunReader(service, std::move(container), std::move(view), first, length, std::move(token)), lineages_(lineages),
        id_{container_->cid, manifest.id}, writes_(manifest.writes), latest_(manifest.holder == manifest.id),
        holes_(blob().type == BlobType::page), window_end_(first) {}

 private:
  Task<Result<Run>> next_run() override {
    if (position_ == end_) co_return Run{};
    if (position_ == window_end_) BASCULE_CO_TRY(co_await open_window());
    if (at_ == window_.size() || window_[at_].offset > position_) {
      if (!holes_) co_return fail(Code::corrupt, "an append blob has no content at one of its bytes");
      Run run{.take = 0, .zeros = true};
      const std::uint64_t until = at_ == window_.size() ? window_end_ : window_[at_].offset;
      run.take = static_cast<std::uint32_t>(std::min<std::uint64_t>(until - position_, kMostZeros));
      position_ += run.take;
      co_return run;
    }
    const catalog::Span& span = window_[at_];
    const Run run = run_of(span.piece, span.skip + (position_ - span.offset), span.end() - position_);
    position_ += run.take;
    if (position_ == span.end()) ++at_;
    co_return run;
  }

  Task<Result<void>> open_window() {
    catalog::Catalog& catalog = service_.parts().catalog;
    if (!view_) {
      if (latest_) { BASCULE_CO_ASSIGN(view_, co_await SpanView::latest(catalog, lineages_, id_, writes_)); }
      else { BASCULE_CO_ASSIGN(view_, co_await SpanView::past(catalog, id_, writes_)); }
    }
    window_end_ = std::min(end_, position_ + kWindowBytes);
    BASCULE_CO_ASSIGN(window_, co_await view_->visible(position_, window_end_));
    at_ = 0;
    co_return Result<void>{};
  }

  Lineages& lineages_;
  const LineageId id_;
  const std::uint64_t writes_;
  const bool latest_, holes_;
  std::optional<SpanView> view_;
  std::vector<catalog::Span> window_;
  std::size_t at_ = 0;
  std::uint64_t window_end_;
};

}  // namespace

std::unique_ptr<BlobReader> Service::span_reader(Container container, BlobView view, const catalog::Manifest& manifest,
                                                 std::uint64_t first, std::uint64_t length, std::shared_ptr<void> token) {
  return std::make_unique<SpanBlobReader>(*this, lineages_, std::move(container), std::move(view), manifest, first, length,
                                          std::move(token));
}

}  // namespace bascule::ops
