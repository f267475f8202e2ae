#include <algorithm>
#include <array>

#include "migrate/copy_parts.h"

namespace bascule::migrate {
namespace {

constexpr std::uint64_t kSkippedBytes = 64u << 10;   // a hole up to this is read over: cheaper than another request

// A state's content, stretch by stretch; stretches that lie together are one ranged read.
class ImportingBody final : public ops::ImportBody {
 public:
  ImportingBody(CopyContext& context, std::string container, const SourceBlob& blob, std::vector<SourceBlock> blocks, bool proven)
      : context_(context), container_(std::move(container)), blob_(blob), blocks_(std::move(blocks)), proven_(proven),
        with_md5_(blob.type == ops::BlobType::block && blob.headers.md5.has_value() && blob.size_bytes <= context.options.md5_check_bytes),
        body_(context, blob, nullptr, with_md5_) {}

  Task<Result<std::optional<Stretch>>> next() override {
    if (at_ == group_.size()) {
      BASCULE_CO_TRY(keep(co_await gather()));
      if (group_.empty()) co_return std::nullopt;
      at_ = 0;
      position_ = group_.front().offset;
      auto opened = co_await open_source(context_, container_, blob_, position_, group_.back().offset + group_.back().length_bytes - position_, proven_);
      BASCULE_CO_TRY(keep(opened ? Result<void>{} : fail(opened.error())));
      reader_ = std::move(*opened);
    }
    const Stretch& stretch = group_[at_++];
    BASCULE_CO_TRY(keep(co_await skip(stretch.offset - position_)));
    position_ = stretch.offset + stretch.length_bytes;
    sum_.add(stretch.offset, stretch.length_bytes);
    body_.read_from(reader_.get());
    body_.limit(stretch.length_bytes);
    co_return stretch;
  }
  Task<Result<std::size_t>> read(MutableBytes into) override { return body_.read(into); }

  // The source's own, where it was the cause of a failed write.
  std::optional<Error> error() const { return error_ ? error_ : body_.error(); }
  Hashed hashed() {
    Hashed out{.crc = body_.crc(), .size_bytes = body_.size(), .ranges = blob_.type == ops::BlobType::page ? sum_.finish() : 0};
    if (with_md5_) out.md5 = body_.md5() == *blob_.headers.md5 ? Md5Check::same : Md5Check::differs;
    return out;
  }

 private:
  Result<void> keep(Result<void> result) {
    if (!result) error_ = result.error();
    return result;
  }
  Task<Result<void>> skip(std::uint64_t bytes) {
    std::array<std::byte, 4096> hole;
    while (bytes > 0) {
      BASCULE_CO_ASSIGN(const std::size_t count, co_await reader_->read(MutableBytes(hole).first(std::min<std::uint64_t>(bytes, hole.size()))));
      if (count == 0) co_return fail(Code::unavailable, "the source ended the content early");
      bytes -= count;
    }
    co_return Result<void>{};
  }
  // The next stretches for one read.
  Task<Result<void>> gather() {
    group_.clear();
    while (true) {
      if (!peeked_) { BASCULE_CO_ASSIGN(peeked_, co_await following()); }
      if (!peeked_) co_return Result<void>{};
      if (!group_.empty()) {
        const std::uint64_t end = group_.back().offset + group_.back().length_bytes;
        const bool together = peeked_->offset - end <= kSkippedBytes &&
                              peeked_->offset + peeked_->length_bytes - group_.front().offset <= context_.options.segment_bytes;
        if (!together) co_return Result<void>{};
      }
      group_.push_back(*std::exchange(peeked_, std::nullopt));
    }
  }
  Task<Result<std::optional<Stretch>>> following() {
    if (blob_.type == ops::BlobType::page) co_return co_await following_range();
    if (offset_ == blob_.size_bytes) co_return std::nullopt;
    Stretch stretch{offset_, blob_.size_bytes - offset_, {}};
    if (!blocks_.empty()) {
      if (block_ == blocks_.size()) co_return fail(Code::conflict, "the source's block list is not the blob's");
      stretch.length_bytes = blocks_[block_].size_bytes;
      stretch.block_id = blocks_[block_++].id;
    } else if (blob_.type == ops::BlobType::append) {
      stretch.length_bytes = std::min(stretch.length_bytes, context_.options.segment_bytes);
    }
    offset_ += stretch.length_bytes;
    co_return stretch;
  }
  Task<Result<std::optional<Stretch>>> following_range() {
    while (range_ == page_.ranges.size()) {
      if (asked_ && page_.next.empty()) co_return std::nullopt;
      BASCULE_CO_ASSIGN(page_, co_await context_.source.page_ranges(state_of(container_, blob_), page_.next));
      asked_ = true;
      range_ = 0;
    }
    ops::PageRange& range = page_.ranges[range_];
    const std::uint64_t length = std::min(range.last - range.first + 1, context_.options.segment_bytes);
    if (range.last >= blob_.size_bytes) co_return fail(Code::conflict, "the source's page ranges are not the blob's");
    const Stretch stretch{range.first, length, {}};
    range.first += length;
    if (range.first > range.last) ++range_;
    co_return stretch;
  }

  CopyContext& context_;
  const std::string container_;
  const SourceBlob& blob_;
  const std::vector<SourceBlock> blocks_;
  const bool proven_, with_md5_;
  HashingBody body_;
  std::unique_ptr<SourceReader> reader_;
  std::uint64_t position_ = 0;             // of the reader, in the blob
  std::vector<Stretch> group_;             // what the reader brings
  std::size_t at_ = 0;
  std::optional<Stretch> peeked_;
  std::uint64_t offset_ = 0;               // of what following() gives
  std::size_t block_ = 0;
  fetch::PageList page_;
  std::size_t range_ = 0;
  bool asked_ = false;
  RangesSum sum_;
  std::optional<Error> error_;
};

}  // namespace

Task<Attempt<Hashed>> import_state(CopyContext& context, const std::string& container, const SourceBlob& blob, ops::At at,
                                   std::vector<SourceBlock> blocks, bool proven) {
  std::optional<Place> place;
  if (blob.size_bytes > context.options.small_bytes) {
    co_await context.streams.enter();
    place.emplace(context.streams);
  }
  ImportingBody body(context, container, blob, std::move(blocks), proven);
  auto done = co_await context.target.import_blob(container, blob.name, at, properties_of(blob), blob.size_bytes, body);
  if (!done && body.error()) co_return source_failed(*body.error());
  if (!done) co_return target_failed(std::move(done.error()));
  co_return body.hashed();
}

}  // namespace bascule::migrate
