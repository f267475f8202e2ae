// How the catalog's values are sealed (docs/formats/catalog.md, "Versions, sessions, sealing"), for the catalog itself and for
// who reads a copy of it.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/aead.h"

namespace bascule::catalog {

struct SessionRecord;

constexpr unsigned kSessionShift = 40;  // a version is session << 40 | counter: unique, and it names its sealing key

std::unique_ptr<crypto::AeadKey> session_key(const crypto::SecretKey& catalog_key, const SessionRecord& session);
std::string seal_value(const crypto::AeadKey& key, std::string_view store_key, std::uint64_t version, std::string_view plain);
// corrupt: not sealed by this session for this key and version.
Result<std::string> open_value(const crypto::AeadKey& key, std::string_view store_key, std::uint64_t version, std::string_view sealed);

// The keys of several sessions. Any number of threads may open at once, while none adds.
class ValueOpener {
 public:
  explicit ValueOpener(const crypto::SecretKey& catalog_key) : catalog_key_(catalog_key) {}
  void add(std::uint32_t number, const SessionRecord& session);
  Result<std::string> open(std::string_view store_key, std::uint64_t version, std::string_view sealed) const;

 private:
  const crypto::SecretKey catalog_key_;
  std::map<std::uint32_t, std::unique_ptr<crypto::AeadKey>> keys_;
};

}  // namespace bascule::catalog
