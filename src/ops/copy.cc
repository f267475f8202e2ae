// Copy Blob within this installation. In one container the copy shares the source's pieces, by reference records
// committed against the source's head; across containers the content is sealed anew under the target's key, block by
// block, before the answer.
#include <algorithm>

#include "ops/encryption.h"
#include "ops/history.h"
#include "ops/manifest.h"
#include "ops/pending_copy.h"

namespace bascule::ops {

namespace keys = catalog::keys;

namespace {

Reason as_source(Reason reason) {
  switch (reason) {
    case Reason::blob_not_found: return Reason::source_not_found;
    case Reason::container_not_found: return Reason::source_container_not_found;
    case Reason::condition_not_met:
    case Reason::not_modified: return Reason::source_condition_not_met;
    default: return reason;
  }
}
std::unexpected<Error> source_error(Error error) {
  if (error.code == Code::refused) error.reason = static_cast<std::uint16_t>(as_source(reason_of(error)));
  return std::unexpected(std::move(error));
}
}  // namespace

Task<Result<Copied>> Service::copy_blob(BlobRef target, BlobRef source, CopyBlob copy) {
  const ContainerRef target_ref{target.account, target.container}, source_ref{source.account, source.container};
  const bool one_name = target_ref.account == source_ref.account && target_ref.container == source_ref.container &&
                        target.blob == source.blob;
  const std::string copy_id = new_guid(parts_.random);
  std::unique_ptr<ManifestWriter> writer;   // across containers: the content, sealed anew
  std::uint64_t writer_etag = 0, writer_cid = 0;      // ... of the source's state with this ETag
  Result<Copied> outcome = fail(Code::overloaded, "too many writers change this blob");
  std::vector<Turns::Turn> turns;
  for (int attempt = 0; attempt < kMaxConflicts; ++attempt) {
    if (attempt) { forget_container(target_ref); forget_container(source_ref); }
    auto from = co_await resolve(source_ref);
    if (!from) { outcome = source_error(from.error()); break; }
    auto to = co_await resolve(target_ref);
    if (!to) { outcome = fail(to.error()); break; }
    // The current version by its id is the base.
    const std::string base_key = keys::head((*from)->cid, source.blob), target_key = keys::head((*to)->cid, target.blob);
    bool is_base = source.at.base();
    if (source.at.kind == At::Kind::version) {
      auto base = co_await parts_.catalog.head(base_key);
      if (!base) { outcome = fail(base.error()); break; }
      const catalog::HeadRecord* current = catalog::live(*base);
      is_base = current && catalog::version_of(*current) == source.at.time;
    }
    const std::string source_key = is_base ? base_key : state_key((*from)->cid, source);
    const bool onto_itself = one_name && is_base;
    std::vector<std::string> turn_keys;
    if ((*from)->cid == (*to)->cid) {
      turn_keys.push_back(target_key);
      if (!onto_itself) turn_keys.push_back(source_key);   // sharing may write to it
      std::ranges::sort(turn_keys);
    } else if (writer) {
      turn_keys.push_back(target_key);   // nobody should wait in a line until much has been sealed anew
    }
    if (turns.size() != turn_keys.size() || std::ranges::any_of(turns, [](const auto& turn) { return !turn; })) {
      turns.clear();   // both are taken in their order, or none
      auto taken = co_await line_up(std::move(turn_keys), attempt > 0);
      if (!taken) { outcome = fail(taken.error()); break; }
      turns = std::move(*taken);
    }
    const auto token = read_token();  // what the source's head names stays until it is copied
    auto src = co_await parts_.catalog.get<catalog::HeadRecord>(source_key);
    if (!src) { outcome = fail(src.error()); break; }
    if (!there(*src, ending_now(**from)) || (!is_base && !is_state((*src)->record, source.at))) {
      outcome = refuse(Reason::source_not_found);
      break;
    }
    catalog::HeadRecord& source_head = (*src)->record;
    if (auto ok = check_writable(&source_head); !ok) { outcome = fail(ok.error()); break; }
    if (is_base && !source.at.base() && catalog::version_of(source_head) != source.at.time) continue;   // no longer current
    if (auto ok = check_lease_read(source_head.lease, copy.source_conditions.lease_id, now()); !ok) { outcome = fail(ok.error()); break; }
    if (auto ok = check_read(copy.source_conditions, stamp(source_head)); !ok) { outcome = source_error(ok.error()); break; }
    auto old = co_await parts_.catalog.get<catalog::HeadRecord>(target_key);
    if (!old) { outcome = fail(old.error()); break; }
    if (auto ok = check_copy_target(copy.conditions, *old, source_head.type, now()); !ok) { outcome = fail(ok.error()); break; }
    if (copy.seal && source_head.type != static_cast<std::uint8_t>(BlobType::append)) { outcome = refuse(Reason::blob_type_mismatch); break; }
    settle_tier(source_head, now());
    const bool from_archive = archived(source_head, now());   // then it is brought back as the copy
    if (from_archive && (copy.tier.empty() || copy.tier == kArchiveTier || onto_itself)) { outcome = refuse(Reason::blob_archived); break; }
    const HistoryRule rule = history_rule(target.account);
    if (auto ok = check_replace(**to, *old, static_cast<BlobType>(source_head.type), rule); !ok) { outcome = fail(ok.error()); break; }
    if (*old) {
      if (auto ok = check_replaceable((*old)->record, now()); !ok) { outcome = fail(ok.error()); break; }
    }
    auto upload = co_await parts_.catalog.get<catalog::UploadRecord>(keys::upload((*to)->cid, target.blob));
    if (!upload) { outcome = fail(upload.error()); break; }

    const catalog::EncryptionRecord* used = encryption_of(source_head);
    if (auto ok = check_encryption(used, copy.source_conditions.encryption); !ok) { outcome = fail(ok.error()); break; }
    if ((*from)->cid != (*to)->cid && is_base && source_head.size_bytes > options_.most_copied_at_once &&
        source_head.type == static_cast<std::uint8_t>(BlobType::block)) {
      catalog::CopyJobRecord job;
      job.source_account = source.account;
      job.source_container = source.container;
      job.source_blob = source.blob;
      job.source_state = source_head.etag;
      job.total_bytes = source_head.size_bytes;
      catalog::HeadRecord head = std::move(source_head);
      Tags tags = tags_of(head);
      head.extras.reset();
      if (copy.metadata) head.metadata = std::move(*copy.metadata);
      if (!copy.tier.empty()) head.tier = copy.tier, head.tier_changed = now();
      set_tags(head, copy.tags ? std::move(*copy.tags) : std::move(tags));
      if (from_archive) begin_rehydration(head, copy.tier, copy.rehydrate_high, now());
      turns.clear();
      co_return co_await begin_copy(std::move(target), std::move(copy.conditions), std::move(copy.source_url), std::move(head), std::move(job),
                                    copy.keep);
    }
    catalog::Transaction t;
    t.require(keys::mapping(target.account, target.container), (*to)->mapping_version);
    const WallTime at = now();
    catalog::HeadRecord head = source_head;
    head.lease.reset();
    // A copy is sealed as new content of its container is; nobody but who has the key reads a blob sealed under one.
    const auto source_record = used ? std::optional(*used) : std::nullopt;
    auto sealed = co_await sealing(*to, target.account, copy.conditions.encryption);
    if (!sealed) { outcome = fail(sealed.error()); break; }
    const bool same_keys = (*from)->cid == (*to)->cid && check_same_keys(source_record, sealed->record).has_value();
    Metadata metadata = std::move(head.metadata);
    if (used && used->key_sha256) {
      auto opened = open_metadata(source_head, *with_key(*from, *copy.source_conditions.encryption.key));
      if (!opened) { outcome = fail(opened.error()); break; }
      metadata = std::move(*opened);
    }
    if (copy.metadata) metadata = *copy.metadata;
    set_metadata(head, std::move(metadata), *sealed, parts_.random);
    if (writer && (writer_etag != source_head.etag || writer_cid != (*to)->cid)) {
      co_await writer->give_up();  // the source, or the target's container, is another one by now
      writer.reset();
      turns.clear();
    }
    if (same_keys && (onto_itself || !source_head.manifest.spans)) {
      if (!onto_itself) {
        t.require(source_key, (*src)->version);
        const bool first = source_head.manifest.id != 0 && !source_head.manifest.shared;
        head.manifest = share_manifest(parts_.catalog, t, (*to)->cid, source_head.manifest);
        if (first) t.put(source_key, encode(source_head));
      }
    } else if (source_head.manifest.id) {
      if ((*from)->cid != (*to)->cid) t.require(keys::mapping(source.account, source.container), (*from)->mapping_version);
      // What goes on being written must not have been written to while it was read.
      const bool spans = source_head.manifest.spans;
      if (spans) t.require(source_key, (*src)->version);
      if (!writer) {
        writer = std::make_unique<ManifestWriter>(parts_.catalog, target_ref, *to,
                                                  spans ? ManifestWriter::Of::spans : ManifestWriter::Of::entries);
        writer_etag = source_head.etag;
        writer_cid = (*to)->cid;
        auto opened = co_await keyed(*from, source.account, source_record, copy.source_conditions.encryption);
        if (!opened) { outcome = fail(opened.error()); break; }
        auto done = spans ? co_await seal_spans_anew(*opened, sealed->container, target.account, source.blob, source_head, *writer)
                          : co_await seal_anew(*opened, sealed->container, target.account, source.blob, source_head, *writer);
        if (!done) { outcome = fail(done.error()); break; }
      }
      auto sealed_anew = co_await writer->finish(t);
      if (!sealed_anew) { outcome = fail(sealed_anew.error()); break; }
      head.manifest = std::move(*sealed_anew);
    }
    begin_state(head, *old, at);
    if (copy.tags) set_tags(head, *copy.tags);
    if (copy.seal) (head.extras.made().append ? *head.extras->append : head.extras->append.emplace()).sealed = true;
    if (head.extras) {   // what belongs to the source alone
      head.extras->incremental.reset();
      head.extras->rehydration = {};
      head.extras->expires = head.extras->last_access = {};
    }
    if (from_archive) begin_rehydration(head, copy.tier, copy.rehydrate_high, at);
    else if (!copy.tier.empty()) head.tier = copy.tier;
    if (!copy.tier.empty()) head.tier_changed = at;
    head.copy = catalog::CopyRecord{copy_id, copy.source_url, "success", head.size_bytes, head.size_bytes, at};
    auto succeeded = succeed(t, {.container = **to, .head_key = target_key, .blob = target.blob, .rule = rule, .keep = copy.keep,
                                 .inherits = onto_itself && same_keys ? Inherits::content : Inherits::nothing}, *old, head);
    if (!succeeded) { outcome = fail(succeeded.error()); break; }
    if (*upload) {
      const std::string upload_key = keys::upload((*to)->cid, target.blob);
      t.require(upload_key, (*upload)->version);
      t.remove(upload_key);
      drop_upload(t, (*to)->cid, target.blob, (*upload)->record.epoch, {});
    }
    auto done = co_await parts_.catalog.commit(std::move(t));
    if (done) co_return Copied{{head.etag, head.last_modified, {}, {}, {}, sealed->scope(), catalog::version_of(head)}, copy_id, "success"};
    if (done.error().code != Code::conflict) { outcome = fail(done.error()); break; }
  }
  if (writer) co_await writer->give_up();
  co_return fail(outcome.error());
}

Task<Result<std::vector<Turns::Turn>>> Service::line_up(std::vector<std::string> keys, bool met) {
  std::vector<Turns::Turn> turns;
  for (std::string& key : keys) {
    Turns::Turn turn;
    BASCULE_CO_TRY(co_await turns_.take(turn, std::move(key), met));
    turns.push_back(std::move(turn));
  }
  co_return turns;
}

// Stretch by stretch: the source's blocks, or the whole where it has none. The source's manifest is read along with its
// content, so that what is held is a page of it, a run of content and the pieces being placed, whatever the blob's size.
Task<Result<void>> Service::seal_anew(Container from, Container to, std::string account, std::string blob,
                                      catalog::HeadRecord head, ManifestWriter& writer) {
  ManifestCursor cursor(parts_.catalog, from->cid, head.manifest);
  const auto reader = read_head(from, std::move(blob), head);
  ReaderBody body(*reader);
  std::uint64_t size = 0;
  std::optional<std::string> block_id;
  bool begun = false;
  while (true) {
    BASCULE_CO_ASSIGN(const auto at, co_await cursor.next());
    if (begun && (!at.entry || at.entry->starts_block)) {
      BASCULE_CO_ASSIGN(auto in, co_await ingest(to, account, {.length_bytes = size}, body, 0));
      for (std::size_t i = 0; i < in.pieces.size(); ++i) {
        const bool first = i == 0 && block_id;
        auto added = co_await writer.add({.piece = in.pieces[i].piece, .starts_block = first, .block_id = first ? *block_id : ""},
                                         in.pieces[i].extent);
        if (added) continue;
        co_await abandon(to, {in.pieces.begin() + static_cast<std::ptrdiff_t>(i) + 1, in.pieces.end()});
        co_return fail(added.error());
      }
      size = 0;
    }
    if (!at.entry) co_return Result<void>{};
    if (at.entry->starts_block) block_id = at.entry->block_id;
    begun = true;
    size += at.entry->piece.size_bytes;
  }
}

}  // namespace bascule::ops
