#include "migrate/migrate.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/digest.h"
#include "migrate/done_log.h"
#include "migrate/migrate_fixture.h"

namespace bascule::migrate {
namespace {

using testing::MigrateTest;
using testing::StoredBlob;
using testing::TemporaryDirectory;

TEST_F(MigrateTest, CarriesEverythingOfABlob) {
  StoredBlob& plain = source_.add("cont", "a/b ü?.txt", content(5000));
  plain.blob.headers = {"text/plain", "gzip", "fr", "no-cache", "inline", Md5::of(as_bytes(plain.content))};
  plain.blob.metadata = {{"Name", "value"}, {"other", ""}};
  plain.blob.tier = "Cool";
  source_.add("cont", "empty", "");
  source_.add_blocks("second", "blocks", {content(3000), content(1, 'x'), content(2999, 'y')});
  source_.containers["cont"].container.metadata = {{"k", "v"}};
  source_.containers["cont"].access.public_access = ops::PublicAccess::blob;
  source_.containers["cont"].access.policies = {ops::StoredPolicy{.id = "p", .permission = "r"}};
  const Report report = good();

  EXPECT_EQ(report.carried, 3u);
  EXPECT_EQ(report.carried_bytes, 11'000u);
  EXPECT_EQ(report.md5_checked, 1u);
  EXPECT_TRUE(report.inventory.complete());
  EXPECT_EQ(exit_code(report, true), 0);
  const auto& cont = target_.containers.at("cont");
  EXPECT_EQ(cont.container.metadata, (ops::Metadata{{"k", "v"}}));
  EXPECT_EQ(cont.access.public_access, ops::PublicAccess::blob);
  EXPECT_EQ(cont.access.policies.at(0).id, "p");
  const auto& copied = cont.blobs.at("a/b ü?.txt");
  EXPECT_EQ(copied.content, plain.content);
  EXPECT_EQ(copied.properties.headers.language, "fr");
  EXPECT_EQ(copied.properties.headers.md5, plain.blob.headers.md5);
  EXPECT_EQ(copied.properties.metadata, plain.blob.metadata);
  EXPECT_EQ(copied.properties.tier, "Cool");
  EXPECT_TRUE(cont.blobs.contains("empty"));
  const auto& blocks = target_.containers.at("second").blobs.at("blocks");
  const auto& wanted = source_.containers["second"].blobs["blocks"].blocks;
  ASSERT_EQ(blocks.blocks.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(blocks.blocks[i].id, wanted[i].id);
    EXPECT_EQ(blocks.blocks[i].size_bytes, wanted[i].size_bytes);
  }
  EXPECT_EQ(target_.reads, 3u);  // each read back
}

TEST_F(MigrateTest, ManySegmentsAreCombined) {
  options_.segment_bytes = 1500;
  options_.streams_at_once = 2;
  std::vector<std::string> parts;
  for (int i = 0; i < 20; ++i) parts.push_back(content(700, static_cast<char>('a' + i)));
  source_.add_blocks("cont", "big", parts);
  EXPECT_EQ(good().carried, 1u);
  EXPECT_EQ(source_.opens, 10u);
  EXPECT_EQ(target_.containers["cont"].blobs["big"].content, source_.containers["cont"].blobs["big"].content);
}

TEST_F(MigrateTest, PagesAndBounds) {
  fill(100);
  options_.blobs_at_once = 4;
  const Report report = good();
  EXPECT_EQ(report.carried, 100u);
  EXPECT_LE(target_.most_under_way, 4u);
  ASSERT_TRUE(sink_.before);
  EXPECT_EQ(sink_.before->blobs, 100u);
  EXPECT_EQ(source_.listings, 34u);  // 100 in pages of 3, once: a small source is listed once
  EXPECT_TRUE(sink_.is_finished);
  EXPECT_EQ(sink_.progresses.back().blobs_done, 100u);
}

TEST_F(MigrateTest, DryRunWritesNothing) {
  fill(3);
  options_.dry_run = true;
  const Report report = good();
  EXPECT_TRUE(report.dry_run);
  EXPECT_EQ(report.inventory.blobs, 3u);
  EXPECT_TRUE(target_.containers.empty());
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

TEST_F(MigrateTest, OnlyTheContainersNamed) {
  source_.add("one", "a", "1");
  source_.add("two", "b", "2");
  options_.containers = {"two"};
  EXPECT_EQ(good().carried, 1u);
  EXPECT_FALSE(target_.containers.contains("one"));
  options_.containers = {"three"};
  const auto report = go();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::not_found);
  EXPECT_TRUE(report.error().message.contains("three"));
}

TEST_F(MigrateTest, NamesWhatIsNotCarried) {
  const auto other = [&](std::string name, auto change) {
    SourceBlob blob;
    blob.name = std::move(name);
    blob.size_bytes = 10;
    change(blob);
    source_.containers["cont"].others.push_back(blob);
  };
  source_.add("cont", "ok", "1").blob.tag_count = 2;
  source_.containers["cont"].blobs["ok"].blob.leased = true;
  source_.containers["cont"].blobs["ok"].blob.copied = true;
  source_.containers["cont"].access.known = false;
  source_.containers["cont"].container.legal_hold = true;
  other("cold", [](SourceBlob& b) { b.tier = "Archive"; });
  other("gone", [](SourceBlob& b) { b.deleted = true; });
  source_.containers["cont"].container.default_encryption_scope = "scope";
  other("half", [](SourceBlob& b) { b.committed = false; });
  other("secret", [](SourceBlob& b) { b.customer_key = true; });
  const Report report = good();
  EXPECT_EQ(report.carried, 1u);
  EXPECT_EQ(exit_code(report, false), 0);
  EXPECT_EQ(exit_code(report, true), 3);
  using enum NotCarried;
  for (const NotCarried what : {archived_blob, uncommitted_blob, deleted_blob, customer_key_blob, tags, lease, copy_history,
                                access_policies, container_legal_hold, container_encryption_scope})
    EXPECT_EQ(report.inventory.not_carried[static_cast<std::size_t>(what)].count, 1u) << name(what);
  ASSERT_TRUE(sink_.before);  // named before anything was written, too
  EXPECT_EQ(sink_.before->not_carried[static_cast<std::size_t>(archived_blob)].examples.at(0), "cont/cold");
  std::ifstream list(directory_.path() + "/not-carried.tsv");
  const std::string lines{std::istreambuf_iterator<char>(list), {}};
  EXPECT_TRUE(lines.contains("archived_blob\tcont\tcold\t\t10\n")) << lines;
  EXPECT_TRUE(report_text(report).contains("cont/gone"));
  EXPECT_TRUE(report_json(report, true).contains("\"exit_code\":3"));
}

TEST_F(MigrateTest, SabotageIsFound) {
  fill(5);
  for (const auto& [sabotage, word] : {std::pair{Sabotage::drop, "not at the target"}, {Sabotage::flip, "another content"}}) {
    TemporaryDirectory fresh;
    options_.state_directory = fresh.path();
    target_ = {};
    options_.sabotage = sabotage;
    const auto report = go();
    ASSERT_TRUE(report);
    EXPECT_EQ(report->failed, 1u);
    EXPECT_EQ(report->carried, 4u);
    EXPECT_EQ(exit_code(*report, false), 1);
    EXPECT_TRUE(report->failures.at(0).message.contains(word)) << report->failures[0].message;
    EXPECT_EQ(sink_.failures.size(), 1u);
    // The same run without it goes on and carries what failed.
    options_.sabotage = Sabotage::none;
    const Report second = good();
    EXPECT_EQ(second.carried, 1u);
    EXPECT_EQ(second.already, 4u);
  }
}

TEST_F(MigrateTest, SabotagedBlocksAreFound) {
  source_.add_blocks("cont", "blocks", {content(3000), content(2000)});
  options_.sabotage = Sabotage::flip;
  const auto report = go();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->failed, 1u);
}

TEST_F(MigrateTest, WrongPropertiesReadBackAreFound) {
  source_.add("cont", "a", "1").blob.metadata = {{"k", "v"}};
  target_.fault = [&](std::string_view call, std::string_view blob) -> std::optional<Error> {
    if (call == "open") target_.containers["cont"].blobs[std::string(blob)].properties.metadata = {{"k", "w"}};
    return std::nullopt;
  };
  const auto report = go();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->failed, 1u);
  EXPECT_TRUE(report->failures[0].message.contains("metadata"));
}

TEST_F(MigrateTest, GoesOnWhereItStood) {
  fill(50);
  std::atomic<bool> stop = false;
  options_.stop = &stop;
  options_.blobs_at_once = 2;
  target_.fault = [&](std::string_view call, std::string_view) -> std::optional<Error> {
    if (call == "put_blob" && target_.writes == 20) stop = true;
    return std::nullopt;
  };
  auto report = go();
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->cancelled);
  EXPECT_EQ(exit_code(*report, false), 1);
  const std::uint64_t first = report->carried;
  EXPECT_GE(first, 18u);
  EXPECT_LE(first, 24u);

