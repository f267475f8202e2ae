// Copy Blob, from the accounts of this server and from elsewhere, Abort Copy, and Incremental Copy Blob.
#include "api/blob/block_list.h"
#include "api/blob/call.h"
#include "api/blob/guards.h"
#include "api/blob/reply.h"
#include "api/blob/source.h"
#include "api/common/metadata.h"
#include "api/common/request_id.h"
#include "api/common/since.h"
#include "api/common/text.h"
#include "ops/reason.h"

namespace bascule::api::blob {
namespace {

Task<Answer> answer_copied(Call& call, Result<ops::Copied> copied) {
  if (!copied) {
    const ops::Reason reason = ops::reason_of(copied.error());
    if (reason == ops::Reason::source_not_found || reason == ops::Reason::source_container_not_found)
      co_return refuse(source_error(call, std::move(copied).error()));
    const bool there = reason == ops::Reason::blob_exists || reason == ops::Reason::target_condition_not_met;
    if (call.authorised.create_only && there) co_return refuse(Fault::unauthorized_blob_overwrite);
    if (reason == ops::Reason::target_condition_not_met && call.version >= since::kPlainCopyTarget)
      co_return refuse(Fault::condition_not_met);
    co_return refuse(std::move(copied).error());
  }
  Reply reply(call, call.version >= since::kCopyIds ? 202 : 201);
  reply.modified(copied->written.last_modified, copied->written.etag);
  reply.common();
  if (call.version >= since::kCopyIds) {
    reply.add("x-ms-copy-id", copied->copy_id);
    reply.add("x-ms-copy-status", copied->status);
  }
  reply.version_id(copied->written.version);
  co_return co_await reply.send();
}

// Nothing: a kind of blob that there is not.
std::optional<ops::BlobType> type_of(const Source& source) {
  if (source.blob_type.empty() || same_text(source.blob_type, "BlockBlob")) return ops::BlobType::block;
  if (same_text(source.blob_type, "AppendBlob") && source.committed_blocks <= ops::kMostAppendBlocks) return ops::BlobType::append;
  if (same_text(source.blob_type, "PageBlob") && source.size_bytes % ops::kPageBytes == 0) return ops::BlobType::page;
  return std::nullopt;
}

// The source is looked at before the answer; its content comes later.
Task<Answer> copy_from_elsewhere(Call& call, ops::CopyBlob copy) {
  if (call.version < since::kCopyIds) co_return refuse(Fault::copy_across_accounts);
  auto opened = co_await open_source(call, {});
  if (!opened) co_return refuse(std::move(opened).error());
  const Source& source = **opened;
  const auto type = type_of(source);
  if (!type) co_return refuse(Fault::invalid_source_blob_type);
  if (copy.seal && *type != ops::BlobType::append) co_return refuse(Fault::invalid_blob_type);
  forbid_overwriting(call, copy.conditions);
  ops::StartCopy start;
  start.source_url = call.headers.get(H::copy_source);
  start.shown_url = source.url_without_query;
  start.source_etag = source.etag;
  start.type = *type;
  start.size_bytes = source.size_bytes;
  start.sequence_number = source.sequence_number;
  start.committed_blocks = static_cast<std::uint32_t>(source.committed_blocks);
  start.sealed = source.sealed || copy.seal;
  start.headers = source.headers;
  if (start.headers.type.empty()) start.headers.type = kDefaultContentType;
  start.metadata = copy.metadata ? std::move(*copy.metadata) : source.metadata;
  start.tier = std::move(copy.tier);
  start.keep = std::move(copy.keep);
  if (copy.tags) start.tags = std::move(*copy.tags);
  start.conditions = std::move(copy.conditions);
  opened->reset();   // the connection is not needed meanwhile
  co_return co_await answer_copied(call, co_await call.ops().start_copy(call.blob(), std::move(start)));
}

}  // namespace

Task<Answer> copy_blob(Call& call) {
  ops::CopyBlob copy;
  BASCULE_CO_ASSIGN(copy.conditions, parse_conditions(call.headers, call.version, ConditionUse::other));
  BASCULE_CO_ASSIGN(copy.source_conditions, parse_source_conditions(call.headers));
  BASCULE_CO_ASSIGN(copy.tier, parse_tier(call.headers));
  BASCULE_CO_ASSIGN(copy.tags, parse_tags(call));
  BASCULE_CO_ASSIGN(copy.keep, parse_keep(call.headers));
  BASCULE_CO_ASSIGN(copy.seal, parse_seal(call));
  BASCULE_CO_ASSIGN(copy.rehydrate_high, parse_rehydrate_high(call.headers));
  if (call.headers.has_metadata()) {
    BASCULE_CO_ASSIGN(copy.metadata, parse_metadata(call.headers));
  }
  BASCULE_CO_ASSIGN(CopySource source, read_copy_source(call));
  // Only what is copied within the answer can use a token, which may be over before a pending copy is.
  if (call.headers.has(H::copy_source_authorization))
    co_return refuse({Fault::unsupported_header, {{"HeaderName", std::string(name(H::copy_source_authorization))}}});
  if (!source.ours) co_return co_await copy_from_elsewhere(call, std::move(copy));
  BASCULE_CO_TRY(co_await authorise_source(call, source.target, true));
  BASCULE_CO_ASSIGN(const ops::At at, parse_at(source.target));
  copy.source_url = source.url_without_query;
  if (!at.base())
    copy.source_url += (at.kind == ops::At::Kind::snapshot ? "?snapshot=" : "?versionid=") + format_iso8601(at.time);
  forbid_overwriting(call, copy.conditions);

  ops::BlobRef from{source.target.account, source.target.container, source.target.blob, at};
  Result<ops::Copied> copied = co_await call.ops().copy_blob(call.blob(), std::move(from), std::move(copy));
  co_return co_await answer_copied(call, std::move(copied));
}

namespace {

// The snapshot that a URL names.
std::optional<WallTime> snapshot_in(std::string_view url) {
  const std::size_t question = url.find('?');
  if (question == std::string_view::npos) return std::nullopt;
  const auto query = auth::parse_query(url.substr(question + 1));
  const std::string* text = query ? auth::find_parameter(*query, "snapshot") : nullptr;
  return text ? parse_iso8601(*text) : std::nullopt;
}

// A snapshot behind a URL: its server tells what changed since another one.
Task<Answer> copy_incrementally_from_elsewhere(Call& call, ops::IncrementalCopy copy) {
  auto opened = co_await open_source(call, {});
  if (!opened) co_return refuse(std::move(opened).error());
  const Source& source = **opened;
  const std::string_view url = call.headers.get(H::copy_source);
  const auto taken = snapshot_in(url);
  if (!taken) co_return refuse(Fault::incremental_copy_source_must_be_snapshot);
  if (type_of(source) != ops::BlobType::page) co_return refuse(Fault::invalid_source_blob_type);
  ops::BlobRef from{"", "", source.url_without_query, {ops::At::Kind::snapshot, *taken}};
  copy.source_url = source.url_without_query + "?snapshot=" + format_iso8601(*taken);
  copy.elsewhere = url;
  copy.elsewhere_etag = source.etag;
  copy.elsewhere_bytes = source.size_bytes;
  forbid_overwriting(call, copy.conditions);
  opened->reset();   // the connection is not needed meanwhile
  auto copied = co_await call.ops().copy_incrementally(call.blob(), std::move(from), std::move(copy));
  if (copied) copied->written.version = {};   // not among this answer's headers
  co_return co_await answer_copied(call, std::move(copied));
}

}  // namespace

Task<Answer> incremental_copy(Call& call) {
  BASCULE_CO_TRY(require_page_version(call));
  ops::IncrementalCopy copy;
  BASCULE_CO_ASSIGN(copy.conditions, parse_conditions(call.headers, call.version, ConditionUse::other));
  BASCULE_CO_ASSIGN(CopySource source, read_copy_source(call));
  if (call.headers.has(H::copy_source_authorization))
    co_return refuse({Fault::unsupported_header, {{"HeaderName", std::string(name(H::copy_source_authorization))}}});
  if (!source.ours) co_return co_await copy_incrementally_from_elsewhere(call, std::move(copy));
  BASCULE_CO_TRY(co_await authorise_source(call, source.target, true));
  BASCULE_CO_ASSIGN(const ops::At at, parse_at(source.target));
  if (at.kind != ops::At::Kind::snapshot) co_return refuse(Fault::incremental_copy_source_must_be_snapshot);
  copy.source_url = source.url_without_query + "?snapshot=" + format_iso8601(at.time);
  forbid_overwriting(call, copy.conditions);
  ops::BlobRef from{source.target.account, source.target.container, source.target.blob, at};
  auto copied = co_await call.ops().copy_incrementally(call.blob(), std::move(from), std::move(copy));
  if (copied) copied->written.version = {};   // not among this answer's headers
  co_return co_await answer_copied(call, std::move(copied));
}

Task<Answer> abort_copy(Call& call) {
  const std::string_view action = call.headers.get(H::copy_action);
  if (!call.headers.has(H::copy_action)) co_return missing_header(name(H::copy_action));
  if (!same_text(action, "abort")) co_return bad_header(name(H::copy_action), action);
  const std::string_view id = call.target.get("copyid");
  if (!parse_guid(id)) co_return bad_query("copyid", id, "copyid needs to be valid Guid.");
  BASCULE_CO_ASSIGN(ops::Conditions conditions, parse_conditions(call.headers, call.version, ConditionUse::other));
  BASCULE_CO_TRY(co_await call.ops().abort_copy(call.blob(), *parse_guid(id), std::move(conditions)));
  Reply reply(call, 204);
  reply.common();
  co_return co_await reply.send();
}

}  // namespace bascule::api::blob
