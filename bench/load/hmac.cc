// The low-level SHA-256 calls are marked deprecated in OpenSSL 3; they are the ones whose state can be copied without allocating.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "load/hmac.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>

namespace bench {

Digest sha256(std::string_view text) {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

void append_hex(std::string& to, const Digest& digest) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (const unsigned char byte : digest) {
    to += kDigits[byte >> 4];
    to += kDigits[byte & 15];
  }
}

void append_base64(std::string& to, std::string_view bytes) {
  const std::size_t before = to.size();
  to.resize(before + (bytes.size() + 2) / 3 * 4 + 1);  // EVP_EncodeBlock ends with a NUL
  const int written = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(to.data() + before),
                                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  to.resize(before + static_cast<std::size_t>(written));
}

std::string decode_base64(std::string_view text) {
  std::string out(text.size() / 4 * 3, '\0');
  const int written = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (written < 0) return {};
  std::size_t size = static_cast<std::size_t>(written);
  for (std::size_t i = text.size(); i > 0 && text[i - 1] == '=' && size > 0; --i) --size;
  out.resize(size);
  return out;
}

struct HmacSha256::State {
  SHA256_CTX inner;
  SHA256_CTX outer;
};

HmacSha256::HmacSha256(std::string_view key) : state_(std::make_unique<State>()) {
  std::array<unsigned char, 64> block{};
  if (key.size() > block.size()) {
    const Digest digest = sha256(key);
    std::copy(digest.begin(), digest.end(), block.begin());
  } else {
    std::copy(key.begin(), key.end(), block.begin());
  }
  for (auto& byte : block) byte ^= 0x36;
  SHA256_Init(&state_->inner);
  SHA256_Update(&state_->inner, block.data(), block.size());
  for (auto& byte : block) byte ^= 0x36 ^ 0x5c;
  SHA256_Init(&state_->outer);
  SHA256_Update(&state_->outer, block.data(), block.size());
}
HmacSha256::~HmacSha256() = default;
HmacSha256::HmacSha256(HmacSha256&&) noexcept = default;
HmacSha256& HmacSha256::operator=(HmacSha256&&) noexcept = default;

Digest HmacSha256::operator()(std::string_view text) const {
  Digest digest;
  SHA256_CTX context = state_->inner;
  SHA256_Update(&context, text.data(), text.size());
  SHA256_Final(digest.data(), &context);
  context = state_->outer;
  SHA256_Update(&context, digest.data(), digest.size());
  SHA256_Final(digest.data(), &context);
  return digest;
}

}  // namespace bench