  stop = false;
  target_.fault = nullptr;
  source_.add("cont", "blob1003", "changed since");  // a new state of a blob already carried
  const Report second = good();
  EXPECT_EQ(second.already, first - 1);
  EXPECT_EQ(second.carried, 50 - first + 1);
  EXPECT_EQ(target_.containers["cont"].blobs["blob1003"].content, "changed since");
  EXPECT_EQ(good().already, 50u);

  // A target whose container was deleted and made again has nothing of it.
  target_.containers.erase("cont");
  EXPECT_EQ(good().carried, 50u);
}

TEST_F(MigrateTest, WhatTheTargetNoLongerHoldsIsCarriedAgainAndWhatChangedThereIsLeft) {
  fill(4);
  source_.containers["cont"].blobs["blob1003"].uncommitted = 2;
  const Report first = good();
  EXPECT_EQ(first.inventory.not_carried[static_cast<std::size_t>(NotCarried::uncommitted_blocks)].count, 1u);
  auto& there = target_.containers["cont"].blobs;
  there.erase("blob1000");
  there["blob1001"].content = "written by an application";
  there["blob1001"].state = 1000;
  const Report second = good();
  EXPECT_EQ(second.carried, 1u);
  EXPECT_EQ(second.already, 3u);
  EXPECT_TRUE(there.contains("blob1000"));
  EXPECT_EQ(there["blob1001"].content, "written by an application");
  EXPECT_EQ(second.inventory.not_carried[static_cast<std::size_t>(NotCarried::changed_here)].examples.at(0), "cont/blob1001");
  EXPECT_EQ(second.inventory.not_carried[static_cast<std::size_t>(NotCarried::uncommitted_blocks)].count, 1u);
  EXPECT_EQ(exit_code(second, false), 0);
  EXPECT_EQ(exit_code(second, true), 3);
}

