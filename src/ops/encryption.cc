#include "ops/encryption.h"

#include <algorithm>

#include "crypto/sealed_text.h"

namespace bascule::ops {
namespace {

constexpr std::string_view kCustomerLabel = "bascule/customer-key/1";
constexpr std::string_view kScopeLabel = "bascule/scope-key/1";

using Record = catalog::EncryptionRecord;

std::string metadata_context(std::uint64_t cid) {
  std::string context = "bascule/metadata\x01";
  append_be64(context, cid);
  return context;
}

void append_field(std::string& to, std::string_view text) {
  append_be32(to, static_cast<std::uint32_t>(text.size()));
  to.append(text);
}

bool take_field(std::string_view& from, std::string& text) {
  if (from.size() < 4) return false;
  const std::uint32_t size = load_be32(from.data());
  if (from.size() - 4 < size) return false;
  text = from.substr(4, size);
  from.remove_prefix(4 + size);
  return true;
}

}  // namespace

Result<void> check_encryption(const Record* used, const AskedEncryption& asked) {
  const bool key_used = used && used->key_sha256;
  if (key_used && !asked.key) return refuse(Reason::encryption_key_missing);
  if (!key_used && asked.key) return refuse(Reason::encryption_key_unused);
  if (key_used && !equal_constant_time(*used->key_sha256, asked.key->sha256)) return refuse(Reason::encryption_mismatch);
  if (asked.scope.empty()) return {};
  const std::string_view scope = used ? std::string_view(used->scope) : std::string_view();
  if (key_used || scope != (asked.scope == kAccountEncryptionKey ? std::string_view() : std::string_view(asked.scope)))
    return refuse(Reason::encryption_mismatch);
  return {};
}

Result<void> check_same_keys(const std::optional<Record>& there, const std::optional<Record>& coming) {
  const bool key_there = there && there->key_sha256, key_coming = coming && coming->key_sha256;
  if (key_there && !key_coming) return refuse(Reason::encryption_key_missing);
  if (!key_there && key_coming) return refuse(Reason::encryption_key_unused);
  if (there.has_value() != coming.has_value() || (there && !there->same_keys(*coming))) return refuse(Reason::encryption_mismatch);
  return {};
}

// What a new content is sealed under: the request's key or scope, else the container's default scope.
Result<std::optional<Record>> Service::new_encryption(const ContainerHandle& container, const std::string& account,
                                                      const AskedEncryption& asked) const {
  std::string scope = asked.scope.empty() ? container.default_scope : asked.scope;
  if (container.deny_scope_override && (asked.key || scope != container.default_scope))
    return refuse(Reason::encryption_forbidden);
  if (asked.key) return std::optional<Record>(Record{.key_sha256 = asked.key->sha256, .scope = {}, .scope_id = 0, .sealed_metadata = {}});
  if (scope.empty() || scope == kAccountEncryptionKey) return std::optional<Record>();
  const auto known = this->account(account);
  const auto* found = known ? known->settings.encryption_scope(scope) : nullptr;
  if (!found) return refuse(Reason::encryption_scope_not_found);
  if (!found->enabled) return refuse(Reason::encryption_scope_disabled);
  return std::optional<Record>(Record{.key_sha256 = {}, .scope = std::move(scope), .scope_id = found->id, .sealed_metadata = {}});
}

Container with_key(const Container& container, const CustomerKey& key) {
  auto handle = std::make_shared<ContainerHandle>(*container);
  handle->key = std::make_shared<const crypto::InputKey>(container->key->joined(kCustomerLabel, key.key.bytes(), false));
  return handle;
}

std::shared_ptr<const crypto::InputKey> with_scope(const crypto::InputKey& container, const crypto::InputKey& scope) {
  const crypto::SecretKey part = scope.subkey(kScopeLabel);
  return std::make_shared<const crypto::InputKey>(container.joined(kScopeLabel, part.bytes(), true));
}

Task<Result<Container>> Service::keyed(Container container, std::string account, std::optional<Record> record,
                                       AskedEncryption asked) {
  if (!record) co_return container;
  if (record->scope_id) {
    const auto known = this->account(account);
    const auto* scope = known ? known->settings.encryption_scope(record->scope) : nullptr;
    if (scope && !scope->enabled) co_return refuse(Reason::encryption_scope_disabled);
    BASCULE_CO_ASSIGN(const auto key, co_await parts_.keyring.container_key(record->scope_id));
    auto handle = std::make_shared<ContainerHandle>(*container);
    handle->key = with_scope(*container->key, *key);
    container = std::move(handle);
  }
  if (!record->key_sha256) co_return container;
  if (!asked.key) co_return refuse(Reason::encryption_key_missing);
  co_return with_key(container, *asked.key);
}

// The key lies at the provider before the scope is known, as a container's does: a scope without its key would be useless.
Task<Result<void>> Service::put_encryption_scope(std::string account, std::string scope, bool enabled, bool must_be_new) {
  const bool name_ok = scope.size() >= 3 && scope.size() <= 63 && std::ranges::all_of(scope, [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
                       });
  if (!name_ok) co_return fail(Code::invalid_argument, "an encryption scope's name is 3 to 63 letters, digits and hyphens");
  const auto known = this->account(account);
  if (!known) co_return fail(Code::not_found, "there is no account " + account);
  const bool there = known->settings.encryption_scope(scope) != nullptr;
  if (there && must_be_new) co_return fail(Code::already_exists, "the account has an encryption scope " + scope + " already");
  if (!there && !must_be_new) co_return fail(Code::not_found, "the account has no encryption scope " + scope);
  std::uint64_t id = 0;
  while (!there && id == 0) id = parts_.random.next_u64();
  if (!there) BASCULE_CO_TRY(co_await parts_.keyring.create_container_key(id));
  const WallTime at = now();
  co_return co_await change_settings(std::move(account), [&](AccountSettings& settings) -> Result<void> {
    for (auto& one : settings.encryption_scopes) {
      if (one.name != scope) continue;
      if (must_be_new) return fail(Code::already_exists, "the account has an encryption scope " + scope + " already");
      one.enabled = enabled;
      one.changed = at;
      return {};
    }
    settings.encryption_scopes.push_back({scope, id, enabled, at, at});
    return {};
  });
}

Task<Result<Sealing>> Service::sealing(Container container, std::string account, AskedEncryption asked) {
  Sealing sealing{container, {}};
  if (!asked.any() && container->default_scope.empty()) co_return sealing;
  BASCULE_CO_ASSIGN(sealing.record, new_encryption(*container, account, asked));
  BASCULE_CO_ASSIGN(sealing.container, co_await keyed(std::move(container), std::move(account), sealing.record, std::move(asked)));
  co_return sealing;
}

void set_metadata(catalog::HeadRecord& head, Metadata metadata, const Sealing& sealing, Random& random) {
  head.metadata.clear();
  if (!sealing.record) {
    if (head.extras) head.extras->encryption.reset();
    head.metadata = std::move(metadata);
    return;
  }
  Record& record = head.extras.made().encryption.emplace(*sealing.record);
  record.sealed_metadata.clear();
  if (!record.key_sha256) {
    head.metadata = std::move(metadata);
    return;
  }
  if (metadata.empty()) return;
  std::string plain;
  for (const auto& [name, value] : metadata) {
    append_field(plain, name);
    append_field(plain, value);
  }
  const std::string context = metadata_context(sealing.container->cid);
  record.sealed_metadata = crypto::seal_text(*sealing.container->key, random.bytes<sizeof(crypto::Salt)>(), as_bytes(context), plain);
}

Result<Metadata> open_metadata(const catalog::HeadRecord& head, const ContainerHandle& keyed) {
  const Record* record = encryption_of(head);
  if (!record || record->sealed_metadata.empty()) return head.metadata;
  const std::string context = metadata_context(keyed.cid);
  BASCULE_ASSIGN(const std::string plain, crypto::open_text(*keyed.key, as_bytes(context), record->sealed_metadata));
  Metadata metadata;
  for (std::string_view rest = plain; !rest.empty();) {
    auto& [name, value] = metadata.emplace_back();
    if (!take_field(rest, name) || !take_field(rest, value)) return fail(Code::corrupt, "the sealed metadata of a blob is malformed");
  }
  return metadata;
}

}  // namespace bascule::ops
