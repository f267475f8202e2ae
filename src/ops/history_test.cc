// What is left of a blob when it is written over, deleted and brought back, by the account's settings.
#include "ops/history.h"

#include <gtest/gtest.h>

#include "ops/gateway_fixture.h"

namespace bascule::ops {
namespace {

using testing::GatewayTest;
using testing::why;
using namespace std::chrono_literals;
using testing::content;
using testing::StringBody;

class HistoryTest : public GatewayTest {
 protected:
  void SetUp() override {
    GatewayTest::SetUp();
    make_containers({"c"});
  }
  void settings(bool versioning, std::uint16_t retention_days, bool permanent = false) {
    change_settings([=](AccountSettings& s) {
      s.versioning = versioning;
      s.delete_retention_days = retention_days;
      s.allow_permanent_delete = permanent;
    });
  }
  static BlobRef blob(std::string name, At at = {}) { return {"acct", "c", std::move(name), at}; }
  static At snapshot(WallTime time) { return {At::Kind::snapshot, time}; }
  static At version(WallTime time) { return {At::Kind::version, time}; }

  Result<Written> put(std::string name, std::string text, PutBlob what = {}) {
    return GatewayTest::put(blob(std::move(name)), std::move(text), std::move(what));
  }
  Result<Written> put_blocks(std::string name, std::vector<std::pair<std::string, std::string>> fresh, std::vector<std::string> list) {
    for (auto& [id, text] : fresh) EXPECT_TRUE(put_block(blob(name), id, text));
    return put_list(blob(name), std::move(list));
  }
  std::string get(BlobRef ref) {
    const auto got = GatewayTest::get(std::move(ref));
    return got ? *got : why(got) == Reason::blob_not_found ? "-" : got.error().message;
  }
  Result<TakenSnapshot> snap(std::string name, std::optional<Metadata> metadata = {}) {
    return world.run(ops().snapshot_blob(blob(std::move(name)), std::move(metadata), {}));
  }
  template <class Ref> Result<Deleted> remove(Ref ref, DeleteBlob how = {}) { return world.run(ops().delete_blob(std::move(ref), std::move(how))); }
  Result<void> undelete(std::string name) { return world.run(ops().undelete_blob(blob(std::move(name)))); }

