#include "ops/conditions.h"

#include <algorithm>

namespace bascule::ops {
namespace {

bool matches(const ETagSet& set, ETag etag) {
  return set.any || std::ranges::find(set.values, etag) != set.values.end();
}
// Times on the wire have whole seconds, and so has Last-Modified.
std::int64_t seconds(WallTime t) { return std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count(); }
bool modified_since(Stamp s, WallTime t) { return seconds(s.last_modified) > seconds(t); }

std::int64_t whole_seconds_up(Ticks d) {
  return d.count() <= 0 ? 0 : std::chrono::ceil<std::chrono::seconds>(d).count();
}

bool tags_hold(const Conditions& c, const Tags* tags) {
  static const Tags kNone;
  return !c.if_tags || c.if_tags->holds(tags ? *tags : kNone);
}

}  // namespace

Result<void> check_read(const Conditions& c, Stamp s) {
  if (!tags_hold(c, s.tags)) return refuse(Reason::condition_not_met);
  const bool match_ok = !c.if_match || matches(*c.if_match, s.etag);
  const bool unmodified_ok = !c.if_unmodified_since || !modified_since(s, *c.if_unmodified_since);
  const bool none_match_ok = !c.if_none_match || !matches(*c.if_none_match, s.etag);
  const bool modified_ok = !c.if_modified_since || modified_since(s, *c.if_modified_since);
  if (c.combined) {
    if (!match_ok || !unmodified_ok) return refuse(Reason::condition_not_met);
    const bool fresh = c.if_none_match && c.if_modified_since ? none_match_ok || modified_ok : none_match_ok && modified_ok;
    return fresh ? Result<void>{} : refuse(Reason::not_modified);
  }
  if (c.if_match ? !match_ok : !unmodified_ok) return refuse(Reason::condition_not_met);
  if (c.if_none_match ? !none_match_ok : !modified_ok) return refuse(Reason::not_modified);
  return {};
}

Result<void> check_write(const Conditions& c, std::optional<Stamp> s, bool holds_lease) {
  if (!tags_hold(c, s ? s->tags : nullptr)) return refuse(Reason::condition_not_met);
  if (!s) {
    if (c.if_match || (c.if_modified_since && !c.if_none_match)) return refuse(Reason::condition_not_met);
    return {};
  }
  if (c.if_match) {
    if (!matches(*c.if_match, s->etag)) return refuse(Reason::condition_not_met);
  } else if (c.if_unmodified_since && modified_since(*s, *c.if_unmodified_since)) {
    return refuse(Reason::condition_not_met);
  }
  if (c.if_none_match) {
    if (c.if_none_match->any) return holds_lease ? Result<void>{} : refuse(Reason::blob_exists);
    if (matches(*c.if_none_match, s->etag)) return refuse(Reason::condition_not_met);
  } else if (c.if_modified_since && !modified_since(*s, *c.if_modified_since)) {
    return refuse(Reason::condition_not_met);
  }
  return {};
}

Result<void> check_change(const Conditions& c, Stamp s) {
  if (c.if_none_match && c.if_none_match->any) return refuse(Reason::condition_not_met);
  return check_write(c, s);
}

LeaseView view(const Lease& lease, WallTime now) {
  if (!lease) return {};
  using Kind = catalog::LeaseRecord::Kind;
  switch (lease->kind) {
    case Kind::held:
      if (lease->duration_seconds < 0) return {LeaseState::leased, true};
      return {now < lease->until ? LeaseState::leased : LeaseState::expired, false};
    case Kind::breaking: return {now < lease->until ? LeaseState::breaking : LeaseState::broken, false};
    case Kind::broken: return {LeaseState::broken, false};
  }
  return {};
}

namespace {
Result<void> check_named(const Lease& lease, const std::string& id, bool active) {
  if (active) return lease->id == id ? Result<void>{} : refuse(Reason::lease_mismatch_data);
  if (!lease) return refuse(Reason::lease_not_present_data);
  return refuse(lease->id == id ? Reason::lease_lost : Reason::lease_mismatch_data);
}
}  // namespace

Result<void> check_lease_read(const Lease& lease, const std::optional<std::string>& id, WallTime now) {
  return id ? check_named(lease, *id, view(lease, now).locked()) : Result<void>{};
}

Result<void> check_lease_write(const Lease& lease, const std::optional<std::string>& id, WallTime now) {
  const bool active = view(lease, now).locked();
  if (id) return check_named(lease, *id, active);
  return active ? refuse(Reason::lease_id_missing) : Result<void>{};
}

Lease after_write(const Lease& lease, WallTime now) { return view(lease, now).locked() ? lease : std::nullopt; }

Result<LeaseChange> apply(const Lease& lease, const LeaseAction& a, WallTime now) {
  using Kind = LeaseAction::Kind;
  using Record = catalog::LeaseRecord;
  const LeaseState state = view(lease, now).state;
  const bool same_id = lease && a.lease_id && lease->id == *a.lease_id;
  const auto until = [&](int duration) {
    return duration < 0 ? WallTime{} : now + Ticks(std::chrono::seconds(duration));
  };
  switch (a.kind) {
    case Kind::acquire: {
      const bool same = lease && lease->id == *a.proposed_id;
      if (state == LeaseState::leased && !same) return refuse(Reason::lease_already_present);
      if (state == LeaseState::breaking)
        return refuse(same ? Reason::lease_breaking_acquire : Reason::lease_already_present);
      const int duration = a.duration_seconds.value_or(-1);
      return LeaseChange{Record{Record::Kind::held, *a.proposed_id, duration, until(duration)}, *a.proposed_id, 0};
    }
    case Kind::renew: {
      if (!same_id) return refuse(Reason::lease_mismatch_action);
      if (state == LeaseState::breaking || state == LeaseState::broken) return refuse(Reason::lease_broken_renew);
      return LeaseChange{Record{Record::Kind::held, lease->id, lease->duration_seconds, until(lease->duration_seconds)},
                         lease->id, 0};
    }
    case Kind::change: {
      if (state == LeaseState::breaking)
        return refuse(same_id ? Reason::lease_breaking_change : Reason::lease_mismatch_action);
      if (state != LeaseState::leased) return refuse(Reason::lease_not_present_action);
      if (!same_id && lease->id != *a.proposed_id) return refuse(Reason::lease_mismatch_action);
      Record changed = *lease;
      changed.id = *a.proposed_id;
      return LeaseChange{changed, changed.id, 0};
    }
    case Kind::release:
      if (!same_id) return refuse(Reason::lease_mismatch_action);
      return LeaseChange{};
    case Kind::break_: {
      if (state == LeaseState::available) return refuse(Reason::lease_not_present_action);
      if (state == LeaseState::broken || state == LeaseState::expired) {
        Record broken = *lease;
        broken.kind = Record::Kind::broken;
        return LeaseChange{broken, "", 0};
      }
      const bool infinite = state == LeaseState::leased && lease->duration_seconds < 0;
      const std::int64_t left = infinite ? a.break_period_seconds.value_or(0) : whole_seconds_up(lease->until - now);
      const std::int64_t period = a.break_period_seconds ? std::min<std::int64_t>(*a.break_period_seconds, left) : left;
      Record breaking = *lease;
      breaking.kind = period > 0 ? Record::Kind::breaking : Record::Kind::broken;
      // A period that does not shorten the lease leaves its end where it was, to the tick.
      if (infinite || period < left) breaking.until = now + Ticks(std::chrono::seconds(period));
      return LeaseChange{breaking, "", static_cast<int>(period)};
    }
  }
  return fail(Code::internal, "unknown lease action");
}

}  // namespace bascule::ops
