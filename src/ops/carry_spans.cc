// Pending copies that are written as spans, a write at a time: incremental copies, and append and page blobs from elsewhere.
// What has been taken over stands in the job, so that a copy goes on after the end of any process.
#include <algorithm>

#include "ops/change_source.h"
#include "ops/encryption.h"
#include "ops/history.h"
#include "ops/pending_copy.h"

namespace bascule::ops {

namespace keys = catalog::keys;
using catalog::CopyJobRecord;
using catalog::HeadRecord;
using catalog::Span;

namespace {
constexpr int kMostTries = 8;
}

Task<Result<void>> Service::carry_spans(Container container, CopyJobRecord job, BlobType type, CopyRun& run) {
  if (!job.source_url.empty() && !run.remote) co_return source_failed(500, "CannotVerifyCopySource");
  const auto from = job.source_url.empty() ? own_changes(job) : changes_elsewhere(*run.remote, job, type);
  while (true) {
    if (run.stop || run.staged_bytes >= run.most_bytes) co_return fail(Code::cancelled, "a copy goes on later");
    BASCULE_CO_TRY(co_await from->look());
    if (job.begun && job.done == job.total_bytes) co_return co_await finish_span_copy(container, job, *from);
    BASCULE_CO_TRY(co_await copy_changes(container, job, *from, run));
  }
}

// The next changes from job.done on, as one write of the target.
Task<Result<void>> Service::copy_changes(Container container, CopyJobRecord& job, ChangeSource& from, CopyRun& run) {
  ChangeSource::Changes changes{.end = job.done};
  if (job.done < job.total_bytes) { BASCULE_CO_ASSIGN(changes, co_await from.next(job.done)); }
  SpanWrite write;
  for (const ByteRange& range : changes.cleared)
    write.spans.push_back({.offset = range.first, .length = *range.last - range.first + 1, .clear = true});
  Result<void> outcome;
  for (const ByteRange& range : changes.written) {
    auto content = co_await from.open(range);
    if (!content) { outcome = fail(content.error()); break; }
    StoppableBody body(**content, run.stop);
    auto in = co_await ingest(container, job.account, {.length_bytes = *range.last - range.first + 1}, body, 0);
    if (!in) { outcome = fail(in.error()); break; }
    std::uint64_t offset = range.first;
    for (const NewPiece& p : in->pieces) {
      write.pieces.push_back(p.piece);
      if (std::ranges::find(write.extents, p.extent) == write.extents.end()) write.extents.push_back(p.extent);
      write.spans.push_back({.offset = offset, .length = p.piece.size_bytes, .piece = p.piece});
      offset += p.piece.size_bytes;
    }
  }
  if (outcome) outcome = co_await commit_changes(container, job, from, write, changes.end);
  if (!outcome) {
    co_await abandon_spans(std::move(container), write);
    co_return fail(outcome.error());
  }
  run.staged_bytes += changes.bytes;
  co_return Result<void>{};
}

Task<Result<void>> Service::commit_changes(Container container, CopyJobRecord& job, const ChangeSource& from, SpanWrite& write,
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
  for (const auto& [key, version] : from.required()) t.require(key, version);
  CopyJobRecord next = job;
  next.begun = true;
  next.done = end;
  record.copy->copied = end;
  std::vector<std::vector<Span>> writes;
  const std::uint64_t before = std::max(record.size_bytes, job.total_bytes);
  if (!job.begun && job.former == WallTime() && record.manifest.writes > 0 && before > 0)   // left by a copy that did not come to its end
    writes.push_back({{.offset = 0, .length = before, .clear = true}});
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

// Of an incremental copy the target has the source's properties from here on, and a snapshot of what it is now.
Task<Result<void>> Service::finish_span_copy(Container container, CopyJobRecord job, ChangeSource& from) {
  const std::string head_key = keys::head(job.cid, job.blob), job_key = keys::copy_job(job.copy_id);
  for (int attempt = 0; attempt < kMostTries; ++attempt) {
    Turns::Turn turn;
    BASCULE_CO_TRY(co_await turns_.take(turn, head_key, attempt > 0));
    BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<HeadRecord>(head_key));
    if (!found || !catalog::copying(found->record) || found->record.copy->id != job.copy_id) co_return refuse(Reason::no_pending_copy);
    HeadRecord& head = found->record;
    BASCULE_CO_TRY(check_kept(*container, head, Touch::pages));
    const WallTime at = now();
    const auto required = from.required();
    catalog::Transaction t;
    t.require(keys::mapping(job.account, job.container), container->mapping_version);
    t.require(head_key, found->version);
    for (const auto& [key, version] : required) t.require(key, version);
    std::vector<Span> cut;
    if (head.size_bytes > job.total_bytes) {   // zeros, should it grow again
      cut.push_back({.offset = job.total_bytes, .length = head.size_bytes - job.total_bytes, .birth = ++head.manifest.writes, .clear = true});
      t.put(keys::write(job.cid, head.manifest.id, head.manifest.writes), catalog::encode_write(cut));
    }
    head.size_bytes = job.total_bytes;
    head.copy->status = "success";
    head.copy->copied = job.total_bytes;
    head.copy->completed = at;
    head.etag = new_etag(head.etag);
    head.last_modified = whole_second(head.last_modified);
    if (job.incremental) {
      BASCULE_CO_ASSIGN(auto properties, from.properties());
      set_headers(head, properties.headers);
      const catalog::EncryptionRecord* used = encryption_of(head);
      set_metadata(head, std::move(properties.metadata), {container, used ? std::optional(*used) : std::nullopt}, parts_.random);
      head.extras.made().page = properties.page;
    }
    date_write(*container, head);
    head.lease = after_write(head.lease, at);
    if (job.incremental) {
      catalog::IncrementalCopyRecord& record = *head.extras->incremental;
      record.copied = job.source_time;
      HeadRecord snapshot = head;
      BASCULE_CO_TRY(keep_new_state(container->immutability.get(), snapshot, {}, lawful_now()));
      snapshot.manifest = share_manifest(parts_.catalog, t, job.cid, head.manifest);
      const WallTime taken = put_aside(t, job.cid, job.blob, std::move(snapshot), catalog::HistoryRecord::Kind::snapshot, head);
      head.extras->incremental->snapshot = taken;
    }
    t.put(head_key, encode(head));
    t.remove(job_key);
    auto done = co_await parts_.catalog.commit(std::move(t));
    if (!done && done.error().code == Code::conflict) {
      turn = {};
      const auto again = co_await from.look();
      if (!again || from.required() != required) co_return fail(Code::conflict, "the source has changed");   // looked at anew
      continue;
    }
    if (done && !cut.empty()) lineages_.of({job.cid, head.manifest.id})->wrote(cut.front().birth, cut);
    co_return done;
  }
  co_return fail(Code::conflict, "the target or its container has changed");   // looked at anew by the next try
}

}  // namespace bascule::ops
