// What is done to a state of a name without writing its content, and to its past.
#include "sim/name_client.h"

namespace bascule::sim {

namespace {
constexpr const char* kTiers[] = {"Hot", "Cool", "Cold", "Archive"};
}

NameClient::Op NameClient::metadata(const Name& name, const Place& at) {
  const std::string text = "n" + std::to_string(pick(100));
  Op op{{"PUT", at.path() + "?comp=metadata", {{"x-ms-meta-k", text}}, ""}, {200}, name};
  if (!name.live()) return refused(std::move(op), 404);
  if (name.live()->archived()) {
    lease(name, op);
    return refused(std::move(op), 409);
  }
  if (name.live()->hold || name.live()->until != WallTime()) {
    lease(name, op);
    return refused(std::move(op), 409);
  }
  if (guard(name, op)) op.after.change_metadata(text, settings_);
  return op;
}

NameClient::Op NameClient::tags(const Name& name, const Place& at) {
  auto wanted = some_tags();
  Op op{{"PUT", at.path() + "?comp=tags", {}, "<Tags><TagSet>"}, {204}, name, false};
  for (const auto& [key, value] : wanted) op.request.body += "<Tag><Key>" + key + "</Key><Value>" + value + "</Value></Tag>";
  op.request.body += "</TagSet></Tags>";
  if (!name.past.empty() && pick(3) == 0) {
    const std::size_t which = pick(name.past.size());
    const State& past = name.past[which];
    if (past.kind != State::Kind::version || past.id == kUnknown) return {};
    op.request.target = path_of(at.path(), past) + "&comp=tags";
    if (past.deleted) return refused(std::move(op), 404);
    op.after.past[which].tags = std::move(wanted);
    return op;
  }
  if (!name.live()) return refused(std::move(op), 404);
  if (name.lease && pick(6) == 0) return refused(std::move(op), 412);
  lease(name, op);
  op.after.base->tags = std::move(wanted);
  return op;
}

NameClient::Op NameClient::tier(const Name& name, const Place& at) {
  const std::string tier = kTiers[pick(4)];
  Op op{{"PUT", at.path() + "?comp=tier", {{"x-ms-access-tier", tier}}, ""}, {200}, name, false};
  State* state = op.after.live();
  if (!name.past.empty() && pick(3) == 0) {
    state = &op.after.past[pick(name.past.size())];
    if (state->id == kUnknown) return {};
    op.request.target = path_of(at.path(), *state) + "&comp=tier";
    if (state->deleted) state = nullptr;
  } else {
    lease(name, op);
  }
  const bool high = pick(3) == 0;
  if (high) op.request.headers.push_back({"x-ms-rehydrate-priority", "High"});
  if (!state) return refused(std::move(op), 404);
  if (state->type != State::Type::block) return refused(std::move(op), 400);
  if (!state->archived()) {
    state->tier = tier;
    return op;
  }
  if (tier == "Archive") return state->coming.empty() ? std::move(op) : refused(std::move(op), 409);
  if (!state->coming.empty() && state->coming != tier) return refused(std::move(op), 409);
  const WallTime back = wall() + std::chrono::duration_cast<Ticks>(std::chrono::hours(high ? 5 : 15));
  if (state->coming.empty() || back < state->back) state->back = back;
  state->coming = tier;
  op.expected = {202};
  return op;
}

NameClient::Op NameClient::snapshot(const Name& name, const Place& at) {
  Op op{{"PUT", at.path() + "?comp=snapshot", {}, ""}, {201}, name, false};
  if (!name.live()) return refused(std::move(op), 404);
  if (name.live()->archived()) return {};
  op.after.snapshot(kUnknown, settings_);
  State& taken = op.after.past[name.past.size()];
  taken.etag.clear();   // the answer tells
  if (pick(4) == 0) op.request.headers.push_back({"x-ms-meta-k", taken.metadata = "s" + std::to_string(pick(100))});
  return op;
}

NameClient::Op NameClient::remove(const Name& name, const Place& at) {
  Op op{{"DELETE", at.path(), {}, ""}, {202}, name, false};
  if (!name.live()) {
    if (name.uncommitted.empty()) return refused(std::move(op), 404);
    op.after.remove(Name::Snapshots::none, settings_, wall());
    return op;
  }
  const std::uint64_t how = pick(4);
  const auto snapshots = how == 0 ? Name::Snapshots::none : how == 1 ? Name::Snapshots::only : Name::Snapshots::include;
  if (how) op.request.headers.push_back({"x-ms-delete-snapshots", how == 1 ? "only" : "include"});
  if (how == 0 && name.has_snapshots()) {
    lease(name, op);
    return refused(std::move(op), 409);
  }
  if (snapshots != Name::Snapshots::only && kept(*name.live())) {
    lease(name, op);
    return refused(std::move(op), 409);
  }
  if (guard(name, op)) op.after.remove(snapshots, settings_, wall());
  return op;
}

NameClient::Op NameClient::remove_past(const Name& name, const Place& at) {
  if (name.live() && !name.live()->id.empty() && name.live()->id != kUnknown && pick(8) == 0)
    return {{"DELETE", at.path() + "?versionid=" + in_query(name.live()->id), {}, ""}, {403}, name, false};
  if (name.past.empty()) return {};
  const std::size_t which = pick(name.past.size());
  const State& state = name.past[which];
  if (state.id == kUnknown) return {};
  Op op{{"DELETE", path_of(at.path(), state), {}, ""}, {202}, name, false};
  if (state.deleted) return refused(std::move(op), 404);
  if (kept(state)) return refused(std::move(op), 409);
  op.after.remove_past(which, settings_, wall());
  return op;
}

NameClient::Op NameClient::undelete(const Name& name, const Place& at) {
  Op op{{"PUT", at.path() + "?comp=undelete", {}, ""}, {200}, name, false};
  if (op.after.undelete() || name.live()) return op;
  op.expected.push_back(404);   // nothing to bring back: where nothing else is left either
  return op;
}

NameClient::Op NameClient::expiry(const Name& name, const Place& at) {
  const std::uint64_t hours = 6 + 11 * pick(4);   // never about when the clock leaps to
  const bool never = pick(4) == 0;
  if (at.box != "keep" || settings_.keeps) return {};   // in a deleted container it would have to wait
  Op op{{"PUT", at.path() + "?comp=expiry", {{"x-ms-expiry-option", never ? "NeverExpire" : "RelativeToNow"}}, ""}, {200}, name, false};
  if (!never) op.request.headers.push_back({"x-ms-expiry-time", std::to_string(hours * 3'600'000)});
  lease(name, op);
  if (!name.live()) return refused(std::move(op), 404);
  op.after.base->expires = never ? WallTime() : wall() + std::chrono::duration_cast<Ticks>(std::chrono::hours(hours));
  return op;
}

// A policy or a hold of what is there now, or of a version.
NameClient::Op NameClient::keep(const Name& name, const Place& at) {
  Op op{{"PUT", at.path(), {}, ""}, {200}, name, false};
  State* state = op.after.live();
  if (!name.past.empty() && pick(2)) {
    state = &op.after.past[pick(name.past.size())];
    if (state->kind != State::Kind::version || state->id == kUnknown) return {};
    op.request.target = path_of(at.path(), *state);
    if (state->deleted) state = nullptr;
  }
  op.request.target += op.request.target.find('?') == std::string::npos ? "?" : "&";
  const std::uint64_t kind = pick(6);
  if (kind < 2) {
    op.request.target += "comp=legalhold";
    op.request.headers = {{"x-ms-legal-hold", kind ? "true" : "false"}};
    if (!state) return refused(std::move(op), 404);
    state->hold = kind == 1;
    return op;
  }
  op.request.target += "comp=immutabilityPolicies";
  if (kind == 2) {
    op.request.method = "DELETE";
    if (!state) return refused(std::move(op), 404);
    if (state->locked) return refused(std::move(op), 409);
    state->until = {};
    return op;
  }
  const bool locked = pick(5) == 0;
  const auto until = std::chrono::floor<std::chrono::seconds>(play_.server.lawful_now()) + std::chrono::hours(6 + 11 * pick(4));
  const std::string date = format_http_date(until);
  op.request.headers = {{"x-ms-immutability-policy-until-date", date}, {"x-ms-immutability-policy-mode", locked ? "locked" : "unlocked"}};
  if (!state) return refused(std::move(op), 404);
  if (state->locked && (!locked || until < state->until)) return refused(std::move(op), 409);
  state->until = until;
  state->locked = locked;
  return op;
}

NameClient::Op NameClient::lease_action(const Name& name, const Place& at) {
  Op op{{"PUT", at.path() + "?comp=lease", {}, ""}, {200}, name, false};
  if (!name.live()) {
    op.request.headers = {{"x-ms-lease-action", "break"}};
    return refused(std::move(op), 404);
  }
  if (!name.lease) {
    op.expected = {201};
    op.after.lease = new_lease(pick(1u << 30));
    op.request.headers = {{"x-ms-lease-action", "acquire"}, {"x-ms-lease-duration", "-1"}, {"x-ms-proposed-lease-id", *op.after.lease}};
    return op;
  }
  switch (pick(4)) {
    case 0:
      op.request.headers = {{"x-ms-lease-action", "acquire"}, {"x-ms-lease-duration", "-1"}};
      return refused(std::move(op), 409);
    case 1:
      op.after.lease = new_lease(pick(1u << 30));
      op.request.headers = {{"x-ms-lease-action", "change"}, {"x-ms-lease-id", *name.lease}, {"x-ms-proposed-lease-id", *op.after.lease}};
      return op;
    case 2:
      op.expected = {202};
      op.request.headers = {{"x-ms-lease-action", "break"}, {"x-ms-lease-break-period", "0"}};
      break;
    default: op.request.headers = {{"x-ms-lease-action", "release"}, {"x-ms-lease-id", *name.lease}};
  }
  op.after.lease.reset();
  return op;
}

}  // namespace bascule::sim
