#include "api/blob/typed_blob.h"

#include "api/blob/block_blob.h"
#include "api/blob/block_list.h"
#include "api/blob/encryption.h"
#include "api/common/metadata.h"
#include "api/common/since.h"
#include "api/common/text.h"

namespace bascule::api::blob {

Task<Answer> create_typed(Call& call, ops::CreateBlob create) {
  const HeaderIndex& headers = call.headers;
  if (const std::uint64_t length = call.request.content_length.value_or(0); length != 0)
    co_return bad_header("Content-Length", decimal(length));
  BASCULE_CO_ASSIGN(create.conditions, parse_conditions(headers, call.version, ConditionUse::other));
  forbid_overwriting(call, create.conditions);
  BASCULE_CO_ASSIGN(const ops::AskedEncryption asked, asked_encryption(call, KeyUse::write));
  create.conditions.encryption = asked;
  BASCULE_CO_ASSIGN(create.headers, content_headers(headers, true));
  if (create.headers.type.empty()) create.headers.type = kDefaultContentType;
  BASCULE_CO_ASSIGN(create.metadata, parse_metadata(headers));
  BASCULE_CO_ASSIGN(create.tags, parse_tags(call));
  BASCULE_CO_ASSIGN(create.keep, parse_keep(headers));
  BASCULE_CO_TRY(co_await read_document(call, 0));   // the hashes of no content
  Result<ops::Written> written = co_await call.ops().create_blob(call.blob(), std::move(create));
  if (!written && overwrites(call, written.error())) co_return refuse(Fault::unauthorized_blob_overwrite);
  if (!written) co_return refuse(std::move(written).error());
  Reply reply(call, 201);
  reply.modified(written->last_modified, written->etag);
  reply.common();
  reply.version_id(written->version);
  add_written_encryption(reply, asked, written->encryption_scope, call.version);
  co_return co_await reply.send();
}

Parsed<ops::AppendBlock> parse_append(const Call& call) {
  ops::AppendBlock append;
  BASCULE_ASSIGN(append.conditions, parse_conditions(call.headers, call.version, ConditionUse::other));
  BASCULE_ASSIGN(append.conditions.encryption, asked_encryption(call, KeyUse::write));
  BASCULE_ASSIGN(append.position, parse_count(call.headers, H::append_position));
  BASCULE_ASSIGN(append.max_size_bytes, parse_count(call.headers, H::append_max_size));
  return append;
}

std::uint64_t most_appended(Version version) {
  constexpr std::uint64_t kMiB = 1024 * 1024;
  return version >= since::kLargerAppends ? 100 * kMiB : 4 * kMiB;
}

namespace {
bool answers_md5(const Call& call, const DeclaredHashes& declared) { return declared.md5 || call.version < since::kCrc64; }
}  // namespace

void expect_hashes(const Call& call, const DeclaredHashes& declared, ops::BodySpec& body) {
  body.expected_md5 = declared.md5;
  body.expected_crc64 = declared.crc64;
  body.want_md5 = answers_md5(call, declared);
}

void add_body_md5(Reply& reply, const Call& call, const DeclaredHashes& declared, const ops::Written& written) {
  if (answers_md5(call, declared) && written.md5) reply.add("Content-MD5", md5_text(*written.md5));
}

void add_body_crc64(Reply& reply, const Call& call, const DeclaredHashes& declared, const ops::Written& written) {
  if (written.crc64 && call.version >= since::kCrc64 && (!declared.md5 || call.version >= since::kCrc64BesideMd5)) reply.crc64(*written.crc64);
}

}  // namespace bascule::api::blob
