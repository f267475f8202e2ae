#include <gtest/gtest.h>

#include "ops/fold.h"
#include "ops/gateway_fixture.h"

namespace bascule::ops {
namespace {

using testing::GatewayTest;
using testing::why;
using testing::content;
using testing::StringBody;

class SpanBlobs : public GatewayTest {
 protected:
  static inline const BlobRef kBlob{"acct", "c", "b"};

  void SetUp() override {
    GatewayTest::SetUp();
    make_containers({"c"});
  }
  Result<Written> create(BlobType type, std::uint64_t size = 0, std::uint64_t sequence = 0) {
    CreateBlob create;
    create.type = type;
    create.size_bytes = size;
    create.sequence_number = sequence;
    return world.run(ops().create_blob(kBlob, create));
  }
  static Task<Result<Appended>> append_task(Service& ops, std::string text, AppendBlock what) {
    what.body.length_bytes = text.size();
    StringBody body(std::move(text));
    co_return co_await ops.append_block(kBlob, what, body);
  }
  Result<Appended> append(std::string text, AppendBlock what = {}) { return world.run(append_task(ops(), std::move(text), what)); }
  Result<PagesWritten> put(std::uint64_t first, std::string text, PutPages what = {}) {
    what.first = first;
    what.length_bytes = what.body.length_bytes = text.size();
    StringBody body(std::move(text));
    return world.run(ops().put_pages(kBlob, what, body));
  }
  Result<PagesWritten> clear(std::uint64_t first, std::uint64_t length) {
    StringBody body("");
    PutPages what;
    what.first = first;
    what.length_bytes = length;
    what.clear = true;
    return world.run(ops().put_pages(kBlob, what, body));
  }
  Result<PagesWritten> set(SetPageProperties what) { return world.run(ops().set_page_properties(kBlob, what)); }
  Result<std::string> get(std::optional<ByteRange> range = {}) { return world.run(testing::read_all(ops(), kBlob, {.range = range})); }
};

TEST_F(SpanBlobs, Appends_follow_one_another) {
  EXPECT_EQ(why(append("x")), Reason::blob_not_found);
  ASSERT_TRUE(create(BlobType::append));
  EXPECT_EQ(*get(), "");
  std::string all;
  for (std::size_t i = 0; i < 40; ++i) {
    const std::string text = content(1 + i * 997 % 70'000, i);
    const auto done = append(text);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(done->offset, all.size());
    EXPECT_EQ(done->committed_blocks, i + 1);
    all += text;
    if (i % 7 == 3) ASSERT_TRUE(world.run(ops().fold_blob(kBlob)));
    ASSERT_TRUE(*get() == all) << i;
  }
  open({.read_run_bytes = 64 * 1024, .read_ahead = 2});   // another life
  EXPECT_TRUE(*get() == all);
  EXPECT_TRUE(*get(ByteRange{1000, 70'000}) == all.substr(1000, 69'001));
  const auto view = world.run(ops().head_blob(kBlob, {}));
  EXPECT_EQ(view->committed_blocks, 40u);
  EXPECT_EQ(view->size_bytes, all.size());
}

TEST_F(SpanBlobs, Appends_keep_their_conditions) {
  ASSERT_TRUE(create(BlobType::append));
  ASSERT_TRUE(append("abc", {.position = 0}));
  EXPECT_EQ(why(append("d", {.position = 2})), Reason::append_position_mismatch);
  EXPECT_EQ(why(append("defg", {.max_size_bytes = 6})), Reason::max_size_exceeded);
  ASSERT_TRUE(append("def", {.position = 3, .max_size_bytes = 6}));
  Conditions wrong;
  wrong.if_match = ETagSet{.values = {1}};
  EXPECT_EQ(why(append("x", {.conditions = wrong})), Reason::condition_not_met);
  EXPECT_EQ(why(world.run(ops().seal_blob(kBlob, {}, 5))), Reason::append_position_mismatch);
  ASSERT_TRUE(world.run(ops().seal_blob(kBlob, {}, {})));
  EXPECT_EQ(why(append("x")), Reason::blob_sealed);
  EXPECT_TRUE(world.run(ops().head_blob(kBlob, {}))->sealed);
  EXPECT_EQ(*get(), "abcdef");
  EXPECT_EQ(why(put(0, std::string(512, 'x'))), Reason::blob_type_mismatch);
  ASSERT_TRUE(create(BlobType::append)) << "created anew: empty, not sealed";
  ASSERT_TRUE(append("n"));
  EXPECT_EQ(*get(), "n");
  EXPECT_EQ(why(create(BlobType::page, 512)), Reason::blob_type_mismatch);
}

Task<void> one_of_many(Service& ops, std::string text, std::vector<Appended>& done, int& left, Completion<bool>& all) {
  AppendBlock what;
  what.body.length_bytes = text.size();
  StringBody body(std::move(text));
  auto result = co_await ops.append_block({"acct", "c", "b"}, what, body);
  if (result) done.push_back(*result);
  if (--left == 0) all.set(true);
}
Task<bool> many(Service& ops, int count, std::vector<Appended>& done) {
  Completion<bool> all;
  int left = count;
  for (int i = 0; i < count; ++i) spawn(co_await this_executor(), one_of_many(ops, content(100, static_cast<std::uint64_t>(i)), done, left, all));
  co_return co_await all.wait();
}

TEST_F(SpanBlobs, Many_appenders_share_commits_and_lose_nothing) {
  ASSERT_TRUE(create(BlobType::append));
  world.store_latency(std::chrono::milliseconds(10));
  const Instant before = world.clock.now();
  std::vector<Appended> done;
  ASSERT_TRUE(world.run(many(ops(), 300, done)));
  ASSERT_EQ(done.size(), 300u);
  EXPECT_LT(world.clock.now() - before, std::chrono::milliseconds(100)) << "not one commit each";
  std::set<std::uint64_t> offsets;
  std::set<std::uint32_t> counts;
  std::set<ETag> etags;
  for (const Appended& a : done) {
    offsets.insert(a.offset);
    counts.insert(a.committed_blocks);
    etags.insert(a.written.etag);
  }
  EXPECT_EQ(offsets.size(), 300u);
  EXPECT_EQ(*offsets.rbegin(), 299u * 100);
  EXPECT_EQ(*counts.rbegin(), 300u);
  EXPECT_EQ(etags.size(), 300u);
  const std::string all = *get();
  for (std::uint64_t i = 0; i < 300; ++i) EXPECT_NE(all.find(content(100, i)), std::string::npos) << i;
}

TEST_F(SpanBlobs, Pages_are_what_was_last_written) {
  constexpr std::uint64_t kSize = 512 * 4096;
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    SeededRandom random(seed);
    open({.read_run_bytes = 64 * 1024, .read_ahead = seed % 2 * 2});
    ASSERT_TRUE(create(BlobType::page, kSize));
    std::string model(kSize, '\0');
    for (int i = 0; i < 300; ++i) {
      const std::uint64_t first = random.next_u64() % (kSize / 512) * 512;
      const std::uint64_t length = std::min(kSize - first, (1 + random.next_u64() % (i % 9 == 0 ? 600 : 12)) * 512);
      switch (random.next_u64() % 8) {
        case 0:
          ASSERT_TRUE(clear(first, length));
          model.replace(first, length, length, '\0');
          break;
        case 1: ASSERT_TRUE(world.run(ops().fold_blob(kBlob))); break;
        case 2: open(); break;   // nothing is known any more of what was written
        default: {
          const std::string text = content(length, seed * 1000 + static_cast<std::uint64_t>(i));
          ASSERT_TRUE(put(first, text));
          model.replace(first, length, text);
        }
      }
      if (i % 10 == 0) ASSERT_TRUE(*get() == model) << "seed " << seed << " step " << i;
      const std::uint64_t from = random.next_u64() % kSize, to = std::min(kSize - 1, from + random.next_u64() % 100'000);
      ASSERT_TRUE(*get(ByteRange{from, to}) == model.substr(from, to - from + 1)) << "seed " << seed << " step " << i;
    }
    ASSERT_TRUE(world.run(ops().delete_blob(kBlob, {})));
  }
}

TEST_F(SpanBlobs, What_is_cut_off_comes_back_as_zeros) {
  ASSERT_TRUE(create(BlobType::page, 4096, 7));
  ASSERT_TRUE(put(0, content(4096, 1)));
  EXPECT_EQ(why(put(4096, std::string(512, 'x'))), Reason::invalid_page_range);
  auto done = set({.size_bytes = 1024});
  ASSERT_TRUE(done);
  EXPECT_EQ(done->sequence_number, 7u);
  EXPECT_TRUE(*get() == content(4096, 1).substr(0, 1024));
  ASSERT_TRUE(set({.size_bytes = 4096}));
  EXPECT_TRUE(*get() == content(4096, 1).substr(0, 1024) + std::string(3072, '\0'));
  ASSERT_TRUE(set({.size_bytes = kMostPageBlobBytes}));
  ASSERT_TRUE(put(kMostPageBlobBytes - 512, content(512, 2)));
  EXPECT_TRUE(*get(ByteRange{kMostPageBlobBytes - 1024, {}}) == std::string(512, '\0') + content(512, 2));
  ASSERT_TRUE(clear(0, kMostPageBlobBytes));
  ASSERT_TRUE(world.run(ops().fold_blob(kBlob)));
  EXPECT_TRUE(world.run(ops().get_page_ranges(kBlob, {}))->ranges.empty());
}

TEST_F(SpanBlobs, Sequence_numbers) {
  using Action = SetPageProperties::Action;
  ASSERT_TRUE(create(BlobType::page, 512, 5));
  const auto with = [&](SequenceConditions c) { return why(put(0, std::string(512, 'x'), {.sequence = c})); };
  EXPECT_EQ(with({.at_most = 5}), Reason::none);
  EXPECT_EQ(with({.at_most = 4}), Reason::sequence_number_mismatch);
  EXPECT_EQ(with({.below = 6}), Reason::none);
  EXPECT_EQ(with({.below = 5}), Reason::sequence_number_mismatch);
  EXPECT_EQ(with({.equal = 5}), Reason::none);
  EXPECT_EQ(with({.equal = 6}), Reason::sequence_number_mismatch);
  EXPECT_EQ(set({.action = Action::increment})->sequence_number, 6u);
  EXPECT_EQ(set({.action = Action::max, .sequence_number = 4})->sequence_number, 6u);
  EXPECT_EQ(set({.action = Action::max, .sequence_number = 9})->sequence_number, 9u);
  EXPECT_EQ(set({.action = Action::update, .sequence_number = kMostSequenceNumber})->sequence_number, kMostSequenceNumber);
  EXPECT_EQ(why(set({.action = Action::increment})), Reason::sequence_number_overflow);
}

TEST_F(SpanBlobs, Ranges_say_what_was_written) {
  ASSERT_TRUE(create(BlobType::page, 1 << 20));
  for (const std::uint64_t first : {0u, 512u, 4096u, 8192u}) ASSERT_TRUE(put(first, std::string(512, 'x')));
  ASSERT_TRUE(clear(4096, 512));
  for (const bool folded : {false, true}) {
    if (folded) ASSERT_TRUE(world.run(ops().fold_blob(kBlob)));
    const auto all = world.run(ops().get_page_ranges(kBlob, {}));
    EXPECT_EQ(all->ranges, (std::vector<PageRange>{{0, 1023}, {8192, 8703}}));
    GetPageRanges one;
    one.limit = 1;
    const auto first = world.run(ops().get_page_ranges(kBlob, one));
    EXPECT_EQ(first->ranges, (std::vector<PageRange>{{0, 1023}}));
    EXPECT_EQ(first->next, 8192u);
    one.start = *first->next;
    const auto rest = world.run(ops().get_page_ranges(kBlob, one));
    EXPECT_EQ(rest->ranges, (std::vector<PageRange>{{8192, 8703}}));
    EXPECT_FALSE(rest->next);
    GetPageRanges part;
    part.range = ByteRange{512, 8200};
    EXPECT_EQ(world.run(ops().get_page_ranges(kBlob, part))->ranges, (std::vector<PageRange>{{512, 1023}, {8192, 8703}}));
  }
}

TEST_F(SpanBlobs, Differences_say_what_was_written_and_what_was_cleared) {
  const auto snap = [&] { return world.run(ops().snapshot_blob(kBlob, {}, {}))->snapshot; };
  const auto since = [&](WallTime previous, At at = {}, std::size_t limit = 10'000, std::uint64_t start = 0) {
    BlobRef ref = kBlob;
    ref.at = at;
    return world.run(ops().get_page_ranges(ref, {.start = start, .limit = limit, .previous = previous}));
  };
  ASSERT_TRUE(create(BlobType::page, 1 << 20));
  const WallTime empty = snap();
  for (const std::uint64_t first : {0u, 4096u, 8192u}) ASSERT_TRUE(put(first, std::string(1024, 'x')));
  const WallTime one = snap();
  ASSERT_TRUE(put(512, std::string(1024, 'y')));     // over the end of the first
  ASSERT_TRUE(clear(4096, 512));
  ASSERT_TRUE(clear(65536, 512));                    // where nothing was
  ASSERT_TRUE(put(9216, std::string(512, 'z')));
  ASSERT_TRUE(clear(8704, 1024));                    // what was there, and what came since
  const WallTime two = snap();
  ASSERT_TRUE(put(0, std::string(512, 'w')));
  using Ranges = std::vector<PageRange>;
  const Ranges between{{512, 1535}, {4096, 4607, true}, {8704, 9215, true}};
  for (const bool folded : {false, true}) {
    if (folded) ASSERT_TRUE(world.run(ops().fold_blob(kBlob)));
    EXPECT_EQ(since(one, {At::Kind::snapshot, two})->ranges, between) << folded;
    EXPECT_EQ(since(two)->ranges, (Ranges{{0, 511}}));
    EXPECT_EQ(since(two, {At::Kind::snapshot, two})->ranges, Ranges{});
    EXPECT_EQ(since(one)->ranges, (Ranges{{0, 1535}, {4096, 4607, true}, {8704, 9215, true}}));
    EXPECT_EQ(since(empty)->ranges, (Ranges{{0, 1535}, {4608, 5119}, {8192, 8703}})) << "cleared and never seen: nothing";
    Ranges paged;   // one at a time
    for (std::optional<std::uint64_t> at = 0; at;) {
      const auto page = since(one, {At::Kind::snapshot, two}, 1, *at);
      ASSERT_EQ(page->ranges.size(), 1u);
      paged.push_back(page->ranges[0]);
      at = page->next;
    }
    EXPECT_EQ(paged, between);
    EXPECT_EQ(why(since(two, {At::Kind::snapshot, one})), Reason::previous_snapshot_newer);
    EXPECT_EQ(why(since(two + Ticks(1))), Reason::previous_snapshot_not_found);
  }
  open();   // another life: nothing in memory
  EXPECT_EQ(since(one, {At::Kind::snapshot, two})->ranges, between);
  ASSERT_TRUE(world.run(ops().delete_blob({"acct", "c", "b", {At::Kind::snapshot, one}}, {})));
  EXPECT_EQ(why(since(one)), Reason::previous_snapshot_not_found);
  ASSERT_TRUE(create(BlobType::page, 1 << 20));
  EXPECT_EQ(why(since(two)), Reason::blob_overwritten);
  EXPECT_EQ(since(empty, {At::Kind::snapshot, two})->ranges, (Ranges{{0, 1535}, {4608, 5119}, {8192, 8703}})) << "of the old one";
}

}  // namespace
}  // namespace bascule::ops
