// The sweeper, blobs with an end of their own: they have been hidden since; here they go. The record in the queue is only
// a hint: the head decides.
#include "catalog/history.h"
#include "jobs/sweeper.h"

namespace bascule::jobs {

namespace keys = catalog::keys;
using catalog::Transaction;

Task<Result<void>> Sweeper::expire_ended() {
  const WallTime now = service_.parts().clock.wall();
  const std::string until = keys::end(now, 0, "").substr(0, 9);
  std::string begin(1, keys::kEndTable);
  while (true) {
    BASCULE_CO_ASSIGN(auto due, co_await catalog_.scan({.begin = begin, .end = until, .limit = 500}));
    if (due.empty()) co_return Result<void>{};
    begin = due.back().key + '\0';
    for (auto& e : due) {
      if (e.key.size() < 17) co_return fail(Code::corrupt, "a record of a blob's end has a key of a wrong length");
      auto done = co_await end(std::move(e), now);
      // Somebody changes it at this moment: the next round finds it again.
      if (!done && done.error().code != Code::conflict) co_return fail(done.error());
    }
  }
}

// Where the container is by now; nothing: it has no name.
Task<Result<std::optional<ops::ContainerRef>>> Sweeper::name_of(std::uint64_t cid, catalog::EndRecord last) {
  BASCULE_CO_ASSIGN(const auto mapping, co_await catalog_.get<catalog::MappingRecord>(keys::mapping(last.account, last.container)));
  if (mapping && mapping->record.cid == cid) co_return ops::ContainerRef{std::move(last.account), std::move(last.container)};
  const std::string all = keys::mapping(last.account, "");
  std::string begin = all;
  while (true) {
    BASCULE_CO_ASSIGN(auto entries, co_await catalog_.scan({.begin = begin, .end = keys::after_prefix(all), .limit = 1000}));
    if (entries.empty()) co_return std::nullopt;
    begin = entries.back().key + '\0';
    for (const auto& e : entries) {
      BASCULE_CO_ASSIGN(const auto record, catalog::decode<catalog::MappingRecord>(e.value));
      if (record.cid == cid) co_return ops::ContainerRef{std::move(last.account), e.key.substr(all.size())};
    }
  }
}

Task<Result<void>> Sweeper::end(store::Entry entry, WallTime now) {
  const std::uint64_t cid = load_be64(entry.key.data() + 9);
  const std::string blob = entry.key.substr(17);
  BASCULE_CO_ASSIGN(auto last, catalog::decode<catalog::EndRecord>(entry.value));
  Transaction t;
  t.require(entry.key, entry.version);
  t.remove(entry.key);
  BASCULE_CO_ASSIGN(const auto head, co_await catalog_.get<catalog::HeadRecord>(keys::head(cid, blob)));
  const WallTime end = head && catalog::is_live(head->record) ? ops::end_of(head->record) : WallTime();
  if (end != WallTime() && end <= now) {
    BASCULE_CO_ASSIGN(auto container, co_await name_of(cid, last));
    bool gone = false;
    if (container) {
      auto deleted = co_await service_.delete_blob({container->account, container->container, blob},
                                                   {.snapshots = ops::DeleteBlob::Snapshots::include, .ended = true});
      if (!deleted && deleted.error().code != Code::refused) co_return fail(deleted.error());
      gone = deleted.has_value();
      counts_.ended += gone;
      last = {std::move(container->account), std::move(container->container)};
    }
    // What is held, or lies in a container that is deleted but may come back.
    if (!gone) t.put(keys::end(now + std::chrono::duration_cast<Ticks>(kEndAgain), cid, blob), encode(last));
  }
  co_return co_await catalog_.commit(std::move(t));
}

}  // namespace bascule::jobs
