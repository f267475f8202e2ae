// Under which keys, beside its container's, a blob's content is sealed.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace bascule::catalog {

struct EncryptionRecord {
  std::optional<std::array<std::byte, 32>> key_sha256;  // a customer-provided key: what it hashes to
  std::string scope;                                    // or an encryption scope of the account, and its key's id
  std::uint64_t scope_id = 0;
  std::string sealed_metadata;  // with a customer-provided key: the metadata, which the record itself then lacks

  // Under the same keys, whatever belongs to them.
  bool same_keys(const EncryptionRecord& other) const { return key_sha256 == other.key_sha256 && scope_id == other.scope_id; }
};

}  // namespace bascule::catalog
