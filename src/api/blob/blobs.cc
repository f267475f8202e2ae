// What changes a blob without writing its content: delete, metadata, headers, leases.
#include "api/blob/call.h"
#include "api/blob/guards.h"
#include "api/blob/reply.h"
#include "api/common/metadata.h"
#include "api/common/request_id.h"
#include "api/common/text.h"

namespace bascule::api::blob {
namespace {

constexpr int kOldLeaseSeconds = 60;  // before 2012-02-12 leases had no duration of their own

Parsed<std::optional<int>> number_between(const HeaderIndex& headers, H header, int low, int high, bool minus_one) {
  const auto text = headers.find(header);
  if (!text) return std::optional<int>();
  const auto value = parse_integer(*text);
  if (!value || ((*value < low || *value > high) && !(minus_one && *value == -1))) return bad_header(name(header), *text);
  return std::optional<int>(static_cast<int>(*value));
}

Parsed<> require(const HeaderIndex& headers, H header) {
  if (!headers.has(header)) return missing_header(name(header));
  return {};
}

Parsed<ops::LeaseAction> parse_lease_action(const Call& call) {
  using Kind = ops::LeaseAction::Kind;
  const HeaderIndex& headers = call.headers;
  BASCULE_TRY(require(headers, H::lease_action));
  const std::string_view text = headers.get(H::lease_action);
  ops::LeaseAction action;
  if (same_text(text, "acquire")) action.kind = Kind::acquire;
  else if (same_text(text, "renew")) action.kind = Kind::renew;
  else if (same_text(text, "change")) action.kind = Kind::change;
  else if (same_text(text, "release")) action.kind = Kind::release;
  else if (same_text(text, "break")) action.kind = Kind::break_;
  else return bad_header(name(H::lease_action), text);

  BASCULE_ASSIGN(action.conditions, parse_conditions(headers, call.version, ConditionUse::other));
  action.lease_id = std::exchange(action.conditions.lease_id, std::nullopt);
  BASCULE_ASSIGN(action.proposed_id, parse_lease_id(headers, H::proposed_lease_id));
  if (action.kind == Kind::acquire) {
    BASCULE_ASSIGN(action.duration_seconds, number_between(headers, H::lease_duration, 15, 60, true));
    if (!action.duration_seconds) {
      if (call.version >= Version(2012, 2, 12)) return missing_header(name(H::lease_duration));
      action.duration_seconds = kOldLeaseSeconds;
    }
  } else if (action.kind == Kind::break_) {
    BASCULE_ASSIGN(action.break_period_seconds, number_between(headers, H::lease_break_period, 0, 60, false));
  } else {
    BASCULE_TRY(require(headers, H::lease_id));
    if (action.kind == Kind::change) BASCULE_TRY(require(headers, H::proposed_lease_id));
  }
  return action;
}

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
  BASCULE_CO_ASSIGN(const ops::Written written,
                    co_await call.ops().set_blob_metadata(call.blob(), std::move(metadata), std::move(conditions)));
  Reply reply(call, 200);
  reply.modified(written.last_modified, written.etag);
  reply.common();
  reply.request_encrypted();
  co_return co_await reply.send();
}

// Whatever of the content headers is not sent is cleared (AZURE-DETAILS 37).
Task<Answer> set_blob_headers(Call& call) {
  BASCULE_CO_ASSIGN(ops::Conditions conditions, parse_conditions(call.headers, call.version, ConditionUse::other));
  BASCULE_CO_ASSIGN(ops::ContentHeaders content, content_headers(call.headers, false));
  BASCULE_CO_ASSIGN(const ops::Written written,
                    co_await call.ops().set_blob_headers(call.blob(), std::move(content), std::move(conditions)));
  Reply reply(call, 200);
  reply.modified(written.last_modified, written.etag);
  reply.common();
  co_return co_await reply.send();
}

Task<Answer> lease_blob(Call& call) {
  using Kind = ops::LeaseAction::Kind;
  BASCULE_CO_ASSIGN(ops::LeaseAction action, parse_lease_action(call));
  const Kind kind = action.kind;
  BASCULE_CO_ASSIGN(const ops::LeaseResult result, co_await call.ops().lease_blob(call.blob(), std::move(action)));
  Reply reply(call, kind == Kind::acquire ? 201 : kind == Kind::break_ ? 202 : 200);
  reply.modified(result.last_modified, result.etag);
  reply.common();
  if (kind == Kind::break_)
    reply.add("x-ms-lease-time", decimal(static_cast<std::uint64_t>(std::max(result.remaining_seconds, 0))));
  else if (kind != Kind::release) reply.add("x-ms-lease-id", result.lease_id);
  co_return co_await reply.send();
}

}  // namespace bascule::api::blob
