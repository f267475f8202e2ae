// Append and page blobs, and what changed between snapshots, copied from elsewhere: through crashes, aborts and sources
// that break off, in parts, or are gone. The other server is this one again, behind a remote's interface.
#include "jobs/copies_fixture.h"

namespace bascule::jobs {
namespace {

using namespace std::chrono_literals;
using ops::At;
using ops::BlobRef;
using ops::BlobType;
using ops::Reason;
using ops::testing::content;
using ops::testing::Gateway;
using ops::testing::StringBody;
using ops::testing::why;
using ops::testing::World;

// https://other/CONTAINER/BLOB[?snapshot=TIME] is that blob.
struct OtherServer final : ops::Remote {
  World& world;
  const std::unique_ptr<Gateway>& gateway;
  std::size_t ranges_at_once = 3, cut_after = std::string::npos;
  Duration each_read = 10ms;
  int status = 0, asked = 0;                     // a status: of every answer
  bool deaf_to_ranges = false;

  OtherServer(World& w, const std::unique_ptr<Gateway>& g) : world(w), gateway(g) {}

  struct Content final : ops::RemoteContent {
    OtherServer& other;
    ops::RemoteHead answer;
    std::string text;
    std::size_t at = 0;
    explicit Content(OtherServer& o) : other(o) {}
    const ops::RemoteHead& head() const override { return answer; }
    Task<Result<std::size_t>> read(MutableBytes into) override {
      co_await other.world.clock.sleep_for(other.each_read);
      if (at >= other.cut_after) co_return fail(Code::unavailable, "cut");
      const std::size_t n = std::min({into.size(), text.size() - at, other.cut_after - at});
      std::memcpy(into.data(), text.data() + at, n);
      at += n;
      co_return n;
    }
  };
  static BlobRef named(std::string_view url) {
    url.remove_prefix(std::string_view("https://other/").size());
    const std::size_t slash = url.find('/'), question = url.find('?');
    BlobRef ref{"acct", std::string(url.substr(0, slash)), std::string(url.substr(slash + 1, question - slash - 1))};
    if (question != std::string_view::npos) {
      url.remove_prefix(question + std::string_view("?snapshot=").size());
      ref.at = {At::Kind::snapshot, parse_iso8601(url.substr(0, url.find('&'))).value()};
    }
    return ref;
  }
  static std::string etag(const ops::BlobView& blob) { return "\"" + std::to_string(blob.etag) + "\""; }
  ops::RemoteHead answer(const Result<ops::BlobView>& blob, const ops::RemoteQuery& query) {
    ops::RemoteHead head{.status = status ? status : blob ? 200 : 404};
    if (!blob) return head.error_code = "BlobNotFound", head;
    head.etag = etag(*blob);
    head.size_bytes = head.length_bytes = blob->size_bytes;
    head.headers = blob->headers;
    head.metadata = blob->metadata;
    head.sequence_number = blob->sequence_number;
    if (!status && !query.conditions.if_match.empty() && query.conditions.if_match != head.etag) head.status = 412;
    return head;
  }
  Task<Result<std::unique_ptr<ops::RemoteContent>>> open(ops::RemoteQuery query) override {
    ++asked;
    const BlobRef ref = named(query.url);
    auto out = std::make_unique<Content>(*this);
    out->answer = answer(co_await gateway->service->head_blob(ref, {}), query);
    if (!out->answer.good() || query.head_only) co_return out;
    auto text = co_await ops::testing::read_all(*gateway->service, ref);
    if (!text) co_return fail(text.error());
    out->text = std::move(*text);
    if (query.range && !deaf_to_ranges) {
      out->answer.status = 206;
      out->text = out->text.substr(query.range->first, *query.range->last - query.range->first + 1);
    }
    co_return out;
  }
  Task<Result<ops::RemotePages>> page_ranges(ops::RemoteQuery query, std::string former) override {
    ++asked;
    const BlobRef ref = named(query.url);
    ops::RemotePages pages;
    pages.head = answer(co_await gateway->service->head_blob(ref, {}), query);
    if (!pages.head.good()) co_return pages;
    ops::GetPageRanges get{.range = query.range, .limit = ranges_at_once};
    if (!former.empty()) get.previous = parse_iso8601(former);
    auto found = co_await gateway->service->get_page_ranges(ref, std::move(get));
    if (!found) {
      pages.head.status = 409;
      pages.head.error_code = ops::reason_of(found.error()) == Reason::previous_snapshot_not_found ? "PreviousSnapshotNotFound" : "BlobOverwritten";
      co_return pages;
    }
    pages.ranges = std::move(found->ranges);
    pages.complete = !found->next;
    co_return pages;
  }
};

class SpanCopies : public testing::DiskCopyTest {
 protected:
  static constexpr std::uint64_t kSize = 4 << 20;
  static inline const BlobRef kLog{"acct", "c", "log"};
  OtherServer other{world, gateway};

