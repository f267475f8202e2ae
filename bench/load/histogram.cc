#include "load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace bench {

unsigned Histogram::bucket(std::uint64_t value) {
  if (value < (1u << kSubBits)) return static_cast<unsigned>(value);
  const unsigned exponent = static_cast<unsigned>(std::bit_width(value)) - 1 - kSubBits;
  const unsigned mantissa = static_cast<unsigned>(value >> exponent) & ((1u << kSubBits) - 1);
  return ((exponent + 1) << kSubBits) + mantissa;
}

std::uint64_t Histogram::upper_edge(unsigned bucket) {
  if (bucket < (1u << kSubBits)) return bucket;
  const unsigned exponent = (bucket >> kSubBits) - 1;
  const std::uint64_t mantissa = (bucket & ((1u << kSubBits) - 1)) + (1u << kSubBits);
  return ((mantissa + 1) << exponent) - 1;
}

void Histogram::add(std::uint64_t nanoseconds) {
  counts_[std::min(bucket(nanoseconds), kBuckets - 1)]++;
  count_++;
  sum_ += nanoseconds;
  max_ = std::max(max_, nanoseconds);
}

void Histogram::merge(const Histogram& other) {
  for (unsigned i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
}

std::uint64_t Histogram::quantile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (unsigned i = 0; i < kBuckets; ++i) {
    seen += counts_[i];
    if (seen >= wanted && seen > 0) return std::min(upper_edge(i), max_);
  }
  return max_;
}

}  // namespace bench
