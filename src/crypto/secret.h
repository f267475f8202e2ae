// SecretKey: 32 bytes that are wiped when they go, and that nothing prints.
#pragma once
#include <openssl/crypto.h>

#include "base/bytes.h"

namespace bascule::crypto {

// Copyable, since coroutines take what they use by value; every copy wipes itself. There is no operator<< and no
// comparison other than the constant-time one.
class SecretKey {
 public:
  static constexpr std::size_t kSize = 32;

  SecretKey() = default;  // all zeros: only to be filled
  explicit SecretKey(std::span<const std::byte, kSize> bytes) { std::memcpy(bytes_.data(), bytes.data(), kSize); }
  SecretKey(const SecretKey&) = default;
  SecretKey& operator=(const SecretKey&) = default;
  ~SecretKey() { OPENSSL_cleanse(bytes_.data(), kSize); }

  std::span<const std::byte, kSize> bytes() const { return bytes_; }
  std::span<std::byte, kSize> writable() { return bytes_; }
  const unsigned char* data() const { return reinterpret_cast<const unsigned char*>(bytes_.data()); }
  bool equals(const SecretKey& other) const { return equal_constant_time(bytes_, other.bytes_); }

 private:
  std::array<std::byte, kSize> bytes_{};
};

}  // namespace bascule::crypto
