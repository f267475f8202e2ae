// Blobs of every type with their past, their holes and their holds: all of it comes over, and each state is verified.
#include <gtest/gtest.h>

#include "migrate/migrate_fixture.h"

namespace bascule::migrate {
namespace {

using testing::MemorySource;
using testing::MemoryTarget;
using testing::StoredBlob;
using testing::TemporaryDirectory;

class States : public testing::MigrateTest {};

constexpr char kFirst[] = "2026-01-01T00:00:00.0000001Z", kSecond[] = "2026-01-02T00:00:00.0000000Z", kThird[] = "2026-01-03T00:00:00.0000000Z";

// A blob with a past, an append blob, and a page blob with holes of several sizes.
void fill_every_state(MemorySource& source, const std::function<std::string(std::size_t, char)>& content) {
  source.add_past("cont", "a", kSecond, content(700, 'b'), true);
  source.add_past("cont", "a", kFirst, content(600, 'c'), false).blob.tags = {{"k", "v"}};
  StoredBlob& now = source.add("cont", "a", content(800, 'd'));
  now.blob.version_id = kThird;
  now.blob.tags = {{"a", "1"}, {"b", "2"}};
  now.blob.created = WallTime(std::chrono::days(20'000));
  source.add_past("cont", "gone", kSecond, content(10, 'e'), true);
  StoredBlob& append = source.add("cont", "log", content(100'000, 'f'));
  append.blob.type = ops::BlobType::append;
  append.blob.committed_blocks = 7;
  append.blob.sealed = true;
  StoredBlob& page = source.add("cont", "disk", std::string(1 << 20, '\0'));
  page.blob.type = ops::BlobType::page;
  page.blob.sequence_number = 9;
  page.ranges = {{0, 511}, {1024, 2047}, {2048, 4095}, {200'704, 300'031}, {1'048'064, 1'048'575}};
  for (const auto& range : page.ranges) page.content.replace(range.first, range.last - range.first + 1, content(range.last - range.first + 1, 'g'));
}

TEST_F(States, CarriesEveryState) {
  fill_every_state(source_, content);
  options_.segment_bytes = 64 << 10;
  options_.small_bytes = 1000;
  const Report report = good();
  EXPECT_EQ(report.carried, 6u);
  EXPECT_EQ(report.carried_past, 3u);
  EXPECT_EQ(report.inventory.blobs, 3u);
  EXPECT_EQ(report.inventory.snapshots, 1u);
  EXPECT_EQ(report.inventory.versions, 2u);
  EXPECT_TRUE(report.inventory.complete());
  const auto& cont = target_.containers.at("cont");
  const auto past = [&](const char* name, ops::At::Kind kind, const char* time) {
    return target_.find("cont", name, {kind, parse_iso8601(time).value()});
  };
  ASSERT_TRUE(past("a", ops::At::Kind::snapshot, kFirst));
  EXPECT_EQ(past("a", ops::At::Kind::snapshot, kFirst)->content, content(600, 'c'));
  EXPECT_EQ(past("a", ops::At::Kind::snapshot, kFirst)->properties.tags, (ops::Tags{{"k", "v"}}));
  ASSERT_TRUE(past("a", ops::At::Kind::version, kSecond));
  ASSERT_TRUE(past("gone", ops::At::Kind::version, kSecond));
  EXPECT_FALSE(cont.blobs.contains("gone"));
  EXPECT_EQ(cont.blobs.at("a").properties.tags, (ops::Tags{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(cont.blobs.at("a").properties.stamps.version, parse_iso8601(kThird));
  EXPECT_EQ(cont.blobs.at("a").properties.stamps.created, WallTime(std::chrono::days(20'000)));
  const auto& disk = cont.blobs.at("disk");
  EXPECT_EQ(disk.content, source_.containers["cont"].blobs["disk"].content);
  EXPECT_EQ(disk.properties.sequence_number, 9u);
  std::uint64_t written = 0;
  for (const auto& range : disk.ranges) written += range.last - range.first + 1;
  EXPECT_EQ(written, 512u + 3072u + 99'328u + 512u);   // and not the holes
  EXPECT_EQ(cont.blobs.at("log").properties.committed_blocks, 7u);
  EXPECT_TRUE(cont.blobs.at("log").properties.sealed);
  // The oldest first.
  std::vector<std::string> of_a;
  for (const std::string& one : cont.order) if (one.starts_with("a@")) of_a.push_back(one);
  EXPECT_EQ(of_a, (std::vector<std::string>{std::string("a@") + kFirst, std::string("a@") + kSecond}));

  EXPECT_EQ(good().already, 6u);
  // What is written at the source by now makes a version of what was carried as the current one: that is there already.
  StoredBlob former = source_.containers["cont"].blobs["a"];
  former.blob.is_current = false;
  source_.containers["cont"].past.push_back(former);
  auto& state = target_.containers["cont"].past[{"a", MemoryTarget::place({ops::At::Kind::version, parse_iso8601(kThird).value()})}];
  state = target_.containers["cont"].blobs["a"];
  source_.add("cont", "a", content(900, 'z')).blob.version_id = "2026-01-04T00:00:00.0000000Z";
  const Report third = good();
  EXPECT_EQ(third.already, 6u);
  EXPECT_EQ(third.carried, 1u);
  // Tags change without the ETag.
  source_.containers["cont"].blobs["a"].blob.tags = {{"new", "1"}};
  EXPECT_EQ(good().carried, 1u);
}

TEST_F(States, EveryStateIsVerified) {
  fill_every_state(source_, content);
  for (const auto sabotage : {Sabotage::drop, Sabotage::flip}) {
    for (const auto of : {SabotageOf::past, SabotageOf::append, SabotageOf::page}) {
      TemporaryDirectory fresh;
      options_.state_directory = fresh.path();
      target_ = {};
      options_.sabotage = sabotage;
      options_.sabotage_of = of;
      const auto report = go();
      ASSERT_TRUE(report);
      EXPECT_EQ(report->failed, 1u);
      EXPECT_EQ(report->carried, 5u);
      options_.sabotage = Sabotage::none;
      const Report second = good();
      EXPECT_EQ(second.carried, 1u);
      EXPECT_EQ(second.already, 5u);
    }
  }
}

TEST_F(States, AHoleThatIsFilledIsFound) {
  fill_every_state(source_, content);
  target_.fault = [&](std::string_view call, std::string_view blob) -> std::optional<Error> {
    if (call == "open" && blob == "disk") {   // zeros where nothing was
      auto& ranges = target_.containers["cont"].blobs["disk"].ranges;
      ranges[0] = {0, 1023};
    }
    return std::nullopt;
  };
  const auto report = go();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->failed, 1u);
  EXPECT_TRUE(report->failures[0].message.contains("read back with")) << report->failures[0].message;
}

TEST_F(States, HoldsOfSingleStatesComeOverWhereTheyCan) {
  const WallTime until = WallTime(std::chrono::days(40'000));
  for (const char* container : {"can", "cannot"}) {
    source_.add(container, "a", "1").blob.keep = {.policy = ops::KeepUntil{until, true}, .legal_hold = true};
    source_.containers[container].container.version_immutability = std::string_view(container) == "can";
  }
  const Report report = good();
  EXPECT_EQ(report.carried, 2u);
  ASSERT_TRUE(target_.kept.contains("can/a"));
  EXPECT_EQ(target_.kept["can/a"].policy->until, until);
  EXPECT_TRUE(target_.kept["can/a"].policy->locked);
  EXPECT_TRUE(target_.kept["can/a"].legal_hold);
  EXPECT_FALSE(target_.kept.contains("cannot/a"));
  EXPECT_EQ(report.inventory.not_carried[static_cast<std::size_t>(NotCarried::immutability)].examples.at(0), "cannot/a");
  EXPECT_EQ(report.inventory.not_carried[static_cast<std::size_t>(NotCarried::legal_hold)].count, 1u);
  target_.kept.clear();   // prolonged at the source meanwhile: said again
  EXPECT_EQ(good().already, 2u);
  EXPECT_TRUE(target_.kept.contains("can/a"));
}

TEST_F(States, SnapshotsThatAreNoTimesAreNamed) {
  source_.add_past("cont", "a", "yesterday", "1", false);
  source_.add("cont", "a", "2");
  const auto report = go();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->failed, 1u);
  EXPECT_EQ(report->carried, 1u);
}

}  // namespace
}  // namespace bascule::migrate
