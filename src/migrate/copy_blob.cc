#include "migrate/copy_blob.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/crc64.h"
#include "base/digest.h"

namespace bascule::migrate {
namespace {

// Which side refused decides what can be done about it.
struct AttemptError {
  Error error;
  bool from_source = false;
};
template <class T> using Attempt = std::expected<T, AttemptError>;

std::unexpected<AttemptError> source_failed(Error error) { return std::unexpected(AttemptError{std::move(error), true}); }
std::unexpected<AttemptError> target_failed(Error error) { return std::unexpected(AttemptError{std::move(error), false}); }

// A body that hashes what passes. The target may ask for it in pieces as it likes.
class HashingBody final : public ops::BodySource {
 public:
  HashingBody(CopyContext& context, const SourceBlob& blob, SourceReader* reader, bool with_md5)
      : context_(context), reader_(reader), with_md5_(with_md5), stoppable_(blob.size_bytes > kFinishedAnyway),
        flips_(context.spoils(blob) && context.options.sabotage == Sabotage::flip) {}

  // The next bytes of the reader, so many of them, are one body.
  void limit(std::uint64_t size_bytes) { left_ = size_bytes; }
  void read_from(SourceReader* reader) { reader_ = reader; }

  Task<Result<std::size_t>> read(MutableBytes into) override {
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

  const std::optional<Error>& error() const { return error_; }
  std::uint64_t crc() const { return crc_; }
  std::uint64_t size() const { return size_; }
  bool drained() const { return left_ == 0; }
  Md5Value md5() { return md5_.finish(); }

 private:
  CopyContext& context_;
  SourceReader* reader_;
  const bool with_md5_, stoppable_, flips_;
  std::uint64_t left_ = 0, size_ = 0, crc_ = 0;
  Md5 md5_;
  std::optional<Error> error_;
};

// A failed write: the body's own error is the cause where there is one.
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

// Opens a stretch of the source.
Task<Result<std::unique_ptr<SourceReader>>> open_source(CopyContext& context, const std::string& container,
                                                        const SourceBlob& blob, std::uint64_t offset,
                                                        std::uint64_t size_bytes, bool proven) {
  BASCULE_CO_ASSIGN(std::unique_ptr<SourceReader> reader,
                    co_await context.source.open(state_of(container, blob), offset, size_bytes, proven));
  if (blob.size_bytes > context.options.small_bytes) co_return reader;
  co_return co_await read_small(context, std::move(reader), size_bytes, blob.is_past());
}

struct Hashed {
  std::uint64_t crc = 0, size_bytes = 0;   // of what was read: of a page blob without the holes,
  std::uint64_t ranges = 0;                // which are told apart by this (RangesSum)
  Md5Check md5 = Md5Check::none;
  std::uint64_t target_state = 0, uncommitted_blocks = 0;
};

Task<Attempt<Hashed>> put_whole(CopyContext& context, const std::string& container, const SourceBlob& blob, bool proven) {
  std::unique_ptr<SourceReader> reader;
  if (blob.size_bytes > 0) {
    auto opened = co_await open_source(context, container, blob, 0, blob.size_bytes, proven);
    if (!opened) co_return source_failed(std::move(opened.error()));
    reader = std::move(*opened);
  }
  const bool with_md5 = blob.headers.md5.has_value() && blob.size_bytes <= context.options.md5_check_bytes;
  HashingBody body(context, blob, reader.get(), with_md5);
  body.limit(blob.size_bytes);
  auto put = co_await context.target.put_blob(container, blob.name, properties_of(blob), blob.size_bytes, body);
  if (!put) co_return write_failed(body, std::move(put.error()));
  if (!body.drained()) co_return target_failed({Code::internal, 0, "the target took less than the whole content"});
  Hashed hashed{.crc = body.crc(), .size_bytes = body.size()};
  if (with_md5) hashed.md5 = body.md5() == *blob.headers.md5 ? Md5Check::same : Md5Check::differs;
  co_return hashed;
}

// Consecutive blocks that one ranged read brings.
struct Segment {
  std::size_t first_block = 0, blocks = 0;
  std::uint64_t offset = 0, size_bytes = 0;
};

std::vector<Segment> cut_segments(const std::vector<SourceBlock>& blocks, std::uint64_t limit) {
  std::vector<Segment> segments;
  std::uint64_t offset = 0;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (segments.empty() || segments.back().size_bytes + blocks[i].size_bytes > limit)
      segments.push_back({i, 0, offset, 0});
    ++segments.back().blocks;
    segments.back().size_bytes += blocks[i].size_bytes;
    offset += blocks[i].size_bytes;
  }
  return segments;
}

struct BlockCopy {
  CopyContext& context;
  const std::string& container;
  const SourceBlob& blob;
  const std::vector<SourceBlock>& blocks;
  bool proven;
  std::vector<Segment> segments;
  std::vector<std::uint64_t> crcs;  // by segment
  std::optional<AttemptError> error;
  Md5Check md5 = Md5Check::none;
  Group group;
};

Task<Attempt<void>> copy_segment(BlockCopy& copy, std::size_t index) {
  const Segment& segment = copy.segments[index];
  auto opened = co_await open_source(copy.context, copy.container, copy.blob, segment.offset, segment.size_bytes,
                                     copy.proven);
  if (!opened) co_return source_failed(std::move(opened.error()));
  const bool with_md5 = copy.segments.size() == 1 && copy.blob.headers.md5.has_value() &&
                        copy.blob.size_bytes <= copy.context.options.md5_check_bytes;
  HashingBody body(copy.context, copy.blob, opened->get(), with_md5);
  for (std::size_t i = segment.first_block; i < segment.first_block + segment.blocks; ++i) {
    const SourceBlock& block = copy.blocks[i];
    body.limit(block.size_bytes);
    auto put = co_await copy.context.target.put_block(copy.container, copy.blob.name, block.id, block.size_bytes, body);
    if (!put) co_return write_failed(body, std::move(put.error()));
    if (!body.drained()) co_return target_failed({Code::internal, 0, "the target took less than a whole block"});
  }
  copy.crcs[index] = body.crc();
  if (with_md5) copy.md5 = body.md5() == *copy.blob.headers.md5 ? Md5Check::same : Md5Check::differs;
  co_return Attempt<void>{};
}

Task<void> run_segment(BlockCopy& copy, std::size_t index) {
  co_await copy.context.streams.enter();
  const Place place(copy.context.streams);
  if (!copy.error) {
    auto done = co_await copy_segment(copy, index);
    if (!done && !copy.error) copy.error = std::move(done.error());
  }
  copy.group.finished();
}

Task<Attempt<Hashed>> put_blocks(CopyContext& context, const std::string& container, const SourceBlob& blob,
                                 const std::vector<SourceBlock>& blocks, bool proven) {
  BlockCopy copy{context, container, blob, blocks, proven, cut_segments(blocks, context.options.segment_bytes)};
  copy.crcs.resize(copy.segments.size());
  if (copy.segments.size() == 1) {  // most blobs: no tasks of their own
    if (auto done = co_await copy_segment(copy, 0); !done) co_return std::unexpected(std::move(done.error()));
  } else {
    const Executor executor = co_await this_executor();
    for (std::size_t i = 0; i < copy.segments.size(); ++i) {
      copy.group.started();
      spawn(executor, run_segment(copy, i));
    }
    co_await copy.group.wait();
    if (copy.error) co_return std::unexpected(std::move(*copy.error));
  }
  std::vector<std::string> ids;
  ids.reserve(blocks.size());
  for (const SourceBlock& block : blocks) ids.push_back(block.id);
  auto committed = co_await context.target.commit(container, blob.name, properties_of(blob), std::move(ids));
  if (!committed) co_return target_failed(std::move(committed.error()));
  Hashed hashed{.md5 = copy.md5};
  for (std::size_t i = 0; i < copy.segments.size(); ++i) {
    hashed.crc = crc64_combine(hashed.crc, copy.crcs[i], copy.segments[i].size_bytes);
    hashed.size_bytes += copy.segments[i].size_bytes;
  }
  co_return hashed;
}

Task<Attempt<Hashed>> put_content(CopyContext& context, const std::string& container, const SourceBlob& blob,
                                  const std::vector<SourceBlock>& blocks, bool proven) {
  const bool one_stream = blocks.empty() || blob.size_bytes <= context.options.segment_bytes;
  std::optional<Place> place;  // the segments of a larger one take places of their own
  if (one_stream && blob.size_bytes > context.options.small_bytes) {
    co_await context.streams.enter();
    place.emplace(context.streams);
  }
  if (blocks.empty()) co_return co_await put_whole(context, container, blob, proven);
  co_return co_await put_blocks(context, container, blob, blocks, proven);
}

// --- append and page blobs, and past states of any type ----------------------------------------------------------

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
  SourceRanges page_;
  std::size_t range_ = 0;
  bool asked_ = false;
  RangesSum sum_;
  std::optional<Error> error_;
};

Task<Attempt<Hashed>> import(CopyContext& context, const std::string& container, const SourceBlob& blob, ops::At at,
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

bool same_without_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return lower(x) == lower(y);
  });
}

