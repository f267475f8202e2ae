// Put Block, Put Block List, Get Block List. Blocks lie under their name's upload epoch; a commit ends the epoch, and what
// it did not take is swept. Put Block never writes the head, so that parallel blocks never meet.
#include <map>
#include <set>
#include <unordered_map>

#include "ops/encryption.h"
#include "ops/history.h"
#include "ops/manifest.h"
#include "ops/pending_copy.h"

namespace bascule::ops {

namespace keys = catalog::keys;

namespace {

constexpr std::uint64_t kMaxBlockPieces = 500;        // so that a block's record stays under the store's value limit

struct UncommittedBlock {
  std::string id;
  catalog::BlockRecord record;
};

// All blocks of an epoch, bytewise by id.
Task<Result<std::vector<UncommittedBlock>>> blocks_of(catalog::Catalog& catalog, std::uint64_t cid, std::string blob,
                                                      std::uint64_t epoch) {
  const std::string prefix = keys::block(cid, blob, epoch, "");
  const std::string end = keys::after_prefix(prefix);
  std::vector<UncommittedBlock> all;
  std::string begin = prefix;
  while (true) {
    BASCULE_CO_ASSIGN(auto entries, co_await catalog.scan({.begin = begin, .end = end, .limit = 2000}));
    if (entries.empty()) co_return all;
    for (auto& e : entries) {
      BASCULE_CO_ASSIGN(auto record, catalog::decode<catalog::BlockRecord>(e.value));
      all.push_back({e.key.substr(prefix.size()), std::move(record)});
    }
    begin = entries.back().key + '\0';
  }
}

// The committed blocks of a manifest: runs of its entries.
struct CommittedBlock {
  std::size_t first = 0, count = 0;
  std::uint64_t size_bytes = 0;
};
std::vector<std::pair<std::string, CommittedBlock>> committed_blocks(const std::vector<catalog::ManifestEntry>& entries) {
  std::vector<std::pair<std::string, CommittedBlock>> blocks;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].starts_block) blocks.push_back({entries[i].block_id, {i, 0, 0}});
    if (blocks.empty()) continue;  // Put Blob's content has no blocks
    ++blocks.back().second.count;
    blocks.back().second.size_bytes += entries[i].piece.size_bytes;
  }
  return blocks;
}

}  // namespace

