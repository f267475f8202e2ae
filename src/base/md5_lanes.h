// The MD5 compression function over many messages at once. One message cannot be hashed faster than its chain of steps
// allows; several can share the steps, one in each lane of a vector register.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace bascule {

// A message's chaining state (A, B, C, D of RFC 1321) and whole blocks of 64 bytes that follow.
struct Md5Lane {
  std::uint32_t* state = nullptr;
  const std::byte* data = nullptr;
  std::size_t blocks = 0;
};

// A width of registers, and from how many messages on it is faster than one after the other (measured).
struct Md5Way {
  void (*compress)(std::uint32_t* const* states, const std::byte* const* data, std::size_t blocks);
  std::size_t lanes, fewest;
};
// What this processor has, widest first; empty where it has no wide registers.
std::span<const Md5Way> md5_ways();

// Takes in blocks of all lanes until fewer than `way.fewest` have any left; moves `data` and `blocks` on. Any thread.
void md5_lanes(std::span<Md5Lane> lanes, const Md5Way& way);

}  // namespace bascule
