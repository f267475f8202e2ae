// A piece as a manifest names it: where its sealed bytes lie and what it takes to open them.
#pragma once
#include <array>
#include <cstdint>

#include "extent/ids.h"

namespace bascule::extent {

constexpr std::uint32_t kMaxPieceBytes = 8 * 1024 * 1024;          // plaintext
constexpr std::uint32_t kMinPressurePieceBytes = 1024 * 1024;      // pieces of large bodies shrink to this, not below
constexpr std::uint64_t kMaxExtentBytes = 16 * 1024 * 1024 + 64 * 1024;  // sealed: two full pieces fit

struct Piece {
  ExtentId extent;
  PieceId id;
  std::uint32_t offset = 0;       // of the first sealed chunk within the extent
  std::uint32_t size_bytes = 0;   // plaintext; the sealed length follows from it
  std::array<std::byte, 24> salt{};
  std::array<std::byte, 32> commitment{};
};

}  // namespace bascule::extent
