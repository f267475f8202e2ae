#include "base/crc64.h"
#include "migrate/copy_parts.h"

namespace bascule::migrate {
namespace {

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

}  // namespace

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

}  // namespace bascule::migrate
