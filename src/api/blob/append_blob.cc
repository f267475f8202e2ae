// Append blobs: Put Blob (creating one), Append Block, Seal.
#include "api/blob/call.h"
#include "api/blob/encryption.h"
#include "api/blob/guards.h"
#include "api/blob/incoming_body.h"
#include "api/blob/reply.h"
#include "api/blob/typed_blob.h"
#include "api/common/since.h"
#include "api/common/text.h"

namespace bascule::api::blob {

Task<Answer> create_append_blob(Call& call) {
  BASCULE_CO_TRY(require_append_version(call));
  for (H header : {H::blob_content_length, H::blob_sequence_number, H::access_tier})
    if (call.headers.has(header)) co_return bad_header(name(header), call.headers.get(header));
  co_return co_await create_typed(call, {.type = ops::BlobType::append});
}

Task<Answer> append_block(Call& call) {
  BASCULE_CO_TRY(require_append_version(call));
  BASCULE_CO_ASSIGN(ops::AppendBlock append, parse_append(call));
  const ops::AskedEncryption asked = append.conditions.encryption;
  IncomingBody body(call);
  BASCULE_CO_TRY(body.prepare(most_appended(call.version)));
  append.body.length_bytes = body.length_bytes();
  if (append.body.length_bytes == 0) co_return bad_header("Content-Length", "0");
  const DeclaredHashes& declared = body.declared();
  expect_hashes(call, declared, append.body);

  const Result<ops::Appended> done = co_await call.ops().append_block(call.blob(), std::move(append), body);
  if (!done) co_return refuse(body.problem(done.error()));
  Reply reply(call, 201);
  add_body_md5(reply, call, declared, done->written);
  reply.modified(done->written.last_modified, done->written.etag);
  reply.common();
  add_body_crc64(reply, call, declared, done->written);
  reply.add("x-ms-blob-append-offset", decimal(done->offset));
  reply.add("x-ms-blob-committed-block-count", decimal(done->committed_blocks));
  add_written_encryption(reply, asked, done->written.encryption_scope, call.version);
  body.acknowledge(reply);
  co_return co_await reply.send();
}

Task<Answer> seal_append_blob(Call& call) {
  BASCULE_CO_TRY(require_append_version(call));
  BASCULE_CO_ASSIGN(ops::Conditions conditions, parse_conditions(call.headers, call.version, ConditionUse::other));
  BASCULE_CO_ASSIGN(const std::optional<std::uint64_t> position, parse_count(call.headers, H::append_position));
  BASCULE_CO_ASSIGN(const ops::Written written, co_await call.ops().seal_blob(call.blob(), std::move(conditions), position));
  Reply reply(call, 200);
  reply.modified(written.last_modified, written.etag);
  reply.common();
  reply.add("x-ms-blob-sealed", "true");
  co_return co_await reply.send();
}

}  // namespace bascule::api::blob
