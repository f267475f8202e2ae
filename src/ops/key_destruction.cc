#include "ops/key_destruction.h"

#include "catalog/destroyed_key.h"
#include "ops/immutability.h"

namespace bascule::ops {

namespace keys = catalog::keys;

namespace {

// Requires that each container's rules stay as they are; refuses where they keep something.
Task<Result<void>> require_no_holds(const ServiceParts& parts, std::string account, catalog::Transaction& t) {
  std::string from = keys::mapping(account, "");
  const std::string end = keys::after_prefix(from);
  std::size_t looked = 0;
  while (true) {
    constexpr std::size_t kPage = 500;
    BASCULE_CO_ASSIGN(const auto entries, co_await parts.catalog.scan({.begin = from, .end = end, .limit = kPage}));
    for (const auto& entry : entries) {
      const std::string name = entry.key.substr(account.size() + 2);
      if (++looked > kMostContainersLookedAt)
        co_return fail(Code::unsupported, "the account has more than " + std::to_string(kMostContainersLookedAt) + " containers: too many to look for holds");
      BASCULE_CO_ASSIGN(const auto mapping, catalog::decode<catalog::MappingRecord>(entry.value));
      BASCULE_CO_ASSIGN(const auto found, co_await parts.catalog.get<catalog::ContainerRecord>(keys::container(mapping.cid)));
      const auto* extras = found && found->record.extras ? &*found->record.extras : nullptr;
      if (extras && (covers_blobs(extras->immutability) || extras->immutability.days != 0 || extras->immutability.versions))
        co_return fail(Code::refused, "a retention or a legal hold stands in container " + name + ", or may stand on blobs in it");
      t.require(entry.key, entry.version);   // written anew with every change of the rules
    }
    if (entries.size() < kPage) co_return Result<void>{};
    from = entries.back().key + '\0';
  }
}

}  // namespace

Task<Result<bool>> is_destroyed(catalog::Catalog& catalog, std::uint64_t key_id) {
  BASCULE_CO_ASSIGN(const auto found, co_await catalog.get<catalog::DestroyedKeyRecord>(keys::destroyed_key(key_id)));
  co_return found.has_value();
}

Task<Result<void>> destroy_scope_key(Service& service, std::string account, std::string scope, std::string by) {
  const ServiceParts& parts = service.parts();
  for (int attempt = 0; attempt < kMaxConflicts; ++attempt) {
    BASCULE_CO_ASSIGN(const auto settings, co_await parts.catalog.get<catalog::AccountSettings>(keys::settings(account)));
    const auto* known = settings ? settings->record.encryption_scope(scope) : nullptr;
    if (known == nullptr) co_return fail(Code::not_found, "account " + account + " has no encryption scope " + scope);
    const std::uint64_t id = known->id;
    BASCULE_CO_ASSIGN(const bool done_before, co_await is_destroyed(parts.catalog, id));
    if (!done_before) {
      if (known->enabled) co_return fail(Code::refused, "encryption scope " + scope + " is enabled: disable it first");
      catalog::Transaction t;
      BASCULE_CO_TRY(co_await require_no_holds(parts, account, t));
      t.require(keys::settings(account), settings->version);
      t.require(keys::destroyed_key(id), 0);
      t.put(keys::destroyed_key(id), encode(catalog::DestroyedKeyRecord{account, scope, by, parts.clock.wall()}));
      auto committed = co_await parts.catalog.commit(std::move(t));
      if (!committed && committed.error().code == Code::conflict) continue;
      if (!committed) co_return committed;
    }
    co_return co_await parts.keyring.destroy_container_key(id);
  }
  co_return fail(Code::overloaded, "account " + account + " is changed by too many at once");
}

}  // namespace bascule::ops
