// What changes a blob without writing its content: metadata, headers.
#include "api/blob/call.h"
#include "api/blob/encryption.h"
#include "api/blob/guards.h"
#include "api/blob/reply.h"
#include "api/common/metadata.h"
#include "api/common/request_id.h"
#include "api/common/text.h"

namespace bascule::api::blob {
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
  reply.version_id(written.version);
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
