// AES-256-GCM under a kept key, for values that are small and many (catalog records, wrapped keys).
#pragma once
#include "base/bytes.h"
#include "base/result.h"
#include "crypto/evp.h"

namespace bascule::crypto {

using Nonce = std::array<std::byte, 12>;
constexpr std::size_t kAeadTagBytes = 16;
constexpr std::size_t kMaxAeadBytes = 64 * 1024 * 1024;  // of plaintext, and of associated data

// Any number of threads at once. Who seals sees to it that a nonce never comes twice under one key.
class AeadKey {
 public:
  explicit AeadKey(const SecretKey& key) : contexts_(aes_256_gcm(), key, Direction::seal) {}

  // `out` is plain.size() + kAeadTagBytes long, and neither too long (else the program ends); it may begin where `plain` does.
  void seal(const Nonce& nonce, Bytes aad, Bytes plain, MutableBytes out) const;
  // `out` is sealed.size() - kAeadTagBytes long. corrupt: not sealed under this key, nonce and aad; `out` is zeros then.
  Result<void> open(const Nonce& nonce, Bytes aad, Bytes sealed, MutableBytes out) const;

 private:
  mutable KeyedContexts contexts_;
};

}  // namespace bascule::crypto
