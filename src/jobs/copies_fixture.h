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

}  // namespace bascule::jobs::testing
