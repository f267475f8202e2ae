#include "crypto/unit_tag.h"

#include <openssl/evp.h>

namespace bascule::crypto {

UnitTagKeys::UnitTagKeys(const SecretKey& catalog_key)
    : hmac_(subkey(catalog_key, "bascule/unit-tags/1").bytes()) {}

ExtentMac UnitTagKeys::of(const Id16& extent_id) const {
  SecretKey key;
  const Bytes info[] = {extent_id};
  hkdf_expand_sha512(hmac_, info, key.writable());
  return ExtentMac(key);
}

ExtentMac::ExtentMac(const SecretKey& key) {
  require(EVP_CipherInit_ex2(context_.get(), nullptr, key.data(), nullptr, 1, nullptr) == 1, "setting an extent's key");
}

UnitTag ExtentMac::tag(UnitPlace place, Slices unit) {
  require(total_size(unit) <= kUnitBytes, "a stripe unit is too long");
  std::array<unsigned char, 12> nonce;
  store_be32(nonce.data(), place.shard);
  store_be64(nonce.data() + 4, place.unit);
  UnitTag tag;
  int done = 0;
  unsigned char nowhere = 0;
  bool good = EVP_CipherInit_ex2(context_.get(), nullptr, nullptr, nonce.data(), 1, nullptr) == 1;
  for (const Bytes part : unit) {
    if (part.empty()) continue;
    good = good && EVP_EncryptUpdate(context_.get(), nullptr, &done, reinterpret_cast<const unsigned char*>(part.data()),
                                     static_cast<int>(part.size())) == 1;
  }
  require(good && EVP_EncryptFinal_ex(context_.get(), &nowhere, &done) == 1 &&
              EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag.size()), tag.data()) == 1,
          "tagging a stripe unit");
  return tag;
}

bool ExtentMac::verify(UnitPlace place, Bytes unit, const UnitTag& expected) {
  return unit.size() <= kUnitBytes && equal_constant_time(tag(place, unit), expected);
}

}  // namespace bascule::crypto
