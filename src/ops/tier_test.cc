// Tiers and the way back from the archive; expiry; when content was last read.
#include <gtest/gtest.h>

#include "ops/gateway_fixture.h"

namespace bascule::ops {
namespace {

using testing::GatewayTest;
using testing::why;
using namespace std::chrono_literals;

class TierTest : public GatewayTest {
 protected:
  static constexpr ServiceOptions kRehydrates{.rehydrate_standard = 10h, .rehydrate_high = 1h};

  void SetUp() override {
    GatewayTest::SetUp();
    open(kRehydrates);
    make_containers({"c"});
    put("b");
  }
  Reason put(std::string name, std::string tier = "", Conditions conditions = {}) {
    return why(GatewayTest::put(blob(std::move(name)), "text", {.tier = std::move(tier), .conditions = std::move(conditions)}));
  }
  void wait(Duration time) { world.run(pass(world.clock, time)); }
  static Task<void> pass(Clock& clock, Duration time) { co_await clock.sleep_for(time); }
  Reason read(std::string name) { return why(world.run(testing::read_all(ops(), blob(std::move(name))))); }
  Reason set(std::string tier, bool high = false) { return why(world.run(ops().set_blob_tier(blob("b"), {.tier = std::move(tier), .high = high}))); }
  BlobView view(std::string name = "b") {
    auto found = world.run(ops().head_blob(blob(std::move(name)), {}));
    EXPECT_TRUE(found);
    return found ? *found : BlobView{};
  }
};

TEST_F(TierTest, What_comes_back_from_the_archive_can_be_read_when_its_time_has_come) {
  const ETag etag = view().etag;
  EXPECT_EQ(set("Archive"), Reason::none);
  EXPECT_EQ(view().tier, "Archive");
  EXPECT_EQ(read("b"), Reason::blob_archived);
  const auto pending = world.run(ops().set_blob_tier(blob("b"), {.tier = "Cool"}));
  ASSERT_TRUE(pending);
  EXPECT_TRUE(*pending);
  EXPECT_EQ(view().rehydrating_to, "Cool");
  wait(9h);
  EXPECT_EQ(read("b"), Reason::blob_archived);
  world.crash(std::move(gateway));   // it goes on by itself
  open(kRehydrates);
  wait(2h);
  EXPECT_EQ(read("b"), Reason::none);
  EXPECT_EQ(view().tier, "Cool");
  EXPECT_EQ(view().rehydrating_to, "");
  EXPECT_EQ(view().etag, etag);
  const WallTime changed = view().tier_changed;
  ASSERT_TRUE(world.run(ops().set_blob_metadata(blob("b"), {{"a", "b"}}, {})));   // what is written now says so too
  EXPECT_EQ(view().tier, "Cool");
  EXPECT_EQ(view().tier_changed, changed);
  EXPECT_FALSE(*world.run(ops().set_blob_tier(blob("b"), {.tier = "Hot"})));
}

TEST_F(TierTest, The_way_back_is_shortened_and_never_lengthened) {
  EXPECT_EQ(set("Archive"), Reason::none);
  EXPECT_EQ(set("Hot"), Reason::none);
  EXPECT_EQ(set("Cool"), Reason::blob_being_rehydrated);
  EXPECT_EQ(set("Archive"), Reason::blob_being_rehydrated);
  wait(9h + 30min);
  EXPECT_EQ(set("Hot", true), Reason::none);
  EXPECT_TRUE(view().rehydrate_high);
  EXPECT_EQ(set("Hot", false), Reason::none);
  EXPECT_TRUE(view().rehydrate_high);
  wait(31min);   // the former time comes first
  EXPECT_EQ(read("b"), Reason::none);
}

TEST_F(TierTest, What_the_archive_allows) {
  EXPECT_EQ(set("Archive"), Reason::none);
  EXPECT_EQ(why(world.run(ops().set_blob_metadata(blob("b"), {}, {}))), Reason::blob_archived);
  EXPECT_EQ(why(world.run(ops().set_blob_headers(blob("b"), {}, {}))), Reason::blob_archived);
  EXPECT_EQ(why(world.run(ops().copy_blob(blob("copy"), blob("b"), {}))), Reason::blob_archived);
  EXPECT_EQ(why(world.run(ops().copy_blob(blob("b"), blob("b"), {.tier = "Hot"}))), Reason::blob_archived);
  EXPECT_EQ(why(world.run(ops().set_blob_tags(blob("b"), {{"a", "1"}}, {}))), Reason::none);
  ASSERT_TRUE(world.run(ops().copy_blob(blob("copy"), blob("b"), {.rehydrate_high = true, .tier = "Hot"})));
  EXPECT_EQ(read("copy"), Reason::blob_archived);
  EXPECT_EQ(view("copy").rehydrating_to, "Hot");
  wait(1h);
  EXPECT_EQ(read("copy"), Reason::none);
  EXPECT_EQ(read("b"), Reason::blob_archived);
  EXPECT_EQ(set("Hot"), Reason::none);
  EXPECT_EQ(put("b"), Reason::blob_being_rehydrated);
  EXPECT_EQ(why(world.run(ops().put_block_list(blob("b"), {}))), Reason::blob_being_rehydrated);
  EXPECT_EQ(why(world.run(ops().copy_blob(blob("b"), blob("copy"), {}))), Reason::blob_being_rehydrated);
  EXPECT_EQ(why(world.run(ops().delete_blob(blob("b"), {}))), Reason::none);
  EXPECT_EQ(put("b", "Archive"), Reason::none);
  EXPECT_EQ(put("b"), Reason::none);   // over one that only lies there
  EXPECT_EQ(read("b"), Reason::none);
}

TEST_F(TierTest, A_blob_that_has_expired_is_not_there) {
  SetExpiry soon{.from = SetExpiry::From::now, .after = std::chrono::duration_cast<Ticks>(10s)};
  ASSERT_TRUE(world.run(ops().set_blob_expiry(blob("b"), soon)));
  EXPECT_EQ(read("b"), Reason::none);
  wait(11s);
  EXPECT_EQ(read("b"), Reason::blob_not_found);
  EXPECT_EQ(why(world.run(ops().head_blob(blob("b"), {}))), Reason::blob_not_found);
  EXPECT_EQ(why(world.run(ops().set_blob_metadata(blob("b"), {}, {}))), Reason::blob_not_found);
  EXPECT_EQ(why(world.run(ops().set_blob_tier(blob("b"), {.tier = "Cool"}))), Reason::blob_not_found);
  EXPECT_EQ(why(world.run(ops().delete_blob(blob("b"), {}))), Reason::blob_not_found);
  EXPECT_EQ(why(world.run(ops().copy_blob(blob("x"), blob("b"), {}))), Reason::source_not_found);
  EXPECT_TRUE(world.run(ops().list_blobs({"acct", "c"}, {}))->items.empty());
  EXPECT_EQ(put("b", "", {.if_none_match = ETagSet{.any = true}}), Reason::none);
  EXPECT_EQ(view().expires, WallTime());
}

TEST_F(TierTest, The_last_access_is_kept_where_the_account_wants_it_and_moves_once_a_day) {
  EXPECT_EQ(read("b"), Reason::none);
  EXPECT_EQ(view().last_access, WallTime());
  ASSERT_TRUE(world.run(ops().change_settings("acct", [](AccountSettings& s) -> Result<void> { s.last_access_tracking = true; return {}; })));
  const ETag etag = view().etag;
  EXPECT_EQ(read("b"), Reason::none);
  wait(1s);
  const WallTime first = view().last_access;
  EXPECT_NE(first, WallTime());
  EXPECT_EQ(view().etag, etag);
  wait(23h);
  EXPECT_EQ(read("b"), Reason::none);
  wait(1s);
  EXPECT_EQ(view().last_access, first);
  wait(2h);
  (void)view();   // properties are not content
  wait(1s);
  EXPECT_EQ(view().last_access, first);
  EXPECT_EQ(read("b"), Reason::none);
  wait(1s);
  EXPECT_GT(view().last_access, first);
}

}  // namespace
}  // namespace bascule::ops
