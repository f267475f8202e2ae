// Delete Blob and Undelete Blob: of what is there now, of its snapshots, of one snapshot or version; for good, or softly.
// Sources: "Delete Blob", "Undelete Blob", "Soft delete for blobs", "Blob versioning".
#include "ops/history.h"
#include "ops/pending_copy.h"

namespace bascule::ops {

namespace keys = catalog::keys;
using catalog::HeadRecord;
using catalog::HistoryRecord;

namespace {

constexpr std::size_t kCommitBytes = store::kMaxCommitBytes / 4;   // of past states in one commit; more take several
constexpr std::size_t kPage = 256;

struct PastState {
  std::string key;
  catalog::Found<HeadRecord> found;
};

// Some past states of a name that are `wanted`, in the order of their times: what one commit may change. `more`: there are
// others behind them.
struct Some {
  std::vector<PastState> states;
  bool more = false;
};
template <class F> Task<Result<Some>> some_past(catalog::Catalog& catalog, std::uint64_t cid, std::string blob, F wanted) {
  Some some;
  std::string begin = keys::pasts(cid, blob);
  const std::string end = keys::after_prefix(begin);
  std::size_t bytes = 0;
  while (true) {
    BASCULE_CO_ASSIGN(auto entries, co_await catalog.scan({.begin = begin, .end = end, .limit = kPage}));
    if (entries.empty()) co_return some;
    begin = entries.back().key + '\0';
    for (auto& e : entries) {
      BASCULE_CO_ASSIGN(auto record, catalog::decode<HeadRecord>(e.value));
      if (!wanted(record)) continue;
      if (bytes > kCommitBytes) {
        some.more = true;
        co_return some;
      }
      bytes += 2 * e.key.size() + e.value.size() + 128;
      some.states.push_back({std::move(e.key), {e.version, std::move(record)}});
    }
  }
}

// What has come to its own end.
const HeadRecord* ended(const catalog::Maybe<HeadRecord>& found, WallTime now) {
  const HeadRecord* head = catalog::live(found);
  return head && expired(*head, now) ? head : nullptr;
}

Result<void> check_tier_times(const DeleteBlob& how, const HeadRecord& head) {
  const WallTime set = head.tier_changed != WallTime() ? head.tier_changed : head.created;
  const auto at = std::chrono::floor<std::chrono::seconds>(set);
  if ((how.if_tier_modified_since && at <= *how.if_tier_modified_since) ||
      (how.if_tier_unmodified_since && at > *how.if_tier_unmodified_since))
    return refuse(Reason::condition_not_met);
  return {};
}

bool live_snapshot(const HeadRecord& record) {
  const HistoryRecord& h = catalog::history_of(record);
  return h.kind == HistoryRecord::Kind::snapshot && h.state == HistoryRecord::State::live;
}

}  // namespace

void Service::remove_past(catalog::Transaction& t, std::uint64_t cid, const std::string& blob, const std::string& key,
                          catalog::Found<HeadRecord> past, std::uint16_t retention_days, HeadRecord& head) {
  HistoryRecord& own = past.record.extras.made().history;
  HistoryRecord& counts = head.extras.made().history;
  t.require(key, past.version);
  if (retention_days == 0) {
    uncount(counts, own);
    forget_expiry(t, cid, blob, own.latest, own);
    t.remove(key);
    drop_manifest(t, cid, past.record.manifest, {}, blob);
    return;
  }
  if (own.kind == HistoryRecord::Kind::snapshot) --counts.snapshots;
  soft_delete(t, cid, blob, own.latest, own, retention_days);
  t.put(key, encode(past.record));
}

Task<Result<Deleted>> Service::delete_blob(BlobRef ref, DeleteBlob how) {
  if (how.permanent) {
    const auto found = account(ref.account);
    if (!found || !found->settings.allow_permanent_delete) co_return refuse(Reason::permanent_delete_off);
    if (ref.at.base()) co_return refuse(Reason::not_soft_deleted);
  }
  co_return ref.at.base() ? co_await delete_base(std::move(ref), std::move(how))
                          : co_await delete_past(std::move(ref), std::move(how));
}

Task<Result<Deleted>> Service::delete_base(BlobRef ref, DeleteBlob how) {
  using Snapshots = DeleteBlob::Snapshots;
  Turns::Turn turn;
  for (int attempt = 0;; ++attempt) {
    BASCULE_CO_ASSIGN(const auto container, co_await enter(ref, attempt, turn));
    const std::uint64_t cid = container->cid;
    const std::string head_key = keys::head(cid, ref.blob), upload_key = keys::upload(cid, ref.blob);
    BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<HeadRecord>(head_key));
    BASCULE_CO_ASSIGN(auto upload, co_await parts_.catalog.get<catalog::UploadRecord>(upload_key));
    const HeadRecord* there = how.ended ? ended(found, ending_now(*container)) : ops::there(found, ending_now(*container));
    if (how.ended) upload.reset();
    if (!there && !upload) co_return refuse(Reason::blob_not_found);
    BASCULE_CO_TRY(check_not_copying(there));
    if (!how.ended) BASCULE_CO_TRY(check_lease_write(lease_of(there), how.conditions.lease_id, now()));
    BASCULE_CO_TRY(there ? check_change(how.conditions, stamp(*there)) : check_write(how.conditions, std::nullopt));
    if (there) BASCULE_CO_TRY(check_tier_times(how, *there));
    const HistoryRule rule = history_rule(ref.account);
    catalog::Transaction t;
    t.require(keys::mapping(ref.account, ref.container), container->mapping_version);
    Deleted deleted{.permanent = how.snapshots == Snapshots::only ? rule.retention_days == 0 : !rule.any()};
    bool again = false;
    if (there) {
      if (how.snapshots != Snapshots::only) BASCULE_CO_TRY(check_kept(*container, *there, Touch::remove));
      HeadRecord head = std::move(found->record);
      if (catalog::history_of(head).snapshots != 0) {
        if (how.snapshots == Snapshots::none) co_return refuse(Reason::snapshots_present);
        BASCULE_CO_ASSIGN(auto some, co_await some_past(parts_.catalog, cid, ref.blob, live_snapshot));
        for (const PastState& state : some.states) BASCULE_CO_TRY(check_kept(*container, state.found.record, Touch::remove));
        for (PastState& state : some.states)
          remove_past(t, cid, ref.blob, state.key, std::move(state.found), rule.retention_days, head);
        again = some.more;   // those that are left follow in commits of their own
      }
      if (!again && how.snapshots != Snapshots::only) {
        using State = HistoryRecord::State;
        if (how.ended) head.extras->expires = {};
        if (keeps_version(rule, head)) {
          HeadRecord version = head;
          put_aside(t, cid, ref.blob, std::move(version), HistoryRecord::Kind::version, head);
          head.manifest = {};
          head.extras->version = {};
          head.extras->history.state = State::tombstone;
          deleted.permanent = false;
        } else if (rule.retention_days != 0) {
          soft_delete(t, cid, ref.blob, WallTime(), head.extras.made().history, rule.retention_days);
        } else {
          drop_manifest(t, cid, head.manifest, {}, ref.blob);
          head.manifest = {};
          head.extras.made().history.state = State::tombstone;   // it goes, unless it guards what was deleted softly before
        }
        head.lease.reset();
        index_tags(t, cid, ref.blob, tags_of(head), {});
      }
      put_guard(t, head_key, {found->version, std::move(head)});
    } else {
      t.require(head_key, found ? found->version : 0);
    }
    if (upload && !again && how.snapshots != Snapshots::only) {
      t.require(upload_key, upload->version);
      t.remove(upload_key);
      drop_upload(t, cid, ref.blob, upload->record.epoch, {});
    }
    auto done = co_await parts_.catalog.commit(std::move(t));
    if (done && again) { attempt = -1; continue; }
    if (done) co_return deleted;
    BASCULE_CO_TRY(evaluate_again(done.error(), attempt));
  }
}

