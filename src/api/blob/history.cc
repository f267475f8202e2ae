// The states of a blob beside the one that its name means: Snapshot Blob, Delete Blob, Undelete Blob, and how a request
// names a snapshot or a version.
#include "api/blob/call.h"
#include "api/blob/encryption.h"
#include "api/blob/guards.h"
#include "api/blob/reply.h"
#include "api/common/metadata.h"
#include "api/common/since.h"
#include "api/common/text.h"

namespace bascule::api::blob {
namespace {

using Op = auth::Operation;

bool takes_past(Op operation) {
  switch (operation) {
    case Op::get_blob:
    case Op::get_blob_properties:
    case Op::get_blob_metadata:
    case Op::get_block_list:
    case Op::get_uncommitted_block_list:
    case Op::get_page_ranges:
    case Op::query_blob:
    case Op::get_blob_tags:
    case Op::set_blob_tags:
    case Op::set_blob_tier:
    case Op::set_immutability_policy:
    case Op::delete_immutability_policy:
    case Op::set_legal_hold:
    case Op::delete_blob:
    case Op::delete_blob_version:
    case Op::permanently_delete_blob: return true;
    default: return false;
  }
}

std::string_view only_on_root(std::string_view parameter) {
  return parameter == "snapshot" ? "This operation is only allowed on the root blob. Snapshot should not be provided."
                                 : "This operation is only allowed on the root blob. Version id should not be provided.";
}

// x-ms-delete-snapshots: include, only, or not sent; on the base blob alone.
Parsed<ops::DeleteBlob::Snapshots> delete_snapshots(const Call& call) {
  using Snapshots = ops::DeleteBlob::Snapshots;
  const auto text = call.headers.find(H::delete_snapshots);
  if (!text) return Snapshots::none;
  if (!call.at.base()) {
    const std::string_view parameter = call.at.kind == ops::At::Kind::snapshot ? "snapshot" : "versionid";
    return bad_query(parameter, call.target.get(parameter), only_on_root(parameter));
  }
  if (same_text(*text, "include")) return Snapshots::include;
  if (same_text(*text, "only")) return Snapshots::only;
  return bad_header(name(H::delete_snapshots), *text);
}

// x-ms-access-tier-if-modified-since or -if-unmodified-since.
Parsed<> tier_times(const Call& call, ops::DeleteBlob& how) {
  const auto one = [&](H header, std::optional<WallTime>& into) -> Parsed<> {
    const auto text = call.headers.find(header);
    if (!text) return {};
    if (call.version < since::kTierTimes) return refuse(Fault::feature_version_mismatch);
    into = parse_http_date(*text);
    if (!into) return bad_header(name(header), *text);
    return {};
  };
  BASCULE_TRY(one(H::access_tier_if_modified_since, how.if_tier_modified_since));
  BASCULE_TRY(one(H::access_tier_if_unmodified_since, how.if_tier_unmodified_since));
  if (how.if_tier_modified_since && how.if_tier_unmodified_since) return refuse(Fault::multiple_condition_headers_not_supported);
  return {};
}

}  // namespace

Parsed<ops::At> parse_at(const Target& target) {
  ops::At at;
  for (const std::string_view parameter : {"snapshot", "versionid"}) {
    const std::string* value = target.find(parameter);
    if (!value) continue;
    const auto time = parse_iso8601(*value);
    if (!time || !at.base()) return bad_query(parameter, *value);
    at = {parameter == "snapshot" ? ops::At::Kind::snapshot : ops::At::Kind::version, *time};
  }
  return at;
}

Parsed<> read_at(Call& call, Op operation) {
  if (call.target.query.empty() || call.target.blob.empty()) return {};
  if (!takes_past(operation)) {
    for (const std::string_view parameter : {"snapshot", "versionid"})
      if (const std::string* value = call.target.find(parameter)) return bad_query(parameter, *value, only_on_root(parameter));
    return {};
  }
  BASCULE_ASSIGN(call.at, parse_at(call.target));
  return {};
}

Task<Answer> snapshot_blob(Call& call) {
  BASCULE_CO_ASSIGN(ops::Conditions conditions, parse_conditions(call.headers, call.version, ConditionUse::other));
  BASCULE_CO_ASSIGN(conditions.encryption, asked_encryption(call, KeyUse::write));
  const bool keyed = conditions.encryption.key != nullptr;
  std::optional<ops::Metadata> metadata;
  if (call.headers.has_metadata()) {
    BASCULE_CO_ASSIGN(metadata, parse_metadata(call.headers));
  }
  const bool given = metadata.has_value();
  BASCULE_CO_ASSIGN(const ops::TakenSnapshot taken,
                    co_await call.ops().snapshot_blob(call.blob(), std::move(metadata), std::move(conditions)));
  Reply reply(call, 201);
  reply.modified(taken.last_modified, taken.etag);
  reply.common();
  reply.version_id(taken.version);
  reply.add("x-ms-snapshot", format_iso8601(taken.snapshot));
  // True only where metadata came and was sealed under the client's key ("Snapshot Blob", AZURE-ANSWERS 10.2).
  if (call.version >= since::kServerEncrypted) reply.add("x-ms-request-server-encrypted", keyed && given ? "true" : "false");
  co_return co_await reply.send();
}

Task<Answer> delete_blob(Call& call) {
  ops::DeleteBlob how;
  if (const std::string* type = call.target.find("deletetype")) {
    if (!same_text(*type, "permanent")) co_return bad_query("deletetype", *type);
    how.permanent = true;
  }
  BASCULE_CO_ASSIGN(how.snapshots, delete_snapshots(call));
  BASCULE_CO_ASSIGN(how.conditions, parse_conditions(call.headers, call.version, ConditionUse::other));
  BASCULE_CO_TRY(tier_times(call, how));
  BASCULE_CO_ASSIGN(const ops::Deleted deleted, co_await call.ops().delete_blob(call.blob(), std::move(how)));
  Reply reply(call, 202);
  reply.common();
  if (call.version >= since::kDeleteRetention) reply.add("x-ms-delete-type-permanent", deleted.permanent ? "true" : "false");
  co_return co_await reply.send();
}

Task<Answer> undelete_blob(Call& call) {
  // Where the namespace is hierarchical it says which of several deleted paths is meant.
  if (call.headers.has(H::undelete_source)) co_return bad_header(name(H::undelete_source), call.headers.get(H::undelete_source));
  BASCULE_CO_TRY(co_await call.ops().undelete_blob(call.blob()));
  Reply reply(call, 200);
  reply.common();
  co_return co_await reply.send();
}

}  // namespace bascule::api::blob
