#include "migrate/copy_parts.h"

#include <algorithm>
#include <cstring>

#include "base/crc64.h"

namespace bascule::migrate {

Task<Result<std::size_t>> HashingBody::read(MutableBytes into) {
  if (left_ == 0 || into.empty()) co_return std::size_t{0};
  if (stoppable_ && context_.stopping()) co_return fail(error_.emplace(Error{Code::cancelled, 0, "stopped"}));
  auto count = co_await reader_->read(into.first(std::min<std::uint64_t>(into.size(), left_)));
  if (count && *count == 0) count = fail(Code::unavailable, "the source ended the content early");
  if (!count) {
    error_ = count.error();
    co_return count;
  }
  const Bytes got = into.first(*count);
  crc_ = crc64(got, crc_);
  if (with_md5_) md5_.update(got);
  left_ -= got.size();
  size_ += got.size();
  context_.bytes_read += got.size();
  if (flips_ && context_.sabotage_pending) {
    context_.sabotage_pending = false;
    into[0] ^= std::byte{1};
  }
  co_return count;
}

std::unexpected<AttemptError> write_failed(const HashingBody& body, Error error) {
  if (body.error()) return source_failed(*body.error());
  return target_failed(std::move(error));
}

BlobProperties properties_of(const SourceBlob& blob) {
  BlobProperties p{blob.headers, blob.metadata, blob.type == ops::BlobType::block ? blob.tier : "", blob.tags, blob.type};
  p.sealed = blob.sealed;
  p.committed_blocks = blob.committed_blocks;
  p.sequence_number = blob.sequence_number;
  p.stamps = {.created = blob.created, .last_modified = blob.last_modified, .tier_changed = blob.tier_changed};
  if (blob.is_past()) return p;
  if (!blob.version_id.empty()) p.stamps.version = parse_iso8601(blob.version_id).value_or(WallTime());
  p.expires = blob.expires;
  return p;
}

namespace {

class StringReader final : public SourceReader {
 public:
  explicit StringReader(std::string content) : content_(std::move(content)) {}
  Task<Result<std::size_t>> read(MutableBytes into) override {
    const std::size_t count = std::min(into.size(), content_.size() - at_);
    std::memcpy(into.data(), content_.data() + at_, count);
    at_ += count;
    co_return count;
  }

 private:
  std::string content_;
  std::size_t at_ = 0;
};

// A small blob's content, read whole; then waits for company, unless others of its name wait behind it.
Task<Result<std::unique_ptr<SourceReader>>> read_small(CopyContext& context, std::unique_ptr<SourceReader> reader,
                                                       std::uint64_t size_bytes, bool alone) {
  std::string content(size_bytes, '\0');
  std::size_t at = 0;
  while (at < content.size()) {
    BASCULE_CO_ASSIGN(const std::size_t count, co_await reader->read(as_writable(content).subspan(at)));
    if (count == 0) co_return fail(Code::unavailable, "the source ended the content early");
    at += count;
  }
  // To its end, so that the connection can be used again.
  std::byte beyond{};
  BASCULE_CO_ASSIGN(const std::size_t more, co_await reader->read({&beyond, 1}));
  if (more > 0) co_return fail(Code::unavailable, "the source sent more than the content");
  reader.reset();
  if (!alone) co_await context.wave.arrive(context.timers);
  co_return std::make_unique<StringReader>(std::move(content));
}

}  // namespace

Task<Result<std::unique_ptr<SourceReader>>> open_source(CopyContext& context, const std::string& container,
                                                        const SourceBlob& blob, std::uint64_t offset,
                                                        std::uint64_t size_bytes, bool proven) {
  BASCULE_CO_ASSIGN(std::unique_ptr<SourceReader> reader,
                    co_await context.source.open(state_of(container, blob), offset, size_bytes, proven));
  if (blob.size_bytes > context.options.small_bytes) co_return reader;
  co_return co_await read_small(context, std::move(reader), size_bytes, blob.is_past());
}

}  // namespace bascule::migrate
