// Put Blob From URL, Put Block From URL, Copy Blob From URL: content that is there when the answer is.
#include "api/blob/block_blob.h"
#include "api/blob/block_list.h"
#include "api/blob/call.h"
#include "api/blob/encryption.h"
#include "api/blob/from_url.h"
#include "api/blob/guards.h"
#include "api/blob/reply.h"
#include "api/blob/source.h"
#include "api/common/metadata.h"
#include "api/common/ranges.h"
#include "api/common/since.h"
#include "api/common/text.h"
#include "base/bytes.h"

namespace bascule::api::blob {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::uint64_t kMostSyncCopy = 256 * kMiB;      // "Copy Blob From URL"
constexpr std::uint64_t kMostPutFromUrl = 5000 * kMiB;   // "Put Blob From URL"

// What is given replaces what the source has, one by one.
void inherit(ops::ContentHeaders& own, const ops::ContentHeaders& source) {
  const auto take = [](std::string& mine, const std::string& theirs) {
    if (mine.empty()) mine = theirs;
  };
  take(own.type, source.type);
  take(own.encoding, source.encoding);
  take(own.language, source.language);
  take(own.cache_control, source.cache_control);
  take(own.disposition, source.disposition);
  if (!own.md5) own.md5 = source.md5;
}

Parsed<bool> copies_properties(const HeaderIndex& headers) {
  const auto text = headers.find(H::copy_source_blob_properties);
  if (!text || same_text(*text, "true")) return true;
  if (same_text(*text, "false")) return false;
  return bad_header(name(H::copy_source_blob_properties), *text);
}

// Takes the source over as a whole blob.
Task<Parsed<ops::Written>> put_source(Call& call, ops::PutBlob put, Source& source, const DeclaredHashes& declared) {
  put.body.length_bytes = source.length_bytes;
  put.body.expected_md5 = declared.md5;
  put.body.expected_crc64 = declared.crc64;
  put.body.want_md5 = !put.headers.md5;
  auto written = co_await call.ops().put_blob(call.blob(), std::move(put), source);
  if (!written && overwrites(call, written.error())) co_return refuse(Fault::unauthorized_blob_overwrite);
  if (!written) co_return refuse(unless_source_failed(call, source, with_hashes(std::move(written).error(), declared)));
  co_return std::move(*written);
}

}  // namespace

Parsed<> require_no_body(const Call& call) {
  if (call.request.content_length.value_or(0) != 0) return bad_header("Content-Length", decimal(*call.request.content_length));
  return {};
}

Parsed<DeclaredHashes> source_hashes(const HeaderIndex& headers) {
  DeclaredHashes declared;
  const auto md5 = headers.find(H::source_content_md5);
  const auto crc64 = headers.find(H::source_content_crc64);
  if (md5 && crc64) return refuse(Fault::both_crc64_and_md5_header_present);
  if (md5) {
    BASCULE_ASSIGN(declared.md5, parse_md5(*md5));
  }
  if (crc64) {
    const auto bytes = from_base64(*crc64);
    if (!bytes || bytes->size() != 8) return bad_header(name(H::source_content_crc64), *crc64);
    declared.crc64 = load_le<std::uint64_t>(bytes->data());
  }
  return declared;
}

Parsed<SourceUse> ranged_source(const Call& call, bool required) {
  SourceUse use;
  const auto text = call.headers.find(H::source_range);
  if (!text && required) return missing_header(name(H::source_range));
  if (!text) return use;
  use.range = parse_byte_range(*text, call.version);
  if (!use.range) return bad_header(name(H::source_range), *text);
  return use;
}

Task<Answer> put_blob_from_url(Call& call) {
  const HeaderIndex& headers = call.headers;
  BASCULE_CO_TRY(require_no_body(call));
  ops::PutBlob put;
  BASCULE_CO_ASSIGN(put.conditions, parse_conditions(headers, call.version, ConditionUse::other));
  forbid_overwriting(call, put.conditions);
  BASCULE_CO_ASSIGN(const ops::AskedEncryption asked, asked_encryption(call, KeyUse::write));
  put.conditions.encryption = asked;
  BASCULE_CO_ASSIGN(const DeclaredHashes declared, source_hashes(headers));
  BASCULE_CO_ASSIGN(put.headers, content_headers(headers, false));
  BASCULE_CO_ASSIGN(const bool properties, copies_properties(headers));
  BASCULE_CO_ASSIGN(put.metadata, parse_metadata(headers));
  BASCULE_CO_ASSIGN(put.tier, parse_tier(headers));
  BASCULE_CO_ASSIGN(const bool copies_tags, parse_tag_option(call));
  BASCULE_CO_ASSIGN(put.tags, parse_tags(call));
  BASCULE_CO_ASSIGN(put.keep, parse_keep(headers));

  BASCULE_CO_ASSIGN(const auto source, co_await open_source(call, {.tags = copies_tags}));
  if (source->length_bytes > kMostPutFromUrl)
    co_return refuse({Fault::request_body_too_large, {{"MaxLimit", decimal(kMostPutFromUrl)}}});
  if (properties) inherit(put.headers, source->headers);
  if (put.headers.type.empty()) put.headers.type = kDefaultContentType;
  if (!headers.has_metadata()) put.metadata = source->metadata;
  if (copies_tags) put.tags = source->tags;

  BASCULE_CO_ASSIGN(const ops::Written written, co_await put_source(call, std::move(put), *source, declared));
  Reply reply(call, 201);
  reply.modified(written.last_modified, written.etag);
  reply.common();
  if (written.crc64) reply.crc64(*written.crc64);
  reply.version_id(written.version);
  add_written_encryption(reply, asked, written.encryption_scope, call.version);
  co_return co_await reply.send();
}

