// Incremental copies: what of the source comes over, what is refused, and that a copy comes to its end through crashes.
#include <gtest/gtest.h>

#include "jobs/check.h"
#include "jobs/copies.h"
#include "jobs/sweeper.h"
#include "ops/testing.h"

namespace bascule::jobs {
namespace {

using namespace std::chrono_literals;
using ops::At;
using ops::BlobRef;
using ops::Reason;
using ops::testing::content;
using ops::testing::Gateway;
using ops::testing::StringBody;
using ops::testing::World;
namespace keys = catalog::keys;

struct Findings final : CheckSink {
  std::string text;
  void progress(const CheckProgress&) override {}
  void finding(const CheckFinding& f) override { text += f.where + ": " + f.message + "\n"; }
};

class IncrementalCopy : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kSize = 1 << 20;
  std::vector<std::unique_ptr<Copies>> old_copies;   // coroutines of former lives still refer to them
  World world;
  std::unique_ptr<Gateway> gateway;
  std::unique_ptr<Copies> copies;
  std::uint64_t most_at_once = 64 << 20;
  static inline const BlobRef kDisk{"acct", "c", "disk"}, kCopy{"acct", "d", "copy"};

  void SetUp() override {
    open();
    ASSERT_TRUE(world.run(service().put_account({"acct", {"k1", "k2"}}, true)));
    for (const char* name : {"c", "d"}) ASSERT_TRUE(world.run(service().create_container({"acct", name}, {}, ops::PublicAccess::none)));
    ASSERT_TRUE(create(kDisk));
  }
  void open() {
    auto opened = world.run(Gateway::open(world, {.service = {.most_copied_at_once = most_at_once}}));
    ASSERT_TRUE(opened) << opened.error().message;
    gateway = std::move(*opened);
    copies = std::make_unique<Copies>(service(), nullptr);
    spawn(world.loop, keep_passing(*copies, world.clock, *gateway->line));
  }
  static Task<void> keep_passing(Copies& copies, Clock& clock, ops::testing::Lifeline& line) {
    while (!line.crashed) {
      (void)co_await copies.pass();
      co_await clock.sleep_for(50ms);
    }
  }
  void crash() {
    old_copies.push_back(std::move(copies));
    world.crash(std::move(gateway));
    open();
  }
  void TearDown() override {
    old_copies.push_back(std::move(copies));
    world.crash(std::move(gateway));
  }
  ops::Service& service() { return *gateway->service; }
  void pass_time(Duration d) { world.run(world.clock.sleep_for(d)); }
  bool create(BlobRef ref, std::uint64_t size = kSize) {
    ops::CreateBlob what{.type = ops::BlobType::page, .size_bytes = size, .sequence_number = 7};
    what.metadata = {{"kind", "disk"}};
    return world.run(service().create_blob(std::move(ref), what)).has_value();
  }
  bool put(std::uint64_t first, std::string text) {
    ops::PutPages what{.first = first, .length_bytes = text.size()};
    what.body.length_bytes = text.size();
    StringBody body(std::move(text));
    return world.run(service().put_pages(kDisk, what, body)).has_value();
  }
  bool clear(std::uint64_t first, std::uint64_t length) {
    StringBody body("");
    return world.run(service().put_pages(kDisk, {.first = first, .length_bytes = length, .clear = true}, body)).has_value();
  }
  bool resize(std::uint64_t size) { return world.run(service().set_page_properties(kDisk, {.size_bytes = size})).has_value(); }
  WallTime snap() { return world.run(service().snapshot_blob(kDisk, {}, {}))->snapshot; }
  static BlobRef at(BlobRef ref, WallTime time) {
    ref.at = {At::Kind::snapshot, time};
    return ref;
  }
  Result<ops::Copied> copy(WallTime snapshot, BlobRef from = kDisk, BlobRef to = kCopy) {
    return world.run(service().copy_incrementally(std::move(to), at(std::move(from), snapshot), {.source_url = "https://x/c/disk?snapshot=s"}));
  }
  ops::BlobView head(BlobRef ref = kCopy) { return world.run(service().head_blob(std::move(ref), {})).value(); }
  std::string settled() {
    for (const Instant end = world.clock.now() + 10min; world.clock.now() < end && head().copy->status == "pending";) pass_time(50ms);
    return head().copy->status;
  }
  std::string get(BlobRef ref) { return world.run(ops::testing::read_all(service(), std::move(ref))).value_or("(nothing)"); }
  std::vector<ops::PageRange> ranges(BlobRef ref, std::optional<WallTime> since = {}) {
    return world.run(service().get_page_ranges(std::move(ref), {.previous = since})).value().ranges;
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
  template <class T> static Reason why(const Result<T>& r) { return r ? Reason::none : ops::reason_of(r.error()); }
  void expect_clean() {
    EXPECT_TRUE(world.run(world.store->scan({.begin = "J", .end = "K"}))->empty());
    Sweeper sweeper(service());
    (void)world.run(sweeper.adopt_dead_sessions(gateway->catalog->died()));
    for (const BlobRef& ref : {kDisk, kCopy}) (void)world.run(service().fold_blob(ref));   // what nobody sees any more is dropped by that
    for (int i = 0; i < 50 && world.run(sweeper.pass()).value_or(true); ++i) {}
    Findings findings;
    const auto report = world.run(check(service(), {}, findings));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(findings.text, "");
    EXPECT_EQ(report->unreferenced, 0u);
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
  ops::PutBlob block;
  StringBody empty("");
  ASSERT_TRUE(world.run(service().put_blob({"acct", "c", "text"}, block, empty)));
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
  most_at_once = 64 * 1024;
  crash();
  std::string all(kSize, '\0');
  for (std::uint64_t i = 0; i < 700; ++i) ASSERT_TRUE(put(i * 1024, content(512, i)));
  const WallTime one = snap();
  for (int i = 0; i < 4; ++i) {
    world.store_latency(20ms);
    const BlobRef target{"acct", "d", "copy" + std::to_string(i)};
    ASSERT_EQ(copy(one, kDisk, target)->status, "pending");
    pass_time(i * 300ms);
    crash();
    world.store_latency({});
    for (const Instant end = world.clock.now() + 10min; world.clock.now() < end && head(target).copy->status == "pending";) pass_time(50ms);
    const auto copied = head(target);
    ASSERT_EQ(copied.copy->status, "success") << i;
    ASSERT_TRUE(get(at(target, copied.copy_snapshot)) == get(at(kDisk, one)));
    EXPECT_EQ(copied.copy->copied_bytes, kSize);
  }
  expect_clean();
}

// What an aborted copy left is not taken for content that was copied.
TEST_F(IncrementalCopy, Begins_anew_after_an_abort) {
  ASSERT_TRUE(put(0, content(512, 1)));
  ASSERT_TRUE(copy(snap()));
  most_at_once = 1;
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
  most_at_once = 1;
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