bool same_metadata(const ops::Metadata& a, const ops::Metadata& b) {
  if (a.size() != b.size()) return false;
  return std::all_of(a.begin(), a.end(), [&](const auto& entry) {
    return std::any_of(b.begin(), b.end(), [&](const auto& other) {
      return same_without_case(entry.first, other.first) && entry.second == other.second;
    });
  });
}

Result<void> compare_properties(const SourceBlob& blob, const BlobProperties& found) {
  const auto differs = [](std::string_view what) {
    return fail(Code::corrupt, fmt::format("read back with another {}", what));
  };
  const ops::ContentHeaders &a = blob.headers, &b = found.headers;
  if (a.type != b.type) return differs("Content-Type");
  if (a.encoding != b.encoding) return differs("Content-Encoding");
  if (a.language != b.language) return differs("Content-Language");
  if (a.cache_control != b.cache_control) return differs("Cache-Control");
  if (a.disposition != b.disposition) return differs("Content-Disposition");
  if (a.md5 && a.md5 != b.md5) return differs("Content-MD5");
  if (!same_metadata(blob.metadata, found.metadata)) return differs("set of metadata");
  if (blob.type != found.type) return differs("type");
  if (blob.tags != found.tags) return differs("set of tags");
  const BlobProperties wanted = properties_of(blob);
  if (!wanted.tier.empty() && wanted.tier != found.tier) return differs("tier");
  if (blob.type == ops::BlobType::append && (blob.sealed != found.sealed || blob.committed_blocks != found.committed_blocks))
    return differs("count of blocks, or sealed");
  if (blob.type == ops::BlobType::page && blob.sequence_number != found.sequence_number) return differs("sequence number");
  if (wanted.stamps.version != WallTime() && wanted.stamps.version != found.stamps.version) return differs("version id");
  if (wanted.expires != WallTime() && found.expires == WallTime()) return differs("end");
  return {};
}

