#include <fmt/format.h>

#include <algorithm>

#include "base/crc64.h"
#include "migrate/copy_parts.h"

namespace bascule::migrate {
namespace {

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

}  // namespace

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

}  // namespace bascule::migrate
