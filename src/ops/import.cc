// States of blobs that come from elsewhere (import.h). What is there now takes its place as any write does; a past state is
// put beside the name's head, which guards it, and which need not stand for a blob.
#include "ops/import.h"

#include "ops/encryption.h"
#include "ops/history.h"
#include "ops/manifest.h"
#include "ops/pending_copy.h"

namespace bascule::ops {

namespace keys = catalog::keys;
using catalog::HeadRecord;
using catalog::HistoryRecord;

void stamp_imported(HeadRecord& head, const Imported& stamps) {
  if (stamps.created != WallTime()) head.created = stamps.created;
  if (stamps.last_modified != WallTime()) head.last_modified = stamps.last_modified;
  if (!head.tier.empty() && stamps.tier_changed != WallTime()) head.tier_changed = stamps.tier_changed;
}

// Gives up what it placed and could not name.
Task<Result<void>> Service::place_import(Container container, std::string account, const ImportBlob& import, ImportBody& body,
                                         ManifestWriter& writer) {
  const bool spans = import.type != BlobType::block;
  std::uint64_t at = 0;
  while (true) {
    BASCULE_CO_ASSIGN(const auto stretch, co_await body.next());
    if (!stretch) break;
    const bool in_order = import.type == BlobType::page ? stretch->offset >= at : stretch->offset == at;
    if (!in_order || stretch->offset + stretch->length_bytes > import.size_bytes)
      co_return fail(Code::invalid_argument, "the stretches of a blob's content are not in order");
    BASCULE_CO_ASSIGN(auto in, co_await ingest(container, account, {.length_bytes = stretch->length_bytes}, body, 0));
    at = stretch->offset;
    for (std::size_t i = 0; i < in.pieces.size(); ++i) {
      const auto& piece = in.pieces[i].piece;
      const bool first = i == 0 && stretch->block_id;
      Result<void> added;
      if (spans) added = co_await writer.add_span({.offset = at, .length = piece.size_bytes, .piece = piece}, in.pieces[i].extent);
      else added = co_await writer.add({.piece = piece, .starts_block = first, .block_id = first ? *stretch->block_id : ""}, in.pieces[i].extent);
      if (!added) {
        co_await abandon(container, {in.pieces.begin() + static_cast<std::ptrdiff_t>(i) + 1, in.pieces.end()});
        co_return fail(added.error());
      }
      at += piece.size_bytes;
    }
  }
  if (import.type != BlobType::page && at != import.size_bytes) co_return refuse(Reason::body_incomplete);
  co_return Result<void>{};
}

// The past state `state` of the name whose head was read as `found`. False: the name means that very version now, and it stays.
Task<Result<bool>> Service::put_past(catalog::Transaction& t, Container container, BlobRef ref, Head found, HeadRecord state) {
  using State = HistoryRecord::State;
  const std::uint64_t cid = container->cid;
  const bool version = ref.at.kind == At::Kind::version;
  if (version && catalog::live(found) && catalog::version_of(found->record) == ref.at.time) co_return false;
  HistoryRecord own{.kind = version ? HistoryRecord::Kind::version : HistoryRecord::Kind::snapshot, .latest = ref.at.time};
  state.extras.made().version = version ? ref.at.time : WallTime();
  state.extras->history = own;
  catalog::Found<HeadRecord> head{found ? found->version : 0, found ? std::move(found->record) : HeadRecord()};
  HistoryRecord counts = catalog::history_of(head.record);
  // What stands for a name of which only past states are left shows the last one's properties.
  if (head.version == 0 || (counts.state == State::tombstone && counts.latest <= ref.at.time)) {
    head.record = state;
    head.record.manifest = {};
    head.record.extras->version = {};
    counts.state = State::tombstone;
  }
  const std::string key = keys::past(cid, ref.blob, ref.at.time);
  BASCULE_CO_ASSIGN(auto former, co_await parts_.catalog.get<HeadRecord>(key));
  t.require(key, former ? former->version : 0);
  if (former) {   // brought before
    BASCULE_CO_TRY(check_kept(*container, former->record, Touch::replace));
    const HistoryRecord& gone = catalog::history_of(former->record);
    uncount(counts, gone);
    forget_expiry(t, cid, ref.blob, ref.at.time, gone);
    drop_manifest(t, cid, former->record.manifest, {}, ref.blob);
  }
  ++counts.past;
  ++(version ? counts.versions : counts.snapshots);
  counts.latest = std::max(counts.latest, ref.at.time);
  head.record.extras.made().history = counts;
  put_guard(t, keys::head(cid, ref.blob), std::move(head));
  t.put(key, encode(state));
  co_return true;
}

Task<Result<Written>> Service::import_blob(BlobRef ref, ImportBlob import, ImportBody& body) {
  const ContainerRef container_ref{ref.account, ref.container};
  BASCULE_CO_ASSIGN(auto container, co_await resolve(container_ref));
  const std::uint64_t cid = container->cid;
  const std::string head_key = keys::head(cid, ref.blob), upload_key = keys::upload(cid, ref.blob);
  BASCULE_CO_ASSIGN(const Sealing sealed, co_await sealing(container, ref.account, {}));
  const bool spans = import.type != BlobType::block;
  ManifestWriter writer(parts_.catalog, container_ref, container, spans ? ManifestWriter::Of::spans : ManifestWriter::Of::entries);
  HeadRecord head;
  head.type = static_cast<std::uint8_t>(import.type);
  head.size_bytes = import.size_bytes;
  set_headers(head, import.headers);
  set_metadata(head, std::move(import.metadata), sealed, parts_.random);
  if (!spans) head.tier = std::move(import.tier);
  set_tags(head, std::move(import.tags));
  if (import.type == BlobType::append) head.extras.made().append = catalog::AppendState{import.committed_blocks, import.sealed};
  if (import.type == BlobType::page) head.extras.made().page = catalog::PageState{import.sequence_number};

  Result<void> outcome = co_await place_import(sealed.container, ref.account, import, body, writer);
  Turns::Turn turn;
  for (int attempt = 0; outcome; ++attempt) {
    if (attempt) {
      auto again = co_await resolve_again(container_ref, container);
      if (!again) { outcome = fail(again.error()); break; }
      container = std::move(*again);
    }
    outcome = co_await turns_.take(turn, head_key, attempt > 0);
    if (!outcome) break;
    catalog::Transaction t;
    auto made = co_await writer.finish(t);
    if (!made) { outcome = fail(made.error()); break; }
    head.manifest = std::move(*made);
    auto old = co_await parts_.catalog.get<HeadRecord>(head_key);
    if (!old) { outcome = fail(old.error()); break; }
    t.require(keys::mapping(ref.account, ref.container), container->mapping_version);
    HeadRecord next = head;
    const WallTime at = now();
    if (ref.at.base()) {
      const HistoryRule rule = history_rule(ref.account);
      const HeadRecord* there = ops::there(*old, at);
      outcome = check_copy_target({}, *old, next.type, at);
      if (outcome && there) outcome = check_replaceable(*there, at);
      if (!outcome) break;
      begin_state(next, *old, at);
      if (!next.tier.empty()) next.tier_changed = at;
      stamp_imported(next, import.stamps);
      outcome = succeed(t, {.container = *container, .head_key = head_key, .blob = ref.blob, .rule = rule, .version = import.stamps.version},
                        *old, next);
      if (!outcome) break;
      auto upload = co_await parts_.catalog.get<catalog::UploadRecord>(upload_key);
      if (!upload) { outcome = fail(upload.error()); break; }
      if (*upload) {
        t.require(upload_key, (*upload)->version);
        t.remove(upload_key);
        drop_upload(t, cid, ref.blob, (*upload)->record.epoch, {});
      }
    } else {
      if (*old && catalog::is_live((*old)->record)) outcome = check_type(*old, import.type);
      if (!outcome) break;
      next.etag = new_etag(0);
      next.created = next.last_modified = whole_second({});
      if (!next.tier.empty()) next.tier_changed = at;
      stamp_imported(next, import.stamps);
      date_write(*container, next);
      outcome = keep_new_state(container->immutability.get(), next, {}, lawful_now());
      if (!outcome) break;
      guard_write(t, *container);
      auto put = co_await put_past(t, container, ref, std::move(*old), next);
      if (!put) { outcome = fail(put.error()); break; }
      if (!*put) {
        co_await writer.give_up();
        BASCULE_CO_ASSIGN(const BlobView current, co_await head_blob(std::move(ref), {}));
        co_return Written{current.etag, current.last_modified, {}, {}, {}, {}, current.version};
      }
    }
    auto done = co_await parts_.catalog.commit(std::move(t));
    if (done) co_return Written{next.etag, next.last_modified, {}, {}, {}, sealed.scope(), catalog::version_of(next)};
    outcome = evaluate_again(done.error(), attempt);
  }
  co_await writer.give_up();
  co_return fail(outcome.error());
}

}  // namespace bascule::ops
