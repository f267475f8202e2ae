// Incremental copies: what of the source comes over, what is refused, and that a copy comes to its end through crashes.
#include <gtest/gtest.h>

#include "jobs/copies_fixture.h"

namespace bascule::jobs {
namespace {

using namespace std::chrono_literals;
using ops::At;
using ops::BlobRef;
using ops::Reason;
using ops::testing::content;
using ops::testing::StringBody;
using ops::testing::why;

class IncrementalCopy : public testing::DiskCopyTest {
 protected:
  static constexpr std::uint64_t kSize = 1 << 20;

  void SetUp() override {
    DiskCopyTest::SetUp();
    ASSERT_TRUE(create(kDisk));
  }
  bool create(BlobRef ref, std::uint64_t size = kSize) { return DiskCopyTest::create(std::move(ref), size); }
  Result<ops::Copied> copy(WallTime snapshot, BlobRef from = kDisk, BlobRef to = kCopy) {
    return world.run(service().copy_incrementally(std::move(to), at(std::move(from), snapshot), {.source_url = "https://x/c/disk?snapshot=s"}));
  }
  // The last copy is what the source's snapshot is, holes and properties too.
  void expect_same(WallTime snapshot) {
    const ops::BlobView copied = head();
    ASSERT_EQ(copied.copy->status, "success");
    const BlobRef ours = at(kCopy, copied.copy_snapshot), theirs = at(kDisk, snapshot);
    ASSERT_TRUE(get(ours) == get(theirs));
    EXPECT_EQ(ranges(ours), ranges(theirs));
    EXPECT_EQ(head(ours).sequence_number, head(theirs).sequence_number);
    EXPECT_EQ(head(ours).metadata, head(theirs).metadata);
    EXPECT_EQ(head(ours).size_bytes, head(theirs).size_bytes);
    EXPECT_TRUE(head(ours).incremental);
    EXPECT_EQ(head(ours).copy_snapshot, copied.copy_snapshot);
  }
  void expect_clean() {
    for (const BlobRef& ref : {kDisk, kCopy}) (void)world.run(service().fold_blob(ref));   // what nobody sees any more is dropped by that
    CopyingTest::expect_clean();
  }
};

TEST_F(IncrementalCopy, Takes_over_what_changed) {
  ASSERT_TRUE(put(0, content(4096, 1)) && put(65536, content(8192, 2)));
  const WallTime one = snap();
  const auto first = copy(one);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->status, "success");
  expect_same(one);
  const WallTime here = head().copy_snapshot;
  ASSERT_TRUE(put(512, content(1024, 3)) && clear(65536, 1024) && put(200 * 1024, content(512, 4)) && resize(kSize / 2));
  const WallTime two = snap();
  ASSERT_EQ(copy(two)->status, "success");
  expect_same(two);
  EXPECT_EQ(ranges(at(kCopy, head().copy_snapshot), here), ranges(at(kDisk, two), one)) << "nothing but what changed";
  EXPECT_TRUE(get(at(kCopy, here)) == get(at(kDisk, one))) << "the former one is what it was";
  ASSERT_TRUE(resize(kSize));
  const WallTime three = snap();
  ASSERT_EQ(copy(three)->status, "success");
  expect_same(three);
  ASSERT_EQ(copy(three)->status, "success") << "the same again";
  expect_same(three);
  expect_clean();
}

TEST_F(IncrementalCopy, Is_for_nothing_else) {
  ASSERT_TRUE(put(0, content(512, 1)));
  ASSERT_TRUE(copy(snap()));
  EXPECT_EQ(why(world.run(ops::testing::read_all(service(), kCopy))), Reason::incremental_copy_blob);
  EXPECT_EQ(why(world.run(service().get_page_ranges(kCopy, {}))), Reason::incremental_copy_blob);
  EXPECT_EQ(why(world.run(service().snapshot_blob(kCopy, {}, {}))), Reason::incremental_copy_blob);
  EXPECT_EQ(why(world.run(service().set_blob_metadata(kCopy, {}, {}))), Reason::incremental_copy_blob);
  EXPECT_EQ(why(world.run(service().set_blob_headers(kCopy, {}, {}))), Reason::incremental_copy_blob);
  EXPECT_EQ(why(world.run(service().set_blob_tags(kCopy, {}, {}))), Reason::incremental_copy_blob);
  EXPECT_EQ(why(world.run(service().set_page_properties(kCopy, {.size_bytes = 512}))), Reason::incremental_copy_blob);
  EXPECT_EQ(why(world.run(service().create_blob(kCopy, {.type = ops::BlobType::page}))), Reason::incremental_copy_blob);
  EXPECT_EQ(why(world.run(service().copy_blob({"acct", "d", "other"}, kCopy, {}))), Reason::incremental_copy_blob);
  EXPECT_EQ(why(world.run(service().copy_blob(kCopy, kDisk, {}))), Reason::incremental_copy_blob);
  EXPECT_EQ(why(world.run(service().abort_copy(kCopy, head().copy->id, {}))), Reason::no_pending_copy);
  // A snapshot of it is like others.
  const BlobRef snapshot = at(kCopy, head().copy_snapshot);
  ASSERT_TRUE(world.run(service().copy_blob({"acct", "d", "other"}, snapshot, {})));
  EXPECT_FALSE(head({"acct", "d", "other"}).incremental);
  EXPECT_EQ(get({"acct", "d", "other"}), get(snapshot));
  ASSERT_TRUE(world.run(service().delete_blob(snapshot, {})));
  ASSERT_TRUE(world.run(service().delete_blob(kCopy, {})));
  ASSERT_TRUE(create(kCopy)) << "an ordinary blob again";
  expect_clean();
}

TEST_F(IncrementalCopy, Has_its_order_and_its_source) {
  ASSERT_TRUE(put(0, content(512, 1)));
  const WallTime one = snap(), two = snap();
  EXPECT_EQ(why(copy(two + Ticks(1))), Reason::source_not_found);
  ASSERT_TRUE(copy(two));
  EXPECT_EQ(why(copy(one)), Reason::incremental_copy_earlier);
  ASSERT_TRUE(create({"acct", "c", "other"}));
  const WallTime other = world.run(service().snapshot_blob({"acct", "c", "other"}, {}, {}))->snapshot;
  EXPECT_EQ(why(copy(other, {"acct", "c", "other"})), Reason::incremental_copy_mismatch);
  EXPECT_EQ(why(copy(two, kDisk, {"acct", "c", "other"})), Reason::incremental_copy_mismatch) << "an ordinary blob";
  ASSERT_TRUE(CopyingTest::put(blob("text"), ""));
  const WallTime text = world.run(service().snapshot_blob({"acct", "c", "text"}, {}, {}))->snapshot;
  EXPECT_EQ(why(copy(text, {"acct", "c", "text"}, {"acct", "d", "new"})), Reason::source_type_mismatch);
  EXPECT_EQ(why(copy(two, kDisk, {"acct", "c", "text"})), Reason::blob_type_mismatch);
  // What changed since a snapshot is known while that is there.
  const WallTime three = snap();
  ASSERT_TRUE(world.run(service().delete_blob(at(kDisk, two), {})));
  EXPECT_EQ(why(copy(three)), Reason::previous_snapshot_not_found);
  ASSERT_TRUE(copy(three, kDisk, {"acct", "d", "second"}));
  ASSERT_TRUE(create(kDisk));
  EXPECT_EQ(why(copy(snap(), kDisk, {"acct", "d", "second"})), Reason::blob_overwritten);
}

TEST_F(IncrementalCopy, Comes_to_its_end_through_crashes) {
  usual_options.most_copied_at_once = 64 * 1024;
  crash();
  std::string all(kSize, '\0');
  for (std::uint64_t i = 0; i < 350; ++i) ASSERT_TRUE(put(i * 1024, content(512, i)));
  const WallTime one = snap();
  for (int i = 0; i < 4; ++i) {
    world.store_latency(20ms);
    const BlobRef target{"acct", "d", "copy" + std::to_string(i)};
    ASSERT_EQ(copy(one, kDisk, target)->status, "pending");
    wait(i * 300ms);
    crash();
    world.store_latency({});
    ASSERT_EQ(settled(target), "success") << i;
    const auto copied = head(target);
    ASSERT_TRUE(get(at(target, copied.copy_snapshot)) == get(at(kDisk, one)));
    EXPECT_EQ(copied.copy->copied_bytes, kSize);
  }
  expect_clean();
}

// What an aborted copy left is not taken for content that was copied.
TEST_F(IncrementalCopy, Begins_anew_after_an_abort) {
  ASSERT_TRUE(put(0, content(512, 1)));
  ASSERT_TRUE(copy(snap()));
  usual_options.most_copied_at_once = 1;
  crash();
  for (std::uint64_t i = 1; i < 700; ++i) ASSERT_TRUE(put(i * 1024, content(512, i)));
  world.store_latency(50ms);
  const auto pending = copy(snap());
  ASSERT_EQ(pending->status, "pending");
  EXPECT_EQ(why(copy(snap())), Reason::copy_pending);
  EXPECT_EQ(why(world.run(service().delete_blob(kCopy, {.snapshots = ops::DeleteBlob::Snapshots::include}))), Reason::copy_pending);
  ASSERT_TRUE(world.run(service().abort_copy(kCopy, pending->copy_id, {})));
  world.store_latency({});
  EXPECT_EQ(head().copy->status, "aborted");
  ASSERT_TRUE(clear(1024, kSize - 1024));
  const WallTime last = snap();
  ASSERT_TRUE(copy(last));
  EXPECT_EQ(settled(), "success");
  expect_same(last);
  expect_clean();
}

TEST_F(IncrementalCopy, Fails_where_the_source_goes) {
  usual_options.most_copied_at_once = 1;
  crash();
  for (std::uint64_t i = 0; i < 700; ++i) ASSERT_TRUE(put(i * 1024, content(512, i)));
  const WallTime one = snap();
  world.store_latency(50ms);
  ASSERT_EQ(copy(one)->status, "pending");
  ASSERT_TRUE(world.run(service().delete_blob(at(kDisk, one), {})));
  world.store_latency({});
  EXPECT_EQ(settled(), "failed");
  EXPECT_NE(head().copy->description.find("404 BlobNotFound"), std::string::npos);
  const WallTime two = snap();
  ASSERT_TRUE(copy(two));
  EXPECT_EQ(settled(), "success");
  expect_same(two);
  expect_clean();
}

}  // namespace
}  // namespace bascule::jobs
