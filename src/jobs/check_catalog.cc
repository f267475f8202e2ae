// check, the catalog's side: containers, blobs, blocks, and every other record.
#include <algorithm>

#include "jobs/checker.h"
#include "ops/encryption.h"
#include "ops/key_destruction.h"

namespace bascule::jobs {

namespace keys = catalog::keys;

namespace {
constexpr int kMostLooks = 5;  // at a head that changes while it is looked at
}

Task<Result<std::optional<Walk::Record>>> Checker::next(Walk& walk) {
  BASCULE_CO_TRY(go_on());
  co_return co_await walk.next();
}

Task<Result<bool>> Checker::unchanged(const Walk::Record& record) {
  BASCULE_CO_ASSIGN(const auto now, co_await parts_.catalog.look({.begin = record.key, .end = record.key + '\0', .limit = 1}));
  co_return !now.empty() && now[0].version == record.version;
}

void Checker::found_record(const Walk::Record& record, std::string_view otherwise) {
  found(Trouble::damaged, "catalog, " + key_text(record.key), record.damage ? record.damage->message : std::string(otherwise));
}

Task<Result<void>> Checker::walk_containers() {
  Walk walk(parts_.catalog, 'N');
  while (true) {
    BASCULE_CO_ASSIGN(auto record, co_await next(walk));
    if (!record) co_return Result<void>{};
    const std::size_t split = record->key.find('\0');
    const auto mapping = catalog::decode<catalog::MappingRecord>(record->value);
    if (record->damage || split == std::string::npos || !mapping) {
      mapping_lost_ = true;
      found_record(*record, !mapping ? mapping.error().message : "a key without its separator");
      continue;
    }
    ++report_.containers;
    names_[mapping->cid] = record->key.substr(1, split - 1) + "/" + record->key.substr(split + 1);
    BASCULE_CO_TRY(co_await look_at_container(std::move(*record), mapping->cid));
  }
}

// Those that can be restored must be as whole as the others.
Task<Result<void>> Checker::walk_deleted_containers() {
  Walk walk(parts_.catalog, keys::kDeletedContainerTable);
  while (true) {
    BASCULE_CO_ASSIGN(auto record, co_await next(walk));
    if (!record) co_return Result<void>{};
    const auto deleted = catalog::decode<catalog::DeletedContainerRecord>(record->value);
    if (record->damage || !deleted) {
      mapping_lost_ = true;
      found_record(*record, !deleted ? deleted.error().message : "");
      continue;
    }
    if (deleted->cid == 0) continue;  // a name that is held
    ++report_.containers;
    const std::size_t split = record->key.find('\0');
    names_[deleted->cid] = record->key.substr(1, split - 1) + "/" +
                           record->key.substr(split + 1, record->key.find('\0', split + 1) - split - 1) +
                           " (deleted " + format_iso8601_seconds(deleted->deleted) + ")";
    BASCULE_CO_TRY(co_await look_at_container(std::move(*record), deleted->cid));
  }
}

Task<Result<void>> Checker::look_at_container(Walk::Record owner, std::uint64_t cid) {
  const std::string where = names_[cid];
  auto record = co_await parts_.catalog.get<catalog::ContainerRecord>(keys::container(cid));
  if (!record && record.error().code != Code::corrupt) co_return fail(record.error());
  auto key = co_await parts_.keyring.container_key(cid);
  if (!key && key.error().code != Code::not_found && key.error().code != Code::corrupt &&
      key.error().code != Code::permission_denied) co_return fail(key.error());
  if (record && *record && key) co_return Result<void>{};
  BASCULE_CO_ASSIGN(const bool still, co_await unchanged(owner));
  if (!still) co_return Result<void>{};  // deleted or restored meanwhile
  if (record && !*record) found(Trouble::missing, where, "the container's record is not there");  // damage: with its table
  if (!key) found(key.error().code == Code::not_found ? Trouble::missing : Trouble::damaged, where,
                  "the container's key: " + key.error().message);
  co_return Result<void>{};
}

Task<Result<const Checker::Container*>> Checker::container_of(std::uint64_t cid) {
  const auto name = names_.find(cid);
  // Deleted, and not swept yet; unless its name's own record was lost.
  if (name == names_.end() && !mapping_lost_) co_return nullptr;
  if (container_ && container_->cid == cid) co_return &*container_;
  std::string number;
  append_be64(number, cid);
  Container container{.path = name != names_.end() ? name->second : "container " + to_hex(as_bytes(number)), .cid = cid};
  auto key = co_await parts_.keyring.container_key(cid);
  if (key) container.key = *key;   // else it was said of the container
  container_ = std::move(container);
  co_return &*container_;
}

Task<Result<void>> Checker::walk_blobs() {
  for (const char table : {keys::kHeadTable, keys::kPastTable}) {
    const std::size_t tail = table == keys::kPastTable ? keys::kPastTailBytes : 0;
    Walk walk(parts_.catalog, table);
    std::string name;   // the last past state's: its key up to the time
    while (true) {
      BASCULE_CO_ASSIGN(auto record, co_await next(walk));
      if (!record) break;
      if (record->key.size() < 9 + tail) {
        found_record(*record, "a key of a wrong length");
        continue;
      }
      BASCULE_CO_ASSIGN(const Container* container, co_await container_of(load_be64(record->key.data() + 1)));
      if (container && tail != 0 && record->key.substr(0, record->key.size() - tail) != name) {
        name = record->key.substr(0, record->key.size() - tail);
        BASCULE_CO_TRY(co_await look_at_past(*container, name.substr(9)));
      }
      if (container) BASCULE_CO_TRY(co_await walk_head(*container, std::move(*record)));
      else if (record->damage) found_record(*record, "");
      if ((report_.blobs + report_.past) % 500 == 0) show(CheckProgress::Phase::blobs, report_.blobs + report_.past, 0);
    }
  }
  co_return Result<void>{};
}

// Does the head that guards a name's past know of all of it?
Task<Result<void>> Checker::look_at_past(const Container& container, std::string blob) {
  const std::string head_key = keys::head(container.cid, blob);
  for (int look = 0; look < kMostLooks; ++look) {
    const auto before = co_await parts_.catalog.get<catalog::HeadRecord>(head_key);
    if (!before && before.error().code == Code::corrupt) co_return Result<void>{};   // said of the head
    if (!before) co_return fail(before.error());
    std::uint64_t there = 0;
    Walk walk(parts_.catalog, keys::pasts(container.cid, blob), keys::after_prefix(keys::pasts(container.cid, blob)));
    while (true) {
      BASCULE_CO_ASSIGN(const auto record, co_await next(walk));
      if (!record) break;
      ++there;
    }
    const std::uint64_t known = *before ? catalog::history_of((*before)->record).past : 0;
    if (there == known) co_return Result<void>{};
    const auto after = co_await parts_.catalog.get<catalog::HeadRecord>(head_key);
    if (!after) co_return fail(after.error());
    if (after->has_value() != before->has_value() || (*after && (*after)->version != (*before)->version)) continue;
    found(Trouble::damaged, container.path + "/" + blob,
          std::to_string(there) + " snapshots and versions are there, and " + std::to_string(known) + " are known of");
    co_return Result<void>{};
  }
  co_return Result<void>{};
}

Task<Result<void>> Checker::walk_head(const Container& container, Walk::Record entry) {
  std::string where = container.path + "/" + entry.key.substr(9);
  if (entry.key.starts_with(keys::kPastTable)) {
    ++report_.past;
    const WallTime time(Ticks(static_cast<std::int64_t>(load_be64(entry.key.data() + entry.key.size() - 8))));
    where = container.path + "/" + entry.key.substr(9, entry.key.size() - 9 - keys::kPastTailBytes) + " at " + format_iso8601(time);
  } else {
    ++report_.blobs;
  }
  for (int look = 0; look < kMostLooks; ++look) {
    Wrong wrong;
    Covered covered;
    const auto head = catalog::decode<catalog::HeadRecord>(entry.value);
    if (entry.damage || !head) {
      wrong.add(Trouble::damaged, "its record (" + key_text(entry.key) + "): " +
                                      (entry.damage ? entry.damage->message : head.error().message));
    } else {
      const bool tombstone = head->extras && head->extras->history.state == catalog::HistoryRecord::State::tombstone;
      const catalog::EncryptionRecord* encryption = ops::encryption_of(*head);
      BASCULE_CO_ASSIGN(const Container sealed, co_await sealed_container(container, encryption ? std::optional(*encryption) : std::nullopt));
      if (head->manifest.spans) BASCULE_CO_TRY(co_await walk_spans(sealed, *head, covered, wrong));
      else BASCULE_CO_TRY(co_await walk_manifest(sealed, head->manifest, covered, wrong));
      if (wrong.text.empty() && !tombstone && covered.bytes != head->size_bytes)
        wrong.add(Trouble::missing, "its manifest covers " + std::to_string(covered.bytes) + " of " +
                                        std::to_string(head->size_bytes) + " bytes");
    }
    if (wrong.text.empty()) {
      report_.pieces += covered.pieces;
      report_.blob_bytes += covered.bytes;
      co_return co_await look_at_tags(where, entry, *head);
    }
    // Still the same blob? Else look at the new one.
    BASCULE_CO_ASSIGN(auto now, co_await parts_.catalog.look({.begin = entry.key, .end = entry.key + '\0', .limit = 1}));
    if (now.empty()) co_return Result<void>{};
    if (now[0].version == entry.version) {
      found(wrong, where);
      co_return Result<void>{};
    }
    entry = std::move(now[0]);
  }
  co_return Result<void>{};  // it changes all the time: it is being written, not damaged
}

Task<Result<Checker::Container>> Checker::sealed_container(Container container,
                                                           std::optional<catalog::EncryptionRecord> encryption) {
  if (!encryption || !container.key) co_return container;
  if (encryption->key_sha256) {
    container.key = nullptr;
    co_return container;
  }
  auto scope = co_await parts_.keyring.container_key(encryption->scope_id);
  if (!scope && scope.error().code != Code::not_found && scope.error().code != Code::corrupt) co_return fail(scope.error());
  bool destroyed = false;
  if (!scope) { BASCULE_CO_ASSIGN(destroyed, co_await ops::is_destroyed(parts_.catalog, encryption->scope_id)); }
  if (!scope && !destroyed) found(Trouble::missing, container.path, "the key of encryption scope " + encryption->scope + ": " + scope.error().message);
  container.key = scope ? ops::with_scope(*container.key, **scope) : nullptr;
  co_return container;
}

// K be64(cid) blob 00 be64(epoch) block-id: the blob's name holds no NUL.
Task<Result<Checker::Container>> Checker::block_container(Container container, std::string block_key) {
  const std::string blob = block_key.substr(9, block_key.find('\0', 9) - 9);
  auto upload = co_await parts_.catalog.get<catalog::UploadRecord>(keys::upload(container.cid, blob));
  if (!upload && upload.error().code != Code::corrupt) co_return fail(upload.error());
  if (!upload || !*upload) co_return container;
  co_return co_await sealed_container(std::move(container), (*upload)->record.encryption);
}

Task<Result<void>> Checker::walk_manifest(const Container& container, const catalog::Manifest& manifest, Covered& covered,
                                          Wrong& wrong) {
  if (manifest.id == 0) co_return Result<void>{};
  if (!manifest.paged) co_return co_await look_at_entries(container, manifest.entries, covered, wrong);
  const std::string first = keys::page(container.cid, manifest.id, 0);
  Walk walk(parts_.catalog, first, keys::after_prefix(first.substr(0, 17)));
  bool unreadable = false;   // the page before: where it ends is not known
  while (true) {
    BASCULE_CO_ASSIGN(const auto page, co_await next(walk));
    if (!page) co_return Result<void>{};
    const std::uint64_t offset = page->key.size() == 25 ? load_be64(page->key.data() + 17) : covered.bytes;
    if (offset != covered.bytes && !unreadable)
      wrong.add(Trouble::missing, "bytes " + std::to_string(covered.bytes) + " to " + std::to_string(offset) +
                                      " have no page in its manifest");
    covered.bytes = offset;
    const auto entries = catalog::decode_page(page->value);
    unreadable = page->damage || !entries;
    if (unreadable) {
      wrong.add(Trouble::damaged, "bytes from " + std::to_string(offset) + ": its manifest (" + key_text(page->key) + "): " +
                                      (page->damage ? page->damage->message : entries.error().message));
      told_.insert(page->key);
      continue;
    }
    BASCULE_CO_TRY(co_await look_at_entries(container, *entries, covered, wrong));
  }
}

Task<Result<void>> Checker::look_at_entries(const Container& container, const std::vector<catalog::ManifestEntry>& entries,
                                            Covered& covered, Wrong& wrong) {
  for (const auto& e : entries) {
    ++covered.pieces;
    BASCULE_CO_TRY(co_await look_at_piece(container, e.piece, "bytes from " + std::to_string(covered.bytes) + ": ", wrong));
    covered.bytes += e.piece.size_bytes;
  }
  co_return Result<void>{};
}

Task<Result<void>> Checker::walk_blocks() {
  Walk walk(parts_.catalog, 'K');
  while (true) {
    BASCULE_CO_ASSIGN(const auto record, co_await next(walk));
    if (!record) co_return Result<void>{};
    if (record->key.size() < 9) {
      found_record(*record, "a key of a wrong length");
      continue;
    }
    BASCULE_CO_ASSIGN(const Container* container, co_await container_of(load_be64(record->key.data() + 1)));
    if (container) BASCULE_CO_TRY(co_await walk_block(*container, *record));
    else if (record->damage) found_record(*record, "");
  }
}

Task<Result<void>> Checker::walk_block(const Container& container, const Walk::Record& entry) {
  ++report_.blocks;
  Wrong wrong;
  const auto pieces = named_pieces('K', entry.value);
  if (entry.damage || !pieces) {
    wrong.add(Trouble::damaged, key_text(entry.key) + ": " + (entry.damage ? entry.damage->message : pieces.error().message));
  } else {
    report_.pieces += pieces->size();
    BASCULE_CO_ASSIGN(const Container sealed, co_await block_container(container, entry.key));
    for (const auto& piece : *pieces) BASCULE_CO_TRY(co_await look_at_piece(sealed, piece, "", wrong));
  }
  if (wrong.text.empty()) co_return Result<void>{};
  BASCULE_CO_ASSIGN(const bool still, co_await unchanged(entry));   // else committed, replaced or expired meanwhile
  wrong.text = "an uncommitted block: " + wrong.text;
  if (still) found(wrong, container.path + "/" + entry.key.substr(9, entry.key.find('\0', 9) - 9));
  co_return Result<void>{};
}

Task<Result<void>> Checker::walk_other_tables() {
  for (const char table : {'M', 'A', 'C', 'D', 'F', 'G', 'H', 'J', 'L', 'O', 'P', 'Q', 'R', 'T', 'U', 'W', 'X', 'Z'}) {
    Walk walk(parts_.catalog, table);
    while (true) {
      BASCULE_CO_ASSIGN(const auto record, co_await next(walk));
      if (!record) break;
      const auto decoded = decodes(table, record->value);
      if (record->damage || !decoded) {
        if (!told_.contains(record->key)) found_record(*record, !decoded ? decoded.error().message : "");
      }
    }
  }
  co_return Result<void>{};
}

Task<Result<std::optional<extent::Piece>>> Checker::where_it_lies(extent::Piece piece, std::string at, Wrong& wrong) {
  Extent* extent = find(piece.extent);
  if (!extent || !extent->moved) co_return piece;
  extent->referenced = true;
  BASCULE_CO_ASSIGN(const auto record, co_await parts_.catalog.get<catalog::ExtentRecord>(keys::extent(piece.extent)));
  const auto now = record ? catalog::place_of(record->record.forward, piece.offset, static_cast<std::uint32_t>(crypto::sealed_size(piece.size_bytes)))
                          : std::nullopt;
  if (!now) {
    wrong.add(Trouble::missing, at + "a piece that was not taken along when extent " + object_name(piece.extent) + " was gathered");
    co_return std::nullopt;
  }
  piece.extent = now->extent;
  piece.offset = now->offset;
  co_return piece;
}

Task<Result<void>> Checker::look_at_piece(const Container& container, const extent::Piece& named, const std::string& at,
                                          Wrong& wrong) {
  BASCULE_CO_ASSIGN(const auto lies, co_await where_it_lies(named, at, wrong));
  if (!lies) co_return Result<void>{};
  const extent::Piece& piece = *lies;
  const std::uint64_t sealed = crypto::sealed_size(piece.size_bytes);
  std::uint64_t extent_bytes = 0;
  if (Extent* extent = find(piece.extent)) {
    extent->referenced = true;
    extent_bytes = extent->size_bytes;
    const auto bad = [&](Trouble kind, std::string text) -> Result<void> {
      ++users_[piece.extent];
      wrong.add(kind, at + "extent " + object_name(piece.extent) + " " + std::move(text));
      return {};
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
    if (unreadable_.contains(piece.extent)) {
      wrong.add(Trouble::damaged, at + "extent " + object_name(piece.extent) + " has a record in the catalog that does not open");
      co_return Result<void>{};
    }
    // Written since the extents were read; else the record should be there.
    BASCULE_CO_ASSIGN(auto record, co_await parts_.catalog.get<catalog::ExtentRecord>(keys::extent(piece.extent)));
    if (!record) {
      wrong.add(Trouble::missing, at + "extent " + object_name(piece.extent) + " has no record in the catalog");
      co_return Result<void>{};
    }
    extent_bytes = record->record.size_bytes;
  }
  if (piece.offset + sealed > extent_bytes) {
    wrong.add(Trouble::damaged, at + "a piece that reaches beyond its extent " + object_name(piece.extent));
    co_return Result<void>{};
  }
  if (container.key) {
    const auto context = crypto::piece_context(container.cid, extent::to_id16(piece.id));
    const auto cipher = crypto::PieceCipher::derive(*container.key, piece.salt, context);
    if (!crypto::PieceOpener::create(cipher, piece.commitment, piece.size_bytes, sealed)) {
      wrong.add(Trouble::damaged, at + "a piece that the container's key does not open (extent " + object_name(piece.extent) + ")");
    }
  }
  co_return Result<void>{};
}

}  // namespace bascule::jobs
