#include "jobs/worth.h"

#include <gtest/gtest.h>

namespace bascule::jobs {
namespace {

constexpr std::uint64_t kMib = 1 << 20;

std::vector<ToGather> times(std::size_t n, ToGather each) { return std::vector<ToGather>(n, each); }

TEST(Worth, Without_prices_a_third_dead_or_several_undersized) {
  struct Row { const char* what; std::vector<ToGather> extents; bool pays; };
  const Row rows[] = {
      {"nothing", {}, false},
      {"one small one", times(1, {.size_bytes = 4096, .moved_bytes = 4096}), false},
      {"three small ones", times(3, {.size_bytes = 4096, .moved_bytes = 4096}), false},
      {"four small ones", times(4, {.size_bytes = 4096, .moved_bytes = 4096}), true},
      {"a large one, a third dead", times(1, {.size_bytes = 15 * kMib, .moved_bytes = 10 * kMib}), true},
      {"a large one, less dead", times(1, {.size_bytes = 15 * kMib, .moved_bytes = 11 * kMib}), false},
      {"a dead one and a whole one, a third together", {{.size_bytes = 600, .moved_bytes = 100}, {.size_bytes = 900, .moved_bytes = 900}}, true},
  };
  for (const Row& row : rows) EXPECT_EQ(worth({}, row.extents).pays, row.pays) << row.what;
  EXPECT_TRUE(promising({}, 16 * kMib, 6 * kMib));
  EXPECT_FALSE(promising({}, 16 * kMib, 5 * kMib));
  EXPECT_TRUE(promising({}, kMib - 1, 0));
  EXPECT_FALSE(promising({}, kMib, 0));
  EXPECT_FALSE(promising({}, kMib, kMib)) << "all dead: the sweeper's";
}

// In euros, as a European provider of today might ask.
TEST(Worth, With_prices_what_is_saved_must_be_more_than_what_it_costs) {
  const Prices plain{.storage_gb_month = 0.01};   // requests and egress are free
  Prices egress = plain;
  egress.egress_gb = 0.05;
  Prices requests = plain;
  requests.puts_1000 = 0.005;
  requests.gets_1000 = 0.0004;
  Prices early = plain;
  early.minimum_days = 90;
  Prices minimum = plain;
  minimum.minimum_object_bytes = 128 * 1024;
  struct Row { const char* what; const Prices& prices; std::vector<ToGather> extents; bool pays; };
  const Row rows[] = {
      {"any dead byte, where moving is free", plain, times(1, {.size_bytes = 16 * kMib, .moved_bytes = 15 * kMib}), true},
      {"nothing dead", plain, times(100, {.size_bytes = 4096, .moved_bytes = 4096}), false},
      // 90 days of a GB cost 0.03, moving one 0.05: more than five of eight parts must be dead
      {"half dead, over a dear wire", egress, times(1, {.size_bytes = 16 * kMib, .moved_bytes = 8 * kMib}), false},
      {"three quarters dead, over a dear wire", egress, times(1, {.size_bytes = 16 * kMib, .moved_bytes = 4 * kMib}), true},
      // 5.4e-6 for a request or two: about 180 KiB for 90 days
      {"a hundred KiB dead, where requests cost", requests, times(1, {.size_bytes = 200 * 1024, .moved_bytes = 100 * 1024, .reads = 1}), false},
      {"a MiB dead, where requests cost", requests, times(1, {.size_bytes = 2 * kMib, .moved_bytes = kMib, .reads = 2}), true},
      {"much dead, but young where objects are paid for 90 days", early, times(1, {.size_bytes = 16 * kMib, .moved_bytes = kMib, .age_days = 0}), false},
      {"the same a little later", early, times(1, {.size_bytes = 16 * kMib, .moved_bytes = kMib, .age_days = 10}), true},
      {"much dead and old", early, times(1, {.size_bytes = 16 * kMib, .moved_bytes = kMib, .age_days = 90}), true},
      {"small ones, each paid for as a larger one", minimum, times(30, {.size_bytes = 4096, .moved_bytes = 4096}), true},
      {"one of them", minimum, times(1, {.size_bytes = 4096, .moved_bytes = 4096}), false},
  };
  for (const Row& row : rows) {
    const Worth w = worth(row.prices, row.extents);
    EXPECT_EQ(w.pays, row.pays) << row.what << ": saves " << w.saved << ", costs " << w.cost;
  }
  EXPECT_TRUE(promising(egress, 16 * kMib, 1));
  EXPECT_FALSE(promising(egress, 16 * kMib, 0));
  EXPECT_TRUE(promising(minimum, 100 * 1024, 0));
}

}  // namespace
}  // namespace bascule::jobs
