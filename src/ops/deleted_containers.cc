// What is left of a deleted container: its name, which is not free again at once, and where the account keeps deleted
// containers for some days, everything, until it is restored or its time has come. Also: giving a container another name.
#include <charconv>

#include "ops/service.h"

namespace bascule::ops {

namespace keys = catalog::keys;
using catalog::DeletedContainerRecord;

namespace {

constexpr std::int64_t kFileTimeEpochTicks = 116'444'736'000'000'000;  // from 1601-01-01 to 1970-01-01
constexpr std::size_t kVersionDigits = 16;
constexpr Ticks kDay = std::chrono::days(1);
constexpr std::size_t kExpiredPerScan = 256;

}  // namespace

// As the service shows it: the deletion's FILETIME in 16 upper-case hexadecimal digits.
std::string deleted_version(WallTime deleted) {
  std::string text(kVersionDigits, '0');
  auto ticks = static_cast<std::uint64_t>(deleted.time_since_epoch().count() + kFileTimeEpochTicks);
  for (std::size_t i = kVersionDigits; i-- > 0; ticks >>= 4) text[i] = "0123456789ABCDEF"[ticks & 15];
  return text;
}

std::optional<WallTime> parse_deleted_version(std::string_view text) {
  std::uint64_t ticks = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ticks, 16);
  if (text.size() != kVersionDigits || error != std::errc() || end != text.data() + text.size() ||
      ticks > static_cast<std::uint64_t>(INT64_MAX))
    return std::nullopt;
  return WallTime(Ticks(static_cast<std::int64_t>(ticks) - kFileTimeEpochTicks));
}

DeletedContainer to_deleted_view(const DeletedContainerRecord& record, WallTime now) {
  const Ticks left = std::max(record.until - now, Ticks(0));
  return {deleted_version(record.deleted), record.deleted, static_cast<std::uint32_t>(left / kDay)};
}

// Whether the name may be used: nothing, or the refusal. `guard`: to be required by the commit that takes the name, and
// removed by it if it is there.
Task<Result<Service::NameGuard>> Service::guard_of(ContainerRef ref, bool ignore_quarantine) {
  NameGuard guard{keys::deleted_container(ref.account, ref.container, keys::kNameGuard)};
  BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<DeletedContainerRecord>(guard.key));
  if (!found) co_return guard;
  if (!ignore_quarantine && found->record.until > now()) co_return refuse(Reason::container_being_deleted);
  guard.version = found->version;
  co_return guard;
}

void Service::take_name(catalog::Transaction& t, const ContainerRef& ref, const NameGuard& guard, std::uint64_t cid) {
  const std::string mapping_key = keys::mapping(ref.account, ref.container);
  t.require(mapping_key, 0);
  t.put(mapping_key, encode(catalog::MappingRecord{cid}));
  t.require(guard.key, guard.version);
  if (guard.version != 0) t.remove(guard.key);
}

// The mapping is the caller's to remove, under its precondition.
void Service::let_go_of_container(catalog::Transaction& t, const ContainerRef& ref, std::uint64_t cid) {
  const auto account = this->account(ref.account);
  const AccountSettings settings = account ? account->settings : AccountSettings();
  // Later than any other deletion: two lives of one name have two versions.
  const WallTime deleted = WallTime(Ticks(static_cast<std::int64_t>(new_etag(0)) - kDotNetEpochTicks));
  if (settings.container_retention_days != 0) {
    const std::string key = keys::deleted_container(ref.account, ref.container, deleted);
    t.require(key, 0);
    t.put(key, encode(DeletedContainerRecord{cid, deleted, deleted + kDay * settings.container_retention_days}));
  } else {
    t.remove(keys::container(cid));
    t.put(keys::dropped(parts_.catalog.next_version()),
          encode(catalog::DropRecord{.kind = catalog::DropRecord::Kind::container, .cid = cid}));
  }
  if (settings.quarantine_seconds != 0) {
    const auto held = std::chrono::duration_cast<Ticks>(std::chrono::seconds(settings.quarantine_seconds));
    t.put(keys::deleted_container(ref.account, ref.container, keys::kNameGuard),
          encode(DeletedContainerRecord{0, deleted, deleted + held}));
  }
}

