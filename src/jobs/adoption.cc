// What sessions that died leave behind: what they had begun and not come to the end of, and what they placed and no commit
// named. Extents that they named in part: recount.cc.
#include "jobs/sweeper.h"

namespace bascule::jobs {

namespace keys = catalog::keys;
using catalog::DropRecord;
using catalog::Transaction;

Task<Result<void>> Sweeper::adopt_dead_sessions(std::vector<std::uint32_t> sessions) {
  const std::set<std::uint32_t> dead(sessions.begin(), sessions.end());
  if (dead.empty()) co_return Result<void>{};
  std::set<std::uint32_t> quiet;   // nothing of theirs can arrive any longer: what is gone after this look is gone for good
  const WallTime now = service_.parts().clock.wall();
  for (const std::uint32_t session : dead) {
    BASCULE_CO_ASSIGN(const auto record, co_await catalog_.session_record(session));
    if (record && !record->open && now - record->closed >= std::chrono::duration_cast<Ticks>(kLatePut)) quiet.insert(session);
  }
  BASCULE_CO_TRY(co_await sweep_intents(dead, quiet));
  BASCULE_CO_TRY(co_await recount(dead));
  BASCULE_CO_TRY(co_await remove_orphans(dead));
  for (const std::uint32_t session : quiet) BASCULE_CO_TRY(co_await catalog_.mark_settled(session));
  co_return Result<void>{};
}

Task<Result<void>> Sweeper::adopt_when_due() {
  if (!unsettled_) unsettled_ = catalog_.died();
  const Instant now = service_.parts().clock.now();
  if (unsettled_->empty() || now < adoption_due_) co_return Result<void>{};
  const auto adopted = co_await adopt_dead_sessions(*unsettled_);
  adoption_due_ = now + (adopted ? kAdoptAgain : kAdoptRetry);
  if (!adopted) co_return fail(adopted.error());
  std::vector<std::uint32_t> left;
  for (const std::uint32_t session : *unsettled_) {
    BASCULE_CO_ASSIGN(const auto record, co_await catalog_.session_record(session));
    if (record && !record->settled) left.push_back(session);
  }
  unsettled_ = std::move(left);
  co_return Result<void>{};
}

Task<Result<void>> Sweeper::sweep_intents(const std::set<std::uint32_t>& sessions, const std::set<std::uint32_t>& quiet) {
  for (const std::uint32_t session : sessions) {
    const std::string prefix = keys::intent(session, 0).substr(0, 9), end = keys::after_prefix(prefix);
    for (std::string begin = prefix;;) {
      BASCULE_CO_ASSIGN(auto intents, co_await catalog_.scan({.begin = begin, .end = end, .limit = 100}));
      if (intents.empty()) break;
      begin = intents.back().key + '\0';
      Transaction t;
      for (const auto& e : intents) {
        BASCULE_CO_ASSIGN(auto intent, catalog::decode<catalog::IntentRecord>(e.value));
        if (intent.container_key) {  // the commit that makes the container removes it
          BASCULE_CO_TRY(co_await service_.parts().keyring.destroy_container_key(intent.cid));
          if (quiet.contains(session)) t.remove(e.key);   // else the key's PUT may still land, and nothing else would name it
          continue;
        }
        t.remove(e.key);
        DropRecord drop{.kind = intent.owns_pieces ? DropRecord::Kind::manifest : DropRecord::Kind::pages, .cid = intent.cid};
        drop.manifest.id = drop.manifest.holder = load_be64(e.key.data() + 9);
        drop.manifest.paged = true;
        drop.manifest.spans = intent.spans;
        t.put(keys::dropped(catalog_.next_version()), encode(drop));
      }
      if (t.bytes() != 0) BASCULE_CO_TRY(co_await catalog_.commit(std::move(t)));
    }
  }
  co_return Result<void>{};
}

Task<Result<void>> Sweeper::remove_orphans(const std::set<std::uint32_t>& sessions) {
  auto& provider = service_.parts().provider;
  Clock& clock = service_.parts().clock;
  std::string after;
  while (true) {
    BASCULE_CO_ASSIGN(auto listing, co_await provider.list("", after, 1000, clock.now() + kProviderTimeout));
    for (const auto& object : listing.objects) {
      const auto raw = service_.parts().namer.id(object.name);
      if (!raw) continue;
      const ExtentId id{extent::UniqueId::read(reinterpret_cast<const char*>(raw->data()))};
      if (id.incarnation != catalog_.incarnation() || !sessions.contains(id.session)) continue;
      BASCULE_CO_ASSIGN(auto named, co_await catalog_.get<catalog::ExtentRecord>(keys::extent(id)));
      if (named) continue;
      BASCULE_CO_ASSIGN(auto garbage, co_await catalog_.get_total(keys::garbage(id)));
      if (garbage) continue;
      BASCULE_CO_TRY(co_await provider.remove(object.name, clock.now() + kProviderTimeout));
      ++counts_.orphans_removed;
    }
    if (listing.complete || listing.objects.empty()) co_return Result<void>{};
    after = listing.objects.back().name;
  }
}

}  // namespace bascule::jobs
