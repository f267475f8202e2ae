// Containers: create, properties, metadata, access policies, lease, delete.
#include "ops/encryption.h"
#include "ops/service.h"

namespace bascule::ops {

namespace keys = catalog::keys;

ContainerView to_view(std::string name, std::uint64_t cid, const catalog::ContainerRecord& r, WallTime now) {
  ContainerView v;
  v.name = std::move(name);
  v.id = cid;
  v.etag = r.etag;
  v.last_modified = r.last_modified;
  v.metadata = r.metadata;
  v.public_access = static_cast<PublicAccess>(r.public_access);
  v.lease = view(r.lease, now);
  if (r.extras) {
    v.default_encryption_scope = r.extras->default_scope;
    v.deny_encryption_scope_override = r.extras->deny_scope_override;
    v.has_retention = r.extras->immutability.days != 0;
    v.has_legal_hold = !r.extras->immutability.holds.empty();
    v.version_immutability = r.extras->immutability.versions;
  }
  for (const auto& p : r.policies) {
    StoredPolicy s{.id = p.id, .start_text = p.start, .expiry_text = p.expiry, .permission = p.permission,
                   .has_permission = p.has_permission};
    s.start = parse_iso8601(p.start);
    s.expiry = parse_iso8601(p.expiry);
    v.policies.push_back(std::move(s));
  }
  return v;
}

Task<Result<ContainerView>> Service::create_container(ContainerRef ref, Metadata metadata, PublicAccess access,
                                                           ContainerEncryption encryption) {
  // By that name Azure means the account's key; then only a denial says anything.
  if (encryption.default_scope == kAccountEncryptionKey && !encryption.deny_override) encryption.default_scope.clear();
  if (!encryption.default_scope.empty() && encryption.default_scope != kAccountEncryptionKey) {
    const auto known = account(ref.account);
    const auto* scope = known ? known->settings.encryption_scope(encryption.default_scope) : nullptr;
    if (!scope) co_return refuse(Reason::encryption_scope_not_found);
    if (!scope->enabled) co_return refuse(Reason::encryption_scope_disabled);
  }
  const std::string mapping_key = keys::mapping(ref.account, ref.container);
  BASCULE_CO_ASSIGN(auto mapping, co_await parts_.catalog.get<catalog::MappingRecord>(mapping_key));
  if (mapping) co_return refuse(Reason::container_exists);
  BASCULE_CO_ASSIGN(const NameGuard guard, co_await guard_of(ref, false));
  // The key is placed first: a key without a container is garbage, a container without a key could not be read. The
  // intent finds that garbage again.
  std::uint64_t cid = 0;
  while (cid == 0) cid = parts_.random.next_u64();
  const std::string intent_key = keys::intent(parts_.catalog.session(), parts_.catalog.next_version());
  catalog::Transaction intent;
  intent.put(intent_key, encode(catalog::IntentRecord{.cid = cid, .container_key = true}));
  BASCULE_CO_TRY(co_await parts_.catalog.commit(std::move(intent)));
  if (auto made = co_await parts_.keyring.create_container_key(cid); !made) {
    co_await forget_container_key(cid, intent_key);  // it may have arrived all the same
    co_return fail(made.error());
  }
  catalog::ContainerRecord record{.etag = new_etag(0), .last_modified = whole_second({})};
  record.public_access = static_cast<std::uint8_t>(access);
  record.metadata = std::move(metadata);
  if (!encryption.default_scope.empty()) {
    record.extras.made().default_scope = std::move(encryption.default_scope);
    record.extras->deny_scope_override = encryption.deny_override;
  }
  catalog::Transaction t;
  take_name(t, ref, guard, cid);
  t.put(keys::container(cid), encode(record));
  t.remove(intent_key);
  auto done = co_await parts_.catalog.commit(std::move(t));
  if (!done) {
    if (done.error().code != Code::conflict) co_return fail(done.error());
    co_await forget_container_key(cid, intent_key);
    // Another made it, or made it and deleted it: then its name is held.
    BASCULE_CO_TRY(co_await guard_of(ref, false));
    co_return refuse(Reason::container_exists);
  }
  co_return to_view(ref.container, cid, record, now());
}

Task<void> Service::forget_container_key(std::uint64_t cid, std::string intent_key) {
  catalog::Transaction t;
  t.remove(intent_key);
  if (!co_await parts_.keyring.destroy_container_key(cid) || !co_await parts_.catalog.commit(std::move(t)))
    parts_.catalog.ids().note_lost();  // the next session finds the intent
}

Task<Result<ContainerView>> Service::get_container(ContainerRef ref, std::optional<std::string> lease_id) {
  BASCULE_CO_ASSIGN(auto container, co_await resolve(ref));
  BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<catalog::ContainerRecord>(keys::container(container->cid)));
  if (!found) co_return refuse(Reason::container_not_found);
  BASCULE_CO_TRY(check_lease_read(found->record.lease, lease_id, now()));
  co_return to_view(ref.container, container->cid, found->record, now());
}

