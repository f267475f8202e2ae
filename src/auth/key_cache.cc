#include "auth/key_cache.h"

namespace bascule::auth {
namespace {

// Direct-mapped and small: accounts are few. The weak reference keeps the owner's identity from being used again.
struct Slot {
  std::weak_ptr<const ops::Account> account;
  SigningKeys keys;
};
constexpr std::size_t kSlots = 64;

bool same_owner(const std::weak_ptr<const ops::Account>& a, const std::shared_ptr<const ops::Account>& b) {
  return !a.owner_before(b) && !b.owner_before(a);
}

}  // namespace

const SigningKeys& signing_keys(const std::shared_ptr<const ops::Account>& account) {
  thread_local std::array<Slot, kSlots> cache;
  Slot& slot = cache[(reinterpret_cast<std::uintptr_t>(account.get()) >> 6) % kSlots];
  if (!same_owner(slot.account, account)) {
    for (std::size_t i = 0; i < 2; ++i) {
      slot.keys.keys[i].reset();
      if (!account->keys[i].empty()) slot.keys.keys[i].emplace(as_bytes(account->keys[i]));
    }
    slot.account = account;
  }
  return slot.keys;
}

std::array<char, 44> encode_signature(const Sha256Value& signature) {
  static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::array<char, 44> out;
  std::size_t at = 0;
  const auto byte = [&](std::size_t i) { return i < 32 ? std::to_integer<unsigned>(signature[i]) : 0u; };
  for (std::size_t i = 0; i < 32; i += 3) {
    const unsigned group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (int shift = 18; shift >= 0; shift -= 6) out[at++] = kAlphabet[group >> shift & 63];
  }
  out[43] = '=';
  return out;
}

bool matches_any_key(const SigningKeys& keys, std::string_view text, std::string_view signature) {
  for (const auto& key : keys.keys) {
    if (!key) continue;
    const std::array<char, 44> expected = encode_signature(key->sign(as_bytes(text)));
    if (equal_constant_time(as_bytes(std::string_view(expected.data(), expected.size())), as_bytes(signature)))
      return true;
  }
  return false;
}

}  // namespace bascule::auth