Task<Result<Deleted>> Service::delete_past(BlobRef ref, DeleteBlob how) {
  Turns::Turn turn;
  for (int attempt = 0;; ++attempt) {
    BASCULE_CO_ASSIGN(const auto container, co_await enter({ref.account, ref.container, ref.blob}, attempt, turn));
    const std::uint64_t cid = container->cid;
    const std::string head_key = keys::head(cid, ref.blob), key = state_key(cid, ref);
    BASCULE_CO_ASSIGN(auto head, co_await parts_.catalog.get<HeadRecord>(head_key));
    if (!head) co_return refuse(Reason::blob_not_found);
    if (ref.at.kind == At::Kind::version && catalog::live(head) && catalog::version_of(head->record) == ref.at.time)
      co_return refuse(Reason::only_on_root_blob);
    BASCULE_CO_ASSIGN(auto past, co_await parts_.catalog.get<HeadRecord>(key));
    if (!past || !is_state(past->record, ref.at)) co_return refuse(Reason::blob_not_found);
    if (how.permanent == catalog::is_live(past->record))
      co_return refuse(how.permanent ? Reason::not_soft_deleted : Reason::blob_not_found);
    BASCULE_CO_TRY(check_lease_write(std::nullopt, how.conditions.lease_id, now()));
    BASCULE_CO_TRY(check_change(how.conditions, stamp(past->record)));
    BASCULE_CO_TRY(check_tier_times(how, past->record));
    BASCULE_CO_TRY(check_kept(*container, past->record, Touch::remove));
    const std::uint16_t retention_days = how.permanent ? 0 : history_rule(ref.account).retention_days;
    catalog::Transaction t;
    t.require(keys::mapping(ref.account, ref.container), container->mapping_version);
    remove_past(t, cid, ref.blob, key, std::move(*past), retention_days, head->record);
    put_guard(t, head_key, std::move(*head));
    auto done = co_await parts_.catalog.commit(std::move(t));
    if (done) co_return Deleted{.permanent = retention_days == 0};
    BASCULE_CO_TRY(evaluate_again(done.error(), attempt));
  }
}

