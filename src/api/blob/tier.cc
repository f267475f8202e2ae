// Set Blob Tier, Set Blob Expiry.
#include "api/blob/call.h"
#include "api/blob/guards.h"
#include "api/blob/reply.h"
#include "api/common/since.h"
#include "api/common/tag_expression.h"
#include "api/common/text.h"

namespace bascule::api::blob {
namespace {

// Lease id and tags: no other conditions are known to these operations.
Parsed<ops::Conditions> lease_and_tags(const HeaderIndex& headers) {
  ops::Conditions conditions;
  BASCULE_ASSIGN(conditions.lease_id, parse_lease_id(headers, H::lease_id));
  BASCULE_ASSIGN(conditions.if_tags, parse_tag_condition(headers, H::if_tags));
  return conditions;
}

Parsed<Ticks> milliseconds(const HeaderIndex& headers) {
  constexpr std::int64_t kMost = std::int64_t{1000} * 86'400 * 366 * 1000;   // a thousand years
  const auto text = headers.find(H::expiry_time);
  if (!text) return missing_header(name(H::expiry_time));
  const auto value = parse_integer(*text);
  if (!value || *value < 0 || *value > kMost) return bad_header(name(H::expiry_time), *text);
  return std::chrono::duration_cast<Ticks>(std::chrono::milliseconds(*value));
}

Parsed<ops::SetExpiry> parse_expiry(const HeaderIndex& headers) {
  using From = ops::SetExpiry::From;
  const auto option = headers.find(H::expiry_option);
  if (!option) return missing_header(name(H::expiry_option));
  ops::SetExpiry set;
  if (same_text(*option, "NeverExpire")) {
    if (headers.has(H::expiry_time)) return bad_header(name(H::expiry_time), headers.get(H::expiry_time));
    return set;
  }
  if (same_text(*option, "Absolute")) {
    const auto text = headers.find(H::expiry_time);
    if (!text) return missing_header(name(H::expiry_time));
    const auto at = parse_http_date(*text);
    if (!at) return bad_header(name(H::expiry_time), *text);
    set.from = From::epoch;
    set.at = *at;
    return set;
  }
  if (same_text(*option, "RelativeToCreation")) set.from = From::creation;
  else if (same_text(*option, "RelativeToNow")) set.from = From::now;
  else return bad_header(name(H::expiry_option), *option);
  BASCULE_ASSIGN(set.after, milliseconds(headers));
  return set;
}

}  // namespace

Task<Answer> set_blob_tier(Call& call) {
  if (call.version < since::kAccessTiers) co_return bad_query("comp", call.target.get("comp"));
  if (!call.headers.has(H::access_tier)) co_return missing_header(name(H::access_tier));
  ops::SetTier set;
  BASCULE_CO_ASSIGN(set.tier, parse_tier(call.headers));
  if (call.version >= since::kRehydratePriority) {
    BASCULE_CO_ASSIGN(set.high, parse_rehydrate_high(call.headers));
  }
  BASCULE_CO_ASSIGN(set.conditions, lease_and_tags(call.headers));
  BASCULE_CO_ASSIGN(const bool pending, co_await call.ops().set_blob_tier(call.blob(), std::move(set)));
  Reply reply(call, pending ? 202 : 200);
  reply.common();
  co_return co_await reply.send();
}

Task<Answer> set_blob_expiry(Call& call) {
  if (call.version < since::kExpiry) co_return bad_query("comp", call.target.get("comp"));
  BASCULE_CO_ASSIGN(ops::SetExpiry set, parse_expiry(call.headers));
  BASCULE_CO_ASSIGN(set.conditions, lease_and_tags(call.headers));
  Result<ops::Written> written = co_await call.ops().set_blob_expiry(call.blob(), std::move(set));
  if (!written && ops::reason_of(written.error()) == ops::Reason::expiry_in_the_past)
    co_return bad_header(name(H::expiry_time), call.headers.get(H::expiry_time));
  if (!written) co_return refuse(std::move(written).error());
  Reply reply(call, 200);
  reply.modified(written->last_modified, written->etag);
  reply.common();
  co_return co_await reply.send();
}

}  // namespace bascule::api::blob