Task<Result<Written>> Service::put_block(BlobRef ref, PutBlock put, BodySource& body) {
  const ContainerRef container_ref{ref.account, ref.container};
  BASCULE_CO_ASSIGN(auto container, co_await resolve(container_ref));
  const std::string head_key = keys::head(container->cid, ref.blob), upload_key = keys::upload(container->cid, ref.blob);
  BASCULE_CO_ASSIGN(const Sealing sealed, co_await sealing(container, ref.account, put.encryption));
  {
    BASCULE_CO_ASSIGN(auto head, co_await parts_.catalog.get<catalog::HeadRecord>(head_key));
    BASCULE_CO_TRY(check_type(head, BlobType::block));
    BASCULE_CO_TRY(check_writable(there(head, now())));
    BASCULE_CO_TRY(check_lease_write(lease_of(there(head, now())), put.lease_id, now()));
    BASCULE_CO_ASSIGN(auto upload, co_await parts_.catalog.get<catalog::UploadRecord>(upload_key));
    if (upload && upload->record.block_id_bytes != put.block_id.size()) co_return refuse(Reason::invalid_block_id_length);
    if (upload) BASCULE_CO_TRY(check_same_keys(upload->record.encryption, sealed.record));
    if (upload) {  // one that has no place is not read first
      const std::uint64_t epoch = upload->record.epoch;
      BASCULE_CO_ASSIGN(const bool room, co_await block_counts_.take({container->cid, ref.blob, epoch}));
      if (room) {
        block_counts_.give_back(epoch);
      } else {
        const std::string key = keys::block(container->cid, ref.blob, epoch, put.block_id);
        BASCULE_CO_ASSIGN(auto former, co_await parts_.catalog.get<catalog::BlockRecord>(key));
        if (!former) co_return refuse(Reason::block_count_exceeded);
      }
    }
  }
  BASCULE_CO_ASSIGN(auto in, co_await ingest(sealed.container, ref.account, put.body, body, kMaxBlockPieces));
  catalog::BlockRecord record{.size_bytes = in.size_bytes};
  std::vector<std::shared_ptr<const extent::PlacedExtent>> extents;
  for (const auto& p : in.pieces) {
    record.pieces.push_back(p.piece);
    extents.push_back(p.extent);
  }
  if (extents.size() > 32) {  // their records together could exceed one commit
    auto named = co_await parts_.catalog.name_extents(std::move(extents));
    if (!named) {
      co_await abandon(container, std::move(in.pieces));
      co_return fail(named.error());
    }
    for (auto& p : in.pieces) p.extent.reset();
  }

  Result<void> outcome;
  Turns::Turn turn;   // at this one block: others of the blob do not meet it
  std::string turn_key;
  for (int attempt = 0; outcome; ++attempt) {
    if (attempt) {
      auto again = co_await resolve_again(container_ref, container);
      if (!again) { outcome = fail(again.error()); break; }
      container = std::move(*again);
    }
    const std::uint64_t read_at = parts_.catalog.moment();
    auto head = co_await parts_.catalog.get<catalog::HeadRecord>(head_key);
    if (!head) { outcome = fail(head.error()); break; }
    if (auto free = check_writable(there(*head, now())); !free) { outcome = fail(free.error()); break; }
    auto allowed = check_lease_write(lease_of(there(*head, now())), put.lease_id, now());
    if (!allowed) { outcome = fail(allowed.error()); break; }
    auto upload = co_await parts_.catalog.get<catalog::UploadRecord>(upload_key);
    if (!upload) { outcome = fail(upload.error()); break; }
    catalog::Transaction t;
    t.require(keys::mapping(ref.account, ref.container), container->mapping_version);
    std::uint64_t epoch = 0;
    if (*upload) {
      if ((*upload)->record.block_id_bytes != put.block_id.size()) { outcome = refuse(Reason::invalid_block_id_length); break; }
      if (auto same = check_same_keys((*upload)->record.encryption, sealed.record); !same) { outcome = fail(same.error()); break; }
      epoch = (*upload)->record.epoch;
      t.require(upload_key, (*upload)->version, read_at);
    } else {
      epoch = parts_.catalog.next_version();
      t.require(upload_key, 0, read_at);
      t.put(upload_key, encode(catalog::UploadRecord{epoch, static_cast<std::uint8_t>(put.block_id.size()), now(), sealed.record}));
    }
    const std::string block_key = keys::block(container->cid, ref.blob, epoch, put.block_id);
    if (turn_key != block_key) {
      turn = Turns::Turn();
      outcome = co_await turns_.take(turn, block_key, attempt > 0);
      if (!outcome) break;
      if (turn) turn_key = block_key;
    }
    auto former = co_await parts_.catalog.get<catalog::BlockRecord>(block_key);
    if (!former) { outcome = fail(former.error()); break; }
    t.require(block_key, *former ? (*former)->version : 0, read_at);
    if (*former) {  // the same block again: the later one counts
      catalog::DropRecord drop{.kind = catalog::DropRecord::Kind::pieces, .cid = container->cid, .pieces = (*former)->record.pieces};
      t.put(keys::dropped(parts_.catalog.next_version()), encode(drop));
      t.put(upload_key, encode((*upload)->record));   // a list that has read the former one must not be committed any more
    }
    t.put(block_key, encode(record));
    for (const auto& p : in.pieces)
      if (p.extent) t.name(*p.extent);
    const bool adds = !*former;
    if (adds) {
      auto room = co_await block_counts_.take({container->cid, ref.blob, epoch, !*upload});
      if (!room) { outcome = fail(room.error()); break; }
      if (!*room) { outcome = refuse(Reason::block_count_exceeded); break; }
    }
    auto done = co_await parts_.catalog.commit(std::move(t));
    if (adds && done) block_counts_.committed(epoch);
    if (adds && !done) block_counts_.give_back(epoch);
    if (!done && !*upload) block_counts_.forget(epoch);   // an epoch that never began
    if (done) co_return Written{0, {}, in.md5, in.crc64, {}, sealed.scope()};
    outcome = evaluate_again(done.error(), attempt);
  }
  co_await abandon(container, std::move(in.pieces));
  co_return fail(outcome.error());
}

