#include "catalog/forward.h"

#include <gtest/gtest.h>

namespace bascule::catalog {
namespace {

extent::ExtentId id(std::uint64_t sequence) { return {extent::UniqueId{1, 2, sequence}}; }

TEST(Forward, Finds_where_a_stretch_lies) {
  const Forwards forwards{{id(7), 100, 50, 1000}, {id(7), 200, 10, 1050}};
  EXPECT_EQ(place_of(forwards, 100, 50)->offset, 1000u);
  EXPECT_EQ(place_of(forwards, 120, 30)->offset, 1020u);
  EXPECT_EQ(place_of(forwards, 200, 10)->offset, 1050u);
  EXPECT_EQ(place_of(forwards, 200, 10)->extent, id(7));
  EXPECT_FALSE(place_of(forwards, 99, 1));
  EXPECT_FALSE(place_of(forwards, 120, 31)) << "reaches beyond";
  EXPECT_FALSE(place_of(forwards, 150, 1));
  EXPECT_FALSE(place_of({}, 0, 1));
}

TEST(Forward, Follows_what_has_moved_on) {
  const Forwards forwards{{id(7), 0, 100, 500}, {id(8), 100, 50, 0}, {id(7), 200, 100, 600}};
  // Of extent 7 the bytes 550 to 650 and 680 on have moved; the rest was dead.
  const Forwards onward{{id(9), 550, 100, 40}, {id(9), 680, 20, 140}};
  const Forwards now = moved_on(forwards, id(7), onward);
  ASSERT_EQ(now.size(), 4u);
  EXPECT_EQ(place_of(now, 50, 50)->offset, 40u);
  EXPECT_FALSE(place_of(now, 49, 2));
  EXPECT_EQ(place_of(now, 100, 50)->extent, id(8)) << "not concerned";
  EXPECT_EQ(place_of(now, 200, 50)->offset, 90u);
  EXPECT_FALSE(place_of(now, 250, 1));
  EXPECT_EQ(place_of(now, 280, 20)->offset, 140u);
}

}  // namespace
}  // namespace bascule::catalog
