#include "crypto/extent_name.h"

#include <openssl/evp.h>

#include <algorithm>

namespace bascule::crypto {
namespace {

constexpr std::string_view kLabel = "bascule/extent-name/1";

Id16 permuted(KeyedContexts& contexts, const Id16& from) {
  auto lease = contexts.lease();
  Id16 to;
  int done = 0;
  require(EVP_CipherUpdate(lease.get(), reinterpret_cast<unsigned char*>(to.data()), &done,
                           reinterpret_cast<const unsigned char*>(from.data()), static_cast<int>(from.size())) == 1 &&
              done == static_cast<int>(to.size()),
          "naming an extent");
  return to;
}

}  // namespace

ExtentNamer::ExtentNamer(const SecretKey& name_key)
    : forward_(aes_256_ecb(), subkey(name_key, kLabel), Direction::seal),
      backward_(aes_256_ecb(), subkey(name_key, kLabel), Direction::open) {}

std::string ExtentNamer::name(const Id16& extent_id) const { return to_hex(permuted(forward_, extent_id)); }

std::optional<Id16> ExtentNamer::id(std::string_view name) const {
  Id16 block;
  if (name.size() != 2 * block.size()) return std::nullopt;
  if (std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'F'; })) return std::nullopt;
  const auto bytes = from_hex(name);
  if (!bytes) return std::nullopt;
  std::memcpy(block.data(), bytes->data(), block.size());
  return permuted(backward_, block);
}

}  // namespace bascule::crypto
