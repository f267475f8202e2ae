// What changes a blob without writing its content: delete, metadata, headers.
#include "api/blob/call.h"
#include "api/blob/encryption.h"
#include "api/blob/guards.h"
#include "api/blob/reply.h"
#include "api/common/metadata.h"
#include "api/common/request_id.h"
#include "api/common/text.h"

namespace bascule::api::blob {
namespace {

// x-ms-delete-snapshots: include, only, or not sent.
Parsed<bool> only_snapshots(const HeaderIndex& headers) {
  const auto text = headers.find(H::delete_snapshots);
  if (!text || same_text(*text, "include")) return false;
  if (same_text(*text, "only")) return true;
  return bad_header(name(H::delete_snapshots), *text);
}

}  // namespace

Task<Answer> delete_blob(Call& call) {
  if (call.target.find("deletetype")) co_return refuse(Fault::permanent_delete_is_off);
  BASCULE_CO_ASSIGN(ops::Conditions conditions, parse_conditions(call.headers, call.version, ConditionUse::other));
  BASCULE_CO_ASSIGN(const bool only, only_snapshots(call.headers));
  if (only) {  // there are no snapshots: nothing goes, but the blob must be there
    BASCULE_CO_TRY(co_await call.ops().head_blob(call.blob(), std::move(conditions)));
  } else {
    BASCULE_CO_TRY(co_await call.ops().delete_blob(call.blob(), std::move(conditions)));
  }
  Reply reply(call, 202);
  reply.common();
  if (call.version >= Version(2017, 7, 29)) reply.add("x-ms-delete-type-permanent", "true");
  co_return co_await reply.send();
}

Task<Answer> set_blob_metadata(Call& call) {
  BASCULE_CO_ASSIGN(ops::Conditions conditions, parse_conditions(call.headers, call.version, ConditionUse::other));
  BASCULE_CO_ASSIGN(ops::Metadata metadata, parse_metadata(call.headers));
  BASCULE_CO_ASSIGN(const ops::AskedEncryption asked, asked_encryption(call, KeyUse::write));
  conditions.encryption = asked;
  BASCULE_CO_ASSIGN(const ops::Written written,
                    co_await call.ops().set_blob_metadata(call.blob(), std::move(metadata), std::move(conditions)));
  Reply reply(call, 200);
  reply.modified(written.last_modified, written.etag);
  reply.common();
  add_written_encryption(reply, asked, written.encryption_scope, call.version);
  co_return co_await reply.send();
}

// Whatever of the content headers is not sent is cleared (AZURE-DETAILS 37).
Task<Answer> set_blob_headers(Call& call) {
  BASCULE_CO_ASSIGN(ops::Conditions conditions, parse_conditions(call.headers, call.version, ConditionUse::other));
  BASCULE_CO_ASSIGN(ops::ContentHeaders content, content_headers(call.headers, false));
  BASCULE_CO_ASSIGN(conditions.encryption, asked_encryption(call, KeyUse::read));
  BASCULE_CO_ASSIGN(const ops::Written written,
                    co_await call.ops().set_blob_headers(call.blob(), std::move(content), std::move(conditions)));
  Reply reply(call, 200);
  reply.modified(written.last_modified, written.etag);
  reply.common();
  co_return co_await reply.send();
}

}  // namespace bascule::api::blob
