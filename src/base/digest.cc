#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

#include <algorithm>
#include <type_traits>
#include <vector>

#include "base/md5_lanes.h"

namespace bascule {
namespace {

// The states live in the objects as bytes, so that the header needs none of OpenSSL's.
static_assert(sizeof(MD5_CTX) <= 96 && alignof(MD5_CTX) <= 8 && std::is_trivially_copyable_v<MD5_CTX>);
static_assert(sizeof(SHA256_CTX) <= 112 && alignof(SHA256_CTX) <= 8 && std::is_trivially_copyable_v<SHA256_CTX>);

MD5_CTX* md5(std::byte* state) { return reinterpret_cast<MD5_CTX*>(state); }
SHA256_CTX* sha256(std::byte* state) { return reinterpret_cast<SHA256_CTX*>(state); }
unsigned char* chars(std::byte* p) { return reinterpret_cast<unsigned char*>(p); }

}  // namespace

void Md5::reset() { MD5_Init(md5(state_)); }
void Md5::update(Bytes data) { MD5_Update(md5(state_), data.data(), data.size()); }
Md5Value Md5::finish() {
  Md5Value out;
  MD5_Final(chars(out.data()), md5(state_));
  return out;
}
Md5Value Md5::of(Bytes data) {
  Md5 digest;
  digest.update(data);
  return digest.finish();
}

void Md5::update_all(std::span<Update> updates) {
  if (const auto ways = md5_ways(); !ways.empty() && updates.size() >= ways[0].fewest) {
    std::vector<Md5Lane> lanes;
    lanes.reserve(updates.size());
    for (auto& [digest, data] : updates) {
      MD5_CTX* const context = md5(digest->state_);
      const std::size_t begun = std::min<std::size_t>(data.size(), context->num ? 64 - context->num : 0);
      digest->update(data.first(begun));   // a block that was begun
      data = data.subspan(begun);
      lanes.push_back({&context->A, data.data(), data.size() / 64});
    }
    md5_lanes(lanes, ways[0]);
    for (const Md5Lane& lane : lanes) {
      const auto of = std::ranges::find_if(updates, [&](const Update& u) { return &md5(u.digest->state_)->A == lane.state; });
      MD5_CTX* const context = md5(of->digest->state_);
      const auto taken = static_cast<std::uint64_t>(lane.data - of->data.data());
      const std::uint64_t bits = (std::uint64_t{context->Nh} << 32 | context->Nl) + taken * 8;
      context->Nl = static_cast<MD5_LONG>(bits);
      context->Nh = static_cast<MD5_LONG>(bits >> 32);
      of->data = of->data.subspan(taken);
    }
  }
  for (const auto& [digest, data] : updates) digest->update(data);
}

void Sha256::reset() { SHA256_Init(sha256(state_)); }
void Sha256::update(Bytes data) { SHA256_Update(sha256(state_), data.data(), data.size()); }
Sha256Value Sha256::finish() {
  Sha256Value out;
  SHA256_Final(chars(out.data()), sha256(state_));
  return out;
}
Sha256Value Sha256::of(Bytes data) {
  Sha256 digest;
  digest.update(data);
  return digest.finish();
}

HmacSha256Key::HmacSha256Key(Bytes key) {
  constexpr std::size_t kBlockBytes = 64;
  std::array<std::byte, kBlockBytes> block{};
  Sha256Value hashed;
  if (key.size() > kBlockBytes) {
    hashed = Sha256::of(key);
    key = hashed;
  }
  if (!key.empty()) std::memcpy(block.data(), key.data(), key.size());
  for (auto& b : block) b ^= std::byte{0x36};
  inner_.update(block);
  for (auto& b : block) b ^= std::byte{0x36 ^ 0x5C};
  outer_.update(block);
  OPENSSL_cleanse(block.data(), block.size());
  OPENSSL_cleanse(hashed.data(), hashed.size());
}

HmacSha256Key::~HmacSha256Key() {
  OPENSSL_cleanse(inner_.state_, sizeof inner_.state_);
  OPENSSL_cleanse(outer_.state_, sizeof outer_.state_);
}

Sha256Value HmacSha256Key::sign(Bytes data) const { return sign(Slices(&data, 1)); }

Sha256Value HmacSha256Key::sign(Slices data) const {
  Sha256 inner = inner_, outer = outer_;
  for (Bytes slice : data) inner.update(slice);
  outer.update(inner.finish());
  return outer.finish();
}

Sha256Value hmac_sha256(Bytes key, Bytes data) { return HmacSha256Key(key).sign(data); }

}  // namespace bascule
