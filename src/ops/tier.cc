// Tiers: where a blob would lie in Azure. Here a tier changes what may be done, not where the content is: an archived blob
// cannot be read or changed until it has been brought back, which takes a time that the installation sets.
// Source: "Set Blob Tier", "Overview of blob rehydration from the archive tier"; AZURE-DETAILS 45, 46.
#include "ops/service.h"

namespace bascule::ops {

void settle_tier(catalog::HeadRecord& head, WallTime now) {
  if (!head.extras || head.extras->rehydration.tier.empty() || head.extras->rehydration.due > now) return;
  head.tier = std::move(head.extras->rehydration.tier);
  head.tier_changed = head.extras->rehydration.due;
  head.extras->rehydration = {};
}

bool archived(const catalog::HeadRecord& head, WallTime now) {
  return head.tier == kArchiveTier && !(rehydrating(head) && head.extras->rehydration.due <= now);
}

bool rehydrating(const catalog::HeadRecord& head) { return head.extras && !head.extras->rehydration.tier.empty(); }

Result<void> check_readable(const catalog::HeadRecord& head, WallTime now) {
  return archived(head, now) ? refuse(Reason::blob_archived) : Result<void>{};
}

Result<void> check_replaceable(const catalog::HeadRecord& head, WallTime now) {
  return archived(head, now) && rehydrating(head) ? refuse(Reason::blob_being_rehydrated) : Result<void>{};
}

void Service::begin_rehydration(catalog::HeadRecord& head, std::string tier, bool high, WallTime at) {
  const Duration delay = high ? options_.rehydrate_high : options_.rehydrate_standard;
  head.tier = kArchiveTier;
  head.extras.made().rehydration = {std::move(tier), high, at + std::chrono::duration_cast<Ticks>(delay)};
}

Task<Result<bool>> Service::set_blob_tier(BlobRef ref, SetTier set) {
  bool pending = false;
  BASCULE_CO_TRY(co_await update_head(std::move(ref), [&](catalog::HeadRecord& h) -> Result<void> {
    if (h.type != static_cast<std::uint8_t>(BlobType::block)) return refuse(Reason::tier_not_for_type);
    BASCULE_TRY(check_lease_write(h.lease, set.conditions.lease_id, now()));
    BASCULE_TRY(check_change(set.conditions, stamp(h)));
    pending = h.tier == kArchiveTier && set.tier != kArchiveTier;
    if (!pending) {
      if (rehydrating(h)) return refuse(Reason::blob_being_rehydrated);   // once begun it is not taken back
      if (h.tier == set.tier) return {};
      h.tier = set.tier;
      h.tier_changed = now();
      return {};
    }
    if (!rehydrating(h)) {
      begin_rehydration(h, set.tier, set.high, now());
      return {};
    }
    auto& under_way = h.extras->rehydration;
    if (under_way.tier != set.tier) return refuse(Reason::blob_being_rehydrated);
    if (set.high && !under_way.high) {   // raised; never lowered
      const WallTime due = under_way.due;
      begin_rehydration(h, set.tier, true, now());
      h.extras->rehydration.due = std::min(due, h.extras->rehydration.due);
    }
    return {};
  }));
  co_return pending;
}

}  // namespace bascule::ops
