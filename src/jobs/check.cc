#include "jobs/check.h"

#include <algorithm>
#include <array>
#include <map>

#include "ops/manifest.h"

namespace bascule::jobs {
namespace {

namespace keys = catalog::keys;
using extent::ExtentId;

constexpr Duration kProviderTimeout = std::chrono::seconds(60);
constexpr std::size_t kListPage = 1000;
constexpr std::size_t kReadBytes = 16 * crypto::kUnitBytes;
constexpr std::uint64_t kMostUnnamedShown = 100;
constexpr int kMostLooks = 5;  // at a head that changes while it is looked at

enum class State : std::uint8_t { unseen, whole, missing, cut_short, damaged };

struct Extent {
  std::array<char, 16> id;
  std::uint32_t size_bytes = 0;
  State state = State::unseen;
  bool referenced = false;
};

ExtentId id_of(const std::array<char, 16>& bytes) { return ExtentId{extent::UniqueId::read(bytes.data())}; }

class Checker {
 public:
  Checker(ops::Service& service, const CheckOptions& options, CheckSink& sink)
      : parts_(service.parts()), options_(options), sink_(sink), started_(parts_.clock.now()) {}

  Task<Result<CheckReport>> run() {
    BASCULE_CO_TRY(co_await load_extents());
    BASCULE_CO_TRY(co_await list_objects());
    BASCULE_CO_TRY(co_await ask_for_unlisted());
    if (options_.read) BASCULE_CO_TRY(co_await read_extents());
    BASCULE_CO_TRY(co_await walk_containers());
    co_await name_the_rest();
    report_.elapsed = parts_.clock.now() - started_;
    co_return report_;
  }

 private:
  struct Container {
    std::string account, name, mapping_key;
    std::uint64_t cid = 0;
    std::shared_ptr<const crypto::InputKey> key;
    std::string path(std::string_view blob) const { return account + "/" + name + "/" + std::string(blob); }
  };

  // --- the extents ---
  Task<Result<void>> load_extents();
  Task<Result<void>> list_objects();
  Task<Result<void>> look_at_object(provider::ObjectInfo object);
  Task<Result<void>> ask_for_unlisted();
  Task<Result<void>> read_extents();
  Task<void> read_some(bool& failed, Completion<bool>& done);
  Task<Result<void>> read_extent(std::size_t index, std::vector<std::byte>& buffer);
  Task<Result<std::vector<std::uint32_t>>> bad_units(ExtentId id, const catalog::ExtentRecord& record,
                                                     std::vector<std::byte>& buffer);
  Task<Result<bool>> still_named(ExtentId id);

  // --- what names them ---
  Task<Result<void>> walk_containers();
  Task<Result<void>> walk_container(Container container);
  Task<Result<void>> walk_heads(const Container& container);
  Task<Result<void>> walk_head(const Container& container, store::Entry entry);
  Task<Result<void>> walk_blocks(const Container& container);
  // What is wrong with the piece, "" if nothing.
  Task<Result<std::string>> look_at_piece(const Container& container, const extent::Piece& piece, Trouble& trouble);
  Task<void> name_the_rest();

  Extent* find(const ExtentId& id) {
    std::array<char, 16> bytes;
    id.write(bytes.data());
    const auto at = std::ranges::lower_bound(extents_, bytes, {}, &Extent::id);
    return at != extents_.end() && at->id == bytes ? &*at : nullptr;
  }
  std::string object_name(const ExtentId& id) const { return parts_.namer.name(extent::to_id16(id)); }
  Instant deadline() const { return parts_.clock.now() + kProviderTimeout; }
  Result<void> go_on() const {
    if (options_.stop && *options_.stop) return fail(Code::cancelled, "the check was stopped");
    return {};
  }
  void found(Trouble trouble, std::string where, std::string message) {
    if (trouble == Trouble::missing) ++report_.missing;
    if (trouble == Trouble::damaged) ++report_.damaged;
    sink_.finding({trouble, std::move(where), std::move(message)});
  }
  void show(CheckProgress::Phase phase, std::uint64_t done, std::uint64_t total) {
    sink_.progress({phase, done, total, report_.bytes_read});
  }
  // A page of a table. A record that does not open is reported and ends the walk of the range: nothing tells where the
  // next one begins.
  Task<Result<std::vector<store::Entry>>> page(std::string begin, std::string end, std::string what);

