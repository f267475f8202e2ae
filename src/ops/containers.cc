// Containers: create, properties, metadata, access policies, delete, list.
#include "ops/service.h"

namespace bascule::ops {

namespace keys = catalog::keys;

ContainerView to_view(std::string name, std::uint64_t cid, const catalog::ContainerRecord& r) {
  ContainerView v;
  v.name = std::move(name);
  v.id = cid;
  v.etag = r.etag;
  v.last_modified = r.last_modified;
  v.metadata = r.metadata;
  v.public_access = static_cast<PublicAccess>(r.public_access);
  for (const auto& p : r.policies) {
    StoredPolicy s{.id = p.id, .start_text = p.start, .expiry_text = p.expiry, .permission = p.permission,
                   .has_permission = p.has_permission};
    s.start = parse_iso8601(p.start);
    s.expiry = parse_iso8601(p.expiry);
    v.policies.push_back(std::move(s));
  }
  return v;
}

Task<Result<ContainerView>> Service::create_container(ContainerRef ref, Metadata metadata, PublicAccess access) {
  const std::string mapping_key = keys::mapping(ref.account, ref.container);
  BASCULE_CO_ASSIGN(auto mapping, co_await parts_.catalog.get<catalog::MappingRecord>(mapping_key));
  if (mapping) co_return refuse(Reason::container_exists);
  // The key is placed first: a key without a container is garbage, a container without a key could not be read.
  std::uint64_t cid = 0;
  while (cid == 0) cid = parts_.random.next_u64();
  BASCULE_CO_TRY(co_await parts_.keyring.create_container_key(cid));
  catalog::ContainerRecord record{.etag = new_etag(0), .last_modified = whole_second({})};
  record.public_access = static_cast<std::uint8_t>(access);
  record.metadata = std::move(metadata);
  catalog::Transaction t;
  t.require(mapping_key, 0);
  t.put(mapping_key, encode(catalog::MappingRecord{cid}));
  t.put(keys::container(cid), encode(record));
  auto done = co_await parts_.catalog.commit(std::move(t));
  if (!done) {
    if (done.error().code != Code::conflict) co_return fail(done.error());
    (void)co_await parts_.keyring.destroy_container_key(cid);
    co_return refuse(Reason::container_exists);
  }
  co_return to_view(ref.container, cid, record);
}

Task<Result<ContainerView>> Service::get_container(ContainerRef ref) {
  BASCULE_CO_ASSIGN(auto container, co_await resolve(ref));
  BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<catalog::ContainerRecord>(keys::container(container->cid)));
  if (!found) co_return refuse(Reason::container_not_found);
  co_return to_view(ref.container, container->cid, found->record);
}

Task<Result<void>> Service::delete_container(ContainerRef ref, Conditions conditions) {
  for (int attempt = 0; attempt < kMaxConflicts; ++attempt) {
    BASCULE_CO_ASSIGN(auto container, co_await resolve(ref));
    const std::string record_key = keys::container(container->cid);
    BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<catalog::ContainerRecord>(record_key));
    if (!found) co_return refuse(Reason::container_not_found);
    if (conditions.lease_id) co_return refuse(Reason::lease_not_present_data);  // containers are not leased yet
    BASCULE_CO_TRY(check_write(conditions, stamp(found->record)));
    const std::string mapping_key = keys::mapping(ref.account, ref.container);
    catalog::Transaction t;
    t.require(mapping_key, container->mapping_version);
    t.require(record_key, found->version);
    t.remove(mapping_key);
    t.remove(record_key);
    catalog::DropRecord drop{.kind = catalog::DropRecord::Kind::container, .cid = container->cid};
    t.put(keys::dropped(parts_.catalog.next_version()), encode(drop));
    auto done = co_await parts_.catalog.commit(std::move(t));
    forget_container(ref);
    if (done) co_return Result<void>{};
    if (done.error().code != Code::conflict) co_return fail(done.error());
  }
  co_return fail(Code::overloaded, "too many writers change this container");
}

Task<Result<ContainerView>> Service::update_container(ContainerRef ref, ContainerChange change) {
  for (int attempt = 0; attempt < kMaxConflicts; ++attempt) {
    BASCULE_CO_ASSIGN(auto container, co_await resolve(ref));
    const std::string key = keys::container(container->cid);
    BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<catalog::ContainerRecord>(key));
    if (!found) co_return refuse(Reason::container_not_found);
    BASCULE_CO_TRY(change(found->record));
    found->record.etag = new_etag(found->record.etag);
    found->record.last_modified = whole_second(found->record.last_modified);
    catalog::Transaction t;
    t.require(keys::mapping(ref.account, ref.container), container->mapping_version);
    t.require(key, found->version);
    t.put(key, encode(found->record));
    auto done = co_await parts_.catalog.commit(std::move(t));
    if (done) co_return to_view(ref.container, container->cid, found->record);
    if (done.error().code != Code::conflict) co_return fail(done.error());
    forget_container(ref);
  }
  co_return fail(Code::overloaded, "too many writers change this container");
}

Task<Result<ContainerView>> Service::set_container_metadata(ContainerRef ref, Metadata metadata, Conditions conditions) {
  co_return co_await update_container(std::move(ref), [&](catalog::ContainerRecord& r) -> Result<void> {
    if (conditions.lease_id) return refuse(Reason::lease_not_present_data);
    BASCULE_TRY(check_write(conditions, stamp(r)));
    r.metadata = metadata;
    return {};
  });
}

Task<Result<ContainerView>> Service::set_container_acl(ContainerRef ref, PublicAccess access,
                                                       std::vector<StoredPolicy> policies, Conditions conditions) {
  co_return co_await update_container(std::move(ref), [&](catalog::ContainerRecord& r) -> Result<void> {
    if (conditions.lease_id) return refuse(Reason::lease_not_present_data);
    BASCULE_TRY(check_write(conditions, stamp(r)));
    r.public_access = static_cast<std::uint8_t>(access);
    r.policies.clear();
    for (const auto& p : policies)
      r.policies.push_back({p.id, p.start_text, p.expiry_text, p.permission, p.has_permission});
    return {};
  });
}

Task<Result<ContainerPage>> Service::list_containers(std::string account, ListContainers list) {
  const std::string base = keys::mapping(account, "");
  const std::string end = keys::after_prefix(base + list.prefix);
  std::string begin = base + std::max(list.prefix, list.start);
  ContainerPage page;
  while (true) {
    // One more than asked for: it says where to go on. A container deleted between the two reads is left out, so that
    // several rounds may be needed.
    const std::size_t want = list.limit + 1 - page.items.size();
    BASCULE_CO_ASSIGN(auto entries, co_await parts_.catalog.scan({.begin = begin, .end = end, .limit = want}));
    for (const auto& e : entries) {
      std::string name = e.key.substr(base.size());
      if (page.items.size() == list.limit) {
        page.next = std::move(name);
        co_return page;
      }
      BASCULE_CO_ASSIGN(auto mapping, catalog::decode<catalog::MappingRecord>(e.value));
      BASCULE_CO_ASSIGN(auto found, co_await parts_.catalog.get<catalog::ContainerRecord>(keys::container(mapping.cid)));
      if (found) page.items.push_back(to_view(std::move(name), mapping.cid, found->record));
    }
    if (entries.size() < want) co_return page;
    begin = entries.back().key + '\0';
  }
}

}  // namespace bascule::ops
