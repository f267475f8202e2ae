// Copies that take longer than an answer may: the target's head says "pending" and has no content yet, a job record says
// from where. What arrives is staged as blocks, each commit under the head's version, so that the copy goes on where it was
// after the end of any process, and ends at once where it was aborted. The last commit makes the staged blocks the content.
#include "ops/pending_copy.h"

#include <algorithm>
#include <cstring>

#include "base/log.h"
#include "ops/encryption.h"
#include "ops/history.h"
#include "ops/lineage.h"
#include "ops/manifest.h"
#include "ops/source_elsewhere.h"

namespace bascule::ops {

namespace keys = catalog::keys;
using catalog::CopyJobRecord;

namespace {

constexpr std::uint64_t kLeastStretch = 1024 * 1024, kMostStretch = 32 * 1024 * 1024, kCarefulStretch = 64 * 1024;
constexpr std::uint64_t kMostStagedPieces = 500;   // so that a block's record stays under the store's value limit
constexpr auto kShortStretch = std::chrono::seconds(2), kLongStretch = std::chrono::seconds(10);

struct Staged {
  std::uint64_t offset = 0;
  std::string block_id;    // of the source's block that begins here; "" = none does
  catalog::BlockRecord record;
};

std::string staged_id(std::uint64_t offset, std::string_view block_id) {
  std::string id;
  append_be64(id, offset);
  id.append(block_id);
  return id;
}

// In the order of their offsets, without gaps.
Task<Result<std::vector<Staged>>> staged_blocks(catalog::Catalog& catalog, CopyJobRecord job) {
  const std::string prefix = keys::block(job.cid, job.blob, job.epoch, "");
  const std::string end = keys::after_prefix(prefix);
  std::vector<Staged> all;
  std::uint64_t offset = 0;
  for (std::string begin = prefix;;) {
    BASCULE_CO_ASSIGN(auto entries, co_await catalog.scan({.begin = begin, .end = end, .limit = 500}));
    if (entries.empty()) co_return all;
    for (auto& e : entries) {
      if (e.key.size() < prefix.size() + kStagedIdBytes || load_be64(e.key.data() + prefix.size()) != offset)
        co_return fail(Code::corrupt, "what a pending copy has staged has gaps");
      Staged one{.offset = offset, .block_id = e.key.substr(prefix.size() + kStagedIdBytes)};
      BASCULE_CO_ASSIGN(one.record, catalog::decode<catalog::BlockRecord>(e.value));
      offset += one.record.size_bytes;
      all.push_back(std::move(one));
    }
    begin = entries.back().key + '\0';
  }
}

}  // namespace

Result<void> check_not_copying(const catalog::HeadRecord* head) {
  if (head && catalog::copying(*head)) return refuse(Reason::copy_pending);
  return {};
}

Result<void> check_copy_target(const Conditions& c, const catalog::Maybe<catalog::HeadRecord>& old, std::uint8_t type, WallTime now) {
  BASCULE_TRY(check_type(old, static_cast<BlobType>(type)));
  const catalog::HeadRecord* there = ops::there(old, now);
  BASCULE_TRY(check_writable(there));
  return check_target(c, there, now);
}

Result<void> check_target(const Conditions& c, const catalog::HeadRecord* there, WallTime now) {
  BASCULE_TRY(check_lease_write(lease_of(there), c.lease_id, now));
  auto ok = check_write(c, stamp(there), c.lease_id.has_value());
  if (!ok && reason_of(ok.error()) == Reason::condition_not_met) return refuse(Reason::target_condition_not_met);
  return ok;
}

Task<Result<std::size_t>> ReaderBody::read(MutableBytes into) {
  if (rest_.empty()) { BASCULE_CO_ASSIGN(rest_, co_await reader_.next()); }
  const std::size_t n = std::min(into.size(), rest_.size());
  std::memcpy(into.data(), rest_.data(), n);
  rest_ = rest_.subspan(n);
  co_return n;
}

Task<Result<Copied>> Service::start_copy(BlobRef target, StartCopy copy) {
  catalog::HeadRecord head;
  head.type = static_cast<std::uint8_t>(copy.type);
  if (copy.type == BlobType::append) head.extras.made().append = catalog::AppendState{copy.committed_blocks, copy.sealed};
  if (copy.type == BlobType::page) head.extras.made().page = catalog::PageState{copy.sequence_number};
  set_headers(head, copy.headers);
  head.metadata = std::move(copy.metadata);
  head.tier = std::move(copy.tier);
  if (!head.tier.empty()) head.tier_changed = now();
  set_tags(head, std::move(copy.tags));
  CopyJobRecord job;
  job.source_url = std::move(copy.source_url);
  job.source_etag = std::move(copy.source_etag);
  job.total_bytes = copy.size_bytes;
  job.whole_spans = copy.type != BlobType::block;
  co_return co_await begin_copy(std::move(target), std::move(copy.conditions), std::move(copy.shown_url), std::move(head), std::move(job),
                                copy.keep);
}

Task<Result<Copied>> Service::begin_copy(BlobRef target, Conditions conditions, std::string shown_url, catalog::HeadRecord head,
                                         CopyJobRecord job, Keep keep) {
  job.account = target.account;
  job.container = target.container;
  job.blob = target.blob;
  job.copy_id = new_guid(parts_.random);
  job.started = now();
  job.claimed_by = parts_.catalog.session();
  head.size_bytes = 0;
  head.manifest = {};
  if (job.whole_spans) begin_spans(head);
  head.copy = catalog::CopyRecord{job.copy_id, std::move(shown_url), "pending", 0, job.total_bytes, {}};
  Turns::Turn turn;
  for (int attempt = 0;; ++attempt) {
    BASCULE_CO_ASSIGN(const auto container, co_await enter(target, attempt, turn));
    const std::string head_key = keys::head(container->cid, target.blob), upload_key = keys::upload(container->cid, target.blob);
    BASCULE_CO_ASSIGN(auto old, co_await parts_.catalog.get<catalog::HeadRecord>(head_key));
    BASCULE_CO_TRY(check_copy_target(conditions, old, head.type, now()));
    if (const auto* replaced = there(old, now())) BASCULE_CO_TRY(check_replaceable(*replaced, now()));
    const HistoryRule rule = history_rule(target.account);
    BASCULE_CO_TRY(check_replace(*container, old, static_cast<BlobType>(head.type), rule));
    if (there(old, now())) {   // a lease that ends would leave the copy to others before it is done (AZURE-DETAILS 44)
      const LeaseView lease = view(old->record.lease, now());
      if (lease.state == LeaseState::leased && !lease.infinite) co_return refuse(Reason::lease_infinite_required);
    }
    BASCULE_CO_ASSIGN(auto upload, co_await parts_.catalog.get<catalog::UploadRecord>(upload_key));
    const WallTime at = now();
    job.cid = container->cid;
    job.epoch = parts_.catalog.next_version();
    begin_state(head, old, at);
    catalog::Transaction t;
    t.require(keys::mapping(target.account, target.container), container->mapping_version);
    BASCULE_CO_ASSIGN(const Sealing sealed, co_await sealing(container, target.account, conditions.encryption));
    set_metadata(head, Metadata(head.metadata), sealed, parts_.random);
    BASCULE_CO_TRY(succeed(t, {.container = *container, .head_key = head_key, .blob = target.blob, .rule = rule, .keep = keep}, old, head));
    t.require(upload_key, upload ? upload->version : 0);
    if (upload) drop_upload(t, container->cid, target.blob, upload->record.epoch, {});
    // Kept for as long as the copy may take: a week longer than other uploads.
    if (!job.whole_spans) t.put(upload_key, encode(catalog::UploadRecord{job.epoch, kStagedIdBytes, at + std::chrono::days(7), sealed.record}));
    else if (upload) t.remove(upload_key);
    if (job.whole_spans) put_guard(t, {container->cid, head.manifest.id});
    const std::string job_key = keys::copy_job(job.copy_id);
    t.require(job_key, 0);
    t.put(job_key, encode(job));
    auto done = co_await parts_.catalog.commit(std::move(t));
    if (done) {
      copies_noted_.fetch_add(1, std::memory_order_relaxed);
      Copied copied{.copy_id = job.copy_id, .status = "pending"};
      copied.written.etag = head.etag;
      copied.written.last_modified = head.last_modified;
      copied.written.version = catalog::version_of(head);
      co_return copied;
    }
    BASCULE_CO_TRY(evaluate_again(done.error(), attempt));
  }
}

Task<Result<void>> Service::abort_copy(BlobRef ref, std::string copy_id, Conditions conditions) {
  co_return co_await end_copy(std::move(ref), std::move(copy_id), "aborted", {}, std::move(conditions));
}

// The target stays, empty, with the source's properties (AZURE-ANSWERS 8).
Task<Result<void>> Service::end_copy(BlobRef ref, std::string copy_id, std::string status, std::string description,
                                     std::optional<Conditions> conditions) {
  Turns::Turn turn;
  for (int attempt = 0;; ++attempt) {
    BASCULE_CO_ASSIGN(const auto container, co_await enter(ref, attempt, turn));
    const std::string head_key = keys::head(container->cid, ref.blob), upload_key = keys::upload(container->cid, ref.blob);
    BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<catalog::HeadRecord>(head_key));
    if (!found) co_return refuse(Reason::blob_not_found);
    catalog::HeadRecord head = found->record;
    if (conditions) {
      BASCULE_CO_TRY(check_lease_write(head.lease, conditions->lease_id, now()));
      BASCULE_CO_TRY(check_change(*conditions, stamp(head)));
    }
    if (!catalog::copying(head)) co_return refuse(Reason::no_pending_copy);
    if (head.copy->id != copy_id) co_return refuse(Reason::copy_id_mismatch);
    BASCULE_CO_ASSIGN(auto upload, co_await parts_.catalog.get<catalog::UploadRecord>(upload_key));
    const WallTime at = now();
    head.copy->status = status;
    head.copy->completed = at;
    if (!description.empty()) head.extras.made().copy_description = description;
    head.etag = new_etag(head.etag);
    head.last_modified = whole_second(head.last_modified);
    head.lease = after_write(head.lease, at);
    catalog::Transaction t;
    std::vector<catalog::Span> hidden;
    if (head.manifest.spans && !incremental_of(head) && head.copy->total > 0) {   // what has arrived, should the blob be given a size
      hidden.push_back({.length = head.copy->total, .birth = ++head.manifest.writes, .clear = true});
      t.put(keys::write(container->cid, head.manifest.id, head.manifest.writes), catalog::encode_write(hidden));
    }
    t.require(keys::mapping(ref.account, ref.container), container->mapping_version);
    t.require(head_key, found->version);
    t.put(head_key, encode(head));
    t.require(upload_key, upload ? upload->version : 0);
    if (upload) {
      t.remove(upload_key);
      drop_upload(t, container->cid, ref.blob, upload->record.epoch, {});
    }
    t.remove(keys::copy_job(copy_id));
    auto done = co_await parts_.catalog.commit(std::move(t));
    if (done && !hidden.empty()) lineages_.of({container->cid, head.manifest.id})->wrote(hidden.front().birth, hidden);
    if (done) co_return Result<void>{};
    BASCULE_CO_TRY(evaluate_again(done.error(), attempt));
  }
}

