// What sessions that died leave behind: what they had begun and not come to the end of, and what they placed and no commit
// named. Extents that they named in part: recount.cc.
#include "jobs/sweeper.h"

#include <algorithm>
#include <utility>

namespace bascule::jobs {

namespace keys = catalog::keys;
using catalog::DropRecord;
using catalog::Transaction;

Task<Result<void>> Sweeper::adopt_dead_sessions(std::vector<std::uint32_t> sessions) {
  BASCULE_CO_ASSIGN(const Window window, co_await Window::look(catalog_));
  Sessions dead;
  std::set<std::uint32_t> quiet;   // nothing of theirs can arrive any longer: what is gone after this look is gone for good
  const WallTime now = service_.parts().clock.wall();
  for (const std::uint32_t session : sessions) {
    BASCULE_CO_ASSIGN(const auto record, co_await catalog_.session_record(session));
    if (!record || window.is_former(record->incarnation)) continue;   // its gateway may still run
    dead[session] = record->incarnation;
    WallTime closed = record->closed;
    for (const auto& life : window.restored.lives)
      if (life.incarnation == record->incarnation) closed = std::max(closed, life.taken_over);
    if (!record->open && now - closed >= std::chrono::duration_cast<Ticks>(kLatePut)) quiet.insert(session);
  }
  std::set<std::uint64_t> taken_over;   // their sessions after the backup are in no record of ours
  for (const auto& life : window.restored.lives)
    if (life.is_taken_over() && !life.settled) taken_over.insert(life.incarnation);
  if (dead.empty() && taken_over.empty()) co_return Result<void>{};
  BASCULE_CO_TRY(co_await sweep_intents(dead, quiet));
  BASCULE_CO_TRY(co_await recount(dead));
  BASCULE_CO_TRY(co_await remove_orphans(dead, std::move(taken_over)));
  for (const std::uint32_t session : quiet) BASCULE_CO_TRY(co_await catalog_.mark_settled(session));
  co_return co_await settle_lives(window);
}

Task<Result<void>> Sweeper::settle_lives(Window window) {
  const WallTime now = service_.parts().clock.wall();
  bool any = false;
  for (auto& life : window.restored.lives) {
    if (life.settled || !life.is_taken_over() || now - life.taken_over < std::chrono::duration_cast<Ticks>(kLatePut)) continue;
    any = life.settled = true;
  }
  if (!any) co_return Result<void>{};
  Transaction t;
  t.require(keys::restored(), window.restored_version);
  t.put(keys::restored(), encode(window.restored));
  co_return co_await catalog_.commit(std::move(t));
}

Task<Result<void>> Sweeper::adopt_when_due() {
  if (!unsettled_) unsettled_ = catalog_.died();
  const Instant now = service_.parts().clock.now();
  BASCULE_CO_ASSIGN(const Window window, co_await Window::look(catalog_));
  if (std::exchange(restored_version_, window.restored_version) != window.restored_version) adoption_due_ = now;   // taken over, maybe
  const bool lives = std::ranges::any_of(window.restored.lives, [](const auto& life) { return life.is_taken_over() && !life.settled; });
  if ((unsettled_->empty() && !lives) || now < adoption_due_) co_return Result<void>{};
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

Task<Result<void>> Sweeper::sweep_intents(Sessions sessions, std::set<std::uint32_t> quiet) {
  for (const auto& [session, incarnation] : sessions) {
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

Task<Result<void>> Sweeper::remove_orphans(Sessions sessions, std::set<std::uint64_t> incarnations) {
  auto& provider = service_.parts().provider;
  Clock& clock = service_.parts().clock;
  std::string after;
  while (true) {
    BASCULE_CO_ASSIGN(auto listing, co_await provider.list("", after, 1000, clock.now() + kProviderTimeout));
    for (const auto& object : listing.objects) {
      const auto raw = service_.parts().namer.id(object.name);
      if (!raw) continue;
      const ExtentId id{extent::UniqueId::read(reinterpret_cast<const char*>(raw->data()))};
      const auto session = sessions.find(id.session);
      const bool dead = session != sessions.end() && session->second == id.incarnation;
      if (!dead && !incarnations.contains(id.incarnation)) continue;
      BASCULE_CO_ASSIGN(auto named, co_await catalog_.get<catalog::ExtentRecord>(keys::extent(id)));
      if (named) continue;
      BASCULE_CO_ASSIGN(auto garbage, co_await catalog_.get<catalog::GarbageRecord>(keys::garbage(id)));
      if (garbage) continue;
      BASCULE_CO_TRY(co_await provider.remove(object.name, clock.now() + kProviderTimeout));
      ++counts_.orphans_removed;
    }
    if (listing.complete || listing.objects.empty()) co_return Result<void>{};
    after = listing.objects.back().name;
  }
}

}  // namespace bascule::jobs
