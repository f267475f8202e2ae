// Pending copies through crashes, aborts, other writers and sources that fail; nothing is left behind that nothing names.
#include "jobs/copies.h"

#include <gtest/gtest.h>

#include "catalog/copy_job.h"
#include "jobs/check.h"
#include "jobs/sweeper.h"
#include "ops/testing.h"

namespace bascule::jobs {
namespace {

using namespace std::chrono_literals;
using ops::BlobRef;
using ops::Reason;
using ops::testing::content;
using ops::testing::Gateway;
using ops::testing::StringBody;
using ops::testing::World;
namespace keys = catalog::keys;

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
};

struct Findings final : CheckSink {
  std::string text;
  void progress(const CheckProgress&) override {}
  void finding(const CheckFinding& f) override { text += f.where + ": " + f.message + "\n"; }
};

class CopiesTest : public ::testing::Test {
 protected:
  std::vector<std::unique_ptr<Copies>> old_copies;   // coroutines of former lives still refer to them
  World world;
  FakeRemote remote{world.clock};
  std::unique_ptr<Gateway> gateway;
  std::unique_ptr<Copies> copies;
  Duration pass_every = 50ms;

  void SetUp() override {
    remote.text = content(5'000'000, 7);
    open();
    ASSERT_TRUE(world.run(service().put_account({"acct", {"k1", "k2"}}, true)));
    for (const char* name : {"c", "d"}) ASSERT_TRUE(world.run(service().create_container({"acct", name}, {}, ops::PublicAccess::none)));
  }
  void open() {
    auto opened = world.run(Gateway::open(world, {.service = {.most_copied_at_once = 1'000'000}}));
    ASSERT_TRUE(opened) << opened.error().message;
    gateway = std::move(*opened);
    copies = std::make_unique<Copies>(service(), &remote);
    spawn(world.loop, keep_passing(*copies, world.clock, *gateway->line, pass_every));
  }
  static Task<void> keep_passing(Copies& copies, Clock& clock, ops::testing::Lifeline& line, const Duration& every) {
    while (!line.crashed) {
      (void)co_await copies.pass();
      co_await clock.sleep_for(every);
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
  static BlobRef blob(std::string name, std::string container = "c") { return {"acct", std::move(container), std::move(name)}; }

  Result<ops::Copied> start(std::string name = "new") {
    ops::StartCopy copy;
    copy.source_url = "https://example.org/source?secret";
    copy.shown_url = "https://example.org/source";
    copy.source_etag = remote.etag;
    copy.size_bytes = remote.text.size();
    copy.headers.type = "a/b";
    return world.run(service().start_copy(blob(std::move(name)), std::move(copy)));
  }
  ops::BlobView head(BlobRef ref) { return world.run(service().head_blob(std::move(ref), {})).value(); }
  void pass_time(Duration d) { world.run(world.clock.sleep_for(d)); }
  std::string settled(BlobRef ref, Duration most = 10min) {
    const Instant end = world.clock.now() + most;
    while (world.clock.now() < end && head(ref).copy->status == "pending") pass_time(pass_every);
    return head(ref).copy->status;
  }
  std::string get(BlobRef ref) { return world.run(ops::testing::read_all(service(), std::move(ref))).value_or("(nothing)"); }
  Result<void> put(BlobRef ref, std::string text) {
    ops::PutBlob what{.body = {.length_bytes = text.size()}};
    StringBody body(std::move(text));
    auto written = world.run(service().put_blob(std::move(ref), what, body));
    return written ? Result<void>() : fail(written.error());
  }
  template <class T> static Reason why(const Result<T>& r) { return r ? Reason::none : ops::reason_of(r.error()); }
  std::size_t stored(std::string prefix) {
    return world.run(world.store->scan({.begin = prefix, .end = keys::after_prefix(prefix)}))->size();
  }
  // Everything is whole, and after the sweeper nothing is left of what was given up.
  void expect_clean() {
    EXPECT_EQ(stored("J"), 0u);
    Sweeper sweeper(service());
    (void)world.run(sweeper.adopt_dead_sessions(gateway->catalog->died()));
    for (int i = 0; i < 50 && world.run(sweeper.pass()).value_or(true); ++i) {}
    EXPECT_EQ(stored("K"), 0u);
    EXPECT_EQ(stored("U"), 0u);
    EXPECT_EQ(stored("Q"), 0u);
    Findings findings;
    const auto report = world.run(check(service(), {}, findings));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_TRUE(report->good()) << findings.text;
    EXPECT_EQ(report->unreferenced, 0u);
    EXPECT_EQ(findings.text, "");
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
    pass_time(tenths * 100ms);
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
    pass_time(300ms);
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
  pass_time(700ms);
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
  pass_time(1h);
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
  pass_time(700ms);
  EXPECT_EQ(why(world.run(service().abort_copy(blob("new"), "another", {}))), Reason::copy_id_mismatch);
  ASSERT_TRUE(world.run(service().abort_copy(blob("new"), started->copy_id, {})));
  EXPECT_EQ(why(world.run(service().abort_copy(blob("new"), started->copy_id, {}))), Reason::no_pending_copy);
  const auto after = head(blob("new"));
  EXPECT_EQ(after.copy->status, "aborted");
  EXPECT_EQ(after.size_bytes, 0u);
  ASSERT_TRUE(put(blob("new"), "mine"));
  pass_time(1min);
  EXPECT_EQ(get(blob("new")), "mine");
  expect_clean();
}

TEST_F(CopiesTest, Aborted_at_any_moment_it_either_ends_or_is_done) {
  for (int tenths = 0; tenths < 30; ++tenths) {
    world.store_latency(40ms);
    const std::string name = "b" + std::to_string(tenths);
    const auto started = start(name);
    ASSERT_TRUE(started);
    pass_time(tenths * 73ms);
    const auto aborted = world.run(service().abort_copy(blob(name), started->copy_id, {}));
    EXPECT_EQ(head(blob(name)).copy->status, aborted ? "aborted" : "success");
    EXPECT_TRUE(get(blob(name)) == (aborted ? "" : remote.text));
    pass_time(10s);
    EXPECT_EQ(head(blob(name)).copy->status, aborted ? "aborted" : "success");
    world.store_latency({});
  }
  expect_clean();
}

TEST_F(CopiesTest, The_container_is_deleted_and_made_again) {
  ASSERT_TRUE(start());
  pass_time(500ms);
  ASSERT_TRUE(world.run(service().delete_container({"acct", "c"}, {})));
  pass_time(1min);   // its name is held for a while
  ASSERT_TRUE(world.run(service().create_container({"acct", "c"}, {}, ops::PublicAccess::none)));
  pass_time(1min);
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
