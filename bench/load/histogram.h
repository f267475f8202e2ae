// Latencies in buckets of at most 1.6 % width: constant memory, no sorting, mergeable.
#pragma once
#include <array>
#include <cstdint>

namespace bench {

class Histogram {
 public:
  void add(std::uint64_t nanoseconds);
  void merge(const Histogram& other);
  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }
  double mean() const { return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_); }
  // The upper edge of the bucket that holds the given share of values (0 < share <= 1), never above max().
  std::uint64_t quantile(double share) const;

 private:
  static constexpr unsigned kSubBits = 6;
  static constexpr unsigned kBuckets = (64 - kSubBits) << kSubBits;
  static unsigned bucket(std::uint64_t value);
  static std::uint64_t upper_edge(unsigned bucket);

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace bench
