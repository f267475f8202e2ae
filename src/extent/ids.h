// Ids of extents and pieces: (incarnation, session, sequence), unique without asking anybody: an incarnation is one life
// of a catalog, a session one run of one gateway within it, the sequence counts within the session.
#pragma once
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>

#include "base/bytes.h"

namespace bascule::extent {

struct UniqueId {
  std::uint64_t incarnation = 0;  // 48 bits
  std::uint32_t session = 0;
  std::uint64_t sequence = 0;     // 48 bits
  auto operator<=>(const UniqueId&) const = default;

  // 16 bytes, big-endian: 6 + 4 + 6.
  void write(char* to) const {
    char b[8];
    store_be64(b, incarnation << 16);
    std::memcpy(to, b, 6);
    store_be32(to + 6, session);
    store_be64(b, sequence << 16);
    std::memcpy(to + 10, b, 6);
  }
  static UniqueId read(const char* from) {
    char b[8] = {};
    UniqueId id;
    std::memcpy(b + 2, from, 6);
    id.incarnation = load_be64(b);
    id.session = load_be32(from + 6);
    std::memcpy(b + 2, from + 10, 6);
    id.sequence = load_be64(b);
    return id;
  }
  std::string bytes() const { std::string s(16, '\0'); write(s.data()); return s; }
};

struct ExtentId : UniqueId {};
struct PieceId : UniqueId {};

struct HashId {
  std::size_t operator()(const UniqueId& id) const {
    return (id.incarnation * 0x9E3779B97F4A7C15u) ^ (std::uint64_t{id.session} << 40) ^ (id.sequence * 0xD6E8FEB86659FD93u);
  }
};

}  // namespace bascule::extent
