#include "migrate/target.h"

#include "base/crc64.h"

namespace bascule::migrate {

void RangesSum::close() {
  if (end_ == first_) return;
  const std::uint64_t range[2] = {first_, end_};
  sum_ = crc64(std::as_bytes(std::span(range)), sum_);
}
void RangesSum::add(std::uint64_t offset, std::uint64_t length_bytes) {
  if (offset != end_) {
    close();
    first_ = offset;
  }
  end_ = offset + length_bytes;
}
std::uint64_t RangesSum::finish() {
  close();
  first_ = end_;
  return sum_;
}

}  // namespace bascule::migrate