Task<Result<void>> read_back(CopyContext& context, const std::string& container, const SourceBlob& blob, ops::At at,
                             Hashed& hashed) {
  BASCULE_CO_ASSIGN(std::unique_ptr<TargetReader> reader, co_await context.target.open(container, blob.name, at));
  hashed.target_state = reader->state();
  if (reader->size_bytes() != blob.size_bytes)
    co_return fail(Code::corrupt, fmt::format("read back {} bytes instead of {}", reader->size_bytes(), blob.size_bytes));
  BASCULE_CO_TRY(compare_properties(blob, reader->properties()));
  std::uint64_t crc = 0, size = 0;
  for (;;) {
    BASCULE_CO_ASSIGN(const Bytes bytes, co_await reader->next());
    if (bytes.empty()) break;
    if (hashed.size_bytes > kFinishedAnyway && context.stopping()) co_return fail(Code::cancelled, "stopped");
    crc = crc64(bytes, crc);
    size += bytes.size();
  }
  if (size != hashed.size_bytes || crc != hashed.crc)
    co_return fail(Code::corrupt, "read back with another content than what was read from the source");
  if (blob.type == ops::BlobType::page && reader->ranges() != hashed.ranges)
    co_return fail(Code::corrupt, "read back with other holes than those of the source");
  co_return Result<void>{};
}

// What the listing does not say of a state, and its blocks.
struct Detail {
  std::vector<SourceBlock> blocks;
  std::uint64_t uncommitted_blocks = 0;
};
Task<Result<Detail>> look_closer(CopyContext& context, const std::string& container, SourceBlob& blob) {
  Detail detail;
  if (blob.type == ops::BlobType::append) {
    BASCULE_CO_ASSIGN(const SourceBlob head, co_await context.source.head(state_of(container, blob)));
    if (head.etag != blob.etag) co_return fail(Code::conflict, "the blob changed at the source");
    blob.committed_blocks = head.committed_blocks;
    blob.sealed = head.sealed;
  }
  if (blob.type != ops::BlobType::block) co_return detail;
  // Of an empty blob too: it may have changed since it was listed, or have blocks that stay behind.
  BASCULE_CO_ASSIGN(SourceBlockList listed, co_await context.source.block_list(state_of(container, blob)));
  std::uint64_t sum = 0;
  for (const SourceBlock& block : listed.committed) sum += block.size_bytes;
  if (!listed.committed.empty() && sum != blob.size_bytes) co_return fail(Code::conflict, "the source's block list is not the blob's");
  detail.blocks = std::move(listed.committed);
  detail.uncommitted_blocks = listed.uncommitted;
  co_return detail;
}

