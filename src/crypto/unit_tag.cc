#include "crypto/unit_tag.h"

#include <openssl/evp.h>

namespace bascule::crypto {

SecretKey unit_tag_key(const SecretKey& catalog_key, const Id16& extent_id) {
  return subkey(catalog_key, "bascule/unit-tags/1", extent_id);
}

UnitTag ExtentMac::tag(UnitPlace place, Bytes unit) const {
  require(unit.size() <= kUnitBytes, "a stripe unit is too long");
  std::array<unsigned char, 12> nonce;
  store_be32(nonce.data(), place.shard);
  store_be64(nonce.data() + 4, place.unit);
  UnitTag tag;
  auto lease = contexts_.lease();
  int done = 0;
  unsigned char nowhere = 0;
  require(EVP_CipherInit_ex2(lease.get(), nullptr, nullptr, nonce.data(), 1, nullptr) == 1 &&
              (unit.empty() ||
               EVP_EncryptUpdate(lease.get(), nullptr, &done, reinterpret_cast<const unsigned char*>(unit.data()),
                                 static_cast<int>(unit.size())) == 1) &&
              EVP_EncryptFinal_ex(lease.get(), &nowhere, &done) == 1 &&
              EVP_CIPHER_CTX_ctrl(lease.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag.size()), tag.data()) == 1,
          "tagging a stripe unit");
  return tag;
}

bool ExtentMac::verify(UnitPlace place, Bytes unit, const UnitTag& expected) const {
  return unit.size() <= kUnitBytes && equal_constant_time(tag(place, unit), expected);
}

}  // namespace bascule::crypto
