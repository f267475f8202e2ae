#include "http/paced_write.h"

#include <algorithm>
#include <vector>

namespace bascule::http {
namespace {

Task<Result<void>> write_in_parts(ByteStream& stream, Slices slices, Clock& clock, Duration stall, Instant deadline) {
  std::vector<Bytes> part;
  std::size_t part_size = 0;
  for (std::size_t i = 0; i < slices.size(); ++i) {
    Bytes rest = slices[i];
    while (!rest.empty()) {
      const Bytes piece = rest.first(std::min(rest.size(), kWritePart - part_size));
      part.push_back(piece);
      part_size += piece.size();
      rest = rest.subspan(piece.size());
      if (part_size < kWritePart) continue;
      stream.set_deadline(std::min(clock.now() + stall, deadline));
      BASCULE_CO_TRY(co_await stream.write_all(part));
      part.clear();
      part_size = 0;
    }
  }
  if (part.empty()) co_return Result<void>();
  stream.set_deadline(std::min(clock.now() + stall, deadline));
  co_return co_await stream.write_all(part);
}

}  // namespace

Task<Result<void>> write_paced(ByteStream& stream, Slices slices, Clock& clock, Duration stall, Instant deadline) {
  if (total_size(slices) > kWritePart) return write_in_parts(stream, slices, clock, stall, deadline);
  stream.set_deadline(std::min(clock.now() + stall, deadline));
  return stream.write_all(slices);
}

}  // namespace bascule::http
