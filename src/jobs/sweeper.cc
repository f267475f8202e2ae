#include "jobs/sweeper.h"

#include <unordered_map>
#include <utility>

#include "base/log.h"
#include "catalog/forward.h"
#include "ops/history.h"
#include "ops/manifest.h"

namespace bascule::jobs {

namespace keys = catalog::keys;
using catalog::DropRecord;
using catalog::Transaction;

namespace {
constexpr std::size_t kDropsPerPass = 512, kGarbagePerPass = 256, kGarbagePage = 500, kGarbageLooked = 4000;
constexpr std::size_t kExtentKeyBytes = 17;
constexpr Duration kReaderPatience = std::chrono::seconds(5);
constexpr std::size_t kHeadsPerCommit = 64, kTagsPerCommit = 500;

void add(auto& dead, const extent::Piece& p) { dead[{p.extent, p.offset}] = static_cast<std::uint32_t>(crypto::sealed_size(p.size_bytes)); }
void take_away(auto& dead, const auto& kept) {
  for (const auto& k : kept) dead.erase(k);
}
}  // namespace

Sweeper::Sweeper(ops::Service& service, Duration uncommitted_lifetime, Duration restore_window)
    : service_(service), catalog_(service.parts().catalog), uncommitted_lifetime_(uncommitted_lifetime),
      restore_window_(restore_window) {}

Task<Result<bool>> Sweeper::pass() {
  const auto failed = co_await remove_failed();
  BASCULE_CO_ASSIGN(const bool swept, co_await sweep_dropped());   // also while the provider is away
  BASCULE_CO_ASSIGN(const bool removed, failed);
  co_return swept || removed;
}

Task<Result<bool>> Sweeper::remove_failed() {
  extent::FailedPuts& failed = catalog_.ids().failed();
  Clock& clock = service_.parts().clock;
  bool any = false;
  for (std::size_t i = 0; i < kGarbagePerPass; ++i) {
    auto one = failed.take(clock.now(), kLatePut);
    if (!one) break;
    const std::string name = service_.parts().namer.name(extent::to_id16(one->id));
    const auto removed = co_await service_.parts().provider.remove(name, clock.now() + kProviderTimeout);
    if (!removed) {
      failed.keep(*one);
      co_return fail(removed.error());
    }
    any = true;
    ++counts_.failed_puts;
    if (one->removed_once) {
      failed.done();
    } else {
      one->removed_once = true;
      failed.keep(*one);
    }
  }
  co_return any;
}

Task<Result<bool>> Sweeper::sweep_dropped() {
  if (!fence_) {
    BASCULE_CO_ASSIGN(auto drops, co_await catalog_.scan({.begin = "D", .end = "E", .limit = kDropsPerPass}));
    BASCULE_CO_ASSIGN(auto garbage, co_await removable_garbage());
    if (drops.empty() && garbage.empty()) co_return false;
    // The records are durable: whoever begins to read from here on sees nothing of what they let go of.
    fence_ = Fence{service_.retire_reads(), drops.empty() ? "" : drops.back().key, std::move(garbage)};
  }
  Clock& clock = service_.parts().clock;
  const Instant give_up = clock.now() + kReaderPatience;
  while (!fence_->readers_gone()) {
    if (clock.now() > give_up) co_return false;  // a slow download: the next pass goes on waiting for it
    co_await clock.sleep_for(std::chrono::milliseconds(20));
  }
  // In the order of their keys: a manifest's drop always comes after the drops that name it as their keeper.
  while (!fence_->last_drop.empty()) {
    BASCULE_CO_ASSIGN(auto drops, co_await catalog_.scan({.begin = "D", .end = fence_->last_drop + '\0', .limit = 64}));
    if (drops.empty()) fence_->last_drop.clear();
    for (auto& e : drops) {
      BASCULE_CO_TRY(co_await sweep_drop(std::move(e)));
      ++counts_.drops;
    }
  }
  BASCULE_CO_TRY(co_await remove_garbage(fence_->garbage));
  fence_.reset();
  co_return true;
}

Task<Result<void>> Sweeper::sweep_drop(store::Entry entry) {
  BASCULE_CO_ASSIGN(auto drop, catalog::decode<DropRecord>(entry.value));
  switch (drop.kind) {
    case DropRecord::Kind::manifest: co_return co_await sweep_manifest(std::move(entry), std::move(drop));
    case DropRecord::Kind::upload: co_return co_await sweep_upload(std::move(entry), std::move(drop));
    case DropRecord::Kind::container: co_return co_await sweep_container(std::move(entry), std::move(drop));
    case DropRecord::Kind::pieces: {
      Dead dead;
      for (const auto& p : drop.pieces) add(dead, p);
      Transaction t;
      t.require(entry.key, entry.version);
      t.remove(entry.key);
      BASCULE_CO_TRY(co_await bury(t, std::move(dead)));
      co_return co_await catalog_.commit(std::move(t));
    }
    case DropRecord::Kind::pages: {
      const std::string first = keys::page(drop.cid, drop.manifest.id, 0);
      while (true) {
        BASCULE_CO_ASSIGN(auto pages, co_await catalog_.scan({.begin = first, .end = keys::after_prefix(first.substr(0, 17))}));
        Transaction t;
        for (const auto& page : pages) t.remove(page.key);
        if (pages.empty()) t.remove(entry.key);
        BASCULE_CO_TRY(co_await catalog_.commit(std::move(t)));
        if (pages.empty()) co_return Result<void>{};
      }
    }
  }
  co_return fail(Code::corrupt, "a drop record of an unknown kind");
}

Task<Result<std::set<Sweeper::PieceKey>>> Sweeper::pieces_of(std::uint64_t cid, catalog::Manifest manifest) {
  std::set<PieceKey> pieces;
  if (manifest.id == 0) co_return pieces;
  ops::ManifestCursor cursor(catalog_, cid, std::move(manifest));
  while (true) {
    BASCULE_CO_ASSIGN(const auto at, co_await cursor.next());
    if (!at.entry) co_return pieces;
    pieces.insert({at.entry->piece.extent, at.entry->piece.offset});
  }
}

Task<Result<bool>> Sweeper::referenced(std::uint64_t cid, std::uint64_t manifest, std::uint64_t except) {
  const std::string prefix = keys::reference(cid, manifest, 0).substr(0, 17);
  BASCULE_CO_ASSIGN(auto found, co_await catalog_.scan({.begin = prefix, .end = keys::after_prefix(prefix), .limit = 2}));
  for (const auto& e : found)
    if (e.key != keys::reference(cid, manifest, except)) co_return true;
  co_return false;
}

Task<Result<void>> Sweeper::sweep_manifest(store::Entry entry, DropRecord drop) {
  if (drop.manifest.spans) co_return co_await sweep_lineage(std::move(entry), std::move(drop));
  const catalog::Manifest& m = drop.manifest;
  const std::string zombie_key = keys::zombie(drop.cid, m.id);
  if (m.shared) {
    BASCULE_CO_ASSIGN(const bool alive, co_await referenced(drop.cid, m.id, m.holder));
    if (alive) {  // another holder, or a manifest that took pieces over: whoever goes last finds it under its own key
      DropRecord later = drop;
      later.kept = {};
      Transaction t;
      t.remove(keys::reference(drop.cid, m.id, m.holder));
      t.put(zombie_key, encode(later));
      t.remove(entry.key);
      co_return co_await catalog_.commit(std::move(t));
    }
  }
  BASCULE_CO_ASSIGN(auto kept, co_await pieces_of(drop.cid, drop.kept));
  if (m.base) {
    BASCULE_CO_ASSIGN(auto base, co_await catalog_.get<DropRecord>(keys::zombie(drop.cid, m.base)));
    // Where the base still has a holder there is no record of it yet, and its pieces are not ours to bury either way:
    // they are found through any of its holders' pages or entries only when it dies. Ours are those it does not name.
    catalog::Manifest named_by_base;
    if (base) named_by_base = base->record.manifest;
    else { BASCULE_CO_ASSIGN(named_by_base, co_await live_manifest(drop.cid, m.base, drop.blob)); }
    BASCULE_CO_ASSIGN(auto lives_on, co_await pieces_of(drop.cid, std::move(named_by_base)));
    kept.merge(lives_on);
  }
  if (m.paged) {
    const std::string first = keys::page(drop.cid, m.id, 0), end = keys::after_prefix(first.substr(0, 17));
    // A piece may stand on several pages (a block listed twice): it dies with the last of them, so that an interrupted
    // sweep, which finds only the pages that are left, never buries it twice.
    std::map<PieceKey, std::uint32_t> left;
    for (std::string begin = first;;) {
      BASCULE_CO_ASSIGN(auto pages, co_await catalog_.scan({.begin = begin, .end = end, .limit = 16}));
      if (pages.empty()) break;
      for (const auto& page : pages) {
        BASCULE_CO_ASSIGN(auto entries, catalog::decode_page(page.value));
        for (const auto& e : entries) ++left[{e.piece.extent, e.piece.offset}];
      }
      begin = pages.back().key + '\0';
    }
    while (true) {  // a page goes in the commit that buries its pieces: what is left says how far this came
      BASCULE_CO_ASSIGN(auto pages, co_await catalog_.scan({.begin = first, .end = end, .limit = 1}));
      if (pages.empty()) break;
      BASCULE_CO_ASSIGN(auto entries, catalog::decode_page(pages[0].value));
      Dead dead;
      for (const auto& e : entries)
        if (--left[{e.piece.extent, e.piece.offset}] == 0) add(dead, e.piece);
      take_away(dead, kept);
      Transaction t;
      t.require(pages[0].key, pages[0].version);
      t.remove(pages[0].key);
      BASCULE_CO_TRY(co_await bury(t, std::move(dead)));
      BASCULE_CO_TRY(co_await catalog_.commit(std::move(t)));
    }
  }
  Transaction t;
  Dead dead;
  for (const auto& e : m.entries) add(dead, e.piece);
  take_away(dead, kept);
  BASCULE_CO_TRY(co_await bury(t, std::move(dead)));
  t.require(entry.key, entry.version);
  t.remove(entry.key);
  if (m.shared) {
    t.remove(keys::reference(drop.cid, m.id, m.holder));
    t.remove(zombie_key);
  }
  if (m.base) {
    t.remove(keys::reference(drop.cid, m.base, m.id));
    BASCULE_CO_ASSIGN(const bool alive, co_await referenced(drop.cid, m.base, m.id));
    if (!alive) {  // the last who needed it: now it dies like any other
      BASCULE_CO_ASSIGN(auto base, co_await catalog_.get<DropRecord>(keys::zombie(drop.cid, m.base)));
      if (base) {
        base->record.manifest.shared = false;
        t.remove(keys::zombie(drop.cid, m.base));
        t.put(keys::dropped(catalog_.next_version()), encode(base->record));
      }
    }
  }
  co_return co_await catalog_.commit(std::move(t));
}

Task<Result<void>> Sweeper::sweep_upload(store::Entry entry, DropRecord drop) {
  BASCULE_CO_ASSIGN(auto kept, co_await pieces_of(drop.cid, drop.kept));
  const std::string prefix = keys::block(drop.cid, drop.blob, drop.epoch, ""), end = keys::after_prefix(prefix);
  while (true) {
    BASCULE_CO_ASSIGN(auto blocks, co_await catalog_.scan({.begin = prefix, .end = end, .limit = 64, .limit_bytes = 256 * 1024}));
    if (blocks.empty()) break;
    Transaction t;
    Dead dead;
    for (const auto& b : blocks) {
      BASCULE_CO_ASSIGN(auto record, catalog::decode<catalog::BlockRecord>(b.value));
      for (const auto& p : record.pieces) add(dead, p);
      t.remove(b.key);
    }
    take_away(dead, kept);
    BASCULE_CO_TRY(co_await bury(t, std::move(dead)));
    BASCULE_CO_TRY(co_await catalog_.commit(std::move(t)));
  }
  Transaction t;
  t.require(entry.key, entry.version);
  t.remove(entry.key);
  co_return co_await catalog_.commit(std::move(t));
}

Task<Result<void>> Sweeper::sweep_container(store::Entry entry, DropRecord drop) {
  // Each head becomes a drop record of its own, so that what heads share is settled as it always is.
  for (const char table : {keys::kHeadTable, keys::kPastTable, 'U'}) {
    const std::string prefix = keys::with_u64(table, drop.cid), end = keys::after_prefix(prefix);
    while (true) {
      BASCULE_CO_ASSIGN(auto found, co_await catalog_.scan({.begin = prefix, .end = end, .limit = kHeadsPerCommit,
                                                            .limit_bytes = 256 * 1024}));
      if (found.empty()) break;
      Transaction t;
      for (const auto& e : found) {
        DropRecord part{.cid = drop.cid};
        if (table != 'U') {
          BASCULE_CO_ASSIGN(auto head, catalog::decode<catalog::HeadRecord>(e.value));
          part.manifest = std::move(head.manifest);
          const bool past = table == keys::kPastTable;
          part.blob = e.key.substr(prefix.size(), e.key.size() - prefix.size() - (past ? keys::kPastTailBytes : 0));
          const auto& history = catalog::history_of(head);
          ops::forget_expiry(t, drop.cid, part.blob, past ? history.latest : WallTime(), history);
        } else {
          BASCULE_CO_ASSIGN(auto upload, catalog::decode<catalog::UploadRecord>(e.value));
          part.kind = DropRecord::Kind::upload;
          part.blob = e.key.substr(prefix.size());
          part.epoch = upload.epoch;
        }
        if (table == 'U' || part.manifest.id) t.put(keys::dropped(catalog_.next_version()), encode(part));
        t.remove(e.key);
      }
      BASCULE_CO_TRY(co_await catalog_.commit(std::move(t)));
    }
  }
  const std::string first_tag = keys::with_u64(keys::kTagTable, drop.cid), tags_end = keys::after_prefix(first_tag);
  while (true) {
    BASCULE_CO_ASSIGN(const auto found, co_await catalog_.scan({.begin = first_tag, .end = tags_end, .limit = kTagsPerCommit}));
    if (found.empty()) break;
    Transaction t;
    for (const auto& e : found) t.remove(e.key);
    BASCULE_CO_TRY(co_await catalog_.commit(std::move(t)));
  }
  Transaction t;
  BASCULE_CO_TRY(co_await doom_key(t, drop.cid));
  t.require(entry.key, entry.version);
  t.remove(entry.key);
  t.remove(keys::writes_guard(drop.cid));
  co_return co_await catalog_.commit(std::move(t));
}

Task<Result<std::optional<catalog::Manifest>>> Sweeper::find_manifest(std::uint64_t manifest, std::string begin, std::string end) {
  while (true) {
    BASCULE_CO_ASSIGN(auto heads, co_await catalog_.scan({.begin = begin, .end = end}));
    if (heads.empty()) co_return std::nullopt;
    for (const auto& e : heads) {
      BASCULE_CO_ASSIGN(auto head, catalog::decode<catalog::HeadRecord>(e.value));
      if (head.manifest.id == manifest) co_return std::move(head.manifest);
    }
    begin = heads.back().key + '\0';
  }
}

Task<Result<catalog::Manifest>> Sweeper::live_manifest(std::uint64_t cid, std::uint64_t manifest, std::string blob) {
  // A base with a living holder: the holder is one of the container's heads or past states. Nearly always it is of the
  // same name (a block list over a version); else, rarely (over a copied blob), the container is walked rather than an
  // index kept.
  std::vector<std::pair<std::string, std::string>> places;
  if (!blob.empty()) {
    places.emplace_back(keys::head(cid, blob), keys::head(cid, blob) + '\0');
    places.emplace_back(keys::pasts(cid, blob), keys::after_prefix(keys::pasts(cid, blob)));
  }
  for (const char table : {keys::kHeadTable, keys::kPastTable})
    places.emplace_back(keys::with_u64(table, cid), keys::after_prefix(keys::with_u64(table, cid)));
  for (auto& [begin, end] : places) {
    BASCULE_CO_ASSIGN(auto found, co_await find_manifest(manifest, std::move(begin), std::move(end)));
    if (found) co_return std::move(*found);
  }
  // Its holders were dropped, and their records wait behind this one: they still say what it names.
  std::string begin = "D";
  while (true) {
    BASCULE_CO_ASSIGN(auto drops, co_await catalog_.scan({.begin = begin, .end = "E"}));
    if (drops.empty()) co_return fail(Code::corrupt, "a manifest's base is nowhere to be found");
    for (const auto& e : drops) {
      BASCULE_CO_ASSIGN(auto drop, catalog::decode<DropRecord>(e.value));
      if (drop.cid == cid && drop.manifest.id == manifest) co_return std::move(drop.manifest);
    }
    begin = drops.back().key + '\0';
  }
}

Task<Result<void>> Sweeper::bury(Transaction& t, Dead dead) {
  std::map<ExtentId, std::uint64_t> bytes;
  for (auto it = dead.begin(); it != dead.end();) {
    const ExtentId id = it->first.extent;
    BASCULE_CO_ASSIGN(const auto extent, co_await catalog_.get<catalog::ExtentRecord>(keys::extent(id)));
    for (; it != dead.end() && it->first.extent == id; ++it) {
      bytes[id] += it->second;
      if (!extent || !catalog::moved(extent->record)) continue;
      const auto now = catalog::place_of(extent->record.forward, it->first.offset, it->second);
      if (!now) co_return fail(Code::corrupt, "a piece of an extent that was gathered into another is not there");
      bytes[now->extent] += it->second;
    }
  }
  for (const auto& [id, sum] : bytes) BASCULE_CO_TRY(co_await bury_bytes(t, id, sum));
  co_return Result<void>{};
}

Task<Result<void>> Sweeper::bury_bytes(Transaction& t, ExtentId id, std::uint64_t bytes) {
  const std::string extent_key = keys::extent(id), total_key = keys::dead_total(id);
  BASCULE_CO_ASSIGN(auto extent, co_await catalog_.get<catalog::ExtentRecord>(extent_key));
  if (!extent) co_return Result<void>{};  // never named: an orphan at most
  BASCULE_CO_ASSIGN(auto total, co_await catalog_.get_total(total_key));
  const std::uint64_t sum = bytes + (total ? total->record : 0);
  if (sum > extent->record.size_bytes) co_return fail(Code::corrupt, "more of an extent is dead than it holds");
  t.require(extent_key, extent->version);   // compaction may move what is in it
  t.require(total_key, total ? total->version : 0);
  if (sum < extent->record.size_bytes) {
    t.put(total_key, catalog::encode_total(sum));
  } else {
    if (total) t.remove(total_key);
    t.remove(extent_key);
    if (catalog::moved(extent->record)) co_return Result<void>{};   // its shards went when it was
    BASCULE_CO_ASSIGN(const Window window, co_await Window::look(catalog_));
    window.require_epoch(t);
    t.put(keys::garbage(id), encode(window.garbage(sum, service_.lawful_now())));
  }
  co_return Result<void>{};
}

// In rounds through the table, so that what is held at its beginning keeps nobody from what comes behind.
Task<Result<std::vector<store::Entry>>> Sweeper::removable_garbage() {
  BASCULE_CO_ASSIGN(const Window window, co_await Window::look(catalog_));
  for (const auto& target : window.backups.targets) counts_.last_backup = std::max(counts_.last_backup, target.instant);
  const WallTime now = service_.lawful_now();
  std::vector<store::Entry> removable;
  const std::string began_at = garbage_from_;
  std::string until = "H";
  for (std::size_t looked = 0; looked < kGarbageLooked && removable.size() < kGarbagePerPass;) {
    BASCULE_CO_ASSIGN(auto page, co_await catalog_.scan({.begin = garbage_from_, .end = until, .limit = kGarbagePage}));
    looked += page.size();
    const bool end = page.size() < kGarbagePage;
    for (auto& e : page) {
      BASCULE_CO_ASSIGN(const auto record, catalog::decode<catalog::GarbageRecord>(e.value));
      const bool key = e.key.size() == keys::kDoomedKeyBytes;
      if (!key && e.key.size() != kExtentKeyBytes) co_return fail(Code::corrupt, "a garbage record has a key of a wrong length");
      const bool former = key ? window.any_former() : window.is_former(extent::UniqueId::read(e.key.data() + 1).incarnation);
      garbage_from_ = e.key + '\0';
      if (former || window.holds(record, catalog_.session(), restore_window_, now)) {
        ++held_;
        held_bytes_ += record.bytes;
      } else {
        removable.push_back(std::move(e));
      }
    }
    if (!end) continue;
    if (until != "H") break;          // once around
    counts_.held = std::exchange(held_, 0);
    counts_.held_bytes = std::exchange(held_bytes_, 0);
    garbage_from_ = "G";
    if (began_at == garbage_from_) break;
    until = began_at;
  }
  co_return removable;
}

Task<Result<void>> Sweeper::doom_key(Transaction& t, std::uint64_t cid) {
  BASCULE_CO_ASSIGN(const Window window, co_await Window::look(catalog_));
  window.require_epoch(t);
  const catalog::GarbageRecord garbage = window.garbage(0, service_.lawful_now());
  if (!window.any_former() && !window.holds(garbage, catalog_.session(), restore_window_, garbage.died)) {
    // Nothing of the container can be read from here on, whatever is left at the provider.
    co_return co_await service_.parts().keyring.destroy_container_key(cid);
  }
  t.put(keys::doomed_key(cid), encode(garbage));
  co_return Result<void>{};
}

Task<Result<void>> Sweeper::remove_garbage(std::vector<store::Entry> garbage) {
  Clock& clock = service_.parts().clock;
  for (const auto& e : garbage) {
    BASCULE_CO_ASSIGN(const auto record, catalog::decode<catalog::GarbageRecord>(e.value));
    const bool key = e.key.size() == keys::kDoomedKeyBytes;
    if (key) {
      BASCULE_CO_TRY(co_await service_.parts().keyring.destroy_container_key(load_be64(e.key.data() + 1)));
    } else {
      const ExtentId id{extent::UniqueId::read(e.key.data() + 1)};
      BASCULE_CO_TRY(co_await service_.parts().provider.remove(service_.parts().namer.name(extent::to_id16(id)),
                                                               clock.now() + kProviderTimeout));
    }
    Transaction t;
    t.remove(e.key);
    BASCULE_CO_TRY(co_await catalog_.commit(std::move(t)));
    if (key) continue;
    ++counts_.extents_removed;
    counts_.bytes_removed += record.bytes;
  }
  co_return Result<void>{};
}

Task<Result<void>> Sweeper::expire_deleted() {
  const WallTime now = service_.parts().clock.wall();
  const std::string end = keys::expiry(now, 0, "", {}).substr(0, 9);
  std::string begin(1, keys::kExpiryTable);
  while (true) {
    BASCULE_CO_ASSIGN(auto due, co_await catalog_.scan({.begin = begin, .end = end, .limit = 500}));
    if (due.empty()) co_return Result<void>{};
    for (const auto& e : due) {
      if (e.key.size() < 9 + 8 + keys::kPastTailBytes) co_return fail(Code::corrupt, "a record of what expires has a key of a wrong length");
      auto done = co_await expire(e, now);
      // Somebody changes it at this moment: the next round finds it again.
      if (!done && done.error().code != Code::conflict) co_return fail(done.error());
    }
    begin = due.back().key + '\0';
  }
}

Task<Result<void>> Sweeper::expire(store::Entry entry, WallTime now) {
  using catalog::HistoryRecord;
  const std::uint64_t cid = load_be64(entry.key.data() + 9);
  const std::string blob = entry.key.substr(17, entry.key.size() - 17 - keys::kPastTailBytes);
  const WallTime time(Ticks(static_cast<std::int64_t>(load_be64(entry.key.data() + entry.key.size() - 8))));
  const std::string head_key = keys::head(cid, blob), past_key = keys::past(cid, blob, time);
  Transaction t;
  t.require(entry.key, entry.version);
  t.remove(entry.key);
  const auto due = [now](const catalog::HeadRecord& record) {
    return record.extras && record.extras->history.state == HistoryRecord::State::deleted &&
           catalog::deletion_due(record.extras->history) <= now;
  };
  BASCULE_CO_ASSIGN(const auto container, co_await catalog_.get<catalog::ContainerRecord>(keys::container(cid)));
  t.require(keys::container(cid), container ? container->version : 0);
  const auto* rules = container && container->record.extras ? &container->record.extras->immutability : nullptr;
  const auto kept = [&](const catalog::HeadRecord& record) {   // then the next round looks again
    return !ops::check_touch(rules, record, ops::Touch::remove, service_.lawful_now());
  };
  BASCULE_CO_ASSIGN(auto head, co_await catalog_.get<catalog::HeadRecord>(head_key));
  if (head && time == WallTime()) {
    if (due(head->record) && kept(head->record)) co_return Result<void>{};
    if (due(head->record)) {   // else it was brought back, or another blob has its name
      ops::drop_manifest(catalog_, t, cid, head->record.manifest, {}, blob);
      head->record.manifest = {};
      HistoryRecord& history = head->record.extras->history;
      history.state = HistoryRecord::State::tombstone;
      history.deleted = {};
      history.retention_days = 0;
      ops::put_guard(t, head_key, std::move(*head));
    }
  } else if (head) {
    BASCULE_CO_ASSIGN(auto past, co_await catalog_.get<catalog::HeadRecord>(past_key));
    if (past && due(past->record) && kept(past->record)) co_return Result<void>{};
    if (past && due(past->record)) {
      t.require(past_key, past->version);
      t.remove(past_key);
      ops::drop_manifest(catalog_, t, cid, past->record.manifest, {}, blob);
      ops::uncount(head->record.extras.made().history, past->record.extras->history);
      ops::put_guard(t, head_key, std::move(*head));
    }
  }
  ++counts_.expired;
  co_return co_await catalog_.commit(std::move(t));
}

Task<Result<void>> Sweeper::expire_uploads() {
  const WallTime limit = service_.parts().clock.wall() - std::chrono::duration_cast<Ticks>(uncommitted_lifetime_);
  std::string begin = "U";
  while (true) {
    BASCULE_CO_ASSIGN(auto uploads, co_await catalog_.scan({.begin = begin, .end = "V"}));
    if (uploads.empty()) co_return Result<void>{};
    for (const auto& e : uploads) {
      BASCULE_CO_ASSIGN(auto upload, catalog::decode<catalog::UploadRecord>(e.value));
      if (upload.created > limit) continue;
      DropRecord drop{.kind = DropRecord::Kind::upload, .cid = load_be64(e.key.data() + 1)};
      drop.blob = e.key.substr(9);
      drop.epoch = upload.epoch;
      Transaction t;
      t.require(e.key, e.version);
      t.remove(e.key);
      t.put(keys::dropped(catalog_.next_version()), encode(drop));
      if (auto done = co_await catalog_.commit(std::move(t)); !done && done.error().code != Code::conflict)
        co_return fail(done.error());
    }
    begin = uploads.back().key + '\0';
  }
}

}  // namespace bascule::jobs