Task<Result<Written>> Service::put_block_list(BlobRef ref, PutBlockList put) {
  const ContainerRef container_ref{ref.account, ref.container};
  Turns::Turn turn;
  for (int attempt = 0;; ++attempt) {
    BASCULE_CO_ASSIGN(const auto container, co_await enter(ref, attempt, turn));
    const std::string head_key = keys::head(container->cid, ref.blob), upload_key = keys::upload(container->cid, ref.blob);
    const auto token = read_token();  // the former pages and blocks stay while they are walked
    BASCULE_CO_ASSIGN(auto old, co_await parts_.catalog.get<catalog::HeadRecord>(head_key));
    BASCULE_CO_ASSIGN(auto upload, co_await parts_.catalog.get<catalog::UploadRecord>(upload_key));
    BASCULE_CO_TRY(check_type(old, BlobType::block));
    const catalog::HeadRecord* old_there = there(old, now());
    BASCULE_CO_TRY(check_writable(old_there));
    BASCULE_CO_TRY(check_lease_write(lease_of(old_there), put.conditions.lease_id, now()));
    BASCULE_CO_TRY(check_write(put.conditions, stamp(old_there), put.conditions.lease_id.has_value()));
    if (old_there) BASCULE_CO_TRY(check_replaceable(*old_there, now()));
    const HistoryRule rule = history_rule(ref.account);
    BASCULE_CO_TRY(check_replace(*container, old, BlobType::block, rule));

    BASCULE_CO_ASSIGN(const Sealing sealed, co_await sealing(container, ref.account, put.conditions.encryption));
    std::vector<UncommittedBlock> fresh;
    if (upload) { BASCULE_CO_ASSIGN(fresh, co_await blocks_of(parts_.catalog, container->cid, ref.blob, upload->record.epoch)); }
    std::unordered_map<std::string_view, const catalog::BlockRecord*> uncommitted;
    for (const auto& b : fresh) uncommitted[b.id] = &b.record;
    // The former content is walked only if the list can mean one of its blocks.
    std::vector<catalog::ManifestEntry> entries;
    std::unordered_map<std::string, CommittedBlock> committed;
    using From = BlockListEntry::From;
    bool needs_committed = false;
    for (const auto& e : put.blocks)
      needs_committed |= e.from == From::committed || (e.from == From::latest && !uncommitted.contains(e.block_id));
    if (needs_committed && old_there) {
      BASCULE_CO_TRY(check_readable(*old_there, now()));
      BASCULE_CO_ASSIGN(entries, co_await all_entries(parts_.catalog, container->cid, old_there->manifest));
      for (auto& [id, block] : committed_blocks(entries)) committed.try_emplace(id, block);
    }

    ManifestWriter writer(parts_.catalog, container_ref, container, false);
    Result<void> outcome;
    std::uint64_t size = 0;
    bool took_over = false, took_fresh = false;
    for (const auto& e : put.blocks) {
      auto fresh_block = e.from == From::committed ? uncommitted.end() : uncommitted.find(e.block_id);
      if (fresh_block != uncommitted.end()) {
        took_fresh = true;
        bool first = true;
        for (const auto& piece : fresh_block->second->pieces) {
          outcome = co_await writer.add({.piece = piece, .starts_block = first, .block_id = first ? e.block_id : ""}, nullptr);
          if (!outcome) break;
          first = false;
        }
        size += fresh_block->second->size_bytes;
      } else if (auto it = e.from == From::uncommitted ? committed.end() : committed.find(e.block_id); it != committed.end()) {
        took_over = true;
        for (std::size_t i = 0; outcome && i < it->second.count; ++i)
          outcome = co_await writer.add(entries[it->second.first + i], nullptr);
        size += it->second.size_bytes;
      } else {
        outcome = refuse(Reason::invalid_block_list);
      }
      if (!outcome) break;
    }
    // One blob is sealed under one key.
    if (outcome && took_fresh) outcome = check_same_keys(upload->record.encryption, sealed.record);
    if (outcome && took_over) {
      const catalog::EncryptionRecord* former = encryption_of(old->record);
      outcome = check_same_keys(former ? std::optional(*former) : std::nullopt, sealed.record);
    }
    catalog::Transaction t;
    catalog::Manifest manifest;
    if (outcome) {
      auto made = co_await writer.finish(t);
      if (made) manifest = std::move(*made);
      else outcome = fail(made.error());
    }
    if (!outcome) {
      co_await writer.give_up();
      co_return fail(outcome.error());
    }
    const WallTime at = now();
    catalog::HeadRecord head;
    begin_state(head, old, at);
    head.size_bytes = size;
    set_headers(head, put.headers);
    set_metadata(head, put.metadata, sealed, parts_.random);
    head.tier = put.tier;
    if (!head.tier.empty()) head.tier_changed = at;
    set_tags(head, put.tags);
    head.manifest = std::move(manifest);
    stamp_imported(head, put.imported);
    t.require(keys::mapping(ref.account, ref.container), container->mapping_version);
    t.require(upload_key, upload ? upload->version : 0);
    outcome = succeed(t, {.container = *container, .head_key = head_key, .blob = ref.blob, .rule = rule, .keep = put.keep,
                          .version = put.imported.version,
                          .inherits = took_over ? Inherits::pieces : Inherits::nothing}, old, head);
    if (!outcome) {
      co_await writer.give_up();
      co_return fail(outcome.error());
    }
    if (upload) {
      t.remove(upload_key);
      drop_upload(t, container->cid, ref.blob, upload->record.epoch, head.manifest);
    }
    auto done = co_await parts_.catalog.commit(std::move(t));
    if (done) co_return Written{head.etag, head.last_modified, {}, {}, {}, sealed.scope(), catalog::version_of(head)};
    co_await writer.give_up();
    BASCULE_CO_TRY(evaluate_again(done.error(), attempt));
  }
}

