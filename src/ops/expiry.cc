// A blob's own end, and when its content was last read.
// Source: "Set Blob Expiry"; "Optionally enable access time tracking"; AZURE-DETAILS 55.
#include "ops/history.h"

namespace bascule::ops {

namespace keys = catalog::keys;

namespace {
constexpr Ticks kAccessNotedEvery = std::chrono::hours(24);
}

bool expired(const catalog::HeadRecord& head, WallTime now) {
  if (!head.extras || head.extras->expires == WallTime() || head.extras->expires > now) return false;
  const catalog::ImmutabilityRecord& own = head.extras->immutability;   // what is kept does not end by itself
  return !own.legal_hold && own.until == WallTime();
}

WallTime end_of(const catalog::HeadRecord& head) { return head.extras ? head.extras->expires : WallTime(); }

void note_end(catalog::Transaction& t, const ContainerRef& container, std::uint64_t cid, const std::string& blob, WallTime before,
              const catalog::HeadRecord& head) {
  const WallTime end = end_of(head);
  if (end == before) return;
  if (before != WallTime()) t.remove(keys::end(before, cid, blob));
  if (end != WallTime()) t.put(keys::end(end, cid, blob), encode(catalog::EndRecord{container.account, container.container}));
}

Task<Result<Written>> Service::set_blob_expiry(BlobRef ref, SetExpiry set) {
  BASCULE_CO_ASSIGN(const auto head, co_await update_head(std::move(ref), [&](catalog::HeadRecord& h) -> Result<void> {
    BASCULE_TRY(check_lease_write(h.lease, set.conditions.lease_id, now()));
    BASCULE_TRY(check_change(set.conditions, stamp(h)));
    WallTime at{};
    switch (set.from) {
      case SetExpiry::From::never: break;
      case SetExpiry::From::creation: at = h.created + set.after; break;
      case SetExpiry::From::now: at = now() + set.after; break;
      case SetExpiry::From::epoch: at = set.at; break;
    }
    if (set.from != SetExpiry::From::never && at <= now()) return refuse(Reason::expiry_in_the_past);
    if (at != WallTime()) h.extras.made().expires = at;
    else if (h.extras) h.extras->expires = {};
    return {};
  }, {.touch = Touch::remove}));
  co_return Written{head.etag, head.last_modified, {}, {}};
}

bool Service::access_is_due(const std::string& account_name, const catalog::HeadRecord& head) const {
  const auto owner = account(account_name);
  if (!owner || !owner->settings.last_access_tracking) return false;
  return !head.extras || head.extras->last_access + kAccessNotedEvery <= now();
}

// Beside the read, and only if it can be had: nobody's answer waits for it or fails with it.
Task<void> Service::note_access(ContainerRef container_ref, Container container, std::string blob) {
  const std::string key = keys::head(container->cid, blob);
  auto head = co_await parts_.catalog.get<catalog::HeadRecord>(key);
  if (!head || !catalog::live(*head) || !access_is_due(container_ref.account, (*head)->record)) co_return;
  (*head)->record.extras.made().last_access = now();
  catalog::Transaction t;
  t.require(keys::mapping(container_ref.account, container_ref.container), container->mapping_version);
  t.require(key, (*head)->version);
  t.put(key, encode((*head)->record));
  (void)co_await parts_.catalog.commit(std::move(t));
}

}  // namespace bascule::ops
