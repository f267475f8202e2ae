// Set and Delete Immutability Policy, Set Legal Hold: of one blob or version.
#include "api/blob/blob_headers.h"
#include "api/blob/call.h"
#include "api/blob/guards.h"
#include "api/blob/reply.h"
#include "api/common/since.h"
#include "api/common/text.h"

namespace bascule::api::blob {
namespace {

Parsed<> known_to(const Call& call) {
  if (call.version < since::kStateImmutability) return bad_query("comp", call.target.get("comp"));
  return {};
}

}  // namespace

Task<Answer> set_immutability_policy(Call& call) {
  BASCULE_CO_TRY(known_to(call));
  if (!call.headers.has(H::immutability_policy_until_date)) co_return missing_header(name(H::immutability_policy_until_date));
  BASCULE_CO_ASSIGN(const auto policy, parse_immutability(call.headers));
  BASCULE_CO_ASSIGN(const ops::Conditions conditions, parse_conditions(call.headers, call.version, ConditionUse::other));
  ops::SetImmutability set{.policy = *policy};
  set.conditions.if_unmodified_since = conditions.if_unmodified_since;
  auto view = co_await call.ops().set_immutability(call.blob(), std::move(set));
  if (!view && ops::reason_of(view.error()) == ops::Reason::immutability_in_the_past)
    co_return bad_header(name(H::immutability_policy_until_date), call.headers.get(H::immutability_policy_until_date));
  if (!view) co_return refuse(std::move(view).error());
  Reply reply(call, 200);
  reply.common();
  add_immutability(reply, *view);
  co_return co_await reply.send();
}

Task<Answer> delete_immutability_policy(Call& call) {
  BASCULE_CO_TRY(known_to(call));
  BASCULE_CO_TRY(co_await call.ops().delete_immutability(call.blob()));
  Reply reply(call, 200);
  reply.common();
  co_return co_await reply.send();
}

Task<Answer> set_legal_hold(Call& call) {
  BASCULE_CO_TRY(known_to(call));
  const auto text = call.headers.find(H::legal_hold);
  if (!text) co_return missing_header(name(H::legal_hold));
  const bool hold = same_text(*text, "true");
  if (!hold && !same_text(*text, "false")) co_return bad_header(name(H::legal_hold), *text);
  BASCULE_CO_TRY(co_await call.ops().set_legal_hold(call.blob(), hold));
  Reply reply(call, 200);
  reply.common();
  reply.add("x-ms-legal-hold", hold ? "true" : "false");
  co_return co_await reply.send();
}

}  // namespace bascule::api::blob
