#include "catalog/value_seal.h"

#include "catalog/records.h"
#include "crypto/hkdf.h"

namespace bascule::catalog {
namespace {

constexpr std::uint8_t kSealedFormat = 1;

crypto::Nonce nonce_of(std::uint64_t version) {
  crypto::Nonce nonce{};
  store_be64(nonce.data() + 4, version);
  return nonce;
}

// key || version (8, big-endian): what a sealed value is bound to.
std::string bound_to(std::string_view key, std::uint64_t version) {
  std::string aad;
  aad.reserve(key.size() + 8);
  aad.append(key);
  append_be64(aad, version);
  return aad;
}

}  // namespace

std::unique_ptr<crypto::AeadKey> session_key(const crypto::SecretKey& catalog_key, const SessionRecord& session) {
  return std::make_unique<crypto::AeadKey>(crypto::subkey(catalog_key, "bascule/catalog-session/1", session.salt));
}

std::string seal_value(const crypto::AeadKey& key, std::string_view store_key, std::uint64_t version, std::string_view plain) {
  std::string out(1 + plain.size() + crypto::kAeadTagBytes, '\0');
  out[0] = static_cast<char>(kSealedFormat);
  key.seal(nonce_of(version), as_bytes(bound_to(store_key, version)), as_bytes(plain), as_writable(out).subspan(1));
  return out;
}

Result<std::string> open_value(const crypto::AeadKey& key, std::string_view store_key, std::uint64_t version,
                               std::string_view sealed) {
  if (sealed.size() < 1 + crypto::kAeadTagBytes || sealed[0] != static_cast<char>(kSealedFormat))
    return fail(Code::corrupt, "a catalog value has an unknown format");
  std::string plain(sealed.size() - 1 - crypto::kAeadTagBytes, '\0');
  BASCULE_TRY(key.open(nonce_of(version), as_bytes(bound_to(store_key, version)), as_bytes(sealed.substr(1)), as_writable(plain)));
  return plain;
}

void ValueOpener::add(std::uint32_t number, const SessionRecord& session) {
  keys_[number] = session_key(catalog_key_, session);
}

Result<std::string> ValueOpener::open(std::string_view store_key, std::uint64_t version, std::string_view sealed) const {
  const auto key = keys_.find(static_cast<std::uint32_t>(version >> kSessionShift));
  if (key == keys_.end()) return fail(Code::corrupt, "a catalog value was sealed by an unknown session");
  return open_value(*key->second, store_key, version, sealed);
}

}  // namespace bascule::catalog