Task<Result<void>> Service::fail_copy(CopyJobRecord job, std::string description) {
  auto ended = co_await end_copy({job.account, job.container, job.blob}, job.copy_id, "failed", std::move(description), {});
  const Reason reason = ended ? Reason::none : reason_of(ended.error());
  const bool gone = reason == Reason::blob_not_found || reason == Reason::container_not_found ||
                    reason == Reason::no_pending_copy || reason == Reason::copy_id_mismatch;
  if (gone) co_return co_await forget_copy(std::move(job));
  co_return ended;
}

Task<Result<void>> Service::give_up_copy(std::string key) {
  BASCULE_CO_ASSIGN(auto job, co_await parts_.catalog.get<CopyJobRecord>(key));
  if (!job) co_return Result<void>{};
  co_return co_await fail_copy(std::move(job->record), "500 OperationTimedOut \"Copy failed when reading the source.\"");
}

Task<Result<void>> Service::forget_copy(CopyJobRecord job) {
  catalog::Transaction t;
  t.remove(keys::copy_job(job.copy_id));
  co_return co_await parts_.catalog.commit(std::move(t));
}

Task<Result<bool>> Service::claim_copy(std::string key) {
  BASCULE_CO_ASSIGN(auto job, co_await parts_.catalog.get<CopyJobRecord>(key));
  if (!job) co_return false;
  if (job->record.claimed_by == parts_.catalog.session()) co_return true;
  BASCULE_CO_ASSIGN(const auto other, co_await parts_.catalog.session_record(job->record.claimed_by));
  if (other && other->open) co_return false;
  job->record.claimed_by = parts_.catalog.session();
  catalog::Transaction t;
  t.require(key, job->version);
  t.put(key, encode(job->record));
  auto done = co_await parts_.catalog.commit(std::move(t));
  if (!done && done.error().code != Code::conflict) co_return fail(done.error());
  co_return done.has_value();
}

