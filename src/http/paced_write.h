// Writing much to a peer that may be slow.
#pragma once
#include "http/byte_stream.h"

namespace bascule::http {

// Writes everything; the peer must take kWritePart bytes per `stall`, and all of it before `deadline`.
Task<Result<void>> write_paced(ByteStream& stream, Slices slices, Clock& clock, Duration stall,
                               Instant deadline = kNoDeadline);

constexpr std::size_t kWritePart = 512 * 1024;

}  // namespace bascule::http
