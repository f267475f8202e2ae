// Buckets of the latency histograms: 64 us doubled from one to the next. The last of a histogram has no bound.
#pragma once
#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace bascule {

constexpr std::chrono::microseconds latency_bound(std::size_t bucket) { return std::chrono::microseconds(64u << bucket); }

// Of `took` microseconds, in a histogram of so many buckets.
constexpr std::size_t latency_bucket(std::uint64_t took, std::size_t buckets) {
  return std::min(static_cast<std::size_t>(std::bit_width(took > 0 ? (took - 1) >> 6 : 0)), buckets - 1);
}

template <class Rep, class Period> constexpr std::uint64_t to_microseconds(std::chrono::duration<Rep, Period> took) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count(), 0));
}

}  // namespace bascule
