// SHA-256 and HMAC-SHA-256 (RFC 2104) with the key's two blocks hashed once: no allocation and no provider look-up per request.
#pragma once
#include <array>
#include <memory>
#include <string>
#include <string_view>

namespace bench {

using Digest = std::array<unsigned char, 32>;

Digest sha256(std::string_view text);
void append_hex(std::string& to, const Digest& digest);
void append_base64(std::string& to, std::string_view bytes);
std::string decode_base64(std::string_view text);  // "" where it is malformed
inline std::string_view as_text(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

class HmacSha256 {
 public:
  explicit HmacSha256(std::string_view key);
  ~HmacSha256();
  HmacSha256(HmacSha256&&) noexcept;
  HmacSha256& operator=(HmacSha256&&) noexcept;
  Digest operator()(std::string_view text) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bench
