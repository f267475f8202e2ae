// What a migration brings has the place in its name's history that it had elsewhere.
#include "ops/import.h"

#include <gtest/gtest.h>

#include "ops/gateway_fixture.h"
#include "ops/history.h"

namespace bascule::ops {
namespace {

using namespace std::chrono_literals;
using testing::content;
using testing::GatewayTest;
using testing::StringBody;

constexpr WallTime kFirst{std::chrono::days(20'000)}, kSecond{std::chrono::days(20'001)}, kThird{std::chrono::days(20'002)};

// Stretches of a text.
class TextBody final : public ImportBody {
 public:
  TextBody(std::string text, std::vector<Stretch> stretches) : text_(std::move(text)), stretches_(std::move(stretches)) {}
  Task<Result<std::optional<Stretch>>> next() override {
    if (index_ == stretches_.size()) co_return std::nullopt;
    at_ = stretches_[index_].offset;
    left_ = stretches_[index_].length_bytes;
    co_return stretches_[index_++];
  }
  Task<Result<std::size_t>> read(MutableBytes into) override {
    const std::size_t n = std::min<std::uint64_t>({into.size(), left_, 100'000});
    std::memcpy(into.data(), text_.data() + at_, n);
    at_ += n;
    left_ -= n;
    co_return n;
  }

 private:
  const std::string text_;
  const std::vector<Stretch> stretches_;
  std::size_t index_ = 0;
  std::uint64_t at_ = 0, left_ = 0;
};

class ImportTest : public GatewayTest {
 protected:
  void SetUp() override {
    GatewayTest::SetUp();
    make_containers({"c"});
  }
  static BlobRef blob(std::string name, At at = {}) { return {"acct", "c", std::move(name), at}; }
  static At snapshot(WallTime time) { return {At::Kind::snapshot, time}; }
  static At version(WallTime time) { return {At::Kind::version, time}; }
  Result<Written> import(BlobRef ref, std::string text, ImportBlob what = {}, std::vector<ImportBody::Stretch> stretches = {}) {
    what.size_bytes = text.size();
    if (stretches.empty() && !text.empty()) stretches.push_back({0, text.size(), {}});
    TextBody body(std::move(text), std::move(stretches));
    return world.run(ops().import_blob(std::move(ref), std::move(what), body));
  }
  std::string get(BlobRef ref) {
    return GatewayTest::get(std::move(ref)).value_or("-");
  }
  std::string list(ListBlobs what) {
    std::string text;
    for (const auto& item : world.run(ops().list_blobs({"acct", "c"}, what))->items) {
      const BlobView& b = item.blob;
      text += (text.empty() ? "" : " ") + b.name + (b.snapshot != WallTime() ? "#" : b.version != WallTime() ? b.current_version ? "@*" : "@" : "") +
              (b.versions_only ? "?" : "");
    }
    return text;
  }
};

TEST_F(ImportTest, A_history_as_it_was) {
  const ListBlobs all{.snapshots = true, .versions = true, .deleted_with_versions = true};
  ASSERT_TRUE(import(blob("b", version(kFirst)), "one"));
  EXPECT_EQ(list(all), "b@ b?");   // nothing is there but the past
  EXPECT_EQ(get(blob("b")), "-");
  ASSERT_TRUE(import(blob("b", snapshot(kSecond)), "two"));
  const auto written = import(blob("b"), "three", {.stamps = {.version = kThird, .created = kFirst, .last_modified = kSecond}});
  ASSERT_TRUE(written);
  EXPECT_EQ(written->version, kThird);
  EXPECT_EQ(list(all), "b@ b# b@*");
  EXPECT_EQ(get(blob("b", version(kFirst))), "one");
  EXPECT_EQ(get(blob("b", snapshot(kSecond))), "two");
  EXPECT_EQ(get(blob("b", version(kThird))), "three");
  const auto view = world.run(ops().head_blob(blob("b"), {}));
  EXPECT_EQ(view->created, kFirst);
  EXPECT_EQ(view->last_modified, kSecond);
  // Brought again, it is replaced; a past that is left to itself stays.
  ASSERT_TRUE(import(blob("b", version(kFirst)), "one again"));
  ASSERT_TRUE(import(blob("b"), "three again", {.stamps = {.version = kThird}}));
  EXPECT_EQ(list(all), "b@ b# b@*");
  EXPECT_EQ(get(blob("b", version(kFirst))), "one again");
  EXPECT_EQ(get(blob("b")), "three again");
  // The same id as a past state: what the name means by it stays.
  ASSERT_TRUE(import(blob("b", version(kThird)), "other"));
  EXPECT_EQ(get(blob("b", version(kThird))), "three again");
  // The next version puts it aside under its id; and what is written here has later times than all that was brought.
  ASSERT_TRUE(import(blob("b"), "four", {.stamps = {.version = kThird + Ticks(1h)}}));
  EXPECT_EQ(list(all), "b@ b# b@ b@*");
  EXPECT_EQ(get(blob("b", version(kThird))), "three again");
  change_settings([](AccountSettings& s) { s.versioning = true; });
  const auto later = put(blob("b"), "five");
  ASSERT_TRUE(later);
  EXPECT_GT(later->version, kThird + Ticks(1h));
  EXPECT_EQ(list(all), "b@ b# b@ b@ b@*");
  // It goes as any other does.
  for (const WallTime time : {kFirst, kThird, kThird + Ticks(1h)}) ASSERT_TRUE(world.run(ops().delete_blob(blob("b", version(time)), {})));
  EXPECT_EQ(list(all), "b# b@*");
}

TEST_F(ImportTest, What_is_held_is_not_brought_again) {
  for (const bool held : {true, false}) {
    const std::string name = held ? "held" : "free";
    ASSERT_TRUE(import(blob(name, version(kFirst)), "one"));
    ASSERT_TRUE(import(blob(name, snapshot(kSecond)), "two"));
    ASSERT_TRUE(import(blob(name), "three", {.stamps = {.version = kThird}}));
    if (held) {
      const WallTime now = ops().lawful_now();
      ASSERT_TRUE(world.run(ops().change_container_immutability({"acct", "c"}, [now](auto& rules) { return enable_versions(rules, now); })));
      for (const At at : {At{}, version(kFirst), snapshot(kSecond)}) ASSERT_TRUE(world.run(ops().set_legal_hold(blob(name, at), true)));
    }
    for (const At at : {version(kFirst), snapshot(kSecond)}) {
      EXPECT_EQ(import(blob(name, at), "new").has_value(), !held);
      EXPECT_EQ(get(blob(name, at)) == "new", !held);
    }
    EXPECT_EQ(import(blob(name), "new", {.stamps = {.version = kThird}}).has_value(), !held);
    EXPECT_EQ(get(blob(name)), held ? "three" : "new");
    // Under another id it is succeeded by, and stays as a version.
    ASSERT_TRUE(import(blob(name), "four", {.stamps = {.version = kThird + Ticks(1h)}}));
    EXPECT_EQ(get(blob(name, version(kThird))), held ? "three" : "new");
  }
}

TEST_F(ImportTest, Blocks_and_no_blocks) {
  const std::string text = content(20'000'000, 1);
  ASSERT_TRUE(import(blob("b", snapshot(kFirst)), text, {}, {{0, 9'000'000, "aaaa"}, {9'000'000, 1, "bbbb"}, {9'000'001, 10'999'999, "cccc"}}));
  ASSERT_TRUE(import(blob("w"), text));
  EXPECT_TRUE(get(blob("b", snapshot(kFirst))) == text);
  EXPECT_TRUE(get(blob("w")) == text);
  const auto blocks = world.run(ops().get_block_list(blob("b", snapshot(kFirst)), {}));
  ASSERT_EQ(blocks->committed.size(), 3u);
  EXPECT_EQ(blocks->committed[1].block_id, "bbbb");
  EXPECT_EQ(blocks->committed[2].size_bytes, 10'999'999u);
  EXPECT_TRUE(world.run(ops().get_block_list(blob("w"), {}))->committed.empty());
  // Less than was said, and out of order: nothing comes of it.
  EXPECT_FALSE(import(blob("x"), text, {}, {{0, 5, {}}}));
  EXPECT_FALSE(import(blob("x"), text, {}, {{5, text.size() - 5, {}}}));
  EXPECT_EQ(get(blob("x")), "-");
}

TEST_F(ImportTest, Append_and_page_blobs_go_on_being_written) {
  const std::string text = content(3'000'000, 2);
  ImportBlob append{.type = BlobType::append, .committed_blocks = 5};
  ASSERT_TRUE(import(blob("a"), text, append, {{0, 1'000'000, {}}, {1'000'000, 2'000'000, {}}}));
  ASSERT_TRUE(import(blob("a", snapshot(kFirst)), "older", append));
  StringBody more("more");
  const auto appended = world.run(ops().append_block(blob("a"), {.body = {.length_bytes = 4}}, more));
  ASSERT_TRUE(appended);
  EXPECT_EQ(appended->committed_blocks, 6u);
  EXPECT_EQ(appended->offset, 3'000'000u);
  EXPECT_TRUE(get(blob("a")) == text + "more");
  EXPECT_EQ(get(blob("a", snapshot(kFirst))), "older");
  ASSERT_TRUE(import(blob("s"), "sealed", {.type = BlobType::append, .committed_blocks = 1, .sealed = true}));
  StringBody none("no");
  EXPECT_FALSE(world.run(ops().append_block(blob("s"), {.body = {.length_bytes = 2}}, none)));

  std::string disk(1 << 20, '\0');
  disk.replace(512, 512, content(512, 3));
  disk.replace(65'536, 131'072, content(131'072, 4));
  for (const At at : {snapshot(kFirst), At{}}) {
    ASSERT_TRUE(import(blob("p", at), disk, {.type = BlobType::page, .sequence_number = 8}, {{512, 512, {}}, {65'536, 131'072, {}}}));
    EXPECT_TRUE(get(blob("p", at)) == disk);
    const auto ranges = world.run(ops().get_page_ranges(blob("p", at), {}));
    ASSERT_TRUE(ranges);
    EXPECT_EQ(ranges->ranges, (std::vector<PageRange>{{512, 1023}, {65'536, 196'607}}));
    EXPECT_EQ(ranges->blob.sequence_number, 8u);
  }
  StringBody page(content(512, 5));
  ASSERT_TRUE(world.run(ops().put_pages(blob("p"), {.first = 0, .length_bytes = 512, .body = {.length_bytes = 512}}, page)));
  EXPECT_TRUE(get(blob("p", snapshot(kFirst))) == disk);
  EXPECT_EQ(get(blob("p")).substr(0, 512), content(512, 5));
  ASSERT_TRUE(import(blob("empty"), std::string(4096, '\0'), {.type = BlobType::page}, {{}}));
}

TEST_F(ImportTest, A_lease_and_another_type_stand_in_the_way) {
  ASSERT_TRUE(put(blob("b"), "here"));
  ASSERT_TRUE(world.run(ops().lease_blob(blob("b"), {.duration_seconds = -1})));
  EXPECT_EQ(reason_of(import(blob("b"), "brought").error()), Reason::lease_id_missing);
  ASSERT_TRUE(import(blob("b", snapshot(kFirst)), "before"));   // beside it
  EXPECT_EQ(get(blob("b")), "here");
  EXPECT_EQ(reason_of(import(blob("b"), "", {.type = BlobType::append}).error()), Reason::blob_type_mismatch);
  EXPECT_EQ(reason_of(import(blob("b", snapshot(kSecond)), "", {.type = BlobType::append}).error()), Reason::blob_type_mismatch);
}

}  // namespace
}  // namespace bascule::ops
