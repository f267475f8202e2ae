// Put Blob, Put Block, Put Block List, Get Block List.
#include "api/blob/block_blob.h"
#include "api/blob/block_list.h"
#include "api/blob/call.h"
#include "api/blob/encryption.h"
#include "api/blob/guards.h"
#include "api/blob/incoming_body.h"
#include "api/blob/reply.h"
#include "api/common/metadata.h"
#include "api/common/since.h"
#include "api/common/tag_expression.h"
#include "api/common/text.h"
#include "base/crc64.h"
#include "base/digest.h"

namespace bascule::api::blob {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;

std::uint64_t max_put_blob(Version version) {
  if (version >= since::kLargestWrites) return 5000 * kMiB;
  return version >= since::kLargerWrites ? 256 * kMiB : 64 * kMiB;
}
std::uint64_t max_put_block(Version version) {
  if (version >= since::kLargestWrites) return 4000 * kMiB;
  return version >= since::kLargerWrites ? 100 * kMiB : 4 * kMiB;
}

// Put Blob checks the MD5 that is to be stored as it checks Content-MD5; no content has two.
Parsed<> expect_stored_md5(const ops::Md5Value& stored, DeclaredHashes& declared) {
  if (declared.md5 && *declared.md5 != stored)
    return refuse({Fault::md5_mismatch,
                   {{"UserSpecifiedMd5", md5_text(stored)}, {"ServerCalculatedMd5", md5_text(*declared.md5)}}});
  declared.md5 = stored;
  return {};
}

}  // namespace

bool overwrites(const Call& call, const Error& error) {
  return call.authorised.create_only && ops::reason_of(error) == ops::Reason::blob_exists;
}

Parsed<std::string> block_id_of(const Target& target) {
  const std::string* text = target.find("blockid");
  if (!text)
    return refuse({Fault::missing_required_query_parameter, {{"QueryParameterName", "blockid"}}});
  auto id = from_base64(*text);
  if (!id || id->empty()) return bad_query("blockid", *text, "Not a valid base64 string.");
  if (id->size() > kMaxBlockIdBytes) return bad_query("blockid", *text, "Block ID is longer than 64 bytes.");
  return std::move(*id);
}

Task<Answer> put_blob(Call& call) {
  const HeaderIndex& headers = call.headers;
  if (headers.has(H::blob_content_length))
    co_return bad_header(name(H::blob_content_length), headers.get(H::blob_content_length));
  if (headers.has(H::blob_sequence_number))
    co_return bad_header(name(H::blob_sequence_number), headers.get(H::blob_sequence_number));
  ops::PutBlob put;
  BASCULE_CO_ASSIGN(put.conditions, parse_conditions(headers, call.version, ConditionUse::other));
  forbid_overwriting(call, put.conditions);
  BASCULE_CO_ASSIGN(const ops::AskedEncryption asked, asked_encryption(call, KeyUse::write));
  put.conditions.encryption = asked;
  IncomingBody body(call);
  BASCULE_CO_TRY(body.prepare(max_put_blob(call.version)));
  put.body.length_bytes = body.length_bytes();
  DeclaredHashes& declared = body.declared();
  put.body.expected_crc64 = declared.crc64;
  put.body.want_md5 = call.version >= since::kMd5Computed;
  BASCULE_CO_ASSIGN(put.headers, content_headers(headers, true));
  if (put.headers.md5) BASCULE_CO_TRY(expect_stored_md5(*put.headers.md5, declared));
  put.body.expected_md5 = declared.md5;
  if (put.headers.type.empty()) put.headers.type = kDefaultContentType;
  BASCULE_CO_ASSIGN(put.metadata, parse_metadata(headers));
  BASCULE_CO_ASSIGN(put.tier, parse_tier(headers));
  BASCULE_CO_ASSIGN(put.tags, parse_tags(call));
  BASCULE_CO_ASSIGN(put.keep, parse_keep(call.headers));

  Result<ops::Written> written = co_await call.ops().put_blob(call.blob(), std::move(put), body);
  if (!written && overwrites(call, written.error())) co_return refuse(Fault::unauthorized_blob_overwrite);
  if (!written) co_return refuse(body.problem(std::move(written).error()));
  Reply reply(call, 201);
  if (written->md5) reply.add("Content-MD5", md5_text(*written->md5));
  reply.modified(written->last_modified, written->etag);
  reply.common();
  if (written->crc64 && call.version >= since::kCrc64) reply.crc64(*written->crc64);
  add_written_encryption(reply, asked, written->encryption_scope, call.version);
  reply.version_id(written->version);
  body.acknowledge(reply);
  co_return co_await reply.send();
}

