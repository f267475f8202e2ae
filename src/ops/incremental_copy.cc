// Incremental Copy Blob: a snapshot of a page blob becomes a snapshot of another blob, which takes over only what changed
// since the last one. The target's own content is where the copies are built up, a write at a time; nobody may read it.
// What has been taken over stands in the job, so that a copy goes on after the end of any process; the commit that ends it
// makes the snapshot.
#include <algorithm>

#include "base/log.h"
#include "ops/encryption.h"
#include "ops/history.h"
#include "ops/pending_copy.h"

namespace bascule::ops {

namespace keys = catalog::keys;
using catalog::CopyJobRecord;
using catalog::HeadRecord;
using catalog::Span;

namespace {

constexpr std::uint64_t kBatchBytes = 16 * 1024 * 1024;       // of content in one write of the target
constexpr int kMostTries = 8;
constexpr std::size_t kBatchSpans = 200;                      // ranges: so that a write's record stays under the store's value limit

std::string place_of(const BlobRef& blob) { return blob.account + "/" + blob.container + "/" + blob.blob; }

// What a source that cannot be read any more leaves in x-ms-copy-status-description.
std::unexpected<Error> source_failed(std::string_view code) {
  return fail(Code::invalid_argument, std::string(code) + " \"Copy failed when reading the source.\"");
}
std::string_view code_of(Reason reason) {
  switch (reason) {
    case Reason::source_not_found: return "404 BlobNotFound";
    case Reason::source_container_not_found: return "404 ContainerNotFound";
    case Reason::previous_snapshot_not_found: return "409 PreviousSnapshotNotFound";
    case Reason::blob_overwritten: return "409 BlobOverwritten";
    default: return "";
  }
}

}  // namespace

const catalog::IncrementalCopyRecord* incremental_of(const HeadRecord& head) {
  return head.extras && head.extras->incremental ? &*head.extras->incremental : nullptr;
}

Result<void> check_own_content(const HeadRecord* head) {
  if (head && incremental_of(*head) && catalog::history_of(*head).kind == catalog::HistoryRecord::Kind::base)
    return refuse(Reason::incremental_copy_blob);
  return {};
}

Task<Result<Service::IncrementalSource>> Service::incremental_source(BlobRef source, WallTime former) {
  IncrementalSource found;
  auto container = co_await resolve({source.account, source.container});
  if (!container && reason_of(container.error()) == Reason::container_not_found) co_return refuse(Reason::source_container_not_found);
  if (!container) co_return fail(container.error());
  const std::uint64_t cid = (*container)->cid;
  for (const WallTime time : {former, source.at.time}) {
    if (time == WallTime()) continue;
    const bool itself = time == source.at.time;
    const std::string key = keys::past(cid, source.blob, time);
    BASCULE_CO_ASSIGN(auto state, co_await parts_.catalog.get<HeadRecord>(key));
    if (!catalog::live(state) || !is_state(state->record, {At::Kind::snapshot, time}))
      co_return refuse(itself ? Reason::source_not_found : Reason::previous_snapshot_not_found);
    found.required.emplace_back(key, state->version);
    if (itself) found.head = std::move(state->record);
    if (time == former) {
      found.before = itself ? found.head.manifest.writes : state->record.manifest.writes;
      found.former_manifest = itself ? found.head.manifest.id : state->record.manifest.id;
    }
    if (itself && time == former) break;
  }
  if (found.head.type != static_cast<std::uint8_t>(BlobType::page)) co_return refuse(Reason::source_type_mismatch);
  if (found.before && found.former_manifest != found.head.manifest.id) co_return refuse(Reason::blob_overwritten);
  const catalog::EncryptionRecord* used = encryption_of(found.head);
  BASCULE_CO_TRY(check_encryption(used, {}));
  BASCULE_CO_ASSIGN(found.container, co_await keyed(*container, source.account, used ? std::optional(*used) : std::nullopt, {}));
  co_return found;
}

Task<Result<Copied>> Service::copy_incrementally(BlobRef target, BlobRef source, IncrementalCopy copy) {
  CopyJobRecord job;
  job.account = target.account;
  job.container = target.container;
  job.blob = target.blob;
  job.copy_id = new_guid(parts_.random);
  job.source_account = source.account;
  job.source_container = source.container;
  job.source_blob = source.blob;
  job.source_kind = static_cast<std::uint8_t>(source.at.kind);
  job.source_time = source.at.time;
  job.incremental = true;
  job.claimed_by = parts_.catalog.session();
  Turns::Turn turn;
  for (int attempt = 0;; ++attempt) {
    BASCULE_CO_ASSIGN(const auto container, co_await enter(target, attempt, turn));
    const std::string head_key = keys::head(container->cid, target.blob);
    BASCULE_CO_ASSIGN(auto old, co_await parts_.catalog.get<HeadRecord>(head_key));
    BASCULE_CO_TRY(check_type(old, BlobType::page));
    const WallTime at = now();
    const HeadRecord* there = ops::there(old, ending_now(*container));
    const catalog::IncrementalCopyRecord* known = there ? incremental_of(*there) : nullptr;
    if (there && (!known || known->source != place_of(source))) co_return refuse(Reason::incremental_copy_mismatch);
    BASCULE_CO_TRY(check_not_copying(there));
    if (there) BASCULE_CO_TRY(check_kept(*container, *there, Touch::pages));
    BASCULE_CO_TRY(check_target(copy.conditions, there, at));
    if (known && source.at.time < known->copied) co_return refuse(Reason::incremental_copy_earlier);
    // What a copy that did not come to its end has left here is of no state that there was: all is copied then.
    const bool whole = !known || !there->copy || there->copy->status != "success";
    job.former = whole ? WallTime() : known->copied;
    BASCULE_CO_ASSIGN(const auto from, co_await incremental_source(source, job.former));
    job.cid = container->cid;
    job.total_bytes = from.head.size_bytes;
    job.source_state = from.head.etag;
    job.started = at;

    catalog::Transaction t;
    t.require(keys::mapping(target.account, target.container), container->mapping_version);
    HeadRecord head;
    if (there) head = *there;
    head.copy = catalog::CopyRecord{job.copy_id, copy.source_url, "pending", 0, job.total_bytes, {}};
    begin_state(head, old, at);
    if (there) {
      head.extras.made().copy_description.clear();
      t.require(head_key, old->version);
      t.put(head_key, encode(head));
    } else {
      head.type = static_cast<std::uint8_t>(BlobType::page);
      head.manifest.id = head.manifest.holder = parts_.catalog.next_version();
      head.manifest.spans = true;
      head.extras.made().page.emplace();
      head.extras->incremental.emplace().source = place_of(source);
      BASCULE_CO_ASSIGN(const Sealing sealed, co_await sealing(container, target.account, {}));
      set_metadata(head, {}, sealed, parts_.random);
      BASCULE_CO_TRY(succeed(t, {.container = *container, .head_key = head_key, .blob = target.blob, .rule = history_rule(target.account)}, old, head));
      put_guard(t, {container->cid, head.manifest.id});
    }
    const std::string job_key = keys::copy_job(job.copy_id);
    t.require(job_key, 0);
    t.put(job_key, encode(job));
    auto done = co_await parts_.catalog.commit(std::move(t));
    if (done) break;
    BASCULE_CO_TRY(evaluate_again(done.error(), attempt));
  }
  turn = {};
  // Most changes are small: the answer waits for them. What takes longer, or meets an error, is carried on beside requests.
  const std::atomic<bool> never{false};
  CopyRun run{.stop = never, .most_bytes = options_.most_copied_at_once};
  const auto carried = co_await carry_copy(keys::copy_job(job.copy_id), run);
  if (!carried && carried.error().code != Code::cancelled)
    log::warn("incremental copy will be tried again", {{"copy_id", job.copy_id}, {"error", carried.error().message}});
  BASCULE_CO_ASSIGN(const BlobView view, co_await head_blob(target, {}));
  const bool over = carried && view.copy && view.copy->id == job.copy_id && view.copy->status != "pending";
  if (!over) copies_noted_.fetch_add(1, std::memory_order_relaxed);
  Copied copied{.copy_id = job.copy_id, .status = over ? view.copy->status : "pending"};
  copied.written.etag = view.etag;
  copied.written.last_modified = view.last_modified;
  copied.written.version = view.version;
  co_return copied;
}

Task<Result<void>> Service::carry_incremental(Container container, CopyJobRecord job, CopyRun& run) {
  const BlobRef source{job.source_account, job.source_container, job.source_blob, {At::Kind::snapshot, job.source_time}};
  while (true) {
    if (run.stop || run.staged_bytes >= run.most_bytes) co_return fail(Code::cancelled, "a copy goes on later");
    const auto token = read_token();   // what both snapshots see stays until it is copied
    auto from = co_await incremental_source(source, job.former);
    if (!from) {
      const std::string_view code = code_of(reason_of(from.error()));
      co_return code.empty() ? fail(from.error()) : source_failed(code);
    }
    if (from->head.etag != job.source_state) co_return source_failed("412 ConditionNotMet");
    if (job.begun && job.done == job.total_bytes) co_return co_await finish_incremental(container, job, *from);
    BASCULE_CO_TRY(co_await copy_changes(container, job, *from, run));
  }
}

// The next changes from job.done on, as one write of the target.
Task<Result<void>> Service::copy_changes(Container container, CopyJobRecord& job, const IncrementalSource& from, CopyRun& run) {
  const LineageId id{from.container->cid, from.head.manifest.id};
  BASCULE_CO_ASSIGN(SpanView view, co_await SpanView::past(parts_.catalog, id, from.head.manifest.writes));
  std::vector<Span> cleared;
  std::vector<ByteRange> written;
  std::uint64_t bytes = 0, end = job.done;
  const auto full = [&] { return bytes >= kBatchBytes || cleared.size() + written.size() >= kBatchSpans; };
  while (end < job.total_bytes && !full()) {
    BASCULE_CO_ASSIGN(const auto stretch, co_await view.stretch(end, job.total_bytes));
    end = stretch.end;
    for (const Span& span : stretch.spans) {
      if (from.before ? span.birth <= *from.before : span.clear) continue;
      if (full()) {
        end = span.offset;
        break;
      }
      if (span.clear) {
        cleared.push_back({.offset = span.offset, .length = span.length, .clear = true});
        continue;
      }
      if (!written.empty() && *written.back().last + 1 == span.offset) written.back().last = span.end() - 1;
      else written.push_back({span.offset, span.end() - 1});
      bytes += span.length;
    }
  }

  SpanWrite write;
  write.spans = std::move(cleared);
  Result<void> outcome;
  const BlobView shown = to_view(job.source_blob, from.head, now());
  for (const ByteRange& range : written) {
    const std::uint64_t length = *range.last - range.first + 1;
    const auto reader = span_reader(from.container, shown, from.head.manifest, range.first, length, read_token());
    ReaderBody body(*reader);
    auto in = co_await ingest(container, job.account, {.length_bytes = length}, body, 0);
    if (!in) { outcome = fail(in.error()); break; }
    std::uint64_t offset = range.first;
    for (const NewPiece& p : in->pieces) {
      write.pieces.push_back(p.piece);
      if (std::ranges::find(write.extents, p.extent) == write.extents.end()) write.extents.push_back(p.extent);
      write.spans.push_back({.offset = offset, .length = p.piece.size_bytes, .piece = p.piece});
      offset += p.piece.size_bytes;
    }
  }
  if (outcome) outcome = co_await commit_changes(container, job, from, write, end);
  if (!outcome) {
    co_await abandon_spans(std::move(container), write);
    co_return fail(outcome.error());
  }
  run.staged_bytes += bytes;
  co_return Result<void>{};
}

Task<Result<void>> Service::commit_changes(Container container, CopyJobRecord& job, const IncrementalSource& from, SpanWrite& write,
                                           std::uint64_t end) {
  const std::string head_key = keys::head(job.cid, job.blob), job_key = keys::copy_job(job.copy_id);
  Turns::Turn turn;
  BASCULE_CO_TRY(co_await turns_.take(turn, head_key, false));
  BASCULE_CO_ASSIGN(auto head, co_await parts_.catalog.get<HeadRecord>(head_key));
  BASCULE_CO_ASSIGN(auto known, co_await parts_.catalog.get<CopyJobRecord>(job_key));
  if (!head || !catalog::copying(head->record) || head->record.copy->id != job.copy_id) co_return refuse(Reason::no_pending_copy);
  if (!known || known->record.done != job.done || known->record.begun != job.begun)
    co_return fail(Code::conflict, "another one carries this copy on");
  HeadRecord& record = head->record;
  BASCULE_CO_TRY(check_kept(*container, record, Touch::pages));
  catalog::Transaction t;
  t.require(keys::mapping(job.account, job.container), container->mapping_version);
  t.require(head_key, head->version);
  t.require(job_key, known->version);
  for (const auto& [key, version] : from.required) t.require(key, version);
  CopyJobRecord next = job;
  next.begun = true;
  next.done = end;
  record.copy->copied = end;
  std::vector<std::vector<Span>> writes;
  if (!job.begun && job.former == WallTime() && record.manifest.writes > 0)   // left by a copy that did not come to its end
    writes.push_back({{.offset = 0, .length = std::max(record.size_bytes, job.total_bytes), .clear = true}});
  if (!write.spans.empty()) writes.push_back(write.spans);
  for (auto& spans : writes) {
    const std::uint64_t birth = ++record.manifest.writes;
    for (Span& span : spans) span.birth = birth;
    t.put(keys::write(job.cid, record.manifest.id, birth), catalog::encode_write(spans));
  }
  t.put(head_key, encode(record));
  t.put(job_key, encode(next));
  for (const auto& extent : write.extents) t.name(*extent);
  BASCULE_CO_TRY(co_await parts_.catalog.commit(std::move(t)));
  for (const auto& spans : writes) lineages_.of({job.cid, record.manifest.id})->wrote(spans.front().birth, spans);
  job = std::move(next);
  turn = {};
  if (!writes.empty()) co_await fold_when_due({job.cid, record.manifest.id}, record.manifest.writes);
  co_return Result<void>{};
}

// The target has the source's properties from here on, and a snapshot of what it is now.
Task<Result<void>> Service::finish_incremental(Container container, CopyJobRecord job, const IncrementalSource& from) {
  const std::string head_key = keys::head(job.cid, job.blob), job_key = keys::copy_job(job.copy_id);
  for (int attempt = 0; attempt < kMostTries; ++attempt) {
    Turns::Turn turn;
    BASCULE_CO_TRY(co_await turns_.take(turn, head_key, attempt > 0));
    BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<HeadRecord>(head_key));
    if (!found || !catalog::copying(found->record) || found->record.copy->id != job.copy_id) co_return refuse(Reason::no_pending_copy);
    HeadRecord& head = found->record;
    BASCULE_CO_TRY(check_kept(*container, head, Touch::pages));
    const WallTime at = now();
    catalog::Transaction t;
    t.require(keys::mapping(job.account, job.container), container->mapping_version);
    t.require(head_key, found->version);
    for (const auto& [key, version] : from.required) t.require(key, version);
    std::vector<Span> cut;
    if (head.size_bytes > job.total_bytes) {   // zeros, should it grow again
      cut.push_back({.offset = job.total_bytes, .length = head.size_bytes - job.total_bytes, .birth = ++head.manifest.writes, .clear = true});
      t.put(keys::write(job.cid, head.manifest.id, head.manifest.writes), catalog::encode_write(cut));
    }
    set_headers(head, headers_of(from.head));
    const catalog::EncryptionRecord* used = encryption_of(head);
    set_metadata(head, from.head.metadata, {container, used ? std::optional(*used) : std::nullopt}, parts_.random);
    head.size_bytes = job.total_bytes;
    head.extras.made().page = from.head.extras ? from.head.extras->page : std::nullopt;
    head.copy->status = "success";
    head.copy->copied = job.total_bytes;
    head.copy->completed = at;
    head.etag = new_etag(head.etag);
    head.last_modified = whole_second(head.last_modified);
    date_write(*container, head);
    head.lease = after_write(head.lease, at);
    catalog::IncrementalCopyRecord& record = *head.extras->incremental;
    record.copied = job.source_time;
    HeadRecord snapshot = head;
    BASCULE_CO_TRY(keep_new_state(container->immutability.get(), snapshot, {}, lawful_now()));
    snapshot.manifest = share_manifest(parts_.catalog, t, job.cid, head.manifest);
    const WallTime taken = put_aside(t, job.cid, job.blob, std::move(snapshot), catalog::HistoryRecord::Kind::snapshot, head);
    head.extras->incremental->snapshot = taken;
    t.put(head_key, encode(head));
    t.remove(job_key);
    auto done = co_await parts_.catalog.commit(std::move(t));
    if (!done && done.error().code == Code::conflict) {
      turn = {};
      const auto again = co_await incremental_source({job.source_account, job.source_container, job.source_blob,
                                                      {At::Kind::snapshot, job.source_time}}, job.former);
      if (!again || again->required != from.required) co_return fail(Code::conflict, "the source has changed");   // looked at anew
      continue;
    }
    if (done && !cut.empty()) lineages_.of({job.cid, head.manifest.id})->wrote(cut.front().birth, cut);
    co_return done;
  }
  co_return fail(Code::conflict, "the target or its container has changed");   // looked at anew by the next try
}

}  // namespace bascule::ops