// Another stretch has arrived. no_pending_copy: the copy is not wanted any more, and what arrived has been given up.
Task<Result<void>> Service::stage(Container container, CopyJobRecord job, std::uint64_t offset, std::string block_id, Ingested in) {
  catalog::BlockRecord record{.size_bytes = in.size_bytes};
  std::vector<std::shared_ptr<const extent::PlacedExtent>> extents;
  for (const auto& p : in.pieces) {
    record.pieces.push_back(p.piece);
    extents.push_back(p.extent);
  }
  const std::string head_key = keys::head(job.cid, job.blob), upload_key = keys::upload(job.cid, job.blob);
  Result<void> outcome = fail(Code::overloaded, "too many writers change this blob");
  for (int attempt = 0; attempt < kMaxConflicts; ++attempt) {
    auto head = co_await parts_.catalog.get<catalog::HeadRecord>(head_key);
    if (!head) { outcome = fail(head.error()); break; }
    auto upload = co_await parts_.catalog.get<catalog::UploadRecord>(upload_key);
    if (!upload) { outcome = fail(upload.error()); break; }
    const bool wanted = *head && catalog::copying((*head)->record) && (*head)->record.copy->id == job.copy_id &&
                        *upload && (*upload)->record.epoch == job.epoch;
    if (!wanted) { outcome = refuse(Reason::no_pending_copy); break; }
    catalog::Transaction t;
    t.require(keys::mapping(job.account, job.container), container->mapping_version);
    t.require(head_key, (*head)->version);
    t.require(upload_key, (*upload)->version);
    const std::string block_key = keys::block(job.cid, job.blob, job.epoch, staged_id(offset, block_id));
    t.require(block_key, 0);
    t.put(block_key, encode(record));
    (*head)->record.copy->copied = offset + in.size_bytes;
    t.put(head_key, encode((*head)->record));
    for (const auto& e : extents) t.name(*e);
    auto done = co_await parts_.catalog.commit(std::move(t));
    if (done) co_return Result<void>{};
    if (done.error().code != Code::conflict) { outcome = fail(done.error()); break; }
    // The container may be another one by now.
    forget_container({job.account, job.container});
    auto again = co_await resolve({job.account, job.container});
    if (!again || (*again)->cid != job.cid) { outcome = again ? refuse(Reason::no_pending_copy) : fail(again.error()); break; }
    container = *again;
  }
  co_await abandon(container, std::move(in.pieces));
  co_return outcome;
}

