#include "app/admin/approvals.h"

#include <algorithm>

namespace bascule::app {

namespace keys = catalog::keys;

namespace {

// All owners are one: whoever is root here can be the service's user, too.
bool same_person(Role role_a, std::string_view name_a, Role role_b, std::string_view name_b) {
  if (role_a == Role::owner || role_b == Role::owner) return role_a == role_b;
  return name_a == name_b;
}

bool may_approve(const ControlRequest* request, Role role) { return request != nullptr && request->roles.has(role); }

}  // namespace

std::string Approvals::digest(const Kept& kept) {
  Sha256 sha;
  for (const std::string_view part : {std::string_view("bascule approval v1"), std::string_view(kept.id), std::string_view(kept.record.request),
                                      std::string_view(kept.record.body), std::string_view(kept.record.asked_by),
                                      std::string_view(kept.record.asked_token)}) {
    char size[8];
    store_be64(size, part.size());
    sha.update(as_bytes({size, 8}));
    sha.update(as_bytes(part));
  }
  return to_hex(sha.finish());
}

std::string_view Approvals::state(const Record& record) const {
  switch (record.state) {
    case State::waiting: return clock_.wall() < record.expires ? "waiting" : "expired";
    case State::running: return record.session == catalog_.session() ? "running" : "interrupted";
    case State::done: return "done";
    case State::failed: return "failed";
    case State::rejected:
    case State::count_: break;
  }
  return "rejected";
}

Task<Result<bool>> Approvals::needed(TwoPerson two, const ControlRequest* request, AdminPrincipal who) {
  if (!request->irreversible || two == TwoPerson::off) co_return false;
  if (two == TwoPerson::on || who.role != Role::owner) co_return true;   // beside a token's holder there is the owner
  BASCULE_CO_ASSIGN(const auto tokens, co_await tokens_.list());
  co_return std::ranges::any_of(tokens, [&](const AdminTokens::Kept& token) {
    const Role role = static_cast<Role>(token.record.role);
    return is_live(token.record, clock_.wall()) && may_approve(request, role) && !same_person(role, token.record.name, who.role, who.name);
  });
}

Task<Result<Approvals::Kept>> Approvals::add(Record record) {
  BASCULE_CO_ASSIGN(const auto kept, co_await list());
  const WallTime now = clock_.wall();
  catalog::Transaction t;
  std::size_t waiting = 0, removed = 0;
  for (const Kept& old : kept) {
    const bool over = now - std::max(old.record.expires, old.record.decided) > kDecidedKept;
    if (over && removed < kMostWaiting) {
      t.remove(keys::approval(old.id));
      ++removed;
    }
    if (state(old.record) != "waiting" || record.state != State::waiting) continue;
    ++waiting;
    if (old.record.request == record.request && old.record.body == record.body && old.record.asked_by == record.asked_by)
      co_return fail(Code::already_exists, "the same waits for approval already: " + old.id);
  }
  if (waiting >= kMostWaiting) co_return fail(Code::exhausted, std::to_string(waiting) + " requests wait for approval; reject some");
  // In the order of time, and not to be guessed.
  std::string id(8, '\0');
  store_be32(id.data(), static_cast<std::uint32_t>(std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count()));
  store_be32(id.data() + 4, static_cast<std::uint32_t>(random_.next_u64()));
  const std::string key = keys::approval(to_hex(as_bytes(id)));
  t.require(key, 0);
  t.put(key, encode(record));
  BASCULE_CO_TRY(co_await catalog_.commit(std::move(t)));
  co_return co_await get(to_hex(as_bytes(id)));
}

Approvals::Record Approvals::asked(std::string request, std::string body, AdminPrincipal who) const {
  const WallTime now = clock_.wall();
  return {.request = std::move(request), .body = std::move(body), .asked_by = std::move(who.name), .asked_token = std::move(who.token_id),
          .asked_role = static_cast<std::uint8_t>(who.role), .asked = now, .expires = now + std::chrono::duration_cast<Ticks>(kApprovalLife)};
}

Task<Result<Approvals::Kept>> Approvals::ask(std::string request, std::string body, AdminPrincipal who) {
  co_return co_await add(asked(std::move(request), std::move(body), std::move(who)));
}

Task<Result<Approvals::Kept>> Approvals::begin_alone(std::string request, std::string body, AdminPrincipal who, std::string why) {
  Record record = asked(std::move(request), std::move(body), who);
  record.state = State::running;
  record.decided_by = std::move(who.name);
  record.decided = record.asked;
  record.session = catalog_.session();
  record.outcome = "alone: " + why.substr(0, 1024);
  co_return co_await add(std::move(record));
}

Task<Result<std::vector<Approvals::Kept>>> Approvals::list() {
  const std::string prefix(keys::kApprovals);
  std::vector<Kept> kept;
  std::string from = prefix;
  while (true) {
    BASCULE_CO_ASSIGN(const auto entries, co_await catalog_.scan({.begin = from, .end = keys::after_prefix(prefix), .limit = 500}));
    for (const auto& entry : entries) {
      BASCULE_CO_ASSIGN(Record record, catalog::decode<Record>(entry.value));
      kept.push_back({entry.key.substr(prefix.size()), entry.version, std::move(record)});
    }
    if (entries.size() < 500) co_return kept;
    from = entries.back().key + '\0';
  }
}

Task<Result<Approvals::Kept>> Approvals::get(std::string id) {
  const bool form = id.size() == 16 && from_hex(id);
  if (!form) co_return fail(Code::not_found, "there is no such request for approval");
  BASCULE_CO_ASSIGN(auto found, co_await catalog_.get<Record>(keys::approval(id)));
  if (!found) co_return fail(Code::not_found, "there is no request " + id + " for approval");
  co_return Kept{std::move(id), found->version, std::move(found->record)};
}

Task<Result<void>> Approvals::save(Kept& kept) {
  catalog::Transaction t;
  t.require(keys::approval(kept.id), kept.version);
  t.put(keys::approval(kept.id), encode(kept.record));
  auto done = co_await catalog_.commit(std::move(t));
  if (!done && done.error().code == Code::conflict) co_return fail(Code::conflict, "somebody else has just decided on " + kept.id);
  co_return done;
}

Task<Result<Approvals::Kept>> Approvals::approve(std::string id, std::string asked_digest, AdminPrincipal who) {
  BASCULE_CO_ASSIGN(Kept kept, co_await get(std::move(id)));
  Record& r = kept.record;
  const std::string_view now_is = state(r);
  if (now_is != "waiting") co_return fail(Code::conflict, "request " + kept.id + " does not wait any more: it is " + std::string(now_is));
  const ControlRequest* request = find_request(r.request);
  const Role asked_role = static_cast<Role>(r.asked_role);
  if (!may_approve(request, who.role))
    co_return fail(Code::permission_denied, who.name + " is " + std::string(name(who.role)) + ", and may not approve " + r.request);
  if (same_person(who.role, who.name, asked_role, r.asked_by))
    co_return fail(Code::permission_denied, who.name + " asked for this; another person has to approve it");
  // Who waits for an approval could make a token for it, or have one made in haste.
  if (!who.token_id.empty() && who.token_made >= r.asked)
    co_return fail(Code::permission_denied, "this token is younger than the request: it cannot approve it");
  if (asked_digest != digest(kept))
    co_return fail(Code::invalid_argument, "the digest is not that of request " + kept.id + "; look at it again (bascule approvals show " + kept.id + ")");
  if (!r.asked_token.empty()) {   // who asked must still be somebody
    const auto token = co_await tokens_.get(r.asked_token);
    if (!token && token.error().code != Code::not_found) co_return fail(token.error());
    const bool live = token && is_live(token->record, clock_.wall()) && request->roles.has(static_cast<Role>(token->record.role));
    if (!live) co_return fail(Code::permission_denied, "the token of " + r.asked_by + ", who asked for this, is not good any more; it has to be asked for anew");
  }
  r.state = State::running;
  r.decided_by = who.name;
  r.decided_token = who.token_id;
  r.decided = clock_.wall();
  r.session = catalog_.session();
  BASCULE_CO_TRY(co_await save(kept));
  co_return co_await get(std::move(kept.id));
}

Task<Result<void>> Approvals::finish(Kept approved, Result<void> outcome) {
  approved.record.state = outcome ? State::done : State::failed;
  if (!outcome) approved.record.outcome += (approved.record.outcome.empty() ? "" : "; ") + outcome.error().message.substr(0, 4096);
  co_return co_await save(approved);
}

Task<Result<Approvals::Kept>> Approvals::reject(std::string id, std::string why, AdminPrincipal who) {
  BASCULE_CO_ASSIGN(Kept kept, co_await get(std::move(id)));
  Record& r = kept.record;
  const std::string_view now_is = state(r);
  if (now_is != "waiting") co_return fail(Code::conflict, "request " + kept.id + " does not wait any more: it is " + std::string(now_is));
  const bool own = same_person(who.role, who.name, static_cast<Role>(r.asked_role), r.asked_by);
  if (!own && !may_approve(find_request(r.request), who.role))
    co_return fail(Code::permission_denied, who.name + " is " + std::string(name(who.role)) + ", and may not decide on " + r.request);
  r.state = State::rejected;
  r.decided_by = who.name;
  r.decided_token = who.token_id;
  r.decided = clock_.wall();
  r.outcome = why.substr(0, 1024);
  BASCULE_CO_TRY(co_await save(kept));
  co_return kept;
}

}  // namespace bascule::app