Task<Result<ContainerView>> Service::restore_container(ContainerRef ref, RestoreContainer restore) {
  const auto deleted = parse_deleted_version(restore.version);
  if (!deleted) co_return refuse(Reason::container_not_found);
  const std::string key = keys::deleted_container(ref.account, restore.name, *deleted);
  for (int attempt = 0; attempt < kMaxConflicts; ++attempt) {
    BASCULE_CO_ASSIGN(auto mapping, co_await parts_.catalog.get<catalog::MappingRecord>(keys::mapping(ref.account, ref.container)));
    if (mapping) co_return refuse(Reason::container_exists);
    BASCULE_CO_ASSIGN(auto kept, co_await parts_.catalog.get<DeletedContainerRecord>(key));
    if (!kept || kept->record.until <= now()) co_return refuse(Reason::container_not_found);
    const std::uint64_t cid = kept->record.cid;
    BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<catalog::ContainerRecord>(keys::container(cid)));
    if (!found) continue;  // restored or removed since its record was read
    // Its own name is held against others only.
    BASCULE_CO_ASSIGN(const NameGuard guard, co_await guard_of(ref, ref.container == restore.name));
    catalog::Transaction t;
    take_name(t, ref, guard, cid);
    t.require(key, kept->version);
    t.remove(key);
    t.require(keys::container(cid), found->version);
    found->record.lease.reset();  // it ended with the deletion
    t.put(keys::container(cid), encode(found->record));
    auto done = co_await parts_.catalog.commit(std::move(t));
    if (done) co_return to_view(ref.container, cid, found->record, now());
    if (done.error().code != Code::conflict) co_return fail(done.error());
  }
  co_return fail(Code::overloaded, "too many writers change this container");
}

Task<Result<ContainerView>> Service::rename_container(ContainerRef ref, std::string source, std::optional<std::string> lease_id) {
  const ContainerRef from{ref.account, source};
  for (int attempt = 0; attempt < kMaxConflicts; ++attempt) {
    BASCULE_CO_ASSIGN(auto container, co_await resolve(from));
    const std::string record_key = keys::container(container->cid);
    BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<catalog::ContainerRecord>(record_key));
    if (!found) co_return refuse(Reason::container_not_found);
    BASCULE_CO_TRY(check_lease_write(found->record.lease, lease_id, now()));
    BASCULE_CO_ASSIGN(auto mapping, co_await parts_.catalog.get<catalog::MappingRecord>(keys::mapping(ref.account, ref.container)));
    if (mapping) co_return refuse(Reason::container_exists);
    BASCULE_CO_ASSIGN(const NameGuard guard, co_await guard_of(ref, false));
    catalog::Transaction t;
    BASCULE_CO_TRY(co_await check_container_goes(container, t));   // where it is found belongs to what is kept
    found->record.lease.reset();
    found->record.etag = new_etag(found->record.etag);
    found->record.last_modified = whole_second(found->record.last_modified);
    const std::string old_key = keys::mapping(from.account, from.container);
    t.require(old_key, container->mapping_version);
    t.remove(old_key);
    take_name(t, ref, guard, container->cid);
    t.require(record_key, found->version);
    t.put(record_key, encode(found->record));
    auto done = co_await parts_.catalog.commit(std::move(t));
    forget_container(from);
    if (done) co_return to_view(ref.container, container->cid, found->record, now());
    if (done.error().code != Code::conflict) co_return fail(done.error());
  }
  co_return fail(Code::overloaded, "too many writers change this container");
}

Task<Result<std::size_t>> Service::expire_deleted_containers() {
  const std::string table(1, keys::kDeletedContainerTable);
  std::string begin = table;
  std::size_t expired = 0;
  while (true) {
    BASCULE_CO_ASSIGN(auto entries, co_await parts_.catalog.scan({.begin = begin, .end = keys::after_prefix(table),
                                                                  .limit = kExpiredPerScan, .fill_cache = false}));
    for (const auto& e : entries) {
      BASCULE_CO_ASSIGN(auto record, catalog::decode<DeletedContainerRecord>(e.value));
      if (record.until > now()) continue;
      catalog::Transaction t;
      t.require(e.key, e.version);
      t.remove(e.key);
      if (record.cid != 0) {
        t.remove(keys::container(record.cid));
        t.put(keys::dropped(parts_.catalog.next_version()),
              encode(catalog::DropRecord{.kind = catalog::DropRecord::Kind::container, .cid = record.cid}));
      }
      auto done = co_await parts_.catalog.commit(std::move(t));
      if (done) ++expired;
      else if (done.error().code != Code::conflict) co_return fail(done.error());  // a conflict: restored meanwhile
    }
    if (entries.size() < kExpiredPerScan) co_return expired;
    begin = entries.back().key + '\0';
  }
}

}  // namespace bascule::ops
