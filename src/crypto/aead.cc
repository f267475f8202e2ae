#include "crypto/aead.h"

#include <openssl/evp.h>

#include <algorithm>

namespace bascule::crypto {
namespace {

const unsigned char* chars(const std::byte* p) { return reinterpret_cast<const unsigned char*>(p); }
unsigned char* chars(std::byte* p) { return reinterpret_cast<unsigned char*>(p); }

bool begin(EVP_CIPHER_CTX* context, const Nonce& nonce, Bytes aad, Direction direction) {
  int done = 0;
  return EVP_CipherInit_ex2(context, nullptr, nullptr, chars(nonce.data()), static_cast<int>(direction), nullptr) == 1 &&
         (aad.empty() ||
          EVP_CipherUpdate(context, nullptr, &done, chars(aad.data()), static_cast<int>(aad.size())) == 1);
}

}  // namespace

void AeadKey::seal(const Nonce& nonce, Bytes aad, Bytes plain, MutableBytes out) const {
  require(out.size() == plain.size() + kAeadTagBytes && plain.size() <= kMaxAeadBytes && aad.size() <= kMaxAeadBytes,
          "a value to seal, or its buffer, has an impossible length");
  auto lease = contexts_.lease();
  int done = 0, none = 0;
  unsigned char* to = chars(out.data());
  require(begin(lease.get(), nonce, aad, Direction::seal) &&
              (plain.empty() || EVP_EncryptUpdate(lease.get(), to, &done, chars(plain.data()),
                                                  static_cast<int>(plain.size())) == 1) &&
              EVP_EncryptFinal_ex(lease.get(), to + done, &none) == 1 &&
              EVP_CIPHER_CTX_ctrl(lease.get(), EVP_CTRL_AEAD_GET_TAG, kAeadTagBytes, to + done) == 1,
          "sealing a value");
}

Result<void> AeadKey::open(const Nonce& nonce, Bytes aad, Bytes sealed, MutableBytes out) const {
  if (sealed.size() < kAeadTagBytes || out.size() != sealed.size() - kAeadTagBytes || out.size() > kMaxAeadBytes ||
      aad.size() > kMaxAeadBytes) {
    return fail(Code::corrupt, "a sealed value has an impossible length");
  }
  auto lease = contexts_.lease();
  int done = 0, none = 0;
  unsigned char nowhere = 0;
  unsigned char* to = out.empty() ? &nowhere : chars(out.data());
  auto* tag = const_cast<unsigned char*>(chars(sealed.data()) + out.size());
  require(begin(lease.get(), nonce, aad, Direction::open) &&
              (out.empty() || EVP_DecryptUpdate(lease.get(), to, &done, chars(sealed.data()),
                                                static_cast<int>(out.size())) == 1) &&
              EVP_CIPHER_CTX_ctrl(lease.get(), EVP_CTRL_AEAD_SET_TAG, kAeadTagBytes, tag) == 1,
          "opening a value");
  if (EVP_DecryptFinal_ex(lease.get(), to + done, &none) != 1) {
    std::fill(out.begin(), out.end(), std::byte{0});
    return fail(Code::corrupt, "a sealed value is damaged, or was sealed under another key or for another place");
  }
  return {};
}

}  // namespace bascule::crypto