Task<Result<void>> Service::undelete_blob(BlobRef ref) {
  const ContainerRef container_ref{ref.account, ref.container};
  Turns::Turn turn;
  for (int attempt = 0;; ++attempt) {
    BASCULE_CO_ASSIGN(const auto container, co_await enter(ref, attempt, turn));
    const std::uint64_t cid = container->cid;
    const std::string head_key = keys::head(cid, ref.blob);
    BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<HeadRecord>(head_key));
    if (!found) co_return refuse(Reason::blob_not_found);
    const WallTime at = now();
    // What has to be kept can be brought back for as long as it is.
    const auto restorable = [&](const HeadRecord& record) {
      const HistoryRecord& h = catalog::history_of(record);
      return h.state == HistoryRecord::State::deleted &&
             (catalog::deletion_due(h) > at || !check_kept(*container, record, Touch::remove));
    };
    HeadRecord head = std::move(found->record);
    const auto restore = [](HistoryRecord& h) {
      h.state = HistoryRecord::State::live;
      h.deleted = {};
      h.retention_days = 0;
    };
    catalog::Transaction t;
    t.require(keys::mapping(ref.account, ref.container), container->mapping_version);
    Some some;
    if (catalog::history_of(head).past != 0) { BASCULE_CO_ASSIGN(some, co_await some_past(parts_.catalog, cid, ref.blob, restorable)); }
    const bool base = restorable(head);
    // What is due to go is gone, though it still lies there.
    if (catalog::history_of(head).state == HistoryRecord::State::deleted && !base && some.states.empty()) co_return refuse(Reason::blob_not_found);
    if (!base && some.states.empty()) co_return Result<void>{};
    for (PastState& state : some.states) {
      HistoryRecord& own = state.found.record.extras->history;
      forget_expiry(t, cid, ref.blob, own.latest, own);
      restore(own);
      if (own.kind == HistoryRecord::Kind::snapshot) ++head.extras->history.snapshots;
      t.require(state.key, state.found.version);
      t.put(state.key, encode(state.found.record));
    }
    if (base && !some.more) {
      forget_expiry(t, cid, ref.blob, WallTime(), head.extras->history);
      restore(head.extras->history);
      note_end(t, container_ref, cid, ref.blob, WallTime(), head);   // which may have passed meanwhile
      index_tags(t, cid, ref.blob, {}, tags_of(head));
    }
    put_guard(t, head_key, {found->version, std::move(head)});
    auto done = co_await parts_.catalog.commit(std::move(t));
    if (done && some.more) { attempt = -1; continue; }
    if (done) co_return Result<void>{};
    BASCULE_CO_TRY(evaluate_again(done.error(), attempt));
  }
}

}  // namespace bascule::ops