Task<Answer> put_block(Call& call) {
  ops::PutBlock put;
  BASCULE_CO_ASSIGN(put.block_id, block_id_of(call.target));
  BASCULE_CO_ASSIGN(put.lease_id, parse_lease_id(call.headers, H::lease_id));
  BASCULE_CO_ASSIGN(const ops::AskedEncryption asked, asked_encryption(call, KeyUse::write));
  put.encryption = asked;
  IncomingBody body(call);
  BASCULE_CO_TRY(body.prepare(max_put_block(call.version)));
  put.body.length_bytes = body.length_bytes();
  if (put.body.length_bytes == 0) co_return bad_header("Content-Length", "0");
  const DeclaredHashes& declared = body.declared();
  put.body.expected_md5 = declared.md5;
  put.body.expected_crc64 = declared.crc64;
  put.body.want_md5 = declared.md5 || call.version < since::kCrc64;

  Result<ops::Written> written = co_await call.ops().put_block(call.blob(), std::move(put), body);
  if (!written) co_return refuse(body.problem(std::move(written).error()));
  const bool md5 = declared.md5 || call.version < since::kCrc64;
  Reply reply(call, 201);
  if (md5 && written->md5) reply.add("Content-MD5", md5_text(*written->md5));
  reply.common();
  if (written->crc64 && call.version >= since::kCrc64 && (!md5 || call.version >= since::kCrc64BesideMd5))
    reply.crc64(*written->crc64);
  add_written_encryption(reply, asked, written->encryption_scope, call.version);
  body.acknowledge(reply);
  co_return co_await reply.send();
}

Task<Answer> put_block_list(Call& call) {
  ops::PutBlockList put;
  BASCULE_CO_ASSIGN(put.conditions, parse_conditions(call.headers, call.version, ConditionUse::other));
  forbid_overwriting(call, put.conditions);
  BASCULE_CO_ASSIGN(const ops::AskedEncryption asked, asked_encryption(call, KeyUse::write));
  put.conditions.encryption = asked;
  BASCULE_CO_ASSIGN(put.headers, content_headers(call.headers, false));
  if (put.headers.type.empty()) put.headers.type = kDefaultContentType;
  BASCULE_CO_ASSIGN(put.metadata, parse_metadata(call.headers));
  BASCULE_CO_ASSIGN(put.tier, parse_tier(call.headers));
  BASCULE_CO_ASSIGN(put.tags, parse_tags(call));
  BASCULE_CO_ASSIGN(put.keep, parse_keep(call.headers));
  BASCULE_CO_ASSIGN(const std::string document, co_await read_document(call, call.service.options().block_list_bytes));
  BASCULE_CO_ASSIGN(put.blocks, parse_block_list(document));

  Result<ops::Written> written = co_await call.ops().put_block_list(call.blob(), std::move(put));
  if (!written && overwrites(call, written.error())) co_return refuse(Fault::unauthorized_blob_overwrite);
  if (!written) co_return refuse(std::move(written).error());
  Reply reply(call, 201);
  if (call.version < since::kCrc64) reply.add("Content-MD5", md5_text(Md5::of(as_bytes(document))));
  reply.modified(written->last_modified, written->etag);
  reply.common();
  if (call.version >= since::kCrc64) reply.crc64(crc64(as_bytes(document)));
  add_written_encryption(reply, asked, written->encryption_scope, call.version);
  reply.version_id(written->version);
  co_return co_await reply.send();
}

Task<Answer> get_block_list(Call& call) {
  BlockListParts parts;
  const std::string_view type = call.target.get("blocklisttype");
  if (same_text(type, "uncommitted")) parts = {.committed = false, .uncommitted = true};
  else if (same_text(type, "all")) parts = {.committed = true, .uncommitted = true};
  else if (!type.empty() && !same_text(type, "committed")) co_return bad_query("blocklisttype", type);
  ops::Conditions conditions;   // x-ms-lease-id and x-ms-if-tags alone
  BASCULE_CO_ASSIGN(conditions.lease_id, parse_lease_id(call.headers, H::lease_id));
  BASCULE_CO_ASSIGN(conditions.if_tags, parse_tag_condition(call.headers, H::if_tags));
  BASCULE_CO_ASSIGN(const ops::BlockList list, co_await call.ops().get_block_list(call.blob(), std::move(conditions)));
  Reply reply(call, 200);
  reply.add("Content-Type", "application/xml");
  if (list.blob) reply.modified(list.blob->last_modified, list.blob->etag);
  reply.common();
  reply.add("x-ms-blob-content-length", decimal(list.blob ? list.blob->size_bytes : 0));
  co_return co_await reply.send_xml(block_list_xml(list, parts));
}

}  // namespace bascule::api::blob
