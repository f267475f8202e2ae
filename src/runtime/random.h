// Randomness, reached only through here. The system's is cryptographic; the simulator's is seeded.
#pragma once
#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace bascule {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(MutableBytes out) = 0;  // any thread; never fails (the system's aborts the program if it must)
  std::uint64_t next_u64() { std::uint64_t v; fill(std::as_writable_bytes(std::span(&v, 1))); return v; }
  template <std::size_t N> std::array<std::byte, N> bytes() { std::array<std::byte, N> b; fill(b); return b; }
};

Random& system_random();  // OpenSSL's CSPRNG, buffered per thread: salts and ids cost no system call each

}  // namespace bascule