TEST_F(MigrateTest, OneRunAtATime) {
  auto held = DoneLog::open(directory_.path(), source_.identity());
  ASSERT_TRUE(held);
  source_.add("cont", "a", "1");
  const auto report = go();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::conflict);
  EXPECT_TRUE(target_.containers.empty());
  held->reset();
  EXPECT_EQ(good().carried, 1u);
}

TEST_F(MigrateTest, SabotageThatFindsNothingToSpoilFails) {
  source_.add("cont", "empty", "");
  options_.sabotage = Sabotage::flip;
  const auto report = go();
  ASSERT_TRUE(report);
  EXPECT_EQ(exit_code(*report, false), 1);
}

TEST_F(MigrateTest, ASideThatIsAwayEndsTheRun) {
  fill(400);
  options_.blobs_at_once = 8;
  source_.fault = [](std::string_view call, std::string_view) -> std::optional<Error> {
    if (call == "open") return Error{Code::unavailable, 0, "gone"};
    return std::nullopt;
  };
  const auto report = go();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->carried, 0u);
  EXPECT_LT(report->failed, 60u);
  EXPECT_TRUE(report->cancelled);
  EXPECT_TRUE(report_text(*report).contains("gave up"));
  source_.fault = nullptr;
  EXPECT_EQ(good().carried, 400u);
}