  // "b", "b#" a snapshot, "b@" a version, "b@*" the current one; "~" behind what was deleted softly, "?" versions only.
  std::string list(ListBlobs what, std::size_t limit = 5000) {
    std::string text;
    what.limit = limit;
    do {
      const auto page = world.run(ops().list_blobs({"acct", "c"}, what));
      if (!page) return page.error().message;
      EXPECT_LE(page->items.size(), limit);
      for (const auto& item : page->items) {
        const BlobView& v = item.blob;
        if (!text.empty()) text += ' ';
        text += v.name;
        if (v.snapshot != WallTime()) text += '#';
        if (v.version != WallTime()) text += v.current_version ? "@*" : "@";
        if (v.deleted != WallTime()) text += '~';
        if (v.versions_only) text += '?';
        if (!v.committed) text += '+';
      }
      what.start = page->next;
    } while (!what.start.empty());
    return text;
  }
  static ListBlobs everything() {
    return {.uncommitted = true, .snapshots = true, .versions = true, .deleted = true, .deleted_with_versions = true};
  }
};

TEST_F(HistoryTest, A_snapshot_keeps_what_was_there) {
  ASSERT_TRUE(put("b", "one", {.metadata = {{"a", "1"}}}));
  const auto first = snap("b");
  ASSERT_TRUE(first);
  ASSERT_TRUE(put("b", "two"));
  const auto second = snap("b", Metadata{{"x", "y"}});
  ASSERT_TRUE(second);
  EXPECT_GT(second->snapshot, first->snapshot);
  ASSERT_TRUE(put("b", "three"));
  EXPECT_EQ(get(blob("b")), "three");
  EXPECT_EQ(get(blob("b", snapshot(first->snapshot))), "one");
  EXPECT_EQ(get(blob("b", snapshot(second->snapshot))), "two");
  EXPECT_EQ(get(blob("b", version(first->snapshot))), "-");
  EXPECT_EQ(get(blob("b", snapshot(first->snapshot + Ticks(1)))), "-");
  const auto head = world.run(ops().head_blob(blob("b", snapshot(first->snapshot)), {}));
  ASSERT_TRUE(head);
  EXPECT_EQ(head->metadata, (Metadata{{"a", "1"}}));
  EXPECT_EQ(head->snapshot, first->snapshot);
  EXPECT_EQ(head->etag, first->etag);
  const auto given = world.run(ops().head_blob(blob("b", snapshot(second->snapshot)), {}));
  EXPECT_EQ(given->metadata, (Metadata{{"x", "y"}}));
  EXPECT_EQ(list({}), "b");
  EXPECT_EQ(list(everything()), "b# b# b");
  EXPECT_EQ(why(snap("absent")), Reason::blob_not_found);
}

TEST_F(HistoryTest, A_blob_with_snapshots_goes_with_them_or_not_at_all) {
  ASSERT_TRUE(put("b", "one"));
  ASSERT_TRUE(snap("b"));
  ASSERT_TRUE(snap("b"));
  using Snapshots = DeleteBlob::Snapshots;
  EXPECT_EQ(why(remove(blob("b"))), Reason::snapshots_present);
  const auto only = remove(blob("b"), {.snapshots = Snapshots::only});
  ASSERT_TRUE(only);
  EXPECT_TRUE(only->permanent);
  EXPECT_EQ(list(everything()), "b");
  EXPECT_EQ(get(blob("b")), "one");
  const auto again = snap("b");
  ASSERT_TRUE(again);
  ASSERT_TRUE(remove(blob("b", snapshot(again->snapshot))));
  EXPECT_EQ(why(remove(blob("b", snapshot(again->snapshot)))), Reason::blob_not_found);
  ASSERT_TRUE(snap("b"));
  ASSERT_TRUE(remove(blob("b"), {.snapshots = Snapshots::include}));
  EXPECT_EQ(list(everything()), "");
  EXPECT_EQ(why(undelete("b")), Reason::blob_not_found);
}

TEST_F(HistoryTest, Many_snapshots_go_in_several_commits) {
  ASSERT_TRUE(put("b", "one", {.metadata = {{"large", std::string(7000, 'x')}}}));
  for (int i = 0; i < 120; ++i) ASSERT_TRUE(snap("b"));
  ASSERT_TRUE(remove(blob("b"), {.snapshots = DeleteBlob::Snapshots::include}));
  EXPECT_EQ(list(everything()), "");
  settings(false, 3);
  ASSERT_TRUE(put("b", "one", {.metadata = {{"large", std::string(7000, 'x')}}}));
  for (int i = 0; i < 120; ++i) ASSERT_TRUE(snap("b"));
  ASSERT_TRUE(remove(blob("b"), {.snapshots = DeleteBlob::Snapshots::include}));
  EXPECT_EQ(list({.snapshots = true}), "");
  ASSERT_TRUE(undelete("b"));
  std::string all = "b";
  for (int i = 0; i < 120; ++i) all = "b# " + all;
  EXPECT_EQ(list(everything()), all);
}

TEST_F(HistoryTest, What_was_deleted_softly_comes_back_and_is_not_there_before) {
  settings(false, 7);
  ASSERT_TRUE(put("b", "one"));
  const auto taken = snap("b");
  const auto deleted = remove(blob("b"), {.snapshots = DeleteBlob::Snapshots::include});
  ASSERT_TRUE(deleted);
  EXPECT_FALSE(deleted->permanent);
  EXPECT_EQ(get(blob("b")), "-");
  EXPECT_EQ(get(blob("b", snapshot(taken->snapshot))), "-");
  EXPECT_EQ(why(remove(blob("b"))), Reason::blob_not_found);
  EXPECT_EQ(why(world.run(ops().set_blob_metadata(blob("b"), {}, {}))), Reason::blob_not_found);
  EXPECT_EQ(why(world.run(ops().lease_blob(blob("b"), {}))), Reason::blob_not_found);
  EXPECT_EQ(why(world.run(ops().get_block_list(blob("b"), {}))), Reason::blob_not_found);
  EXPECT_EQ(why(world.run(ops().copy_blob(blob("copy"), blob("b"), {}))), Reason::source_not_found);
  EXPECT_EQ(list({}), "");
  EXPECT_EQ(list({.deleted = true}), "b~");
  EXPECT_EQ(list(everything()), "b#~ b~");
  ASSERT_TRUE(undelete("b"));
  EXPECT_EQ(get(blob("b")), "one");
  EXPECT_EQ(get(blob("b", snapshot(taken->snapshot))), "one");
  EXPECT_EQ(list(everything()), "b# b");
  EXPECT_EQ(why(remove(blob("b"))), Reason::snapshots_present);
}

TEST_F(HistoryTest, An_overwrite_leaves_a_deleted_snapshot_and_so_does_a_new_blob_over_a_deleted_one) {
  settings(false, 7);
  ASSERT_TRUE(put("b", "one"));
  ASSERT_TRUE(put("b", "two"));
  EXPECT_EQ(list(everything()), "b#~ b");
  ASSERT_TRUE(world.run(ops().set_blob_metadata(blob("b"), {{"m", "n"}}, {})));   // leaves nothing behind
  ASSERT_TRUE(remove(blob("b")));   // deleted snapshots stand in nobody's way
  ASSERT_TRUE(put("b", "three"));
  EXPECT_EQ(list(everything()), "b#~ b#~ b");
  ASSERT_TRUE(undelete("b"));
  EXPECT_EQ(list(everything()), "b# b# b");
  EXPECT_EQ(get(blob("b")), "three");
  const auto page = world.run(ops().list_blobs({"acct", "c"}, {.snapshots = true}));
  EXPECT_EQ(get(blob("b", snapshot(page->items[0].blob.snapshot))), "one");
  EXPECT_EQ(get(blob("b", snapshot(page->items[1].blob.snapshot))), "two");
  // The way back: the snapshot is copied over the blob.
  ASSERT_TRUE(world.run(ops().copy_blob(blob("b"), blob("b", snapshot(page->items[0].blob.snapshot)), {})));
  EXPECT_EQ(get(blob("b")), "one");
}

// "Soft delete for blobs": no overwrite protection in the archive tier.
TEST_F(HistoryTest, An_archived_blob_is_not_kept_when_it_is_overwritten) {
  settings(false, 7);
  ASSERT_TRUE(put("b", "one"));
  ASSERT_TRUE(world.run(ops().set_blob_tier(blob("b"), {.tier = "Archive"})));
  ASSERT_TRUE(put("b", "two"));
  EXPECT_EQ(list(everything()), "b");
  ASSERT_TRUE(world.run(ops().set_blob_tier(blob("b"), {.tier = "Archive"})));
  ASSERT_TRUE(remove(blob("b")));   // deleting is another matter
  EXPECT_EQ(list(everything()), "b~");
}

TEST_F(HistoryTest, Every_write_of_content_or_metadata_makes_a_version) {
  settings(true, 0);
  const auto one = put("b", "one");
  ASSERT_TRUE(one);
  EXPECT_EQ(one->version, time_of(one->etag));
  const auto two = put("b", "two");
  const auto meta = world.run(ops().set_blob_metadata(blob("b"), {{"m", "n"}}, {}));
  const auto headers = world.run(ops().set_blob_headers(blob("b"), {.type = "a/b"}, {}));   // makes none
  EXPECT_LT(one->version, two->version);
  EXPECT_LT(two->version, meta->version);
  EXPECT_EQ(headers->version, meta->version);
  const auto copied = world.run(ops().copy_blob(blob("b"), blob("b"), {.metadata = Metadata{{"c", "d"}}}));
  ASSERT_TRUE(copied);
  EXPECT_EQ(list(everything()), "b@ b@ b@ b@*");
  EXPECT_EQ(get(blob("b", version(one->version))), "one");
  EXPECT_EQ(get(blob("b", version(two->version))), "two");
  EXPECT_EQ(get(blob("b", version(meta->version))), "two");
  EXPECT_EQ(get(blob("b", version(copied->written.version))), "two");
  EXPECT_EQ(get(blob("b", snapshot(one->version))), "-");
  const auto old = world.run(ops().head_blob(blob("b", version(two->version)), {}));
  EXPECT_TRUE(old->metadata.empty());
  EXPECT_FALSE(old->current_version);
  const auto current = world.run(ops().head_blob(blob("b"), {}));
  EXPECT_TRUE(current->current_version);
  EXPECT_EQ(current->headers.type, "a/b");

  EXPECT_EQ(why(remove(blob("b", version(copied->written.version)))), Reason::only_on_root_blob);
  ASSERT_TRUE(remove(blob("b", version(two->version))));
  EXPECT_EQ(get(blob("b", version(two->version))), "-");
  EXPECT_EQ(get(blob("b")), "two");
  const auto deleted = remove(blob("b"));
  EXPECT_FALSE(deleted->permanent);
  EXPECT_EQ(get(blob("b")), "-");
  EXPECT_EQ(list({}), "");
  EXPECT_EQ(list({.deleted_with_versions = true}), "b?");
  EXPECT_EQ(list({.versions = true}), "b@ b@ b@");
  EXPECT_TRUE(undelete("b"));   // brings no version forward
  EXPECT_EQ(get(blob("b")), "-");
  ASSERT_TRUE(world.run(ops().copy_blob(blob("b"), blob("b", version(one->version)), {})));
  EXPECT_EQ(get(blob("b")), "one");
  EXPECT_EQ(list(everything()), "b@ b@ b@ b@*");
}

TEST_F(HistoryTest, The_last_version_takes_the_name_with_it) {
  settings(true, 0);
  const auto one = put("b", "one");
  ASSERT_TRUE(remove(blob("b")));
  EXPECT_EQ(list(everything()), "b@ b?");
  ASSERT_TRUE(remove(blob("b", version(one->version))));
  EXPECT_EQ(list(everything()), "");
  EXPECT_EQ(why(undelete("b")), Reason::blob_not_found);
}

TEST_F(HistoryTest, Deleted_versions_come_back_as_versions) {
  settings(true, 5, true);
  const auto one = put("b", "one"), two = put("b", "two");
  const auto gone = remove(blob("b", version(one->version)));
  EXPECT_FALSE(gone->permanent);
  EXPECT_EQ(get(blob("b", version(one->version))), "-");
  EXPECT_EQ(list({.versions = true}), "b@*");
  EXPECT_EQ(list({.versions = true, .deleted = true}), "b@~ b@*");
  ASSERT_TRUE(undelete("b"));
  EXPECT_EQ(list({.versions = true}), "b@ b@*");
  EXPECT_EQ(why(remove(blob("b", version(one->version)), {.permanent = true})), Reason::not_soft_deleted);
  EXPECT_EQ(why(remove(blob("b"), {.permanent = true})), Reason::not_soft_deleted);
  ASSERT_TRUE(remove(blob("b", version(one->version))));
  const auto for_good = remove(blob("b", version(one->version)), {.permanent = true});
  ASSERT_TRUE(for_good);
  EXPECT_TRUE(for_good->permanent);
  EXPECT_EQ(list(everything()), "b@*");
  settings(true, 5, false);
  EXPECT_EQ(why(remove(blob("b", version(one->version)), {.permanent = true})), Reason::permanent_delete_off);
}

TEST_F(HistoryTest, A_snapshot_of_a_versioned_blob_makes_a_version) {
  settings(true, 0);
  const auto one = put("b", "one");
  const auto taken = snap("b");
  EXPECT_GT(taken->snapshot, one->version);
  EXPECT_GT(taken->version, taken->snapshot);
  EXPECT_EQ(taken->etag, one->etag);
  EXPECT_EQ(list(everything()), "b@ b# b@*");
  EXPECT_EQ(why(remove(blob("b"))), Reason::snapshots_present);
  ASSERT_TRUE(remove(blob("b"), {.snapshots = DeleteBlob::Snapshots::include}));
  EXPECT_EQ(list(everything()), "b@ b@ b?");
}

TEST_F(HistoryTest, Settings_changed_midway) {
  ASSERT_TRUE(put("b", "before"));
  const auto before = world.run(ops().head_blob(blob("b"), {}));
  EXPECT_EQ(before->version, WallTime());
  settings(true, 0);
  const auto one = put("b", "one");
  EXPECT_EQ(get(blob("b", version(before->created))), "before");   // its id is its creation time
  settings(false, 0);
  const auto plain = put("b", "plain");
  EXPECT_EQ(plain->version, WallTime());
  EXPECT_EQ(list(everything()), "b@ b@ b");
  EXPECT_EQ(get(blob("b", version(one->version))), "one");
  ASSERT_TRUE(put("b", "plainer"));
  EXPECT_EQ(list(everything()), "b@ b@ b");
  settings(true, 0);
  ASSERT_TRUE(put("b", "two"));
  EXPECT_EQ(list(everything()), "b@ b@ b@ b@*");
  settings(false, 0);
  ASSERT_TRUE(remove(blob("b")));
  EXPECT_EQ(list({}), "");
  EXPECT_EQ(list(everything()), "b@ b@ b@ b@ b?");
}

TEST_F(HistoryTest, Block_lists_go_on_using_what_a_version_holds) {
  settings(true, 0);
  const std::string a = content(300'000, 1), b = content(300'000, 2), c = content(300'000, 3);
  const auto one = put_blocks("b", {{"a", a}, {"b", b}}, {"a", "b"});
  const auto two = put_blocks("b", {{"c", c}}, {"b", "c"});
  const auto three = put_blocks("b", {}, {"c"});
  ASSERT_TRUE(three);
  EXPECT_TRUE(get(blob("b", version(one->version))) == a + b);
  EXPECT_TRUE(get(blob("b", version(two->version))) == b + c);
  EXPECT_TRUE(get(blob("b")) == c);
  const auto list = world.run(ops().get_block_list(blob("b", version(two->version)), {}));
  ASSERT_TRUE(list);
  EXPECT_EQ(list->committed.size(), 2u);
}

TEST_F(HistoryTest, Listings_go_on_in_the_middle_of_a_name) {
  settings(true, 4);
  for (const char* name : {"a", "a-b", "a/b", "a/c", "b"}) {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(put(name, "x"));
    ASSERT_TRUE(snap(name));
  }
  ASSERT_TRUE(remove(blob("a/b"), {.snapshots = DeleteBlob::Snapshots::include}));
  for (const bool versions : {false, true})
    for (const bool snapshots : {false, true})
      for (const bool deleted : {false, true}) {
        const ListBlobs what{.snapshots = snapshots, .versions = versions, .deleted = deleted, .deleted_with_versions = deleted};
        const std::string all = list(what);
        for (const std::size_t limit : {1u, 2u, 3u, 7u}) EXPECT_EQ(list(what, limit), all) << limit;
      }
  EXPECT_EQ(list({.delimiter = "/"}), "a@* a-b@* a/ b@*");
  EXPECT_EQ(list({.prefix = "a/", .delimiter = "/"}), "a/c@*");
  ASSERT_TRUE(remove(blob("a/c"), {.snapshots = DeleteBlob::Snapshots::include}));
  EXPECT_EQ(list({.delimiter = "/"}), "a@* a-b@* b@*");   // a prefix of what is not there is none
  EXPECT_EQ(list({.delimiter = "/", .versions = true}, 1), list({.delimiter = "/", .versions = true}));
}

TEST_F(HistoryTest, Writers_who_meet_lose_no_version) {
  settings(true, 0);
  world.store_latency(10ms);
  constexpr int kWriters = 8, kWrites = 5;
  int done = 0;
  struct Writer {
    static Task<void> run(Service& ops, int& done) {
      for (int i = 0; i < kWrites; ++i) {
        PutBlob put;
        put.body.length_bytes = 1;
        StringBody body("x");
        EXPECT_TRUE(co_await ops.put_blob({"acct", "c", "b"}, put, body));
        if (i % 2 == 0) EXPECT_TRUE(co_await ops.snapshot_blob({"acct", "c", "b"}, {}, {}));
      }
      ++done;
    }
    static Task<void> all(Service& ops, Clock& clock, int& done) {
      for (int i = 0; i < kWriters; ++i) spawn(co_await this_executor(), run(ops, done));
      while (done < kWriters) co_await clock.sleep_for(10ms);
    }
  };
  world.run([](Service& ops, Clock& clock, int& count) -> Task<bool> {
    co_await Writer::all(ops, clock, count);
    co_return true;
  }(ops(), world.clock, done));
  const auto page = world.run(ops().list_blobs({"acct", "c"}, everything()));
  // Each write and each snapshot makes a version, each snapshot itself besides.
  EXPECT_EQ(page->items.size(), std::size_t{kWriters * (kWrites + 3 + 3)});
}

TEST_F(HistoryTest, A_deleted_name_may_have_another_life) {
  settings(false, 3);
  ASSERT_TRUE(put("b", "one"));
  const auto first = world.run(ops().head_blob(blob("b"), {}));
  ASSERT_TRUE(remove(blob("b")));
  world.run(world.clock.sleep_for(1ms));
  EXPECT_EQ(why(put("b", "x", {.conditions = {.if_match = ETagSet{.any = true, .values = {}}}})), Reason::condition_not_met);
  ASSERT_TRUE(put("b", "two", {.conditions = {.if_none_match = ETagSet{.any = true, .values = {}}}}));
  const auto second = world.run(ops().head_blob(blob("b"), {}));
  EXPECT_GT(second->etag, first->etag);
  EXPECT_GT(second->created, first->created);
}

}  // namespace
}  // namespace bascule::ops