Task<Result<void>> Service::carry_from_elsewhere(Container container, CopyJobRecord job, std::uint64_t offset, CopyRun& run) {
  std::optional<ByteRange> range;
  if (offset > 0) range = ByteRange{offset, job.total_bytes - 1};
  BASCULE_CO_ASSIGN(const auto content, co_await open_source(*run.remote, job, range));
  StoppableBody body(*content, run.stop);
  std::uint64_t stretch = run.careful ? kCarefulStretch : kLeastStretch;
  while (offset < job.total_bytes) {
    const Instant began = parts_.clock.now();
    const std::uint64_t size = std::min(stretch, job.total_bytes - offset);
    BASCULE_CO_ASSIGN(auto in, co_await ingest(container, job.account, {.length_bytes = size}, body, kMostStagedPieces));
    BASCULE_CO_TRY(co_await stage(container, job, offset, {}, std::move(in)));
    offset += size;
    run.staged_bytes += size;
    const Duration took = parts_.clock.now() - began;   // a slow source is noted down more often
    if (took < kShortStretch) stretch = std::min(stretch * 2, kMostStretch);
    else if (took > kLongStretch) stretch = std::max(stretch / 2, kLeastStretch);
  }
  co_return Result<void>{};
}

// Stretch by stretch along the source's blocks, so that the copy has the same.
Task<Result<void>> Service::carry_own(Container container, CopyJobRecord job, std::uint64_t offset, CopyRun& run) {
  const BlobRef ref{job.source_account, job.source_container, job.source_blob};
  auto from = co_await resolve({ref.account, ref.container});
  if (!from) co_return reason_of(from.error()) == Reason::container_not_found ? source_failed(404, "ContainerNotFound") : fail(from.error());
  const auto token = read_token();
  BASCULE_CO_ASSIGN(const auto head, co_await parts_.catalog.head(keys::head((*from)->cid, ref.blob)));
  if (!catalog::live(head)) co_return source_failed(404, "BlobNotFound");
  if (head->record.etag != job.source_state) co_return source_failed(412, "ConditionNotMet");
  if (offset == job.total_bytes) co_return Result<void>{};
  OpenBlob open{.range = ByteRange{offset, std::nullopt}};
  open.conditions.if_match = ETagSet{.any = false, .values = {job.source_state}};
  BASCULE_CO_ASSIGN(const auto reader, co_await open_blob(ref, std::move(open)));
  ReaderBody whole(*reader);
  StoppableBody body(whole, run.stop);
  ManifestCursor cursor(parts_.catalog, (*from)->cid, head->record.manifest);
  BASCULE_CO_TRY(co_await cursor.seek(offset));
  std::uint64_t size = 0;
  std::string block_id;
  while (true) {
    BASCULE_CO_ASSIGN(const auto at, co_await cursor.next());
    if (size > 0 && (!at.entry || at.entry->starts_block || size >= kMostStretch)) {
      BASCULE_CO_ASSIGN(auto in, co_await ingest(container, job.account, {.length_bytes = size}, body, kMostStagedPieces));
      BASCULE_CO_TRY(co_await stage(container, job, offset, std::exchange(block_id, {}), std::move(in)));
      offset += size;
      run.staged_bytes += size;
      size = 0;
    }
    if (!at.entry) co_return Result<void>{};
    if (at.entry->starts_block) block_id = at.entry->block_id;
    size += at.entry->piece.size_bytes;
  }
}

