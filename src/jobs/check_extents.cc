// check, the extents' side: what the catalog says of them against what lies at the provider.
#include <algorithm>

#include "catalog/backups.h"
#include "jobs/checker.h"

namespace bascule::jobs {

namespace keys = catalog::keys;
using extent::ExtentId;

namespace {
constexpr Duration kProviderTimeout = std::chrono::seconds(60);
constexpr std::size_t kListPage = 1000;
constexpr std::size_t kReadBytes = 16 * crypto::kUnitBytes;
constexpr std::uint64_t kMostUnnamedShown = 100;
}  // namespace

Instant Checker::deadline() const { return parts_.clock.now() + kProviderTimeout; }

Task<Result<void>> Checker::load_extents() {
  Walk walk(parts_.catalog, 'E');
  while (true) {
    BASCULE_CO_ASSIGN(const auto record, co_await next(walk));
    if (!record) break;
    auto decoded = catalog::decode<catalog::ExtentRecord>(record->value);
    if (record->damage || record->key.size() != 17 || !decoded) {
      found_record(*record, !decoded ? decoded.error().message : "a key of a wrong length");
      // What lies at the provider under this name is not unnamed.
      if (record->key.size() == 17) unreadable_.insert(ExtentId{extent::UniqueId::read(record->key.data() + 1)});
      continue;
    }
    Extent extent;
    std::memcpy(extent.id.data(), record->key.data() + 1, 16);
    extent.size_bytes = decoded->size_bytes;
    if (catalog::moved(*decoded)) {
      extent.moved = true;
      extent.state = State::whole;
    } else if (decoded->unit_tags.size() != crypto::unit_count(decoded->size_bytes))
      found(Trouble::damaged, "extent " + object_name(id_of(extent.id)), "its record has too few checksums for its size");
    if (!extent.moved) report_.extent_bytes += extent.size_bytes;
    extents_.push_back(extent);
    if (extents_.size() % 500 == 0) show(CheckProgress::Phase::catalog, extents_.size(), 0);
  }
  report_.extents = extents_.size();
  co_return Result<void>{};
}

Task<Result<void>> Checker::list_objects() {
  std::string after;
  std::uint64_t seen = 0;
  while (true) {
    BASCULE_CO_TRY(go_on());
    BASCULE_CO_ASSIGN(auto listing, co_await parts_.provider.list("", after, kListPage, deadline()));
    for (const auto& object : listing.objects) BASCULE_CO_TRY(co_await look_at_object(object));
    seen += listing.objects.size();
    show(CheckProgress::Phase::listing, seen, 0);
    if (listing.complete || listing.objects.empty()) co_return Result<void>{};
    after = listing.objects.back().name;
  }
}

Task<Result<void>> Checker::look_at_object(provider::ObjectInfo object) {
  if (object.name.starts_with("keyring-")) co_return Result<void>{};
  const auto raw = parts_.namer.id(object.name);
  if (!raw) {
    ++report_.foreign;
    co_return Result<void>{};
  }
  const ExtentId id{extent::UniqueId::read(reinterpret_cast<const char*>(raw->data()))};
  if (Extent* extent = find(id)) {
    // A listing may lag behind: only the whole size settles anything here.
    if (object.size_bytes == extent->size_bytes) extent->state = State::whole;
    co_return Result<void>{};
  }
  if (unreadable_.contains(id)) co_return Result<void>{};
  const bool ours = id.incarnation == parts_.catalog.incarnation();
  if (ours && id.session == parts_.catalog.session()) co_return Result<void>{};  // being written, or deleted, right now
  BASCULE_CO_ASSIGN(const bool named, co_await still_named(id));
  if (named) co_return Result<void>{};
  const auto garbage = co_await parts_.catalog.get<catalog::GarbageRecord>(keys::garbage(id));
  if (!garbage && garbage.error().code != Code::corrupt) co_return fail(garbage.error());
  if (!garbage || *garbage) co_return Result<void>{};  // about to be removed, or kept for a backup
  ++report_.unnamed;
  report_.unnamed_bytes += object.size_bytes;
  if (report_.unnamed <= kMostUnnamedShown) {
    found(Trouble::unnamed, "object " + object.name,
          ours ? "left by a session that died; the collection removes it" : "of another catalog, or of one that was lost");
  }
  co_return Result<void>{};
}

Task<Result<bool>> Checker::still_named(ExtentId id) {
  BASCULE_CO_ASSIGN(auto record, co_await parts_.catalog.get<catalog::ExtentRecord>(keys::extent(id)));
  co_return record.has_value();
}

Task<Result<bool>> Checker::still_there(ExtentId id) {
  BASCULE_CO_ASSIGN(auto record, co_await parts_.catalog.get<catalog::ExtentRecord>(keys::extent(id)));
  co_return record.has_value() && !catalog::moved(record->record);
}

Task<Result<void>> Checker::ask_for_unlisted() {
  std::uint64_t done = 0;
  for (Extent& extent : extents_) {
    if (++done % 256 == 0) show(CheckProgress::Phase::listing, done, extents_.size());
    if (extent.state == State::whole) continue;
    BASCULE_CO_TRY(go_on());
    const ExtentId id = id_of(extent.id);
    auto size = co_await parts_.provider.size(object_name(id), deadline());
    if (!size && size.error().code != Code::not_found) co_return fail(size.error());
    if (size && *size == extent.size_bytes) {
      extent.state = State::whole;
      continue;
    }
    // The record goes before the object: one that is still there needs it.
    BASCULE_CO_ASSIGN(const bool named, co_await still_there(id));
    if (!named) extent.state = State::whole;
    else extent.state = !size ? State::missing : *size < extent.size_bytes ? State::cut_short : State::damaged;
  }
  co_return Result<void>{};
}

Task<Result<void>> Checker::read_extents() {
  bool failed = false;
  std::vector<std::unique_ptr<Completion<bool>>> readers;
  const std::size_t count = std::clamp<std::size_t>(options_.reads_at_once, 1, 64);
  for (std::size_t i = 0; i < count; ++i) {
    readers.push_back(std::make_unique<Completion<bool>>());
    spawn(co_await this_executor(), read_some(failed, *readers.back()));
  }
  for (auto& reader : readers) co_await reader->wait();
  if (failed) co_return fail(read_error_);
  co_return Result<void>{};
}

Task<void> Checker::read_some(bool& failed, Completion<bool>& done) {
  std::vector<std::byte> buffer(kReadBytes);
  while (!failed && next_to_read_ < extents_.size()) {
    const std::size_t index = next_to_read_++;
    Result<void> outcome = go_on();
    if (outcome) outcome = co_await read_extent(index, buffer);
    if (!outcome && !failed) {
      failed = true;
      read_error_ = outcome.error();
    }
    show(CheckProgress::Phase::reading, ++extents_read_, extents_.size());
  }
  done.set(true);
}

Task<Result<void>> Checker::read_extent(std::size_t index, std::vector<std::byte>& buffer) {
  Extent& extent = extents_[index];
  if (extent.state != State::whole || extent.moved) co_return Result<void>{};
  const ExtentId id = id_of(extent.id);
  std::vector<std::uint32_t> bad;
  for (int attempt = 0; attempt < 2; ++attempt) {  // once more: the wire may have erred, not the disk
    BASCULE_CO_ASSIGN(auto record, co_await parts_.catalog.get<catalog::ExtentRecord>(keys::extent(id)));
    if (!record || catalog::moved(record->record)) co_return Result<void>{};  // removed, or gathered, meanwhile
    auto units = co_await bad_units(id, record->record, buffer);
    if (units) {
      bad = std::move(*units);
      if (bad.empty()) co_return Result<void>{};
      continue;
    }
    if (units.error().code != Code::not_found && units.error().code != Code::corrupt) co_return fail(units.error());
    BASCULE_CO_ASSIGN(const bool named, co_await still_there(id));
    if (!named) co_return Result<void>{};
    extent.state = units.error().code == Code::not_found ? State::missing : State::cut_short;
    co_return Result<void>{};
  }
  extent.state = State::damaged;
  bad_units_[id] = std::move(bad);
  co_return Result<void>{};
}

Task<Result<std::vector<std::uint32_t>>> Checker::bad_units(ExtentId id, const catalog::ExtentRecord& record,
                                                            std::vector<std::byte>& buffer) {
  crypto::UnitTagKeys tag_keys(parts_.keyring.catalog_key());
  crypto::ExtentMac mac = tag_keys.of(extent::to_id16(id));
  std::vector<std::uint32_t> bad;
  std::uint64_t offset = 0;
  while (offset < record.size_bytes) {
    const std::size_t size = std::min<std::uint64_t>(buffer.size(), record.size_bytes - offset);
    const MutableBytes into = MutableBytes(buffer).first(size);
    BASCULE_CO_TRY(co_await parts_.provider.get(object_name(id), offset, into, deadline()));
    report_.bytes_read += size;
    for (std::size_t at = 0; at < size; at += crypto::kUnitBytes) {
      const std::uint64_t unit = (offset + at) / crypto::kUnitBytes;
      const Bytes content = Bytes(into).subspan(at, std::min(crypto::kUnitBytes, size - at));
      if (unit >= record.unit_tags.size() || !mac.verify({.unit = unit}, content, record.unit_tags[unit]))
        bad.push_back(static_cast<std::uint32_t>(unit));
    }
    offset += size;
  }
  co_return bad;
}

// Extents that are bad and that no blob was named for, and those that nothing uses.
Task<void> Checker::name_the_rest() {
  for (const Extent& extent : extents_) {
    const ExtentId id = id_of(extent.id);
    if (!extent.referenced) ++report_.unreferenced;
    if (extent.state == State::whole || extent.state == State::unseen || users_.contains(id)) continue;
    auto named = co_await still_named(id);
    if (!named || !*named) continue;
    found(extent.state == State::damaged ? Trouble::damaged : Trouble::missing, "extent " + object_name(id),
          "no blob needs the bad part; it may hold what was deleted and is not collected yet");
  }
}

}  // namespace bascule::jobs
