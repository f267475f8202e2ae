#include "base/latency.h"

#include <gtest/gtest.h>

namespace bascule {
namespace {

using namespace std::chrono_literals;

TEST(Latency, A_bound_belongs_to_its_own_bucket) {
  for (std::size_t bucket = 0; bucket < 16; ++bucket) {
    const auto bound = static_cast<std::uint64_t>(latency_bound(bucket).count());
    EXPECT_EQ(latency_bucket(bound, 17), bucket);
    EXPECT_EQ(latency_bucket(bound + 1, 17), bucket + 1);
  }
  EXPECT_EQ(latency_bucket(0, 17), 0u);
  EXPECT_EQ(latency_bucket(UINT64_MAX, 17), 16u);
}

TEST(Latency, A_clock_that_ran_backwards_counts_as_nothing) {
  EXPECT_EQ(to_microseconds(-5ms), 0u);
  EXPECT_EQ(to_microseconds(1500ns), 1u);
}

}  // namespace
}  // namespace bascule