  void SetUp() override {
    elsewhere = &other;
    DiskCopyTest::SetUp();
  }
  bool create_log(BlobRef ref = kLog) {
    ops::CreateBlob what{.type = BlobType::append};
    what.headers.type = "a/b";
    return world.run(ops().create_blob(std::move(ref), what)).has_value();
  }
  void append(std::string text) {
    ops::AppendBlock what{.body = {.length_bytes = text.size()}};
    StringBody body(std::move(text));
    ASSERT_TRUE(world.run(ops().append_block(kLog, what, body)));
  }
  static std::string url(const BlobRef& ref) {
    const std::string base = "https://other/" + ref.container + "/" + ref.blob;
    return ref.at.base() ? base : base + "?snapshot=" + format_iso8601(ref.at.time);
  }
  Result<ops::Copied> copy(BlobRef from, BlobRef to = kCopy) {
    const ops::BlobView source = head(from);
    ops::StartCopy what{.source_url = url(from), .shown_url = url(from), .source_etag = OtherServer::etag(source), .type = source.type,
                        .size_bytes = source.size_bytes, .sequence_number = source.sequence_number,
                        .committed_blocks = static_cast<std::uint32_t>(source.committed_blocks), .sealed = source.sealed};
    what.headers = source.headers;
    what.metadata = source.metadata;
    return world.run(ops().start_copy(std::move(to), std::move(what)));
  }
  Result<ops::Copied> copy_changes(WallTime snapshot) {
    const ops::BlobView source = head(at(kDisk, snapshot));
    const BlobRef from{"", "", url(kDisk), {At::Kind::snapshot, snapshot}};
    return world.run(ops().copy_incrementally(kCopy, from, {.source_url = url(at(kDisk, snapshot)), .elsewhere = url(at(kDisk, snapshot)) + "&sig=s",
                                                            .elsewhere_etag = OtherServer::etag(source), .elsewhere_bytes = source.size_bytes}));
  }
  void expect_copy_of(BlobRef source, BlobRef ours = kCopy) {
    ASSERT_EQ(settled(), "success") << head().copy->description;
    const ops::BlobView a = head(source), b = head(ours);
    EXPECT_EQ(a.type, b.type);
    EXPECT_EQ(a.size_bytes, b.size_bytes);
    EXPECT_EQ(a.sequence_number, b.sequence_number);
    EXPECT_EQ(a.committed_blocks, b.committed_blocks);
    EXPECT_EQ(a.sealed, b.sealed);
    EXPECT_EQ(a.metadata, b.metadata);
    EXPECT_EQ(a.headers.type, b.headers.type);
    EXPECT_TRUE(get(source) == get(ours));
    if (a.type == BlobType::page) EXPECT_EQ(ranges(source), ranges(ours));
  }
  // A disk with pages here and there, the last of them more than one range.
  void make_disk() {
    ASSERT_TRUE(create(kDisk, kSize));
    for (std::uint64_t i = 0; i < 20; ++i) ASSERT_TRUE(put(i * 131'072, content(512 * (1 + i % 5), i)));
    ASSERT_TRUE(clear(131'072, 512));
    ASSERT_TRUE(put(3 << 20, content(1 << 20, 99)));
  }
};

TEST_F(SpanCopies, Page_blobs_with_their_holes) {
  make_disk();
  const auto started = copy(kDisk);
  ASSERT_TRUE(started);
  EXPECT_EQ(started->status, "pending");
  EXPECT_EQ(head().size_bytes, 0u);
  expect_copy_of(kDisk);
  EXPECT_GT(other.asked, 8);   // lists in parts, and each range
  // It is a blob like others from here on.
  EXPECT_TRUE(put(512, content(512, 3), kCopy));
  EXPECT_TRUE(get(kCopy).substr(512, 512) == content(512, 3));
  expect_clean();
}

TEST_F(SpanCopies, Append_blobs_with_their_counts) {
  ASSERT_TRUE(create_log());
  for (std::uint64_t i = 0; i < 7; ++i) append(content(300'000 + i, i));
  ASSERT_TRUE(copy(kLog));
  expect_copy_of(kLog);
  ASSERT_TRUE(world.run(ops().seal_blob(kLog, {}, {})));
  ASSERT_TRUE(copy(kLog));
  expect_copy_of(kLog);
  EXPECT_TRUE(head().sealed);
  expect_clean();
}

TEST_F(SpanCopies, Empty_ones) {
  ASSERT_TRUE(create(kDisk, 0));
  ASSERT_TRUE(copy(kDisk));
  expect_copy_of(kDisk);
  ASSERT_TRUE(create_log());
  EXPECT_EQ(why(copy(kLog)), Reason::blob_type_mismatch);
  ASSERT_TRUE(copy(kLog, blob("copy2")));
  wait(10s);
  EXPECT_EQ(head(blob("copy2")).copy->status, "success");
  ASSERT_TRUE(create(kDisk, kSize));   // nothing was ever written to it
  ASSERT_TRUE(copy(kDisk));
  expect_copy_of(kDisk);
  expect_clean();
}

TEST_F(SpanCopies, Go_on_after_a_crash_whenever_it_comes) {
  make_disk();
  ASSERT_TRUE(create_log());
  append(content(3'000'000, 1));
  for (int tenths = 1; tenths < 30; tenths += 2) {
    for (const BlobRef& from : {kDisk, kLog}) {
      world.store_latency(20ms);
      ASSERT_TRUE(copy(from));
      wait(tenths * 100ms);
      const std::uint64_t before = head().copy->copied_bytes;
      crash();
      EXPECT_GE(head().copy->copied_bytes, before);
      expect_copy_of(from);
      world.store_latency({});
      ASSERT_TRUE(world.run(ops().delete_blob(kCopy, {})));
    }
  }
  expect_clean();
}

TEST_F(SpanCopies, A_source_that_breaks_off_or_is_deaf_to_ranges) {
  make_disk();
  other.cut_after = 700'000;
  ASSERT_TRUE(copy(kDisk));
  wait(20s);
  EXPECT_EQ(head().copy->status, "pending");   // the last range never comes whole
  other.cut_after = std::string::npos;
  expect_copy_of(kDisk);
  other.deaf_to_ranges = true;
  ASSERT_TRUE(copy(kDisk));
  expect_copy_of(kDisk);
  expect_clean();
}

TEST_F(SpanCopies, Sources_that_are_another_or_gone) {
  make_disk();
  ASSERT_TRUE(copy(kDisk));
  ASSERT_TRUE(put(0, content(512, 5)));
  EXPECT_EQ(settled(), "failed");
  EXPECT_NE(head().copy->description.find("412"), std::string::npos);
  ASSERT_TRUE(copy(kDisk));
  ASSERT_TRUE(world.run(ops().delete_blob(kDisk, {})));
  EXPECT_EQ(settled(), "failed");
  EXPECT_NE(head().copy->description.find("404"), std::string::npos);
  EXPECT_EQ(get(kCopy), "");
  expect_clean();
}

// What had arrived is not to be seen again, whatever size the blob is given.
TEST_F(SpanCopies, Aborted_at_any_moment) {
  make_disk();
  for (int tenths = 0; tenths < 20; ++tenths) {
    world.store_latency(40ms);
    const auto started = copy(kDisk);
    ASSERT_TRUE(started);
    wait(tenths * 97ms);
    const bool aborted = world.run(ops().abort_copy(kCopy, started->copy_id, {})).has_value();
    EXPECT_EQ(head().copy->status, aborted ? "aborted" : "success");
    EXPECT_EQ(head().size_bytes, aborted ? 0u : kSize);
    if (aborted) {
      ASSERT_TRUE(resize(kSize, kCopy));
      EXPECT_TRUE(get(kCopy) == std::string(kSize, '\0'));
      EXPECT_TRUE(ranges(kCopy).empty());
    }
    wait(10s);
    world.store_latency({});
  }
  expect_clean();
}

TEST_F(SpanCopies, What_changed_between_snapshots) {
  make_disk();
  const WallTime first = snap();
  ASSERT_TRUE(copy_changes(first));
  ASSERT_EQ(settled(), "success") << head().copy->description;
  const BlobRef ours = at(kCopy, head().copy_snapshot);
  expect_copy_of(at(kDisk, first), ours);

  ASSERT_TRUE(clear(2 * 131'072, 1024));
  ASSERT_TRUE(put(5 * 131'072, content(512, 77)));
  ASSERT_TRUE(put(6 << 19, content(2048, 78)));
  ASSERT_TRUE(resize(kSize + 1024));
  const WallTime second = snap();
  const auto told = ranges(at(kDisk, second), first);
  other.asked = 0;
  ASSERT_TRUE(copy_changes(second));
  ASSERT_EQ(settled(), "success") << head().copy->description;
  const BlobRef next = at(kCopy, head().copy_snapshot);
  expect_copy_of(at(kDisk, second), next);
  EXPECT_EQ(ranges(next, ours.at.time), told);
  EXPECT_LT(other.asked, 8);   // only what changed was asked for
  expect_copy_of(at(kDisk, first), ours);
  EXPECT_EQ(why(copy_changes(first)), Reason::incremental_copy_earlier);
  expect_clean();
}

TEST_F(SpanCopies, Changes_go_on_after_crashes_and_begin_anew_after_a_failure) {
  make_disk();
  for (int tenths = 1; tenths < 16; tenths += 2) {
    ASSERT_TRUE(put(static_cast<std::uint64_t>(tenths) * 512, content(512, static_cast<std::uint64_t>(tenths))));
    const WallTime taken = snap();
    world.store_latency(20ms);
    ASSERT_TRUE(copy_changes(taken));
    wait(tenths * 100ms);
    crash();
    ASSERT_EQ(settled(), "success") << head().copy->description;
    expect_copy_of(at(kDisk, taken), at(kCopy, head().copy_snapshot));
    world.store_latency({});
  }
  // The snapshot that the next one builds on is gone there.
  const WallTime last = snap();
  ASSERT_TRUE(copy_changes(last));
  ASSERT_EQ(settled(), "success");
  ASSERT_TRUE(put(0, content(512, 1)));
  const WallTime next = snap();
  ASSERT_TRUE(world.run(ops().delete_blob(at(kDisk, last), {})));
  ASSERT_TRUE(copy_changes(next));
  EXPECT_EQ(settled(), "failed");
  EXPECT_NE(head().copy->description.find("PreviousSnapshotNotFound"), std::string::npos);
  ASSERT_TRUE(copy_changes(next));   // now everything
  ASSERT_EQ(settled(), "success") << head().copy->description;
  expect_copy_of(at(kDisk, next), at(kCopy, head().copy_snapshot));
  expect_clean();
}

}  // namespace
}  // namespace bascule::jobs