// A new manifest that goes on using pieces of `old`. Where `old` is this head's alone, its drop record names the new one
// as keeper and the pieces simply change hands. Where it is shared, it is kept alive by a reference of the new one.
void Service::take_over(catalog::Transaction& t, std::uint64_t cid, const catalog::Manifest& old, catalog::Manifest& manifest) {
  const std::uint64_t base = old.shared ? old.id : old.base;
  if (!base || !manifest.id) return;
  manifest.base = base;
  t.put(keys::reference(cid, base, manifest.id), catalog::encode_total(0));
}

Task<Result<BlockList>> Service::get_block_list(BlobRef ref, Conditions conditions) {
  BASCULE_CO_ASSIGN(auto container, co_await resolve({ref.account, ref.container}));
  const auto token = read_token();
  BASCULE_CO_ASSIGN(const auto found, co_await named_state(container->cid, ref));
  catalog::Maybe<catalog::UploadRecord> upload;
  if (ref.at.base()) {
    BASCULE_CO_ASSIGN(upload, co_await parts_.catalog.get<catalog::UploadRecord>(keys::upload(container->cid, ref.blob)));
  }
  const catalog::HeadRecord* head = there(found, ending_now(*container));
  if (!head && !upload) co_return refuse(Reason::blob_not_found);
  BASCULE_CO_TRY(check_lease_read(lease_of(head), conditions.lease_id, now()));
  BASCULE_CO_TRY(check_read(conditions, stamp(head).value_or(Stamp{})));
  BlockList list;
  if (head) {
    if (head->type != static_cast<std::uint8_t>(BlobType::block)) co_return refuse(Reason::blob_type_mismatch);
    BASCULE_CO_ASSIGN(auto entries, co_await all_entries(parts_.catalog, container->cid, head->manifest));
    for (auto& [id, block] : committed_blocks(entries)) list.committed.push_back({id, block.size_bytes});
    list.blob = to_view(ref.blob, *head, now());
  }
  if (upload && !(head && catalog::copying(*head))) {   // else it is what a pending copy has staged
    BASCULE_CO_ASSIGN(auto fresh, co_await blocks_of(parts_.catalog, container->cid, ref.blob, upload->record.epoch));
    for (auto& b : fresh) list.uncommitted.push_back({std::move(b.id), b.record.size_bytes});
  }
  co_return list;
}

}  // namespace bascule::ops
