// Create, read, change and delete containers.
#include "api/blob/blob_headers.h"
#include "api/blob/call.h"
#include "api/blob/container_headers.h"
#include "api/blob/encryption.h"
#include "api/blob/guards.h"
#include "api/blob/reply.h"
#include "api/common/metadata.h"
#include "api/common/since.h"
#include "api/common/text.h"

namespace bascule::api::blob {

std::string_view public_access_text(ops::PublicAccess access) {
  switch (access) {
    case ops::PublicAccess::none: return {};
    case ops::PublicAccess::blob: return "blob";
    case ops::PublicAccess::container: return "container";
  }
  return {};
}

Parsed<ops::PublicAccess> parse_public_access(const Call& call) {
  const auto text = call.headers.find(H::blob_public_access);
  if (!text) return ops::PublicAccess::none;
  const bool blob = same_text(*text, "blob");
  if (!blob && !same_text(*text, "container")) return bad_header(name(H::blob_public_access), *text);
  if (!call.authorised.principal.account->settings.allow_public_access) return refuse(Fault::public_access_not_permitted);
  return blob ? ops::PublicAccess::blob : ops::PublicAccess::container;
}

Parsed<ops::Conditions> container_conditions(const Call& call) {
  BASCULE_ASSIGN(ops::Conditions conditions, parse_conditions(call.headers, call.version, ConditionUse::other));
  conditions.if_tags.reset();   // of blobs alone
  return conditions;
}

Task<Answer> create_container(Call& call) {
  BASCULE_CO_ASSIGN(ops::Metadata metadata, parse_metadata(call.headers));
  BASCULE_CO_ASSIGN(const ops::PublicAccess access, parse_public_access(call));
  BASCULE_CO_ASSIGN(ops::ContainerEncryption encryption, container_encryption(call));
  BASCULE_CO_ASSIGN(const ops::ContainerView view,
                    co_await call.ops().create_container(call.container(), std::move(metadata), access, std::move(encryption)));
  Reply reply(call, 201);
  reply.modified(view.last_modified, view.etag);
  reply.common();
  co_return co_await reply.send();
}

Task<Answer> get_container_properties(Call& call) {
  BASCULE_CO_ASSIGN(ops::Conditions conditions, container_conditions(call));
  BASCULE_CO_ASSIGN(const ops::ContainerView view,
                    co_await call.ops().get_container(call.container(), std::move(conditions.lease_id)));
  Reply reply(call, 200);
  reply.modified(view.last_modified, view.etag);
  reply.common();
  reply.metadata(view.metadata);
  add_lease(reply, view.lease, call.version);
  if (call.version >= since::kPublicAccessShown && view.public_access != ops::PublicAccess::none)
    reply.add("x-ms-blob-public-access", std::string(public_access_text(view.public_access)));
  if (call.version >= since::kImmutabilityShown) {
    reply.add("x-ms-has-immutability-policy", view.has_retention ? "true" : "false");
    reply.add("x-ms-has-legal-hold", view.has_legal_hold ? "true" : "false");
  }
  if (call.version >= since::kEncryptionScopes) {
    reply.add("x-ms-default-encryption-scope", std::string(default_scope_text(view)));
    reply.add("x-ms-deny-encryption-scope-override", view.deny_encryption_scope_override ? "true" : "false");
  }
  if (call.version >= since::kVersionLevelImmutabilityShown) reply.add("x-ms-immutable-storage-with-versioning-enabled", view.version_immutability ? "true" : "false");
  co_return co_await reply.send();
}

Task<Answer> get_container_metadata(Call& call) {
  BASCULE_CO_ASSIGN(ops::Conditions conditions, container_conditions(call));
  BASCULE_CO_ASSIGN(const ops::ContainerView view,
                    co_await call.ops().get_container(call.container(), std::move(conditions.lease_id)));
  Reply reply(call, 200);
  reply.modified(view.last_modified, view.etag);
  reply.common();
  reply.metadata(view.metadata);
  co_return co_await reply.send();
}

Task<Answer> set_container_metadata(Call& call) {
  BASCULE_CO_ASSIGN(ops::Conditions conditions, container_conditions(call));
  BASCULE_CO_ASSIGN(ops::Metadata metadata, parse_metadata(call.headers));
  BASCULE_CO_ASSIGN(const ops::ContainerView view,
                    co_await call.ops().set_container_metadata(call.container(), std::move(metadata),
                                                               std::move(conditions)));
  Reply reply(call, 200);
  reply.modified(view.last_modified, view.etag);
  reply.common();
  co_return co_await reply.send();
}

Task<Answer> delete_container(Call& call) {
  BASCULE_CO_ASSIGN(ops::Conditions conditions, container_conditions(call));
  BASCULE_CO_TRY(co_await call.ops().delete_container(call.container(), std::move(conditions)));
  Reply reply(call, 202);
  reply.common();
  co_return co_await reply.send();
}

namespace {

Parsed<std::string> required_header(const Call& call, H header) {
  const auto value = call.headers.find(header);
  if (!value || value->empty()) return missing_header(name(header));
  return std::string(*value);
}

}  // namespace

Task<Answer> restore_container(Call& call) {
  if (call.version < since::kRestoreContainer) {
    Problem problem(Fault::feature_version_mismatch);
    problem.text = "The operation for Blob service is not supported in this version.";
    co_return refuse(std::move(problem));
  }
  ops::RestoreContainer restore;
  BASCULE_CO_ASSIGN(restore.name, required_header(call, H::deleted_container_name));
  BASCULE_CO_ASSIGN(restore.version, required_header(call, H::deleted_container_version));
  BASCULE_CO_TRY(co_await call.ops().restore_container(call.container(), std::move(restore)));
  Reply reply(call, 201);
  reply.common();
  co_return co_await reply.send();
}

Task<Answer> rename_container(Call& call) {
  BASCULE_CO_ASSIGN(std::string source, required_header(call, H::source_container_name));
  BASCULE_CO_ASSIGN(std::optional<std::string> lease_id, parse_lease_id(call.headers, H::source_lease_id));
  BASCULE_CO_TRY(co_await call.ops().rename_container(call.container(), std::move(source), std::move(lease_id)));
  Reply reply(call, 200);
  reply.common();
  co_return co_await reply.send();
}

}  // namespace bascule::api::blob
