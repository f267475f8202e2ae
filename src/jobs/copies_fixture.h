// For the tests of copies that are pending: they are carried on in each life of the gateway, beside the containers c and d.
#pragma once
#include <memory>
#include <string>

#include "jobs/copies.h"
#include "jobs/testing.h"

namespace bascule::jobs::testing {

class CopyingTest : public JobsTest {
 protected:
  std::unique_ptr<Copies> copies;
  ops::Remote* elsewhere = nullptr;   // what lies behind URLs
  Duration pass_every = std::chrono::milliseconds(50);

  void SetUp() override {
    GatewayTest::SetUp();
    make_containers({"c", "d"});
  }
  void TearDown() override { end_life(); }
  void on_open() override {
    copies = std::make_unique<Copies>(service(), elsewhere);
    spawn(world.loop, keep_passing(*copies, world.clock, *gateway->line, pass_every));
  }
  static Task<void> keep_passing(Copies& copies, Clock& clock, ops::testing::Lifeline& line, const Duration& every) {
    while (!line.crashed) {
      (void)co_await copies.pass();
      co_await clock.sleep_for(every);
    }
  }
  void end_life() { world.crash(std::move(gateway), std::move(copies)); }
  void crash() {
    end_life();
    open();
  }
  ops::BlobView head(ops::BlobRef ref) { return world.run(service().head_blob(std::move(ref), {})).value(); }
  // Waits for the end of its copy: how it ended.
  std::string settled(ops::BlobRef ref, Duration most = std::chrono::minutes(10)) {
    const Instant end = world.clock.now() + most;
    while (world.clock.now() < end && head(ref).copy->status == "pending") wait(pass_every);
    return head(ref).copy->status;
  }
  // No copy is left, everything is whole, and after the sweeper nothing is there of what was given up.
  void expect_clean() {
    EXPECT_TRUE(stored("J").empty());
    Sweeper sweeper(service());
    adopt(sweeper);
    sweep(sweeper);
    JobsTest::expect_clean();
  }
};

// From the page blob "disk", and snapshots of it, to "copy".
class DiskCopyTest : public CopyingTest {
 protected:
  static inline const ops::BlobRef kDisk{"acct", "c", "disk"}, kCopy{"acct", "d", "copy"};

  bool create(ops::BlobRef ref, std::uint64_t size) {
    ops::CreateBlob what{.type = ops::BlobType::page, .size_bytes = size, .sequence_number = 7};
    what.metadata = {{"kind", "disk"}};
    return world.run(service().create_blob(std::move(ref), what)).has_value();
  }
  bool put(std::uint64_t first, std::string text, ops::BlobRef ref = kDisk) {
    ops::PutPages what{.first = first, .length_bytes = text.size()};
    what.body.length_bytes = text.size();
    ops::testing::StringBody body(std::move(text));
    return world.run(service().put_pages(std::move(ref), what, body)).has_value();
  }
  bool clear(std::uint64_t first, std::uint64_t length) {
    ops::testing::StringBody body("");
    return world.run(service().put_pages(kDisk, {.first = first, .length_bytes = length, .clear = true}, body)).has_value();
  }
  bool resize(std::uint64_t size, ops::BlobRef ref = kDisk) {
    return world.run(service().set_page_properties(std::move(ref), {.size_bytes = size})).has_value();
  }
  WallTime snap() { return world.run(service().snapshot_blob(kDisk, {}, {}))->snapshot; }
  static ops::BlobRef at(ops::BlobRef ref, WallTime time) {
    ref.at = {ops::At::Kind::snapshot, time};
    return ref;
  }
  ops::BlobView head(ops::BlobRef ref = kCopy) { return CopyingTest::head(std::move(ref)); }
  std::string settled(ops::BlobRef ref = kCopy) { return CopyingTest::settled(std::move(ref)); }
  std::vector<ops::PageRange> ranges(ops::BlobRef ref, std::optional<WallTime> since = {}) {
    return world.run(service().get_page_ranges(std::move(ref), {.previous = since})).value().ranges;
  }
};

}  // namespace bascule::jobs::testing
