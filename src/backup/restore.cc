#include "backup/restore.h"

#include "catalog/backups.h"
#include "catalog/records.h"

namespace bascule::backup {

namespace keys = catalog::keys;

namespace {

constexpr std::size_t kCommitBytes = store::kMaxCommitBytes / 2, kCommitRecords = 4000;

class Restoring {
 public:
  Restoring(Place& place, const Listed& backup, store::Store& store, Content content)
      : place_(place), backup_(backup), store_(store), content_(content) {}

  Task<Result<RestoreReport>> run(ReadOptions options) {
    BASCULE_CO_ASSIGN(const auto there, co_await store_.scan({.begin = std::string(1, '\0'), .end = "\xff", .limit = 1}));
    if (!there.empty()) co_return fail(Code::already_exists, "the store that a backup is restored into is not empty");
    options.each = [this](const store::Entry& entry) { return take(entry); };
    BASCULE_CO_ASSIGN(report_.read, co_await read(place_, backup_, content_, std::move(options)));
    BASCULE_CO_TRY(co_await flush());
    BASCULE_CO_TRY(co_await begin_life());
    co_return std::move(report_);
  }

 private:
  Task<Result<void>> take(const store::Entry& entry) {
    if (entry.key == keys::backups() || entry.key == keys::restored()) co_return Result<void>{};   // written anew
    pending_bytes_ += entry.key.size() + entry.value.size();
    pending_.changes.push_back({entry.key, entry.version, entry.value});
    if (pending_bytes_ >= kCommitBytes || pending_.changes.size() >= kCommitRecords) co_return co_await flush();
    co_return Result<void>{};
  }

  Task<Result<void>> flush() {
    if (pending_.changes.empty()) co_return Result<void>{};
    pending_bytes_ = 0;
    BASCULE_CO_TRY(co_await store_.commit(std::exchange(pending_, {})));
    co_return Result<void>{};
  }

  Task<Result<void>> begin_life() {
    const Manifest& m = backup_.manifest;
    const std::uint32_t number = report_.read.last_session + 1;
    if (number + 1 >= 1u << (64 - catalog::kSessionShift)) co_return fail(Code::exhausted, "the catalog has had its last session");
    catalog::SessionRecord session{.open = false, .started = content_.clock.wall(), .closed = content_.clock.wall(), .clean = true, .settled = true};
    while (session.incarnation == 0 || session.incarnation == m.incarnation) session.incarnation = content_.random.next_u64() >> 16;
    content_.random.fill(session.salt);

    catalog::RestoredRecord restored;
    if (!report_.read.restored_record.empty()) {
      BASCULE_CO_ASSIGN(restored, catalog::decode<catalog::RestoredRecord>(report_.read.restored_record));
    }
    restored.lives.push_back({.incarnation = m.incarnation, .instant = m.instant, .restored = content_.clock.wall()});
    catalog::BackupsRecord backups;
    if (!report_.read.backups_record.empty()) {
      BASCULE_CO_ASSIGN(backups, catalog::decode<catalog::BackupsRecord>(report_.read.backups_record));
    }
    for (auto& target : backups.targets) target.running_session = 0;
    catalog::BackupTarget* target = backups.find(m.target);
    if (!target) target = &backups.targets.emplace_back(catalog::BackupTarget{.id = m.target});
    target->place = place_.shown();
    target->number = m.number;
    target->epoch = m.epoch;
    target->instant = m.instant;
    backups.epoch = std::max(backups.epoch, m.epoch);

    const auto key = catalog::session_key(place_.catalog_key(), session);
    std::uint64_t version = std::uint64_t{number} << catalog::kSessionShift;
    store::Commit commit;
    commit.changes.push_back({keys::session(number), ++version, encode(session)});
    for (const auto& [store_key, record] : {std::pair(keys::restored(), encode(restored)), std::pair(keys::backups(), encode(backups))}) {
      ++version;
      commit.changes.push_back({store_key, version, catalog::seal_value(*key, store_key, version, record)});
    }
    BASCULE_CO_TRY(co_await store_.commit(std::move(commit)));
    report_.former_incarnation = m.incarnation;
    report_.incarnation = session.incarnation;
    report_.instant = m.instant;
    co_return Result<void>{};
  }

  Place& place_;
  const Listed& backup_;
  store::Store& store_;
  const Content content_;
  RestoreReport report_;
  store::Commit pending_;
  std::size_t pending_bytes_ = 0;
};

}  // namespace

Task<Result<RestoreReport>> restore(Place& place, const Listed& backup, store::Store& store, Content content, ReadOptions options) {
  Restoring restoring(place, backup, store, content);
  co_return co_await restoring.run(std::move(options));
}

}  // namespace bascule::backup