Task<Answer> put_block_from_url(Call& call) {
  const HeaderIndex& headers = call.headers;
  BASCULE_CO_TRY(require_no_body(call));
  ops::PutBlock put;
  BASCULE_CO_ASSIGN(put.block_id, block_id_of(call.target));
  BASCULE_CO_ASSIGN(put.lease_id, parse_lease_id(headers, H::lease_id));
  BASCULE_CO_ASSIGN(const ops::AskedEncryption asked, asked_encryption(call, KeyUse::write));
  put.encryption = asked;
  BASCULE_CO_ASSIGN(const DeclaredHashes declared, source_hashes(headers));
  BASCULE_CO_ASSIGN(SourceUse use, ranged_source(call, false));
  BASCULE_CO_ASSIGN(const auto source, co_await open_source(call, use));
  const std::uint64_t most = call.version >= since::kLargestBlocksFromUrl ? 4000 * kMiB : 100 * kMiB;
  if (source->length_bytes > most) co_return refuse({Fault::request_body_too_large, {{"MaxLimit", decimal(most)}}});
  if (source->length_bytes == 0) co_return bad_header(name(H::copy_source), source->url_without_query);  // no block is empty
  const bool md5 = declared.md5 || call.version < since::kCrc64;
  put.body = {.length_bytes = source->length_bytes, .expected_md5 = declared.md5, .expected_crc64 = declared.crc64, .want_md5 = md5};

  auto written = co_await call.ops().put_block(call.blob(), std::move(put), *source);
  if (!written) co_return refuse(unless_source_failed(call, *source, with_hashes(std::move(written).error(), declared)));
  Reply reply(call, 201);
  if (md5 && written->md5) reply.add("Content-MD5", md5_text(*written->md5));
  reply.common();
  if (written->crc64 && !md5) reply.crc64(*written->crc64);
  add_written_encryption(reply, asked, written->encryption_scope, call.version);
  co_return co_await reply.send();
}

Task<Answer> copy_blob_from_url(Call& call) {
  const HeaderIndex& headers = call.headers;
  BASCULE_CO_TRY(require_no_body(call));
  ops::PutBlob put;
  BASCULE_CO_ASSIGN(put.conditions, parse_conditions(headers, call.version, ConditionUse::other));
  forbid_overwriting(call, put.conditions);
  BASCULE_CO_ASSIGN(const ops::AskedEncryption asked, asked_encryption(call, KeyUse::write));
  put.conditions.encryption = asked;
  BASCULE_CO_ASSIGN(const DeclaredHashes declared, source_hashes(headers));
  BASCULE_CO_ASSIGN(put.metadata, parse_metadata(headers));
  BASCULE_CO_ASSIGN(put.tier, parse_tier(headers));
  BASCULE_CO_ASSIGN(const bool copies_tags, parse_tag_option(call));
  BASCULE_CO_ASSIGN(put.tags, parse_tags(call));
  BASCULE_CO_ASSIGN(put.keep, parse_keep(headers));

  BASCULE_CO_ASSIGN(const auto source, co_await open_source(call, {.tags = copies_tags}));
  if (source->length_bytes > kMostSyncCopy) {
    co_return refuse(source_problem(call, 409, "CannotVerifyCopySource",
                                    "The source request body for copy source is too large and exceeds the maximum permissible limit (256MB)."));
  }
  put.headers = source->headers;
  if (put.headers.type.empty()) put.headers.type = kDefaultContentType;
  if (!headers.has_metadata()) put.metadata = source->metadata;
  if (copies_tags) put.tags = source->tags;
  put.copy = ops::CopyStamp{.source_url = source->url_without_query};

  auto written = co_await put_source(call, std::move(put), *source, declared);
  if (!written) {
    const auto& error = written.error().error;
    if (error && ops::reason_of(*error) == ops::Reason::condition_not_met && call.version < since::kPlainCopyTarget)
      co_return refuse(Fault::target_condition_not_met);
    co_return refuse(std::move(written).error());
  }
  Reply reply(call, 202);
  if (declared.md5) reply.add("Content-MD5", md5_text(*declared.md5));
  reply.modified(written->last_modified, written->etag);
  reply.common();
  if (written->crc64 && call.version >= since::kCrc64) reply.crc64(*written->crc64);
  reply.version_id(written->version);
  reply.add("x-ms-copy-id", written->copy_id);
  reply.add("x-ms-copy-status", "success");
  add_written_encryption(reply, asked, written->encryption_scope, call.version);
  co_return co_await reply.send();
}

}  // namespace bascule::api::blob
