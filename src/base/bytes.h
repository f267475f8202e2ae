// Bytes and views of bytes; little- and big-endian integers; hex and Base64.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bascule {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;
// Several stretches written as one (an iovec list). The pointed-to bytes stay the caller's until the call returns.
using Slices = std::span<const Bytes>;

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline MutableBytes as_writable(std::string& text) {
  return {reinterpret_cast<std::byte*>(text.data()), text.size()};
}
inline std::size_t total_size(Slices slices) {
  std::size_t sum = 0;
  for (const Bytes& slice : slices) sum += slice.size();
  return sum;
}

// Fixed-width integers in the byte order that the name says.
template <class T> T load_le(const void* from) {
  T value; std::memcpy(&value, from, sizeof value); return value;  // the project builds for little-endian machines only
}
template <class T> void store_le(void* to, T value) { std::memcpy(to, &value, sizeof value); }
inline std::uint64_t load_be64(const void* from) { return __builtin_bswap64(load_le<std::uint64_t>(from)); }
inline std::uint32_t load_be32(const void* from) { return __builtin_bswap32(load_le<std::uint32_t>(from)); }
inline void store_be64(void* to, std::uint64_t value) { store_le(to, __builtin_bswap64(value)); }
inline void store_be32(void* to, std::uint32_t value) { store_le(to, __builtin_bswap32(value)); }
inline void append_be64(std::string& to, std::uint64_t value) {
  char b[8]; store_be64(b, value); to.append(b, 8);
}
inline void append_be32(std::string& to, std::uint32_t value) {
  char b[4]; store_be32(b, value); to.append(b, 4);
}

std::string to_hex(Bytes bytes);                                // lower case
std::optional<std::string> from_hex(std::string_view text);     // either case; nothing for odd or foreign characters
std::string to_base64(Bytes bytes);                             // standard alphabet, padded
std::optional<std::string> from_base64(std::string_view text);  // strict: padded, no white space, canonical
                                                                // trailing bits (RFC 4648 section 3.5)

// Compares in time that depends on the lengths alone.
bool equal_constant_time(Bytes a, Bytes b);

}  // namespace bascule
