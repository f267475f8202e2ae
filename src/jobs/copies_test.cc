// Pending copies through crashes, aborts, other writers and sources that fail; nothing is left behind that nothing names.
#include "jobs/copies.h"

#include <gtest/gtest.h>

#include "catalog/copy_job.h"
#include "jobs/copies_fixture.h"

namespace bascule::jobs {
namespace {

using namespace std::chrono_literals;
using ops::BlobRef;
using ops::Reason;
using ops::testing::content;
using ops::testing::StringBody;
using ops::testing::why;

// One content behind every URL, slow, and failing as told.
struct FakeRemote final : ops::Remote {
  explicit FakeRemote(Clock& on) : clock(on) {}
  Clock& clock;
  std::string text, etag = "\"1\"";
  Duration each_read = 10ms;
  std::size_t cut_after = std::string::npos;   // bytes that one answer gives before the connection ends
  int status = 0;                              // instead of content
  bool deaf_to_ranges = false;
  int opened = 0;

  struct Content final : ops::RemoteContent {
    FakeRemote& remote;
    ops::RemoteHead answer;
    std::size_t at = 0, given = 0;
    explicit Content(FakeRemote& r) : remote(r) {}
    const ops::RemoteHead& head() const override { return answer; }
    Task<Result<std::size_t>> read(MutableBytes into) override {
      co_await remote.clock.sleep_for(remote.each_read);
      if (given >= remote.cut_after) co_return fail(Code::unavailable, "cut");
      const std::size_t n = std::min({into.size(), remote.text.size() - at, remote.cut_after - given});
      std::memcpy(into.data(), remote.text.data() + at, n);
      at += n;
      given += n;
      co_return n;
    }
  };
  Task<Result<std::unique_ptr<ops::RemoteContent>>> open(ops::RemoteQuery query) override {
    ++opened;
    auto out = std::make_unique<Content>(*this);
    ops::RemoteHead& head = out->answer;
    head.status = status ? status : query.range && !deaf_to_ranges ? 206 : 200;
    if (!status && !query.conditions.if_match.empty() && query.conditions.if_match != etag) head.status = 412;
    head.etag = etag;
    head.size_bytes = text.size();
    if (head.status == 206) out->at = query.range->first;
    head.length_bytes = text.size() - out->at;
    co_return out;
  }
  Task<Result<ops::RemotePages>> page_ranges(ops::RemoteQuery, std::string) override {
    co_return fail(Code::internal, "no page blob");
  }
};

class CopiesTest : public testing::CopyingTest {
 protected:
  FakeRemote remote{world.clock};

  void SetUp() override {
    remote.text = content(5'000'000, 7);
    elsewhere = &remote;
    usual_options.most_copied_at_once = 1'000'000;
    CopyingTest::SetUp();
  }

