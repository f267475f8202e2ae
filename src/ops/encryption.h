// Keys beside a container's own: the client's (customer-provided) and those of encryption scopes. What is sealed under one
// of them is opened by nobody who lacks it. docs/formats/keyring.md, "Keys that join".
#pragma once
#include "base/digest.h"
#include "catalog/records.h"
#include "ops/service.h"

namespace bascule::ops {

// A key that came with a request and goes with it: never stored, never cached, never logged.
struct CustomerKey {
  crypto::SecretKey key;
  Sha256Value sha256{};
};

inline constexpr std::string_view kAccountEncryptionKey = "$account-encryption-key";  // no scope: the container's key alone

inline const catalog::EncryptionRecord* encryption_of(const catalog::HeadRecord& head) {
  return head.extras && head.extras->encryption ? &*head.extras->encryption : nullptr;
}

// What a request brings against what a blob is sealed under. A read names no scope; a write that changes a blob may name
// the blob's own. Reasons: encryption_key_missing, encryption_key_unused, encryption_mismatch.
Result<void> check_encryption(const catalog::EncryptionRecord* used, const AskedEncryption& asked);
// The same where several writes make one blob (blocks and their list): both must be sealed alike.
Result<void> check_same_keys(const std::optional<catalog::EncryptionRecord>& there,
                             const std::optional<catalog::EncryptionRecord>& coming);

// A container as content under these keys is sealed and opened: with `record`'s keys joined.
struct Sealing {
  Container container;
  std::optional<catalog::EncryptionRecord> record;  // nothing: the container's key alone
  std::string scope() const { return record ? record->scope : std::string(); }
};

// The container with a customer-provided key joined to its own.
Container with_key(const Container& container, const CustomerKey& key);
// A container's key with that of an encryption scope.
std::shared_ptr<const crypto::InputKey> with_scope(const crypto::InputKey& container, const crypto::InputKey& scope);

// A new head's metadata and encryption: under a customer-provided key the metadata is sealed, too.
void set_metadata(catalog::HeadRecord& head, Metadata metadata, const Sealing& sealing, Random& random);
// The metadata as who brought the key sees it. corrupt: damaged.
Result<Metadata> open_metadata(const catalog::HeadRecord& head, const ContainerHandle& keyed);

}  // namespace bascule::ops
