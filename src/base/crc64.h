// CRC-64/NVME (Azure's x-ms-content-crc64): polynomial 0xAD93D23594C93659, reflected 0x9A6C9329AC4BC9B5, register and
// result inverted. Carry-less multiplication where the processor has it, chosen at run time; tables elsewhere.
#pragma once
#include <cstdint>

#include "base/bytes.h"

namespace bascule {

// The checksum of `data`, or of what `previous` covers followed by `data`. Any thread; any alignment.
std::uint64_t crc64(Bytes data, std::uint64_t previous = 0);

// The checksum of A followed by B, from crc64(A), crc64(B) and B's length.
std::uint64_t crc64_combine(std::uint64_t first, std::uint64_t second, std::uint64_t second_size_bytes);

namespace detail {
// The ways of computing it, for tests and measurements; crc64() picks the last that this processor has.
enum class Crc64Way { table, clmul, clmul512 };
bool crc64_has(Crc64Way way);
std::uint64_t crc64_by(Crc64Way way, Bytes data, std::uint64_t previous);
}  // namespace detail

}  // namespace bascule
