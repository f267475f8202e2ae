#include "migrate/copy_blob.h"

#include <algorithm>

#include "migrate/copy_parts.h"

namespace bascule::migrate {
namespace {

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
                      : co_await import_state(context, container, blob, at, std::move(detail->blocks), proven);
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
