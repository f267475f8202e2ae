// Lease Blob and Lease Container: one form, two things that are leased.
#include "api/blob/call.h"
#include "api/blob/guards.h"
#include "api/blob/reply.h"
#include "api/common/request_id.h"
#include "api/common/since.h"
#include "api/common/text.h"

namespace bascule::api::blob {
namespace {

using Kind = ops::LeaseAction::Kind;

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
      if (call.version >= since::kLeaseStates) return missing_header(name(H::lease_duration));
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

Task<Answer> answer(Call& call, Kind kind, ops::LeaseResult result) {
  Reply reply(call, kind == Kind::acquire ? 201 : kind == Kind::break_ ? 202 : 200);
  reply.modified(result.last_modified, result.etag);
  reply.common();
  if (kind == Kind::break_)
    reply.add("x-ms-lease-time", decimal(static_cast<std::uint64_t>(std::max(result.remaining_seconds, 0))));
  else if (kind != Kind::release) reply.add("x-ms-lease-id", result.lease_id);
  co_return co_await reply.send();
}

}  // namespace

Task<Answer> lease_blob(Call& call) {
  BASCULE_CO_ASSIGN(ops::LeaseAction action, parse_lease_action(call));
  const Kind kind = action.kind;
  BASCULE_CO_ASSIGN(ops::LeaseResult result, co_await call.ops().lease_blob(call.blob(), std::move(action)));
  co_return co_await answer(call, kind, std::move(result));
}

Task<Answer> lease_container(Call& call) {
  BASCULE_CO_ASSIGN(ops::LeaseAction action, parse_lease_action(call));
  action.conditions.if_tags.reset();   // of blobs alone
  const Kind kind = action.kind;
  BASCULE_CO_ASSIGN(ops::LeaseResult result, co_await call.ops().lease_container(call.container(), std::move(action)));
  co_return co_await answer(call, kind, std::move(result));
}

}  // namespace bascule::api::blob