TEST_F(MigrateTest, MoreContainersThanAreKept) {
  source_.page_size = 5000;
  for (int i = 0; i < 10'010; ++i) source_.add("c" + std::to_string(100'000 + i), "blob", "x");
  EXPECT_EQ(good().carried, 10'010u);
  EXPECT_EQ(good().already, 10'010u);
}

TEST_F(MigrateTest, TornAndForeignLogs) {
  fill(10);
  good();
  std::string path;
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path()))
    if (entry.path().extension() == ".done") path = entry.path().string();
  ASSERT_EQ(std::filesystem::file_size(path), 40u + 10 * 32);
  for (const std::size_t cut : {1, 31, 32, 33, 100, 321, 350}) {
    TemporaryDirectory fresh;
    const std::string copy = fresh.path() + "/" + std::filesystem::path(path).filename().string();
    std::filesystem::copy_file(path, copy);
    std::filesystem::resize_file(copy, 360 - cut);
    options_.state_directory = fresh.path();
    const Report report = good();
    EXPECT_EQ(report.already + report.carried, 10u);
    EXPECT_EQ(report.already, cut > 320 ? 0u : (320 - cut) / 32) << cut;
    EXPECT_EQ(report.damaged_records, cut < 320 && cut % 32 != 0 ? 1u : 0u) << cut;
    EXPECT_EQ(good().already, 10u) << cut;
  }
  for (std::size_t at = 40; at < 360; at += 9) {  // any changed byte of a record: noticed, and carried again
    TemporaryDirectory fresh;
    const std::string copy = fresh.path() + "/" + std::filesystem::path(path).filename().string();
    std::filesystem::copy_file(path, copy);
    std::fstream file(copy, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(static_cast<std::streamoff>(at));
    const char changed = static_cast<char>(file.get() ^ 4);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(changed);
    file.close();
    options_.state_directory = fresh.path();
    const Report report = good();
    EXPECT_EQ(report.already, 9u) << at;
    EXPECT_EQ(report.carried, 1u) << at;
    EXPECT_EQ(report.damaged_records, 1u) << at;
  }
  {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << std::string(60, 'x');
  }
  options_.state_directory = directory_.path();
  const auto report = go();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::corrupt);
}

TEST_F(MigrateTest, ChangingSource) {
  source_.add("cont", "a", content(2000));
  int changes = 0;
  source_.fault = [&](std::string_view call, std::string_view) -> std::optional<Error> {
    if (call == "open" && ++changes <= 3) source_.add("cont", "a", content(2000, static_cast<char>('b' + changes)));
    return std::nullopt;
  };
  const Report report = good();
  EXPECT_EQ(report.carried, 1u);
  EXPECT_EQ(report.changed, 1u);
  EXPECT_EQ(report.retries, 3u);
  EXPECT_EQ(target_.containers["cont"].blobs["a"].content, source_.containers["cont"].blobs["a"].content);
  source_.fault = nullptr;
  EXPECT_EQ(good().already, 1u);  // logged under the state that was carried

  changes = -1000;  // never rests
  TemporaryDirectory fresh;
  options_.state_directory = fresh.path();
  source_.fault = [&](std::string_view call, std::string_view) -> std::optional<Error> {
    if (call == "open") source_.add("cont", "a", content(10, static_cast<char>('a' + ++changes % 20)));
    return std::nullopt;
  };
  const auto refused = go();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->failed, 1u);
}

