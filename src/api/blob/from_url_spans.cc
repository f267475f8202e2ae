// Append Block From URL and Put Page From URL.
#include "api/blob/call.h"
#include "api/blob/encryption.h"
#include "api/blob/from_url.h"
#include "api/blob/guards.h"
#include "api/blob/reply.h"
#include "api/blob/source.h"
#include "api/blob/typed_blob.h"
#include "api/common/ranges.h"
#include "api/common/since.h"
#include "api/common/text.h"

namespace bascule::api::blob {
namespace {

constexpr std::uint64_t kMostPages = 4 * 1024 * 1024;   // "Put Page From URL"

}  // namespace

Task<Answer> append_block_from_url(Call& call) {
  BASCULE_CO_TRY(require_append_version(call));
  BASCULE_CO_TRY(require_no_body(call));
  BASCULE_CO_ASSIGN(ops::AppendBlock append, parse_append(call));
  const ops::AskedEncryption asked = append.conditions.encryption;
  BASCULE_CO_ASSIGN(const DeclaredHashes declared, source_hashes(call.headers));
  BASCULE_CO_ASSIGN(SourceUse use, ranged_source(call, false));
  BASCULE_CO_ASSIGN(const auto source, co_await open_source(call, use));
  const std::uint64_t most = most_appended(call.version);
  if (source->length_bytes > most) co_return refuse({Fault::request_body_too_large, {{"MaxLimit", decimal(most)}}});
  if (source->length_bytes == 0) co_return bad_header(name(H::copy_source), source->url_without_query);
  append.body = {.length_bytes = source->length_bytes, .expected_md5 = declared.md5, .expected_crc64 = declared.crc64, .want_md5 = true};

  auto done = co_await call.ops().append_block(call.blob(), std::move(append), *source);
  if (!done) co_return refuse(unless_source_failed(call, *source, with_hashes(std::move(done).error(), declared)));
  Reply reply(call, 201);
  if (done->written.md5) reply.add("Content-MD5", md5_text(*done->written.md5));   // AZURE-ANSWERS 6
  reply.modified(done->written.last_modified, done->written.etag);
  reply.common();
  reply.add("x-ms-blob-append-offset", decimal(done->offset));
  reply.add("x-ms-blob-committed-block-count", decimal(done->committed_blocks));
  add_written_encryption(reply, asked, done->written.encryption_scope, call.version);
  co_return co_await reply.send();
}

Task<Answer> put_page_from_url(Call& call) {
  BASCULE_CO_TRY(require_page_version(call));
  BASCULE_CO_TRY(require_no_body(call));
  const HeaderIndex& headers = call.headers;
  const auto action = headers.find(H::page_write);
  if (!action) co_return missing_header(name(H::page_write));
  if (!same_text(*action, "update")) co_return bad_header(name(H::page_write), *action);
  ops::PutPages put;
  BASCULE_CO_ASSIGN(const Pages pages, pages_of(call));
  put.first = pages.first;
  put.length_bytes = pages.length;
  if (put.length_bytes > kMostPages) co_return refuse({Fault::request_body_too_large, {{"MaxLimit", decimal(kMostPages)}}});
  BASCULE_CO_ASSIGN(put.conditions, parse_conditions(headers, call.version, ConditionUse::other));
  BASCULE_CO_ASSIGN(const ops::AskedEncryption asked, asked_encryption(call, KeyUse::write));
  put.conditions.encryption = asked;
  BASCULE_CO_ASSIGN(put.sequence, sequence_conditions(headers));
  BASCULE_CO_ASSIGN(const DeclaredHashes declared, source_hashes(headers));
  BASCULE_CO_ASSIGN(SourceUse use, ranged_source(call, true));
  // "The size of the source range must be that of the target's."
  if (!use.range->last || *use.range->last - use.range->first + 1 != put.length_bytes)
    co_return bad_header(name(H::source_range), headers.get(H::source_range));
  BASCULE_CO_ASSIGN(const auto source, co_await open_source(call, use));
  if (source->length_bytes != put.length_bytes) co_return refuse(Fault::invalid_range);
  put.body = {.length_bytes = put.length_bytes};
  expect_hashes(call, declared, put.body);

  auto done = co_await call.ops().put_pages(call.blob(), std::move(put), *source);
  if (!done) co_return refuse(unless_source_failed(call, *source, with_hashes(std::move(done).error(), declared)));
  Reply reply(call, 201);
  add_body_md5(reply, call, declared, done->written);
  reply.modified(done->written.last_modified, done->written.etag);
  reply.common();
  add_written_encryption(reply, asked, done->written.encryption_scope, call.version);
  add_body_crc64(reply, call, declared, done->written);
  reply.add("x-ms-blob-sequence-number", decimal(done->sequence_number));
  co_return co_await reply.send();
}

}  // namespace bascule::api::blob