  const ops::ServiceParts& parts_;
  const CheckOptions options_;
  CheckSink& sink_;
  const Instant started_;
  CheckReport report_;
  std::vector<Extent> extents_;                                  // in the order of their ids
  std::map<ExtentId, std::vector<std::uint32_t>> bad_units_;     // of damaged ones
  std::map<ExtentId, std::uint64_t> users_;                      // blobs named for a bad extent
  std::size_t next_to_read_ = 0;
  std::size_t extents_read_ = 0;
  Error read_error_;
};

Task<Result<std::vector<store::Entry>>> Checker::page(std::string begin, std::string end, std::string what) {
  BASCULE_CO_TRY(go_on());
  auto entries = co_await parts_.catalog.scan({.begin = begin, .end = end, .limit = 500, .limit_bytes = 1024 * 1024});
  if (entries || entries.error().code != Code::corrupt) co_return entries;
  // One by one up to the record that does not open.
  std::vector<store::Entry> good;
  while (true) {
    auto one = co_await parts_.catalog.scan({.begin = begin, .end = end, .limit = 1});
    if (one && one->empty()) co_return good;
    if (!one) {
      if (one.error().code != Code::corrupt) co_return one;
      found(Trouble::damaged, "catalog, " + what, one.error().message + "; what comes after it in the range was not looked at");
      co_return good;
    }
    begin = one->back().key + '\0';
    good.push_back(std::move(one->back()));
    if (good.size() > 1000) co_return good;
  }
}

Task<Result<void>> Checker::load_extents() {
  std::string begin = "E";
  while (true) {
    BASCULE_CO_ASSIGN(auto entries, co_await page(begin, "F", "extents"));
    if (entries.empty()) break;
    for (const store::Entry& e : entries) {
      Extent extent;
      std::string wrong;
      auto record = catalog::decode<catalog::ExtentRecord>(e.value);
      if (e.key.size() != 17) wrong = "a key of a wrong length";
      else if (!record) wrong = record.error().message;
      if (!wrong.empty()) {
        found(Trouble::damaged, "catalog, extents", wrong);
        continue;
      }
      std::memcpy(extent.id.data(), e.key.data() + 1, 16);
      extent.size_bytes = record->size_bytes;
      if (record->unit_tags.size() != crypto::unit_count(record->size_bytes))
        found(Trouble::damaged, "extent " + object_name(id_of(extent.id)), "its record has too few checksums for its size");
      report_.extent_bytes += extent.size_bytes;
      extents_.push_back(extent);
    }
    begin = entries.back().key + '\0';
    show(CheckProgress::Phase::catalog, extents_.size(), 0);
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
  const bool ours = id.incarnation == parts_.catalog.incarnation();
  if (ours && id.session == parts_.catalog.session()) co_return Result<void>{};  // being written, or deleted, right now
  if (ours) {
    BASCULE_CO_ASSIGN(const bool named, co_await still_named(id));
    if (named) co_return Result<void>{};
    BASCULE_CO_ASSIGN(auto garbage, co_await parts_.catalog.get_total(keys::garbage(id)));
    if (garbage) co_return Result<void>{};  // about to be removed
  }
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
    BASCULE_CO_ASSIGN(const bool named, co_await still_named(id));
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
  if (extent.state != State::whole) co_return Result<void>{};
  const ExtentId id = id_of(extent.id);
  std::vector<std::uint32_t> bad;
  for (int attempt = 0; attempt < 2; ++attempt) {  // once more: the wire may have erred, not the disk
    BASCULE_CO_ASSIGN(auto record, co_await parts_.catalog.get<catalog::ExtentRecord>(keys::extent(id)));
    if (!record) co_return Result<void>{};  // removed meanwhile
    auto units = co_await bad_units(id, record->record, buffer);
    if (units) {
      bad = std::move(*units);
      if (bad.empty()) co_return Result<void>{};
      continue;
    }
    if (units.error().code != Code::not_found && units.error().code != Code::corrupt) co_return fail(units.error());
    BASCULE_CO_ASSIGN(const bool named, co_await still_named(id));
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

Task<Result<void>> Checker::walk_containers() {
  std::string begin = "N";
  while (true) {
    BASCULE_CO_ASSIGN(auto entries, co_await page(begin, "O", "containers"));
    if (entries.empty()) co_return Result<void>{};
    for (const store::Entry& e : entries) {
      Container container;
      const std::size_t split = e.key.find('\0');
      auto mapping = catalog::decode<catalog::MappingRecord>(e.value);
      if (split == std::string::npos || !mapping) {
        found(Trouble::damaged, "catalog, containers", mapping ? "a key without its separator" : mapping.error().message);
        continue;
      }
      container.account = e.key.substr(1, split - 1);
      container.name = e.key.substr(split + 1);
      container.mapping_key = e.key;
      container.cid = mapping->cid;
      BASCULE_CO_TRY(co_await walk_container(std::move(container)));
    }
    begin = entries.back().key + '\0';
  }
}

Task<Result<void>> Checker::walk_container(Container container) {
  ++report_.containers;
  const std::string where = container.account + "/" + container.name;
  auto record = co_await parts_.catalog.get<catalog::ContainerRecord>(keys::container(container.cid));
  if (!record && record.error().code != Code::corrupt) co_return fail(record.error());
  auto key = co_await parts_.keyring.container_key(container.cid);
  if (!key && key.error().code != Code::not_found && key.error().code != Code::corrupt &&
      key.error().code != Code::permission_denied) co_return fail(key.error());
  if (!record || !*record || !key) {
    BASCULE_CO_ASSIGN(auto mapping, co_await parts_.catalog.get<catalog::MappingRecord>(container.mapping_key));
    if (!mapping || mapping->record.cid != container.cid) co_return Result<void>{};  // deleted meanwhile
    if (!record) found(Trouble::damaged, where, "the container's record does not open: " + record.error().message);
    else if (!*record) found(Trouble::missing, where, "the container's record is not there");
    if (!key) found(key.error().code == Code::not_found ? Trouble::missing : Trouble::damaged, where,
                    "the container's key: " + key.error().message);
  }
  if (key) container.key = *key;
  BASCULE_CO_TRY(co_await walk_heads(container));
  co_return co_await walk_blocks(container);
}

Task<Result<void>> Checker::walk_heads(const Container& container) {
  const std::string prefix = keys::with_u64('B', container.cid), end = keys::after_prefix(prefix);
  std::string begin = prefix;
  while (true) {
    BASCULE_CO_ASSIGN(auto entries, co_await page(begin, end, "blobs of " + container.account + "/" + container.name));
    if (entries.empty()) co_return Result<void>{};
    begin = entries.back().key + '\0';
    for (store::Entry& e : entries) BASCULE_CO_TRY(co_await walk_head(container, std::move(e)));
    show(CheckProgress::Phase::blobs, report_.blobs, 0);
  }
}

Task<Result<void>> Checker::walk_head(const Container& container, store::Entry entry) {
  const std::string blob = entry.key.substr(9);
  const std::string key = entry.key;
  ++report_.blobs;
  std::string wrong;
  Trouble trouble = Trouble::damaged;
  for (int look = 0; look < kMostLooks; ++look) {
    wrong.clear();
    trouble = Trouble::damaged;
    std::uint64_t pieces = 0, content = 0;
    auto head = catalog::decode<catalog::HeadRecord>(entry.value);
    if (!head) {
      wrong = head.error().message;
    } else {
      content = head->size_bytes;
      std::uint64_t covered = 0;
      ops::ManifestCursor cursor(parts_.catalog, container.cid, head->manifest);
      while (head->manifest.id != 0) {
        auto at = co_await cursor.next();
        if (!at && at.error().code != Code::corrupt && at.error().code != Code::not_found) co_return fail(at.error());
        if (!at) {
          wrong = "its manifest: " + at.error().message;
          break;
        }
        if (!at->entry) break;
        ++pieces;
        covered += at->entry->piece.size_bytes;
        const extent::Piece piece = at->entry->piece;
        BASCULE_CO_ASSIGN(std::string bad, co_await look_at_piece(container, piece, trouble));
        if (!bad.empty()) {
          wrong = "bytes from " + std::to_string(covered - piece.size_bytes) + ": " + bad;
          break;
        }
      }
      if (wrong.empty() && covered != content) {
        trouble = Trouble::missing;
        wrong = "its manifest covers " + std::to_string(covered) + " of " + std::to_string(content) + " bytes";
      }
    }
    if (wrong.empty()) {
      report_.pieces += pieces;
      report_.blob_bytes += content;
      co_return Result<void>{};
    }
    // Still the same blob? Else look at the new one.
    BASCULE_CO_ASSIGN(auto now, co_await parts_.catalog.scan({.begin = key, .end = key + '\0', .limit = 1}));
    if (now.empty()) co_return Result<void>{};
    if (now[0].version == entry.version) break;
    entry = std::move(now[0]);
    if (look + 1 == kMostLooks) co_return Result<void>{};  // it changes all the time: it is being written, not damaged
  }
  found(trouble, container.path(blob), wrong);
  co_return Result<void>{};
}

Task<Result<void>> Checker::walk_blocks(const Container& container) {
  const std::string prefix = keys::with_u64('K', container.cid), end = keys::after_prefix(prefix);
  std::string begin = prefix;
  while (true) {
    BASCULE_CO_ASSIGN(auto entries, co_await page(begin, end, "blocks of " + container.account + "/" + container.name));
    if (entries.empty()) co_return Result<void>{};
    begin = entries.back().key + '\0';
    for (const store::Entry& e : entries) {
      const std::string blob = e.key.substr(9, e.key.find('\0', 9) - 9);
      ++report_.blocks;
      Trouble trouble = Trouble::damaged;
      std::string wrong;
      auto block = catalog::decode<catalog::BlockRecord>(e.value);
      if (!block) wrong = block.error().message;
      for (std::size_t i = 0; block && i < block->pieces.size() && wrong.empty(); ++i) {
        BASCULE_CO_ASSIGN(wrong, co_await look_at_piece(container, block->pieces[i], trouble));
        ++report_.pieces;
      }
      if (wrong.empty()) continue;
      BASCULE_CO_ASSIGN(auto now, co_await parts_.catalog.scan({.begin = e.key, .end = e.key + '\0', .limit = 1}));
      if (now.empty() || now[0].version != e.version) continue;  // committed, replaced or expired meanwhile
      found(trouble, container.path(blob), "an uncommitted block: " + wrong);
    }
  }
}

Task<Result<std::string>> Checker::look_at_piece(const Container& container, const extent::Piece& piece, Trouble& trouble) {
  const std::uint64_t sealed = crypto::sealed_size(piece.size_bytes);
  std::uint64_t extent_bytes = 0;
  if (Extent* extent = find(piece.extent)) {
    extent->referenced = true;
    extent_bytes = extent->size_bytes;
    const auto bad = [&](Trouble kind, std::string text) {
      trouble = kind;
      ++users_[piece.extent];
      return "extent " + object_name(piece.extent) + " " + std::move(text);
    };
    if (extent->state == State::missing) co_return bad(Trouble::missing, "is missing at " + std::string(parts_.provider.name()));
    if (extent->state == State::cut_short) co_return bad(Trouble::missing, "is shorter than it was written");
    if (extent->state == State::damaged) {
      const auto units = bad_units_.find(piece.extent);
      if (units == bad_units_.end()) co_return bad(Trouble::damaged, "is longer than it was written");
      for (const std::uint32_t unit : units->second) {
        const std::uint64_t first = std::uint64_t{unit} * crypto::kUnitBytes;
        if (first < piece.offset + sealed && first + crypto::kUnitBytes > piece.offset)
          co_return bad(Trouble::damaged, "is damaged in the 64 KiB from byte " + std::to_string(first));
      }
    }
  } else {
    // Written since the extents were read; else the record should be there.
    BASCULE_CO_ASSIGN(auto record, co_await parts_.catalog.get<catalog::ExtentRecord>(keys::extent(piece.extent)));
    if (!record) {
      trouble = Trouble::missing;
      co_return "extent " + object_name(piece.extent) + " has no record in the catalog";
    }
    extent_bytes = record->record.size_bytes;
  }
  if (piece.offset + sealed > extent_bytes) {
    trouble = Trouble::damaged;
    co_return "a piece that reaches beyond its extent " + object_name(piece.extent);
  }
  if (container.key) {
    const auto context = crypto::piece_context(container.cid, extent::to_id16(piece.id));
    const auto cipher = crypto::PieceCipher::derive(*container.key, piece.salt, context);
    if (!crypto::PieceOpener::create(cipher, piece.commitment, piece.size_bytes, sealed)) {
      trouble = Trouble::damaged;
      co_return "a piece that the container's key does not open (extent " + object_name(piece.extent) + ")";
    }
  }
  co_return std::string();
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

}  // namespace

std::string_view name(Trouble trouble) {
  switch (trouble) {
    case Trouble::missing: return "missing";
    case Trouble::damaged: return "damaged";
    case Trouble::unnamed: return "unnamed";
  }
  return "unknown";
}

std::string_view name(CheckProgress::Phase phase) {
  switch (phase) {
    case CheckProgress::Phase::catalog: return "catalog";
    case CheckProgress::Phase::listing: return "listing";
    case CheckProgress::Phase::reading: return "reading";
    case CheckProgress::Phase::blobs: return "blobs";
  }
  return "unknown";
}

Task<Result<CheckReport>> check(ops::Service& service, CheckOptions options, CheckSink& sink) {
  Checker checker(service, options, sink);
  co_return co_await checker.run();
}

}  // namespace bascule::jobs