TEST_F(MigrateTest, VanishingBlobsAreNoFailure) {
  fill(3);
  source_.fault = [&](std::string_view call, std::string_view blob) -> std::optional<Error> {
    if (call == "block_list" && blob == "blob1001") source_.containers["cont"].blobs.erase("blob1001");
    return std::nullopt;
  };
  const Report report = good();
  EXPECT_EQ(report.carried, 2u);
  EXPECT_EQ(report.vanished, 1u);
}

TEST_F(MigrateTest, BusyTargetAndBrokenReadsAreTriedAgain) {
  fill(3);
  int busy = 4, broken = 2;
  target_.fault = [&](std::string_view call, std::string_view) -> std::optional<Error> {
    if (call == "put_blob" && busy-- > 0) return Error{Code::overloaded, 0, "busy"};
    return std::nullopt;
  };
  source_.fault = [&](std::string_view call, std::string_view) -> std::optional<Error> {
    if (call == "read" && broken-- > 0) return Error{Code::unavailable, 0, "cut"};
    return std::nullopt;
  };
  const Report report = good();
  EXPECT_EQ(report.carried, 3u);
  EXPECT_EQ(report.retries, 6u);
}

TEST_F(MigrateTest, LastingFailuresAreNamedAndTheRestGoesOn) {
  fill(5);
  source_.add("other", "x", "1");
  target_.fault = [&](std::string_view call, std::string_view what) -> std::optional<Error> {
    if (call == "put_blob" && what == "blob1002") return Error{Code::exhausted, 0, "disk full"};
    if (call == "ensure_container" && what == "other") return Error{Code::refused, 0, "being deleted"};
    return std::nullopt;
  };
  const auto report = go();
  ASSERT_TRUE(report);
  EXPECT_EQ(report->carried, 4u);
  EXPECT_EQ(report->failed, 2u);
  EXPECT_TRUE(report_text(*report).contains("FAILED cont/blob1002: disk full"));
  EXPECT_TRUE(report_text(*report).contains("being deleted"));
}

TEST_F(MigrateTest, SourceNotReached) {
  source_.fault = [](std::string_view, std::string_view) { return Error{Code::permission_denied, 0, "wrong key"}; };
  const auto report = go();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::permission_denied);
}

TEST_F(MigrateTest, WrongMd5AtTheSource) {
  StoredBlob& blob = source_.add("cont", "a", content(100));
  blob.blob.headers.md5 = Md5Value{};
  const Report report = good();
  EXPECT_EQ(report.md5_differs, 1u);
  EXPECT_EQ(report.carried, 1u);
  EXPECT_EQ(source_.opens, 2u);  // read twice: not a fault of the way

  // Where the source's own hash of what it sent tells another content, the way is at fault.
  TemporaryDirectory fresh;
  options_.state_directory = fresh.path();
  source_.fault = [](std::string_view call, std::string_view) -> std::optional<Error> {
    if (call == "open proven") return Error{Code::unavailable, 0, "changed on the way"};
    return std::nullopt;
  };
  const auto refused = go();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->failed, 1u);
  EXPECT_EQ(refused->carried, 0u);
}

TEST(Formatting, BytesAndDurations) {
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1536), "1.5 KiB");
  EXPECT_EQ(format_bytes(5ull << 40), "5.0 TiB");
  EXPECT_EQ(format_duration(std::chrono::milliseconds(1500)), "1.5 s");
  EXPECT_EQ(format_duration(std::chrono::seconds(125)), "2 min 05 s");
  EXPECT_EQ(format_duration(std::chrono::seconds(3725)), "1 h 02 min");
}

}  // namespace
}  // namespace bascule::migrate