  Result<ops::Copied> start(std::string name = "new") {
    ops::StartCopy copy;
    copy.source_url = "https://example.org/source?secret";
    copy.shown_url = "https://example.org/source";
    copy.source_etag = remote.etag;
    copy.size_bytes = remote.text.size();
    copy.headers.type = "a/b";
    return world.run(service().start_copy(blob(std::move(name)), std::move(copy)));
  }
  void expect_clean() {
    CopyingTest::expect_clean();
    for (const char* staged : {"K", "U", "Q"}) EXPECT_TRUE(stored(staged).empty()) << staged;
  }
};

TEST_F(CopiesTest, From_elsewhere) {
  const auto started = start();
  ASSERT_TRUE(started);
  EXPECT_EQ(started->status, "pending");
  EXPECT_EQ(head(blob("new")).size_bytes, 0u);
  EXPECT_EQ(settled(blob("new")), "success");
  const auto done = head(blob("new"));
  EXPECT_NE(done.etag, started->written.etag);
  EXPECT_EQ(done.copy->copied_bytes, remote.text.size());
  EXPECT_EQ(done.headers.type, "a/b");
  EXPECT_TRUE(get(blob("new")) == remote.text);
  EXPECT_EQ(remote.opened, 1);
  expect_clean();
}

TEST_F(CopiesTest, Nothing_and_one_byte) {
  for (std::size_t size : {0u, 1u}) {
    remote.text = content(size, 1);
    ASSERT_TRUE(start());
    EXPECT_EQ(settled(blob("new")), "success");
    EXPECT_TRUE(get(blob("new")) == remote.text);
  }
  expect_clean();
}

// At any moment: what was staged is not fetched again, and nothing of the dead life is left.
TEST_F(CopiesTest, Goes_on_after_a_crash_whenever_it_comes) {
  for (int tenths = 1; tenths < 30; tenths += 2) {
    const std::string name = "b" + std::to_string(tenths);
    world.store_latency(20ms);
    ASSERT_TRUE(start(name));
    wait(tenths * 100ms);
    const std::uint64_t before = head(blob(name)).copy->copied_bytes;
    crash();
    EXPECT_GE(head(blob(name)).copy->copied_bytes, before);
    ASSERT_EQ(settled(blob(name)), "success") << tenths;
    ASSERT_TRUE(get(blob(name)) == remote.text) << tenths;
    world.store_latency({});
    expect_clean();
  }
}

TEST_F(CopiesTest, Crashes_again_and_again) {
  ASSERT_TRUE(start());
  for (int i = 0; i < 10; ++i) {
    wait(300ms);
    crash();
  }
  EXPECT_EQ(settled(blob("new")), "success");
  EXPECT_TRUE(get(blob("new")) == remote.text);
  expect_clean();
}

TEST_F(CopiesTest, A_source_that_breaks_off_or_is_deaf_to_ranges) {
  remote.cut_after = 1'500'000;
  ASSERT_TRUE(start("cut"));
  EXPECT_EQ(settled(blob("cut")), "success");
  EXPECT_GT(remote.opened, 2);
  EXPECT_TRUE(get(blob("cut")) == remote.text);
  remote.cut_after = std::string::npos;
  remote.deaf_to_ranges = true;
  ASSERT_TRUE(start("deaf"));
  wait(700ms);
  crash();
  EXPECT_EQ(settled(blob("deaf")), "success");
  EXPECT_TRUE(get(blob("deaf")) == remote.text);
  expect_clean();
}

TEST_F(CopiesTest, Sources_that_fail_for_good_and_for_long) {
  ASSERT_TRUE(start("changed"));
  remote.etag = "\"2\"";
  EXPECT_EQ(settled(blob("changed")), "failed");
  EXPECT_NE(head(blob("changed")).copy->description.find("412"), std::string::npos);
  EXPECT_EQ(get(blob("changed")), "");
  remote.status = 404;
  ASSERT_TRUE(start("gone"));
  EXPECT_EQ(settled(blob("gone")), "failed");
  remote.status = 503;
  ASSERT_TRUE(start("away"));
  pass_every = 20s;
  wait(1h);
  EXPECT_EQ(head(blob("away")).copy->status, "pending");
  EXPECT_EQ(settled(blob("away"), 5h), "failed");
  remote.status = 0;
  EXPECT_TRUE(put(blob("away"), "after"));
  expect_clean();
}

TEST_F(CopiesTest, Abort_and_other_writers) {
  ASSERT_TRUE(put(blob("new"), "old"));
  const auto started = start();
  ASSERT_TRUE(started);
  EXPECT_EQ(why(put(blob("new"), "mine")), Reason::copy_pending);
  EXPECT_EQ(why(start()), Reason::copy_pending);
  EXPECT_EQ(why(world.run(service().delete_blob(blob("new"), {}))), Reason::copy_pending);
  EXPECT_EQ(why(world.run(service().set_blob_metadata(blob("new"), {}, {}))), Reason::copy_pending);
  wait(700ms);
  EXPECT_EQ(why(world.run(service().abort_copy(blob("new"), "another", {}))), Reason::copy_id_mismatch);
  ASSERT_TRUE(world.run(service().abort_copy(blob("new"), started->copy_id, {})));
  EXPECT_EQ(why(world.run(service().abort_copy(blob("new"), started->copy_id, {}))), Reason::no_pending_copy);
  const auto after = head(blob("new"));
  EXPECT_EQ(after.copy->status, "aborted");
  EXPECT_EQ(after.size_bytes, 0u);
  ASSERT_TRUE(put(blob("new"), "mine"));
  wait(1min);
  EXPECT_EQ(get(blob("new")), "mine");
  expect_clean();
}

TEST_F(CopiesTest, Aborted_at_any_moment_it_either_ends_or_is_done) {
  for (int tenths = 0; tenths < 30; ++tenths) {
    world.store_latency(40ms);
    const std::string name = "b" + std::to_string(tenths);
    const auto started = start(name);
    ASSERT_TRUE(started);
    wait(tenths * 73ms);
    const auto aborted = world.run(service().abort_copy(blob(name), started->copy_id, {}));
    EXPECT_EQ(head(blob(name)).copy->status, aborted ? "aborted" : "success");
    EXPECT_TRUE(get(blob(name)) == (aborted ? "" : remote.text));
    wait(10s);
    EXPECT_EQ(head(blob(name)).copy->status, aborted ? "aborted" : "success");
    world.store_latency({});
  }
  expect_clean();
}

TEST_F(CopiesTest, The_container_is_deleted_and_made_again) {
  ASSERT_TRUE(start());
  wait(500ms);
  ASSERT_TRUE(world.run(service().delete_container({"acct", "c"}, {})));
  wait(1min);   // its name is held for a while
  ASSERT_TRUE(world.run(service().create_container({"acct", "c"}, {}, ops::PublicAccess::none)));
  wait(1min);
  EXPECT_EQ(why(world.run(service().head_blob(blob("new"), {}))), Reason::blob_not_found);
  expect_clean();
}

TEST_F(CopiesTest, A_large_copy_across_containers_keeps_its_blocks) {
  std::string whole;
  ops::PutBlockList list;
  for (int i = 0; i < 5; ++i) {
    ops::PutBlock block{.block_id = "block" + std::to_string(i)};
    std::string text = content(400'000 + static_cast<std::size_t>(i), static_cast<std::uint64_t>(i));
    whole += text;
    block.body.length_bytes = text.size();
    StringBody body(std::move(text));
    ASSERT_TRUE(world.run(service().put_block(blob("large"), block, body)));
    list.blocks.push_back({ops::BlockListEntry::From::latest, block.block_id});
  }
  list.metadata = {{"a", "1"}};
  ASSERT_TRUE(world.run(service().put_block_list(blob("large"), list)));
  const auto copied = world.run(service().copy_blob(blob("copy", "d"), blob("large"), {}));
  ASSERT_TRUE(copied);
  EXPECT_EQ(copied->status, "pending");
  crash();
  EXPECT_EQ(settled(blob("copy", "d")), "success");
  EXPECT_TRUE(get(blob("copy", "d")) == whole);
  EXPECT_EQ(head(blob("copy", "d")).metadata, list.metadata);
  const auto blocks = world.run(service().get_block_list(blob("copy", "d"), {}));
  ASSERT_TRUE(blocks);
  ASSERT_EQ(blocks->committed.size(), 5u);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(blocks->committed[static_cast<std::size_t>(i)].block_id, "block" + std::to_string(i));
  // A source that is overwritten meanwhile.
  ASSERT_TRUE(world.run(service().copy_blob(blob("copy2", "d"), blob("large"), {})));
  ASSERT_TRUE(put(blob("large"), "new"));
  EXPECT_EQ(settled(blob("copy2", "d")), "failed");
  expect_clean();
}

}  // namespace
}  // namespace bascule::jobs
