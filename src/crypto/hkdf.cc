#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/hkdf.h"

#include <openssl/sha.h>

#include <type_traits>

#include "base/digest.h"
#include "crypto/evp.h"

namespace bascule::crypto {
namespace {

SHA512_CTX* sha512(std::byte* state) { return reinterpret_cast<SHA512_CTX*>(state); }

void finish(SHA512_CTX* state, Sha512Value& out) {
  SHA512_Final(reinterpret_cast<unsigned char*>(out.data()), state);
}

// The eight chaining words alone, for work in whole blocks.
void load_chain(SHA512_CTX& state, const std::byte* from) {
  std::memcpy(state.h, from + offsetof(SHA512_CTX, h), sizeof state.h);
}
void store_chain(const SHA512_CTX& state, void* to) {
  for (int i = 0; i < 8; ++i) store_be64(static_cast<char*>(to) + 8 * i, state.h[i]);
}

// T(i) = HMAC(prk, T(i-1) || info || i); `out` is T(1) || T(2) || ..., cut to length.
template <std::size_t kHashBytes, class Sign>
void expand(Sign sign, Slices info, MutableBytes out) {
  require(out.size() <= 255 * kHashBytes && info.size() <= 4, "HKDF-Expand: too long");
  std::array<Bytes, 6> parts;
  for (std::size_t i = 0; i < info.size(); ++i) parts[i + 1] = info[i];
  std::array<std::byte, kHashBytes> block;
  std::byte counter{1};
  const std::size_t count = info.size() + 2;
  parts[count - 1] = Bytes(&counter, 1);
  for (std::size_t done = 0; done < out.size(); counter = std::byte(std::to_integer<int>(counter) + 1)) {
    block = sign(Slices(parts.data(), count));
    parts[0] = block;
    const std::size_t take = std::min(kHashBytes, out.size() - done);
    std::memcpy(out.data() + done, block.data(), take);
    done += take;
  }
  OPENSSL_cleanse(block.data(), block.size());
}

}  // namespace

HmacSha512Key::HmacSha512Key(Bytes key) {
  static_assert(sizeof(SHA512_CTX) <= kStateBytes && alignof(SHA512_CTX) <= 8 &&
                std::is_trivially_copyable_v<SHA512_CTX>);
  constexpr std::size_t kBlockBytes = 128;
  std::array<std::byte, kBlockBytes> block{};
  if (key.size() > kBlockBytes) {
    SHA512_CTX long_key;
    SHA512_Init(&long_key);
    SHA512_Update(&long_key, key.data(), key.size());
    SHA512_Final(reinterpret_cast<unsigned char*>(block.data()), &long_key);
    OPENSSL_cleanse(&long_key, sizeof long_key);
  } else if (!key.empty()) {
    std::memcpy(block.data(), key.data(), key.size());
  }
  for (auto& b : block) b ^= std::byte{0x36};
  SHA512_Init(sha512(inner_));
  SHA512_Update(sha512(inner_), block.data(), block.size());
  for (auto& b : block) b ^= std::byte{0x36 ^ 0x5C};
  SHA512_Init(sha512(outer_));
  SHA512_Update(sha512(outer_), block.data(), block.size());
  OPENSSL_cleanse(block.data(), block.size());
}

HmacSha512Key::~HmacSha512Key() {
  OPENSSL_cleanse(inner_, sizeof inner_);
  OPENSSL_cleanse(outer_, sizeof outer_);
}

Sha512Value HmacSha512Key::sign(Slices data) const {
  // A short message is padded here and handed over as whole blocks (FIPS 180-4 section 5.1.2), one block of key before
  // it: the general update and final calls cost a third as much as the hashing.
  constexpr std::size_t kBlockBytes = 128, kPaddingBytes = 17;
  Sha512Value out;
  SHA512_CTX state;
  const std::size_t size = total_size(data);
  if (size > 2 * kBlockBytes - kPaddingBytes) {
    std::memcpy(&state, inner_, sizeof state);
    for (Bytes slice : data) SHA512_Update(&state, slice.data(), slice.size());
    finish(&state, out);
    std::memcpy(&state, outer_, sizeof state);
    SHA512_Update(&state, out.data(), out.size());
    finish(&state, out);
    return out;
  }
  std::array<unsigned char, 2 * kBlockBytes> blocks{};
  std::size_t at = 0;
  for (Bytes slice : data) {
    if (slice.empty()) continue;
    std::memcpy(blocks.data() + at, slice.data(), slice.size());
    at += slice.size();
  }
  const std::size_t end = size + kPaddingBytes <= kBlockBytes ? kBlockBytes : 2 * kBlockBytes;
  blocks[size] = 0x80;
  store_be64(blocks.data() + end - 8, (kBlockBytes + size) * 8);
  load_chain(state, inner_);
  for (at = 0; at < end; at += kBlockBytes) SHA512_Transform(&state, blocks.data() + at);
  std::memset(blocks.data(), 0, kBlockBytes);
  store_chain(state, blocks.data());
  blocks[out.size()] = 0x80;
  store_be64(blocks.data() + kBlockBytes - 8, (kBlockBytes + out.size()) * 8);
  load_chain(state, outer_);
  SHA512_Transform(&state, blocks.data());
  store_chain(state, out.data());
  OPENSSL_cleanse(blocks.data(), out.size());
  return out;
}

void hkdf_expand_sha512(const HmacSha512Key& prk, Slices info, MutableBytes out) {
  expand<64>([&prk](Slices data) { return prk.sign(data); }, info, out);
}

void hkdf_expand_sha512(Bytes prk, Bytes info, MutableBytes out) {
  hkdf_expand_sha512(HmacSha512Key(prk), Slices(&info, 1), out);
}

void hkdf_expand_sha256(Bytes prk, Bytes info, MutableBytes out) {
  const HmacSha256Key key(prk);
  expand<32>([&key](Slices data) { return key.sign(data); }, Slices(&info, 1), out);
}

SecretKey subkey(const SecretKey& parent, std::string_view label, Bytes context) {
  const std::byte zero{0};
  const Bytes info[] = {as_bytes(label), Bytes(&zero, 1), context};
  SecretKey key;
  hkdf_expand_sha512(HmacSha512Key(parent.bytes()), info, key.writable());
  return key;
}

}  // namespace bascule::crypto
