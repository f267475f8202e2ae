// MD5 (Azure's Content-MD5), SHA-256 and HMAC-SHA256 (signatures). OpenSSL's assembly through its low-level functions:
// the same code that EVP ends in, without its allocation and dispatch for every short message.
#pragma once
#include <span>

#include "base/bytes.h"

namespace bascule {

using Md5Value = std::array<std::byte, 16>;
using Sha256Value = std::array<std::byte, 32>;

// A running MD5. One thread at a time; a copy goes on from the same state (the digest so far is `copy.finish()`).
class Md5 {
 public:
  Md5() { reset(); }
  void reset();
  void update(Bytes data);
  Md5Value finish();  // then reset() before the next message
  static Md5Value of(Bytes data);

  // More of several messages, side by side in vector registers where the processor has them and it pays.
  struct Update {
    Md5* digest = nullptr;   // each once
    Bytes data;
  };
  static void update_all(std::span<Update> updates);

 private:
  alignas(8) std::byte state_[96];
};

// A running SHA-256, as above.
class Sha256 {
 public:
  Sha256() { reset(); }
  void reset();
  void update(Bytes data);
  Sha256Value finish();
  static Sha256Value of(Bytes data);

 private:
  friend class HmacSha256Key;
  alignas(8) std::byte state_[112];
};

// A key for HMAC-SHA256 (RFC 2104) with both padded blocks hashed beforehand. Any number of threads may sign at once.
// The state is as secret as the key and wiped at the end.
class HmacSha256Key {
 public:
  explicit HmacSha256Key(Bytes key);
  HmacSha256Key(const HmacSha256Key&) = default;
  HmacSha256Key& operator=(const HmacSha256Key&) = default;
  ~HmacSha256Key();
  Sha256Value sign(Bytes data) const;
  Sha256Value sign(Slices data) const;

 private:
  Sha256 inner_, outer_;
};

Sha256Value hmac_sha256(Bytes key, Bytes data);

}  // namespace bascule