Task<Result<void>> Service::delete_container(ContainerRef ref, Conditions conditions) {
  Turns::Turn turn;
  for (int attempt = 0; attempt < kMaxConflicts; ++attempt) {
    BASCULE_CO_ASSIGN(auto container, co_await resolve(ref));
    const std::string record_key = keys::container(container->cid);
    BASCULE_CO_TRY(co_await turns_.take(turn, record_key, attempt > 0));
    BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<catalog::ContainerRecord>(record_key));
    if (!found) co_return refuse(Reason::container_not_found);
    BASCULE_CO_TRY(check_lease_write(found->record.lease, conditions.lease_id, now()));
    BASCULE_CO_TRY(check_change(conditions, stamp(found->record)));
    catalog::Transaction t;
    BASCULE_CO_TRY(co_await check_container_goes(container, t));
    const std::string mapping_key = keys::mapping(ref.account, ref.container);
    t.require(mapping_key, container->mapping_version);
    t.require(record_key, found->version);
    t.remove(mapping_key);
    let_go_of_container(t, ref, container->cid);
    auto done = co_await parts_.catalog.commit(std::move(t));
    forget_container(ref);
    if (done) co_return Result<void>{};
    if (done.error().code != Code::conflict) co_return fail(done.error());
  }
  co_return fail(Code::overloaded, "too many writers change this container");
}

Task<Result<Service::Updated>> Service::update_container(ContainerRef ref, ContainerChange change) {
  Turns::Turn turn;
  for (int attempt = 0; attempt < kMaxConflicts; ++attempt) {
    BASCULE_CO_ASSIGN(auto container, co_await resolve(ref));
    const std::string key = keys::container(container->cid);
    BASCULE_CO_TRY(co_await turns_.take(turn, key, attempt > 0));
    BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<catalog::ContainerRecord>(key));
    if (!found) co_return refuse(Reason::container_not_found);
    BASCULE_CO_TRY(change(found->record));
    catalog::Transaction t;
    t.require(keys::mapping(ref.account, ref.container), container->mapping_version);
    t.require(key, found->version);
    t.put(key, encode(found->record));
    auto done = co_await parts_.catalog.commit(std::move(t));
    if (done) co_return Updated{container->cid, std::move(found->record)};
    if (done.error().code != Code::conflict) co_return fail(done.error());
    forget_container(ref);
  }
  co_return fail(Code::overloaded, "too many writers change this container");
}

// A container's lease guards its deletion alone ("Lease Container"): other writes may name it, and must name it rightly.
Result<void> Service::touch(catalog::ContainerRecord& r, const Conditions& conditions) {
  BASCULE_TRY(check_lease_read(r.lease, conditions.lease_id, now()));
  BASCULE_TRY(check_change(conditions, stamp(r)));
  r.etag = new_etag(r.etag);
  r.last_modified = whole_second(r.last_modified);
  return {};
}

Task<Result<ContainerView>> Service::set_container_metadata(ContainerRef ref, Metadata metadata, Conditions conditions) {
  BASCULE_CO_ASSIGN(auto updated, co_await update_container(ref, [&](catalog::ContainerRecord& r) -> Result<void> {
    r.metadata = metadata;
    return touch(r, conditions);
  }));
  co_return to_view(ref.container, updated.cid, updated.record, now());
}

Task<Result<ContainerView>> Service::set_container_acl(ContainerRef ref, PublicAccess access,
                                                       std::vector<StoredPolicy> policies, Conditions conditions) {
  BASCULE_CO_ASSIGN(auto updated, co_await update_container(ref, [&](catalog::ContainerRecord& r) -> Result<void> {
    r.public_access = static_cast<std::uint8_t>(access);
    r.policies.clear();
    for (const auto& p : policies)
      r.policies.push_back({p.id, p.start_text, p.expiry_text, p.permission, p.has_permission});
    return touch(r, conditions);
  }));
  co_return to_view(ref.container, updated.cid, updated.record, now());
}

Task<Result<LeaseResult>> Service::lease_container(ContainerRef ref, LeaseAction action) {
  if (action.kind == LeaseAction::Kind::acquire && !action.proposed_id) action.proposed_id = new_guid(parts_.random);
  LeaseResult result;
  BASCULE_CO_ASSIGN(auto updated, co_await update_container(std::move(ref), [&](catalog::ContainerRecord& r) -> Result<void> {
    BASCULE_TRY(check_change(action.conditions, stamp(r)));
    return change_lease(r.lease, action, result);
  }));
  result.etag = updated.record.etag;
  result.last_modified = updated.record.last_modified;
  co_return result;
}

}  // namespace bascule::ops
