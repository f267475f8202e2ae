#include "ops/immutability.h"

#include <algorithm>

#include "ops/history.h"

namespace bascule::ops {

namespace keys = catalog::keys;
using catalog::ContainerImmutability;
using catalog::HeadRecord;

namespace {

constexpr std::uint32_t kMostDays = 146'000;   // 400 years
constexpr std::uint8_t kMostExtensions = 5;
constexpr std::size_t kMostHolds = 10, kLongestHold = 23, kShortestHold = 3;

using Appends = ContainerImmutability::Appends;

Ticks days(std::uint32_t count) { return std::chrono::duration_cast<Ticks>(std::chrono::days(count)); }

const catalog::ImmutabilityRecord& own_of(const HeadRecord& state) {
  static const catalog::ImmutabilityRecord kNone;
  return state.extras ? state.extras->immutability : kNone;
}

bool container_level(const ContainerImmutability& rules) { return rules.days != 0 && !rules.versions; }

// Until when a state is kept, by its own policy or by one of the container from before that had version-level policies.
WallTime kept_until(const ContainerImmutability* rules, const HeadRecord& state) {
  WallTime until = own_of(state).until;
  if (rules && rules->versions && rules->days != 0 && state.last_modified <= rules->versions_since)
    until = std::max(until, state.last_modified + days(rules->days));
  return until;
}

}  // namespace

Result<void> check_touch(const ContainerImmutability* rules, const HeadRecord& state, Touch touch, WallTime now) {
  if (rules && !rules->holds.empty()) return refuse(Reason::blob_under_legal_hold);
  const bool may_append = touch == Touch::append && rules && rules->appends != Appends::none;
  if (rules && container_level(*rules)) {
    if (may_append) return {};
    // Once its time is over it may go, but never become something else.
    if (touch != Touch::remove || state.last_modified + days(rules->days) > now) return refuse(Reason::blob_under_policy);
    return {};
  }
  if (touch == Touch::succeed || touch == Touch::properties || touch == Touch::snapshot) return {};   // the state stays as it is
  if (own_of(state).legal_hold) return refuse(Reason::blob_under_legal_hold);
  const WallTime until = kept_until(rules, state);
  if (until == WallTime() || may_append) return {};
  if (until > now || touch == Touch::metadata || touch == Touch::pages) return refuse(Reason::blob_under_policy);
  return {};
}

bool covers_blobs(const ContainerImmutability& rules) { return rules.days != 0 || !rules.holds.empty() || rules.versions; }

Reason why_container_stays(const ContainerImmutability& rules) {
  if (!rules.holds.empty()) return Reason::container_has_legal_hold;
  return rules.versions ? Reason::container_keeps_versions : Reason::container_under_policy;
}

Result<void> set_retention(ContainerImmutability& c, std::uint32_t count, Appends appends) {
  if (count == 0 || count > kMostDays) return fail(Code::invalid_argument, "a retention is 1 to 146000 days");
  if (!c.locked) {
    c.days = count;
    c.appends = appends;
    return {};
  }
  if (count < c.days) return fail(Code::conflict, "the policy is locked: its retention can only become longer");
  if (appends != c.appends) return fail(Code::conflict, "the policy is locked: what may be appended cannot be changed");
  if (count == c.days) return {};
  if (c.extensions == kMostExtensions) return fail(Code::conflict, "the policy is locked and has been made longer five times already");
  ++c.extensions;
  c.days = count;
  return {};
}

Result<void> lock_retention(ContainerImmutability& c) {
  if (c.days == 0) return fail(Code::conflict, "there is no policy to lock");
  c.locked = true;
  return {};
}

Result<void> clear_retention(ContainerImmutability& c) {
  if (c.locked) return fail(Code::conflict, "the policy is locked: it cannot be removed");
  c.days = 0;
  c.appends = Appends::none;
  return {};
}

Result<void> add_hold(ContainerImmutability& c, std::string tag) {
  const bool good = tag.size() >= kShortestHold && tag.size() <= kLongestHold && std::ranges::all_of(tag, [](char x) {
    return (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z') || (x >= '0' && x <= '9');
  });
  if (!good) return fail(Code::invalid_argument, "a legal hold's tag is 3 to 23 letters and digits");
  if (std::ranges::find(c.holds, tag) != c.holds.end()) return {};
  if (c.holds.size() == kMostHolds) return fail(Code::conflict, "a container has at most 10 legal holds");
  c.holds.push_back(std::move(tag));
  return {};
}

Result<void> clear_hold(ContainerImmutability& c, const std::string& tag) {
  if (std::erase(c.holds, tag) == 0) return fail(Code::not_found, "there is no legal hold " + tag);
  return {};
}

Result<void> enable_versions(ContainerImmutability& c, WallTime now) {
  if (!c.versions) c.versions_since = now;
  c.versions = true;
  return {};
}

Result<void> set_policy(catalog::ImmutabilityRecord& state, const KeepUntil& policy, WallTime now) {
  if (policy.until <= now) return refuse(Reason::immutability_in_the_past);
  if (state.locked && (policy.until < state.until || !policy.locked)) return refuse(Reason::policy_locked);
  state.until = policy.until;
  state.locked = policy.locked;
  return {};
}

Result<void> keep_new_state(const ContainerImmutability* rules, HeadRecord& state, const Keep& keep, WallTime now) {
  if (state.extras) state.extras->immutability = {};   // what kept another state does not keep this one
  const bool by_default = rules && rules->versions && rules->days != 0;
  if (!keep.any() && !by_default) return {};
  if (!rules || !rules->versions) return refuse(Reason::no_version_immutability);
  catalog::ImmutabilityRecord& own = state.extras.made().immutability;
  own.legal_hold = keep.legal_hold;
  if (keep.policy) return set_policy(own, *keep.policy, now);
  if (by_default) {
    own.until = now + days(rules->days);
    own.locked = rules->locked;
  }
  return {};
}

// --- use cases -------------------------------------------------------------------------------------------------------

Result<void> Service::check_kept(const ContainerHandle& container, const HeadRecord& state, Touch touch) const {
  if (!container.immutability && !state.extras) return {};   // nearly always
  return check_touch(container.immutability.get(), state, touch, lawful_now());
}

Result<void> Service::check_replace(const ContainerHandle& container, const Head& old, BlobType type, HistoryRule rule) const {
  if (!old || (!container.immutability && !old->record.extras)) return {};
  using State = catalog::HistoryRecord::State;
  switch (catalog::history_of(old->record).state) {
    case State::live: return check_kept(container, old->record, keeps_version(rule, old->record) ? Touch::succeed : Touch::replace);
    case State::deleted:   // it is put aside, unless the new blob is of another type
      if (old->record.type == static_cast<std::uint8_t>(type)) return {};
      return check_kept(container, old->record, Touch::remove);
    case State::tombstone: return {};
  }
  return {};
}

void Service::guard_write(catalog::Transaction& t, const ContainerHandle& container) {
  if (container.immutability && covers_blobs(*container.immutability))
    t.put(keys::writes_guard(container.cid), catalog::encode_total(0));
}

void Service::date_write(const ContainerHandle& container, HeadRecord& head) const {
  if (container.immutability && container.immutability->days != 0)
    head.last_modified = std::max(head.last_modified, WallTime(std::chrono::floor<std::chrono::seconds>(lawful_now())));
}

WallTime Service::ending_now(const ContainerHandle& container) const {
  const auto* rules = container.immutability.get();
  return rules && (rules->days != 0 || !rules->holds.empty()) ? WallTime() : now();
}

Task<Result<void>> Service::check_container_goes(Container container, catalog::Transaction& t) {
  if (!container->immutability || !covers_blobs(*container->immutability)) co_return Result<void>{};
  const std::string guard_key = keys::writes_guard(container->cid);
  BASCULE_CO_ASSIGN(const auto guard, co_await parts_.catalog.get_total(guard_key));   // before they are looked for
  t.require(guard_key, guard ? guard->version : 0);
  const std::string first = keys::head(container->cid, "");
  BASCULE_CO_ASSIGN(const auto some, co_await parts_.catalog.scan({.begin = first, .end = keys::after_prefix(first), .limit = 1}));
  if (!some.empty()) co_return refuse(why_container_stays(*container->immutability));
  co_return Result<void>{};
}

// While the process runs, its own measure of time counts, not what the clock on the wall is set to.
WallTime Service::lawful_now() const {
  return lawful_start_ + std::chrono::duration_cast<Ticks>(parts_.clock.now() - lawful_since_);
}

Task<Result<void>> Service::load_time_mark() {
  BASCULE_CO_ASSIGN(const auto found, co_await parts_.catalog.get_total(keys::meta(kTimeMark)));
  const WallTime mark{Ticks(found ? static_cast<std::int64_t>(found->record) : 0)};
  lawful_since_ = parts_.clock.now();
  lawful_start_ = std::max(now(), mark);
  co_return Result<void>{};
}

Task<Result<void>> Service::keep_time_mark() {
  BASCULE_CO_ASSIGN(const auto found, co_await parts_.catalog.get_total(keys::meta(kTimeMark)));
  const auto mark = static_cast<std::uint64_t>(lawful_now().time_since_epoch().count());
  if (found && found->record >= mark) co_return Result<void>{};   // another gateway's
  catalog::Transaction t;
  t.require(keys::meta(kTimeMark), found ? found->version : 0);
  t.put(keys::meta(kTimeMark), catalog::encode_total(mark));
  auto done = co_await parts_.catalog.commit(std::move(t));
  if (!done && done.error().code != Code::conflict) co_return done;
  co_return Result<void>{};
}

Task<Result<ImmutabilityView>> Service::change_state_immutability(BlobRef ref, ImmutabilityOfState change) {
  BASCULE_CO_ASSIGN(const auto head, co_await update_head_in(std::move(ref), [&](HeadRecord& h, const Container& in) -> Result<void> {
    if (!in->immutability || !in->immutability->versions) return refuse(Reason::no_version_immutability);
    return change(h);
  }));
  const catalog::ImmutabilityRecord& own = own_of(head);
  co_return ImmutabilityView{own.until, own.locked, own.legal_hold};
}

Task<Result<ImmutabilityView>> Service::set_immutability(BlobRef ref, SetImmutability set) {
  BASCULE_CO_TRY(co_await keep_time_mark());
  co_return co_await change_state_immutability(std::move(ref), [&](HeadRecord& h) -> Result<void> {
    BASCULE_TRY(check_change(set.conditions, stamp(h)));
    return set_policy(h.extras.made().immutability, set.policy, lawful_now());
  });
}

Task<Result<void>> Service::delete_immutability(BlobRef ref) {
  BASCULE_CO_TRY(co_await change_state_immutability(std::move(ref), [](HeadRecord& h) -> Result<void> {
    if (own_of(h).locked) return refuse(Reason::policy_locked_delete);
    if (h.extras) h.extras->immutability.until = {};
    return {};
  }));
  co_return Result<void>{};
}

Task<Result<void>> Service::set_legal_hold(BlobRef ref, bool hold) {
  BASCULE_CO_TRY(co_await change_state_immutability(std::move(ref), [hold](HeadRecord& h) -> Result<void> {
    if (hold || h.extras) h.extras.made().immutability.legal_hold = hold;
    return {};
  }));
  co_return Result<void>{};
}

// The mapping is written anew, so that no write that was checked against the former rules commits under the new ones.
Task<Result<ContainerImmutability>> Service::change_container_immutability(ContainerRef ref, ImmutabilityChange change) {
  BASCULE_CO_TRY(co_await keep_time_mark());
  const std::string mapping_key = keys::mapping(ref.account, ref.container);
  for (int attempt = 0; attempt < kMaxConflicts; ++attempt) {
    forget_container(ref);
    BASCULE_CO_ASSIGN(const auto container, co_await resolve(ref));
    const std::string key = keys::container(container->cid);
    BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<catalog::ContainerRecord>(key));
    if (!found) co_return refuse(Reason::container_not_found);
    ContainerImmutability& rules = found->record.extras.made().immutability;
    BASCULE_CO_TRY(change(rules));
    catalog::Transaction t;
    t.require(mapping_key, container->mapping_version);
    t.require(key, found->version);
    t.put(key, encode(found->record));
    t.put(mapping_key, encode(catalog::MappingRecord{container->cid}));
    auto done = co_await parts_.catalog.commit(std::move(t));
    forget_container(ref);
    if (done) co_return rules;
    if (done.error().code != Code::conflict) co_return fail(done.error());
  }
  co_return fail(Code::overloaded, "too many writers change this container");
}

Task<Result<ContainerImmutability>> Service::container_immutability(ContainerRef ref) {
  BASCULE_CO_ASSIGN(const auto container, co_await resolve(ref));
  co_return container->immutability ? *container->immutability : ContainerImmutability();
}

}  // namespace bascule::ops