Task<Result<void>> Service::finish_copy(Container container, CopyJobRecord job) {
  const ContainerRef ref{job.account, job.container};
  const std::string head_key = keys::head(job.cid, job.blob), upload_key = keys::upload(job.cid, job.blob);
  BASCULE_CO_ASSIGN(const auto staged, co_await staged_blocks(parts_.catalog, job));
  ManifestWriter writer(parts_.catalog, ref, container, false);
  Result<void> outcome;
  std::uint64_t size = 0;
  for (const Staged& one : staged) {
    bool starts = !one.block_id.empty();
    for (const auto& piece : one.record.pieces) {
      outcome = co_await writer.add({.piece = piece, .starts_block = starts, .block_id = starts ? one.block_id : ""}, nullptr);
      if (!outcome) break;
      starts = false;
    }
    if (!outcome) break;
    size += one.record.size_bytes;
  }
  if (outcome && size != job.total_bytes) outcome = fail(Code::corrupt, "a copy staged another number of bytes than its source has");
  for (int attempt = 0; outcome; ++attempt) {
    catalog::Transaction t;
    auto manifest = co_await writer.finish(t);
    if (!manifest) { outcome = fail(manifest.error()); break; }
    auto found = co_await parts_.catalog.get<catalog::HeadRecord>(head_key);
    if (!found) { outcome = fail(found.error()); break; }
    auto upload = co_await parts_.catalog.get<catalog::UploadRecord>(upload_key);
    if (!upload) { outcome = fail(upload.error()); break; }
    if (!*found || !catalog::copying((*found)->record) || (*found)->record.copy->id != job.copy_id || !*upload ||
        (*upload)->record.epoch != job.epoch) {
      outcome = refuse(Reason::no_pending_copy);
      break;
    }
    catalog::HeadRecord head = (*found)->record;
    const WallTime at = now();
    head.size_bytes = size;
    head.manifest = *manifest;
    head.etag = new_etag(head.etag);
    head.last_modified = whole_second(head.last_modified);
    date_write(*container, head);
    head.lease = after_write(head.lease, at);
    head.copy->status = "success";
    head.copy->copied = size;
    head.copy->completed = at;
    t.require(keys::mapping(job.account, job.container), container->mapping_version);
    t.require(head_key, (*found)->version);
    t.put(head_key, encode(head));
    t.require(upload_key, (*upload)->version);
    t.remove(upload_key);
    drop_upload(t, job.cid, job.blob, job.epoch, *manifest);
    t.remove(keys::copy_job(job.copy_id));
    auto done = co_await parts_.catalog.commit(std::move(t));
    if (done) co_return Result<void>{};
    outcome = evaluate_again(done.error(), attempt);
  }
  co_await writer.give_up();
  co_return outcome;
}

