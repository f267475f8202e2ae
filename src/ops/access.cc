// Who may do what by a token, and the secrets of user delegation keys: few, kept in memory with their account.
#include "catalog/access.h"

#include "ops/service.h"

namespace bascule::ops {

namespace keys = catalog::keys;
using catalog::AccessRecord;
using catalog::AccountAccess;
using catalog::DelegationHolder;
using catalog::DelegationSecret;
using catalog::RoleAssignment;

namespace {

Error no_account(const std::string& name) { return {Code::not_found, 0, "there is no account " + name}; }

Result<void> check(const RoleAssignment& a) {
  const auto bad = [](std::string_view text) { return text.find('\0') != text.npos || text.find('\n') != text.npos; };
  if (a.tenant.empty() || a.tenant.size() > catalog::kMostAssigneeBytes || bad(a.tenant))
    return fail(Code::invalid_argument, "a role assignment names a tenant");
  if (a.assignee.empty() || a.assignee.size() > catalog::kMostAssigneeBytes || bad(a.assignee))
    return fail(Code::invalid_argument, "a role assignment names a principal, a group or an application role of at most 256 characters");
  if (a.container.size() > 63 || a.prefix.size() > 1024 || bad(a.container) || bad(a.prefix) || a.note.size() > catalog::kMostNoteBytes || bad(a.note))
    return fail(Code::invalid_argument, "the container, the prefix or the note of the assignment is too long, or holds what names cannot hold");
  if (a.container.empty() && !a.prefix.empty())
    return fail(Code::invalid_argument, "a prefix belongs to a container");
  if (a.role == catalog::Role::delegator && !a.container.empty())
    return fail(Code::invalid_argument, "Storage Blob Delegator is a role for a whole account: a user delegation key is the account's");
  return {};
}

DelegationSecret new_secret(Random& random, WallTime now) {
  DelegationSecret secret{.created = now};
  random.fill(secret.value);
  return secret;
}

}  // namespace

Task<Result<std::shared_ptr<const AccountAccess>>> Service::load_access(std::string account) {
  const std::string begin = keys::access(account);
  auto access = std::make_shared<AccountAccess>();
  constexpr std::size_t kMost = 2 + catalog::kMostAssignments + 2 * catalog::kMostHolders, kMostBytes = std::size_t{256} << 20;
  BASCULE_CO_ASSIGN(auto entries, co_await parts_.catalog.scan({.begin = begin, .end = keys::after_prefix(begin), .limit = kMost, .limit_bytes = kMostBytes}));
  if (entries.empty()) co_return std::shared_ptr<const AccountAccess>();
  for (const auto& entry : entries) {
    BASCULE_CO_ASSIGN(auto record, catalog::decode<AccessRecord>(entry.value));
    catalog::add(*access, entry.key, std::move(record));
  }
  access->sort();
  co_return std::shared_ptr<const AccountAccess>(std::move(access));
}

Task<Result<void>> Service::add_role(std::string account, RoleAssignment assignment) {
  BASCULE_CO_TRY(check(assignment));
  Turns::Turn turn;
  BASCULE_CO_TRY(co_await turns_.take(turn, keys::account(account), true));
  const auto known = this->account(account);
  if (!known) co_return fail(no_account(account));
  if (known->access && known->access->assignments.size() >= catalog::kMostAssignments)
    co_return fail(Code::exhausted, "account " + account + " has " + std::to_string(catalog::kMostAssignments) + " role assignments, as many as there may be; assign to groups");
  const std::string key = keys::assignment(account, assignment.id());
  assignment.created = now();
  BASCULE_CO_ASSIGN(const auto owner, co_await parts_.catalog.get<catalog::AccountRecord>(keys::account(account)));
  if (!owner) co_return fail(no_account(account));
  catalog::Transaction t;
  t.require(keys::account(account), owner->version);
  t.require(key, 0);
  t.put(key, catalog::encode(AccessRecord(std::move(assignment))));
  auto done = co_await parts_.catalog.commit(std::move(t));
  if (!done && done.error().code == Code::conflict) co_return fail(Code::already_exists, "the same role is assigned already");
  if (!done) co_return fail(done.error());
  co_return co_await reload_account(account);
}

Task<Result<RoleAssignment>> Service::remove_role(std::string account, std::string id) {
  Turns::Turn turn;
  BASCULE_CO_TRY(co_await turns_.take(turn, keys::account(account), true));
  if (!this->account(account)) co_return fail(no_account(account));
  const std::string key = keys::assignment(account, id);
  BASCULE_CO_ASSIGN(const auto found, co_await parts_.catalog.get<AccessRecord>(key));
  const auto* assignment = found ? std::get_if<RoleAssignment>(&found->record) : nullptr;
  if (!assignment) co_return fail(Code::not_found, "account " + account + " has no role assignment " + id);
  catalog::Transaction t;
  t.require(key, found->version);
  t.remove(key);
  BASCULE_CO_TRY(co_await parts_.catalog.commit(std::move(t)));
  BASCULE_CO_TRY(co_await reload_account(account));
  co_return *assignment;
}

Task<Result<void>> Service::revoke_delegation_keys(std::string account) {
  Turns::Turn turn;
  BASCULE_CO_TRY(co_await turns_.take(turn, keys::account(account), true));
  const auto known = this->account(account);
  if (!known) co_return fail(no_account(account));
  const std::string key = keys::delegation_secret(account);
  BASCULE_CO_ASSIGN(const auto found, co_await parts_.catalog.get<AccessRecord>(key));
  BASCULE_CO_ASSIGN(const auto owner, co_await parts_.catalog.get<catalog::AccountRecord>(keys::account(account)));
  if (!owner) co_return fail(no_account(account));
  catalog::Transaction t;
  t.require(keys::account(account), owner->version);
  t.require(key, found ? found->version : 0);
  t.put(key, catalog::encode(AccessRecord(new_secret(parts_.random, now()))));
  if (known->access)   // nobody holds a key any more
    for (const auto& [holder, record] : known->access->holders) t.remove(keys::delegation_holder(account, holder));
  BASCULE_CO_TRY(co_await parts_.catalog.commit(std::move(t)));
  co_return co_await reload_account(account);
}

Task<Result<void>> Service::note_delegation(std::string account, DelegationHolder holder) {
  const std::string mine = catalog::holder_key(holder.tenant, holder.object_id);
  const bool counts = !holder.groups.empty() || !holder.roles.empty();
  const auto settled = [&](const ops::Account& known) {
    if (!known.access || !known.access->secret) return false;
    const auto at = known.access->holders.find(mine);
    if (at == known.access->holders.end()) return !counts;
    return at->second.groups == holder.groups && at->second.roles == holder.roles && at->second.until >= holder.until;
  };
  auto known = this->account(account);
  if (!known) co_return fail(no_account(account));
  if (settled(*known)) co_return Result<void>{};

  Turns::Turn turn;
  BASCULE_CO_TRY(co_await turns_.take(turn, keys::account(account), true));
  known = this->account(account);
  if (!known) co_return fail(no_account(account));
  if (settled(*known)) co_return Result<void>{};
  BASCULE_CO_ASSIGN(const auto owner, co_await parts_.catalog.get<catalog::AccountRecord>(keys::account(account)));
  if (!owner) co_return fail(no_account(account));
  catalog::Transaction t;
  t.require(keys::account(account), owner->version);
  if (!known->access || !known->access->secret) {
    t.require(keys::delegation_secret(account), 0);
    t.put(keys::delegation_secret(account), catalog::encode(AccessRecord(new_secret(parts_.random, now()))));
  }
  std::size_t held = 0;
  if (known->access) {
    for (const auto& [key, one] : known->access->holders) {
      if (key != mine && one.until <= now()) t.remove(keys::delegation_holder(account, key));   // its keys have ended
      else if (key != mine) ++held;
      else if (one.until > holder.until) holder.until = one.until;
    }
  }
  if (held >= catalog::kMostHolders) co_return fail(Code::exhausted, "too many user delegation keys of account " + account + " are in use");
  const std::string key = keys::delegation_holder(account, mine);
  // With nothing that counts it has no record: a group that was left does not go on counting.
  if (counts) t.put(key, catalog::encode(AccessRecord(std::move(holder))));
  else t.remove(key);
  BASCULE_CO_TRY(co_await parts_.catalog.commit(std::move(t)));
  co_return co_await reload_account(account);
}

}  // namespace bascule::ops
