// What the sweeper promises: nothing that lives is ever buried, and nothing dead stays for ever. What failed and dead
// sessions leave: leftovers_test.cc; random histories: histories_test.cc.
#include "jobs/sweeper.h"

#include <gtest/gtest.h>

#include "jobs/sweeper_fixture.h"

// A life that crashes leaves its coroutines parked for good, and each owns its frame (runtime/completion.h): the leak
// checker would name them all. What the engine itself might leak is looked for in the other folders' tests.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }

namespace bascule::jobs {
namespace {

using namespace std::chrono_literals;
using ops::BlobRef;
using ops::testing::content;

class SweeperTest : public testing::FaultsTest {
 protected:
  // Where "x" ends within the hour, in an account with these settings.
  void begin_with_an_end(std::uint64_t seed, std::function<void(ops::AccountSettings&)> settings) {
    begin(seed);
    make_containers({"c"});
    change_settings(std::move(settings));
    ASSERT_TRUE(put(blob("x"), "text"));
    ASSERT_TRUE(world.run(service().set_blob_expiry(blob("x"), {.from = ops::SetExpiry::From::now, .after = Ticks(std::chrono::hours(1))})));
  }
};

TEST_F(SweeperTest, What_is_replaced_or_deleted_is_freed) {
  begin(1);
  make_containers({"c"});
  ASSERT_TRUE(put(blob("a"), content(3'000'000, 1)));
  ASSERT_TRUE(put(blob("a"), "small"));
  ASSERT_TRUE(put(blob("b"), content(20'000'000, 2)));
  ASSERT_TRUE(put_block(blob("u"), "1", "one"));
  ASSERT_TRUE(put_block(blob("u"), "1", "one again"));
  ASSERT_TRUE(world.run(service().delete_blob(blob("b"), {})));
  sweep();
  EXPECT_EQ(get(blob("a")), "small");
  EXPECT_EQ(world.memory_provider->object_count(), 2u + 2u);  // two keys, "small", "one again"
  expect_whole("after sweeping");
  expect_no_leak("at the end");
}

TEST_F(SweeperTest, Shared_manifests_live_as_long_as_anyone_needs_them) {
  // Every order in which the original, its copy, the copy's copy and a block list over a copy can go.
  std::vector<int> order = {0, 1, 2, 3};
  do {
    begin(7);
    make_containers({"c"});
    ASSERT_TRUE(put_block(blob("0"), "1", content(2000, 1)));
    ASSERT_TRUE(put_block(blob("0"), "2", content(3000, 2)));
    ASSERT_TRUE(put_list(blob("0"), {"1", "2"}));
    ASSERT_TRUE(copy(blob("1"), blob("0")));
    ASSERT_TRUE(copy(blob("2"), blob("1")));
    ASSERT_TRUE(copy(blob("3"), blob("0")));
    ASSERT_TRUE(put_block(blob("3"), "3", content(10, 3)));
    ASSERT_TRUE(put_list(blob("3"), {"3", "2"}));   // takes a block of what it shares
    ASSERT_TRUE(put_list(blob("3"), {"2", "3"}));   // and again, of what it took
    const std::string shared = content(2000, 1) + content(3000, 2), own = content(3000, 2) + content(10, 3);
    sweep();
    std::string path;
    for (std::size_t i = 0; i < order.size(); ++i) {
      path += static_cast<char>('0' + order[i]);
      ASSERT_TRUE(world.run(service().delete_blob(blob(std::to_string(order[i])), {})));
      if (i % 2 == 0) sweep();
      for (std::size_t j = i + 1; j < order.size(); ++j)
        ASSERT_TRUE(get(blob(std::to_string(order[j]))) == (order[j] == 3 ? own : shared)) << path;
    }
    expect_no_leak(path);
  } while (std::ranges::next_permutation(order).found);
}

TEST_F(SweeperTest, A_block_listed_twice_on_different_pages_dies_once_even_when_interrupted) {
  begin(3);
  make_containers({"c"});
  ASSERT_TRUE(put_block(blob("p"), "1", "shared block"));
  ASSERT_TRUE(put_block(blob("p"), "2", "other block"));
  std::vector<std::string> ids(1200, "1");
  ids[600] = "2";
  ASSERT_TRUE(put_list(blob("p"), ids));
  ASSERT_TRUE(put(blob("keep"), "kept"));
  ASSERT_TRUE(world.run(service().delete_blob(blob("p"), {})));
  // The sweep is interrupted every few milliseconds, until it comes through.
  world.store_latency(2ms);
  for (int i = 0; i < 12; ++i) {
    struct Passing {
      static Task<void> go(Sweeper& sweeper) { (void)co_await sweeper.pass(); }
    };
    spawn(world.loop, Passing::go(*sweeper));
    wait(std::chrono::milliseconds(3 + i % 3));
    crash();
  }
  EXPECT_EQ(get(blob("keep")), "kept");
  expect_whole("after the interruptions");
  expect_no_leak("at the end");
}

TEST_F(SweeperTest, A_reader_keeps_its_pages_and_extents) {
  begin(4);
  make_containers({"c"});
  std::string whole;
  std::vector<std::string> ids;
  for (int i = 0; i < 1200; ++i) {
    ids.push_back(std::to_string(10'000 + i));
    whole += content(50, static_cast<std::uint64_t>(i));
    ASSERT_TRUE(put_block(blob("p"), ids.back(), content(50, static_cast<std::uint64_t>(i))));
  }
  ASSERT_TRUE(put_list(blob("p"), ids));
  sweep();
  auto reader = world.run(service().open_blob(blob("p"), {}));
  ASSERT_TRUE(reader);
  std::string got(as_text(*world.run((*reader)->next())));
  ASSERT_TRUE(put(blob("p"), "replaced"));
  for (int i = 0; i < 4; ++i) {
    auto busy = world.run(sweeper->pass());  // waits, gives up, goes on waiting
    ASSERT_TRUE(busy);
    EXPECT_FALSE(*busy);
  }
  got += rest_of(**reader);
  EXPECT_TRUE(got == whole);
  reader->reset();
  sweep();
  EXPECT_EQ(get(blob("p")), "replaced");
  expect_no_leak("at the end");
}

TEST_F(SweeperTest, Readers_that_never_cease_do_not_hold_it_up) {
  begin(5);
  make_containers({"c"});
  ASSERT_TRUE(put(blob("old"), content(100'000, 1)));
  ASSERT_TRUE(put(blob("b"), content(1'000'000, 2)));
  ASSERT_TRUE(world.run(service().delete_blob(blob("old"), {})));
  // Each download overlaps with the next; none lasts for ever.
  auto reader = world.run(service().open_blob(blob("b"), {}));
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(world.run(sweeper->pass()));
    auto next = world.run(service().open_blob(blob("b"), {}));
    reader = std::move(next);
  }
  EXPECT_EQ(world.memory_provider->object_count(), 2u + 1u);
}

TEST_F(SweeperTest, What_was_deleted_softly_goes_when_its_time_has_come) {
  begin(8);
  make_containers({"c"});
  change_settings([](ops::AccountSettings& s) { s.delete_retention_days = 2; });
  ASSERT_TRUE(put(blob("gone"), content(500'000, 1)));
  ASSERT_TRUE(world.run(service().snapshot_blob(blob("gone"), {}, {})));
  ASSERT_TRUE(put(blob("back"), content(500'000, 2)));
  ASSERT_TRUE(put(blob("over"), content(500'000, 3)));
  ASSERT_TRUE(put(blob("over"), "new"));
  const ops::DeleteBlob whole{.snapshots = ops::DeleteBlob::Snapshots::include};
  for (const char* name : {"gone", "back"}) ASSERT_TRUE(world.run(service().delete_blob(blob(name), whole)));
  wait(47h);
  ASSERT_TRUE(world.run(service().undelete_blob(blob("back"))));
  ASSERT_TRUE(world.run(sweeper->expire_deleted()));
  EXPECT_EQ(sweeper->counts().expired, 0u);
  wait(2h);
  EXPECT_FALSE(world.run(service().undelete_blob(blob("gone"))));   // due, though it still lies there
  ASSERT_TRUE(world.run(sweeper->expire_deleted()));
  EXPECT_EQ(sweeper->counts().expired, 3u);
  sweep();
  expect_whole("expired");
  const auto page = world.run(service().list_blobs({"acct", "c"}, {.snapshots = true, .deleted = true}));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->items.size(), 2u);
  EXPECT_TRUE(get(blob("back")) == content(500'000, 2));
  EXPECT_EQ(get(blob("over")), "new");
  EXPECT_EQ(world.memory_provider->object_count(), 2u + 2u);   // the keys; what lives
  expect_no_leak("at the end");
}

TEST_F(SweeperTest, Blobs_go_at_their_own_end) {
  begin(81);
  make_containers({"c", "d"});
  const auto ends = [&](const char* name, Ticks after, std::string container = "c") {
    ASSERT_TRUE(put({"acct", container, name}, content(300'000, 1)));
    ASSERT_TRUE(world.run(service().set_blob_expiry({"acct", container, name}, {.from = ops::SetExpiry::From::now, .after = after})));
  };
  ends("gone", 1h);
  ends("later", 1h);
  ends("later", 5h);   // in place of the first
  ends("never", 1h);
  ASSERT_TRUE(world.run(service().set_blob_expiry(blob("never"), {})));
  ends("anew", 1h);
  ASSERT_TRUE(put(blob("anew"), "new"));
  ends("leased", 1h);
  ASSERT_TRUE(world.run(service().lease_blob(blob("leased"), {.duration_seconds = -1})));
  ends("past", 1h);
  ASSERT_TRUE(world.run(service().snapshot_blob(blob("past"), {}, {})));
  ends("moved", 1h, "d");
  ASSERT_TRUE(world.run(service().rename_container({"acct", "e"}, "d", {})));
  wait(59min);
  ASSERT_TRUE(world.run(sweeper->expire_ended()));
  EXPECT_EQ(sweeper->counts().ended, 0u);
  wait(2min);
  ASSERT_TRUE(world.run(sweeper->expire_ended()));
  EXPECT_EQ(sweeper->counts().ended, 4u);
  sweep();
  expect_whole("ended");
  const auto page = world.run(service().list_blobs({"acct", "c"}, {.snapshots = true}));
  std::vector<std::string> names;
  for (const auto& item : page->items) names.push_back(item.blob.name);
  EXPECT_EQ(names, (std::vector<std::string>{"anew", "later", "never"}));
  EXPECT_EQ(world.run(service().list_blobs({"acct", "e"}, {}))->items.size(), 0u);
  wait(5h);
  ASSERT_TRUE(world.run(sweeper->expire_ended()));
  EXPECT_EQ(sweeper->counts().ended, 5u);
  const std::string ends_table(1, catalog::keys::kEndTable);
  EXPECT_EQ(world.run(world.store->scan({.begin = ends_table, .end = catalog::keys::after_prefix(ends_table)}))->size(), 0u);
  sweep();
  expect_no_leak("at the end");
}

TEST_F(SweeperTest, What_ended_can_be_brought_back_and_has_no_end_then) {
  begin_with_an_end(82, [](ops::AccountSettings& s) { s.delete_retention_days = 2; });
  wait(2h);
  EXPECT_FALSE(world.run(service().undelete_blob(blob("x"))) && world.run(service().head_blob(blob("x"), {})));   // hidden, not deleted
  ASSERT_TRUE(world.run(sweeper->expire_ended()));
  ASSERT_TRUE(world.run(service().undelete_blob(blob("x"))));
  wait(10h);
  ASSERT_TRUE(world.run(sweeper->expire_ended()));
  EXPECT_EQ(get(blob("x")), "text");
}

// Deleted before its end and brought back after it.
TEST_F(SweeperTest, What_comes_back_after_its_own_end_goes_again) {
  begin_with_an_end(84, [](ops::AccountSettings& s) { s.delete_retention_days = 2; });
  ASSERT_TRUE(world.run(service().delete_blob(blob("x"), {})));
  wait(2h);
  ASSERT_TRUE(world.run(sweeper->expire_ended()));
  EXPECT_EQ(sweeper->counts().ended, 0u);
  ASSERT_TRUE(world.run(service().undelete_blob(blob("x"))));
  ASSERT_TRUE(world.run(sweeper->expire_ended()));
  EXPECT_EQ(sweeper->counts().ended, 1u);
}

// Deleted with its container, it comes back with it, and goes then.
TEST_F(SweeperTest, An_end_in_a_deleted_container_waits_for_its_return) {
  begin_with_an_end(83, [](ops::AccountSettings& s) { s.container_retention_days = 2; });
  ASSERT_TRUE(world.run(service().delete_container({"acct", "c"}, {})));
  wait(2h);
  ASSERT_TRUE(world.run(sweeper->expire_ended()));
  EXPECT_EQ(sweeper->counts().ended, 0u);
  const auto deleted = world.run(service().list_containers("acct", {.deleted = true}));
  ASSERT_EQ(deleted->items.size(), 1u);
  ASSERT_TRUE(world.run(service().restore_container({"acct", "c"}, {"c", deleted->items[0].deleted->version})));
  wait(2h);
  ASSERT_TRUE(world.run(sweeper->expire_ended()));
  EXPECT_EQ(sweeper->counts().ended, 1u);
}

TEST_F(SweeperTest, A_version_that_a_block_list_took_over_from_may_go_before_or_after_it) {
  for (const bool first : {true, false}) {
    begin(first ? 9 : 10);
    make_containers({"c"});
    change_settings([](ops::AccountSettings& s) { s.versioning = true; });
    ASSERT_TRUE(put_block(blob("b"), "1", content(300'000, 1)));
    ASSERT_TRUE(put_block(blob("b"), "2", content(300'000, 2)));
    ASSERT_TRUE(put_list(blob("b"), {"1", "2"}));
    ASSERT_TRUE(put_list(blob("b"), {"2"}));
    const auto page = world.run(service().list_blobs({"acct", "c"}, {.versions = true}));
    ASSERT_EQ(page->items.size(), 2u);
    const BlobRef old{"acct", "c", "b", {ops::At::Kind::version, page->items[0].blob.version}};
    if (first) {
      ASSERT_TRUE(world.run(service().delete_blob(old, {})));
      sweep();
      EXPECT_TRUE(get(blob("b")) == content(300'000, 2));
    } else {
      ASSERT_TRUE(world.run(service().delete_blob(blob("b"), {})));
      BlobRef last = old;
      last.at.time = page->items[1].blob.version;
      ASSERT_TRUE(world.run(service().delete_blob(last, {})));
      sweep();
      EXPECT_TRUE(get(old) == content(300'000, 1) + content(300'000, 2));
    }
    expect_whole("half gone");
    expect_no_leak("at the end");
  }
}

TEST_F(SweeperTest, An_upload_without_a_commit_expires) {
  begin(6);
  make_containers({"c"});
  ASSERT_TRUE(put_block(blob("u"), "1", "one"));
  ASSERT_TRUE(put(blob("b"), "text"));
  ASSERT_TRUE(world.run(sweeper->expire_uploads()));
  EXPECT_TRUE(world.run(service().get_block_list(blob("u"), {})));
  wait(24h * 8);
  ASSERT_TRUE(put_block(blob("new"), "1", "one"));
  ASSERT_TRUE(world.run(sweeper->expire_uploads()));
  sweep();
  EXPECT_FALSE(world.run(service().get_block_list(blob("u"), {})));
  EXPECT_TRUE(world.run(service().get_block_list(blob("new"), {})));
  EXPECT_EQ(get(blob("b")), "text");
  expect_no_leak("at the end");
}

}  // namespace
}  // namespace bascule::jobs