Task<Result<void>> Service::carry_copy(std::string key, CopyRun& run) {
  BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<CopyJobRecord>(key));
  if (!found) co_return Result<void>{};
  const CopyJobRecord job = std::move(found->record);
  if (now() > job.started + kCopyLifetime) co_return co_await fail_copy(job, "500 OperationTimedOut \"The copy took longer than two weeks.\"");
  forget_container({job.account, job.container});
  auto container = co_await resolve({job.account, job.container});
  const bool gone = container ? (*container)->cid != job.cid : reason_of(container.error()) == Reason::container_not_found;
  if (gone) co_return co_await forget_copy(job);
  if (!container) co_return fail(container.error());
  // Under what the copy was begun: a scope of the account, never a key that went with its request.
  BASCULE_CO_ASSIGN(const auto begun, co_await parts_.catalog.get<catalog::HeadRecord>(keys::head(job.cid, job.blob)));
  if (const catalog::EncryptionRecord* encryption = begun ? encryption_of(begun->record) : nullptr)
    container = co_await keyed(*container, job.account, *encryption, {});
  if (!container) co_return fail(container.error());
  std::uint64_t offset = 0;
  if (!by_spans(job)) {
    BASCULE_CO_ASSIGN(const auto staged, co_await staged_blocks(parts_.catalog, job));
    if (!staged.empty()) offset = staged.back().offset + staged.back().record.size_bytes;
  }
  Result<void> carried;
  if (by_spans(job)) carried = co_await carry_spans(*container, job, begun ? static_cast<BlobType>(begun->record.type) : BlobType::page, run);
  else if (job.source_url.empty()) carried = co_await carry_own(*container, job, offset, run);
  else if (!run.remote) carried = source_failed(500, "CannotVerifyCopySource");
  else if (offset < job.total_bytes) carried = co_await carry_from_elsewhere(*container, job, offset, run);
  if (carried && !by_spans(job)) carried = co_await finish_copy(*container, job);
  if (carried) co_return carried;
  const Error& error = carried.error();
  if (reason_of(error) == Reason::no_pending_copy) co_return co_await forget_copy(job);   // aborted, or the blob is gone
  if (error.code == Code::invalid_argument) co_return co_await fail_copy(job, error.message);
  if (error.code == Code::unsupported || error.code == Code::permission_denied) {
    log::warn("copy source out of reach", {{"copy_id", job.copy_id}, {"error", error.message}});
    co_return co_await fail_copy(job, "403 CannotVerifyCopySource \"Copy failed when reading the source.\"");
  }
  co_return carried;
}

}  // namespace bascule::ops
