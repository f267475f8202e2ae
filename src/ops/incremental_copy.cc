// Incremental Copy Blob: a snapshot of a page blob becomes a snapshot of another blob, which takes over only what changed
// since the last one. The target's own content is where the copies are built up (carry_spans.cc); nobody may read it. The
// commit that ends a copy makes the snapshot.
#include "base/log.h"
#include "ops/encryption.h"
#include "ops/history.h"
#include "ops/pending_copy.h"

namespace bascule::ops {

namespace keys = catalog::keys;
using catalog::CopyJobRecord;
using catalog::HeadRecord;

namespace {

std::string place_of(const BlobRef& blob) { return blob.account + "/" + blob.container + "/" + blob.blob; }

}  // namespace

const catalog::IncrementalCopyRecord* incremental_of(const HeadRecord& head) {
  return head.extras && head.extras->incremental ? &*head.extras->incremental : nullptr;
}

Result<void> check_own_content(const HeadRecord* head) {
  if (head && incremental_of(*head) && catalog::history_of(*head).kind == catalog::HistoryRecord::Kind::base)
    return refuse(Reason::incremental_copy_blob);
  return {};
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
  job.source_url = copy.elsewhere;
  job.source_etag = copy.elsewhere_etag;
  job.total_bytes = copy.elsewhere_bytes;
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
    if (copy.elsewhere.empty()) {
      BASCULE_CO_ASSIGN(const auto from, co_await incremental_source(source, job.former));
      job.total_bytes = from.head.size_bytes;
      job.source_state = from.head.etag;
    }
    job.cid = container->cid;
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
      begin_spans(head);
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
  // Most changes are small: the answer waits for those that are here. What takes longer, comes from elsewhere or meets an
  // error is carried on beside requests.
  bool carried = false;
  if (copy.elsewhere.empty()) {
    const std::atomic<bool> never{false};
    CopyRun run{.stop = never, .most_bytes = options_.most_copied_at_once};
    const auto outcome = co_await carry_copy(keys::copy_job(job.copy_id), run);
    carried = outcome.has_value();
    if (!outcome && outcome.error().code != Code::cancelled)
      log::warn("incremental copy will be tried again", {{"copy_id", job.copy_id}, {"error", outcome.error().message}});
  }
  BASCULE_CO_ASSIGN(const BlobView view, co_await head_blob(target, {}));
  const bool over = carried && view.copy && view.copy->id == job.copy_id && view.copy->status != "pending";
  if (!over) copies_noted_.fetch_add(1, std::memory_order_relaxed);
  Copied copied{.copy_id = job.copy_id, .status = over ? view.copy->status : "pending"};
  copied.written.etag = view.etag;
  copied.written.last_modified = view.last_modified;
  copied.written.version = view.version;
  co_return copied;
}

}  // namespace bascule::ops