// `proven`: as Source::open.
Task<Attempt<Hashed>> carry(CopyContext& context, const std::string& container, SourceBlob& blob, ops::At at, bool proven) {
  auto detail = co_await look_closer(context, container, blob);
  if (!detail) co_return source_failed(std::move(detail.error()));
  Hashed hashed;
  if (context.spoils(blob) && context.options.sabotage == Sabotage::drop) {
    context.sabotage_pending = false;
    hashed.size_bytes = blob.size_bytes;
  } else {
    const bool plain = at.base() && blob.type == ops::BlobType::block;
    auto done = plain ? co_await put_content(context, container, blob, detail->blocks, proven)
                      : co_await import(context, container, blob, at, std::move(detail->blocks), proven);
    if (!done) co_return std::unexpected(std::move(done.error()));
    hashed = *done;
  }
  if (auto same = co_await read_back(context, container, blob, at, hashed); !same)
    co_return target_failed(std::move(same.error()));
  hashed.uncommitted_blocks = detail->uncommitted_blocks;
  if (blob.keep.any()) {   // once it is known to be right: it cannot be replaced then
    if (auto kept = co_await context.target.keep(container, blob.name, at, blob.keep); !kept) co_return target_failed(std::move(kept.error()));
  }
  co_return hashed;
}

}  // namespace

Duration retry_delay(int attempt, Random& random) {
  const auto full = std::chrono::milliseconds(200LL << std::min(attempt - 1, 7));
  const auto capped = std::min<std::chrono::milliseconds>(full, std::chrono::seconds(20));
  return capped / 2 + std::chrono::milliseconds(random.next_u64() % static_cast<std::uint64_t>(capped.count() / 2 + 1));
}

Result<ops::At> place_of(const SourceBlob& blob) {
  if (!blob.is_past()) return ops::At{};
  const bool version = blob.snapshot.empty();
  const std::string& name = version ? blob.version_id : blob.snapshot;
  const auto time = parse_iso8601(name);
  if (!time || *time <= WallTime()) return fail(Code::invalid_argument, "the source names a snapshot or version " + name + ", which is no time");
  return ops::At{version ? ops::At::Kind::version : ops::At::Kind::snapshot, *time};
}

Task<Result<CopyResult>> copy_blob(CopyContext& context, std::string container, SourceBlob blob) {
  BASCULE_CO_ASSIGN(const ops::At at, place_of(blob));
  CopyResult result;
  std::optional<std::uint64_t> differing;  // the hash of content that was not what its Content-MD5 says
  for (int attempt = 1;; ++attempt) {
    const std::uint64_t read_before = context.bytes_read;
    auto done = co_await carry(context, container, blob, at, differing.has_value());
    if (done) {
      // Read again, and compared with the source's own hashes: the same content means that a client declared another MD5.
      const bool doubtful = done->md5 == Md5Check::differs && differing != done->crc;
      if (!doubtful || attempt >= context.options.attempts) {
        result.blob = std::move(blob);
        result.md5 = done->md5;
        result.target_state = done->target_state;
        result.uncommitted_blocks = done->uncommitted_blocks;
        co_return result;
      }
      differing = done->crc;
      context.bytes_read = std::min(context.bytes_read, read_before + blob.size_bytes);
      ++context.retries;
      continue;
    }
    const Error& error = done.error().error;
    const bool moved = done.error().from_source && (error.code == Code::conflict || error.code == Code::not_found);
    const bool again = moved || retryable(error.code);
    if (!again || attempt >= context.options.attempts) co_return fail(error);
    context.bytes_read = std::min(context.bytes_read, read_before + blob.size_bytes);
    ++context.retries;
    if (!moved) co_await context.clock.sleep_for(retry_delay(attempt, context.random));
    if (moved) {
      auto head = co_await context.source.head(state_of(container, blob));
      if (!head && head.error().code == Code::not_found) {
        result.outcome = CopyOutcome::vanished;
        result.blob = std::move(blob);
        co_return result;
      }
      if (!head) co_return fail(std::move(head.error()));
      if (head->customer_key || head->tier == "Archive")
        co_return fail(Code::unsupported, "was archived, or sealed under a key of the client's, at the source meanwhile");
      result.changed = result.changed || head->etag != blob.etag;
      blob = std::move(*head);
    }
  }
}

}  // namespace bascule::migrate
