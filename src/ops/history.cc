#include "ops/history.h"

#include <algorithm>

namespace bascule::ops {

namespace keys = catalog::keys;
using catalog::HeadRecord;
using catalog::HistoryRecord;

Result<void> check_type(const catalog::Maybe<HeadRecord>& old, BlobType type) {
  if (!old || old->record.type == static_cast<std::uint8_t>(type)) return {};
  if (!catalog::is_live(old->record) && catalog::history_of(old->record).versions == 0) return {};
  return refuse(Reason::blob_type_mismatch);
}

bool is_state(const HeadRecord& record, At at) {
  using Kind = HistoryRecord::Kind;
  return catalog::history_of(record).kind == (at.kind == At::Kind::version ? Kind::version : Kind::snapshot);
}

catalog::Manifest share_manifest(catalog::Catalog& catalog, catalog::Transaction& t, std::uint64_t cid, catalog::Manifest& owner) {
  if (owner.id == 0) return owner;
  if (!owner.shared) {
    owner.shared = true;
    t.put(keys::reference(cid, owner.id, owner.holder), catalog::encode_total(owner.writes));
  }
  catalog::Manifest other = owner;
  other.holder = catalog.next_version();
  t.put(keys::reference(cid, other.id, other.holder), catalog::encode_total(other.writes));
  return other;
}

void uncount(HistoryRecord& head, const HistoryRecord& past) {
  --head.past;
  if (past.kind == HistoryRecord::Kind::version) --head.versions;
  else if (past.state == HistoryRecord::State::live) --head.snapshots;
}

void note_expiry(catalog::Transaction& t, std::uint64_t cid, const std::string& blob, WallTime time, const HistoryRecord& h) {
  if (h.state == HistoryRecord::State::deleted) t.put(keys::expiry(catalog::deletion_due(h), cid, blob, time), catalog::encode_total(0));
}
void forget_expiry(catalog::Transaction& t, std::uint64_t cid, const std::string& blob, WallTime time, const HistoryRecord& h) {
  if (h.state == HistoryRecord::State::deleted) t.remove(keys::expiry(catalog::deletion_due(h), cid, blob, time));
}

void tidy(HeadRecord& head) {
  if (!head.extras) return;
  HistoryRecord& h = head.extras->history;
  if (h.state == HistoryRecord::State::live && h.past == 0) h = {};
}

void put_guard(catalog::Transaction& t, std::string head_key, catalog::Found<HeadRecord> head) {
  t.require(head_key, head.version);
  tidy(head.record);
  const HistoryRecord& history = catalog::history_of(head.record);
  if (history.state == HistoryRecord::State::tombstone && history.past == 0) t.remove(std::move(head_key));
  else t.put(std::move(head_key), encode(head.record));
}

void drop_manifest(catalog::Catalog& catalog, catalog::Transaction& t, std::uint64_t cid, const catalog::Manifest& old,
                   const catalog::Manifest& kept, const std::string& blob) {
  if (old.id == 0) return;
  catalog::DropRecord drop{.kind = catalog::DropRecord::Kind::manifest, .cid = cid, .manifest = old, .kept = kept};
  if (old.base != 0) drop.blob = blob;   // the base is looked for there first
  t.put(keys::dropped(catalog.next_version()), encode(drop));
}

Service::HistoryRule Service::history_rule(const std::string& account) const {
  if (!history_kept_.load(std::memory_order_relaxed)) return {};
  const auto found = this->account(account);
  if (!found) return {};
  return {found->settings.versioning, found->settings.delete_retention_days};
}

std::string Service::state_key(std::uint64_t cid, const BlobRef& ref) {
  return ref.at.base() ? keys::head(cid, ref.blob) : keys::past(cid, ref.blob, ref.at.time);
}

WallTime Service::put_aside(catalog::Transaction& t, std::uint64_t cid, const std::string& blob, HeadRecord state,
                            HistoryRecord::Kind kind, HeadRecord& head) {
  using Kind = HistoryRecord::Kind;
  HistoryRecord& counts = head.extras.made().history;
  catalog::HeadExtras& extras = state.extras.made();
  WallTime time = extras.version;
  // What becomes a version without having been one has the time of its creation as its id ("Blob versioning"), or, where
  // others of its name may have that, the time of its last write, which nobody else has.
  if (kind == Kind::snapshot) time = time_of(new_etag(to_dotnet_ticks(counts.latest)));
  else if (time == WallTime()) time = counts.latest == WallTime() ? state.created : time_of(state.etag);
  extras.version = kind == Kind::version ? time : WallTime();
  HistoryRecord own;
  if (extras.history.state == HistoryRecord::State::deleted) {   // as it was deleted, so it stays
    own.state = HistoryRecord::State::deleted;
    own.deleted = extras.history.deleted;
    own.retention_days = extras.history.retention_days;
  }
  own.kind = kind;
  own.latest = time;
  extras.history = own;
  extras.expires = {};   // an end is the blob's own
  state.lease.reset();
  ++counts.past;
  if (kind == Kind::version) ++counts.versions;
  else if (own.state == HistoryRecord::State::live) ++counts.snapshots;
  counts.latest = std::max(counts.latest, time);
  note_expiry(t, cid, blob, time, own);
  const std::string key = keys::past(cid, blob, time);
  t.require(key, 0);
  t.put(key, encode(state));
  return time;
}

void Service::soft_delete(catalog::Transaction& t, std::uint64_t cid, const std::string& blob, WallTime time,
                          HistoryRecord& state, std::uint16_t retention_days) {
  state.state = HistoryRecord::State::deleted;
  state.deleted = now();
  state.retention_days = retention_days;
  note_expiry(t, cid, blob, time, state);
}

void Service::begin_state(HeadRecord& next, const Head& old, WallTime at) {
  const HeadRecord* there = ops::there(old, at);
  next.etag = new_etag(old ? old->record.etag : 0);
  next.last_modified = whole_second(there ? there->last_modified : WallTime{});
  next.created = there ? there->created : at;
  next.lease = there ? after_write(there->lease, at) : std::nullopt;
}

Result<void> Service::succeed(catalog::Transaction& t, const Succession& s, Head& old, HeadRecord& next) {
  BASCULE_TRY(check_replace(s.container, old, static_cast<BlobType>(next.type), s.rule));
  // Brought again under the id that it has: nothing becomes a version then.
  if (s.version != WallTime() && catalog::live(old) && catalog::version_of(old->record) == s.version)
    BASCULE_TRY(check_kept(s.container, old->record, Touch::replace));
  BASCULE_TRY(keep_new_state(s.container.immutability.get(), next, s.keep, lawful_now()));
  date_write(s.container, next);
  guard_write(t, s.container);
  const std::uint64_t cid = s.container.cid;
  t.require(s.head_key, old ? old->version : 0, s.read_at);
  const auto let_go = [&](const catalog::Manifest& manifest) {
    if (s.inherits == Inherits::content) return;
    if (s.inherits == Inherits::pieces) take_over(t, cid, manifest, next.manifest);
    drop_manifest(t, cid, manifest, s.inherits == Inherits::pieces ? next.manifest : catalog::Manifest(), s.blob);
  };
  // Only what the name means now is indexed.
  index_tags(t, cid, s.blob, catalog::live(old) ? tags_of(old->record) : Tags(), tags_of(next));
  if (!s.rule.any() && s.version == WallTime() && !next.extras && (!old || !old->record.extras)) {   // nearly always
    if (old) let_go(old->record.manifest);
    t.put(s.head_key, encode(next));
    return {};
  }
  if (next.extras) {
    next.extras->version = {};
    next.extras->history = {};
  }
  if (s.version != WallTime()) {
    next.extras.made().version = s.version;
  } else if (s.rule.versioning) {   // later than any other time of the name, whatever the clock does
    const WallTime latest = old ? std::max(catalog::history_of(old->record).latest, catalog::version_of(old->record)) : WallTime();
    next.extras.made().version = std::max(time_of(next.etag), latest + Ticks(1));
  }
  if (old) {
    HeadRecord& former = old->record;
    const HistoryRecord history = catalog::history_of(former);
    forget_expiry(t, cid, s.blob, WallTime(), history);
    HistoryRecord& counts = next.extras.made().history;
    counts.latest = history.latest;
    counts.past = history.past;
    counts.snapshots = history.snapshots;
    counts.versions = history.versions;
    using State = HistoryRecord::State;
    const bool live = history.state == State::live;
    // What was deleted softly stays so beside the new blob, unless that is of another type ("Soft delete for blobs",
    // "Protection by operation"). What lies in the archive is not protected from being overwritten.
    const bool same = live && s.version != WallTime() && catalog::version_of(former) == s.version;
    const bool version = live && !same && keeps_version(s.rule, former);
    const bool deleted = live ? !version && !same && s.rule.retention_days != 0 && !archived(former, now())
                              : history.state == State::deleted && former.type == next.type;
    if (version || deleted) {
      if (s.inherits == Inherits::content) {   // what goes on being written to stays the holder that it was
        const catalog::Manifest past = share_manifest(parts_.catalog, t, cid, former.manifest);
        next.manifest = std::exchange(former.manifest, past);
      } else if (s.inherits == Inherits::pieces && former.manifest.id != 0) {   // both live on
        if (!former.manifest.shared)
          t.put(keys::reference(cid, former.manifest.id, former.manifest.holder), catalog::encode_total(0));
        former.manifest.shared = true;
        take_over(t, cid, former.manifest, next.manifest);
      }
      if (live && deleted) {
        HistoryRecord& mark = former.extras.made().history;
        mark.state = State::deleted;
        mark.deleted = now();
        mark.retention_days = s.rule.retention_days;
      }
      put_aside(t, cid, s.blob, std::move(former), version ? HistoryRecord::Kind::version : HistoryRecord::Kind::snapshot, next);
    } else {
      let_go(former.manifest);
    }
    tidy(next);
  }
  t.put(s.head_key, encode(next));
  return {};
}

Task<Result<catalog::HeadRef>> Service::named_state(std::uint64_t cid, const BlobRef& ref) {
  return ref.at.base() ? parts_.catalog.head(keys::head(cid, ref.blob)) : past_state(cid, ref.blob, ref.at);
}

Task<Result<catalog::HeadRef>> Service::past_state(std::uint64_t cid, std::string blob, At at) {
  if (at.kind == At::Kind::version) {
    BASCULE_CO_ASSIGN(auto head, co_await parts_.catalog.head(keys::head(cid, blob)));
    const HeadRecord* current = catalog::live(head);
    if (current && catalog::version_of(*current) == at.time) co_return head;
  }
  BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<HeadRecord>(keys::past(cid, blob, at.time)));
  if (!catalog::live(found) || !is_state(found->record, at)) co_return catalog::HeadRef();
  co_return std::make_shared<const catalog::Found<HeadRecord>>(std::move(*found));
}

}  // namespace bascule::ops
