// For the tests of what runs beside requests: what a check finds, and gateways with jobs over them.
#pragma once
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/check.h"
#include "jobs/compaction.h"
#include "jobs/sweeper.h"
#include "ops/gateway_fixture.h"

namespace bascule::jobs::testing {

struct Findings final : CheckSink {
  std::vector<CheckFinding> all;
  void progress(const CheckProgress&) override {}
  void finding(const CheckFinding& f) override { all.push_back(f); }
  std::string text() const {
    std::string lines;
    for (const auto& f : all) lines += std::string(name(f.trouble)) + ": " + f.where + ": " + f.message + "\n";
    return lines;
  }
  std::size_t count(Trouble trouble, std::string_view where, std::string_view message = "") const {
    return static_cast<std::size_t>(std::ranges::count_if(all, [&](const CheckFinding& f) {
      return f.trouble == trouble && f.where == where && f.message.find(message) != std::string::npos;
    }));
  }
};

class JobsTest : public ops::testing::GatewayTest {
 protected:
  ops::Service& service() { return ops(); }
  // What a blob says, or why it says nothing.
  std::string get(ops::BlobRef ref) {
    auto text = GatewayTest::get(std::move(ref));
    return text ? *text : "error: " + text.error().message;
  }
  std::string rest_of(ops::BlobReader& reader) {
    std::string text;
    while (true) {
      const auto part = world.run(reader.next());
      EXPECT_TRUE(part) << part.error().message;
      if (!part || part->empty()) return text;
      text.append(as_text(*part));
    }
  }
  // The records whose keys begin so.
  std::vector<store::Entry> stored(std::string prefix) {
    return world.run(world.store->scan({.begin = prefix, .end = catalog::keys::after_prefix(prefix)})).value();
  }
  // Passes until nothing is left to do.
  void sweep(Sweeper& sweeper) {
    for (int i = 0; i < 1000; ++i) {
      const auto busy = world.run(sweeper.pass());
      ASSERT_TRUE(busy) << busy.error().message;
      if (!*busy) return;
    }
    FAIL() << "the sweeper never ends";
  }
  void adopt(Sweeper& sweeper) {
    const auto done = world.run(sweeper.adopt_dead_sessions(gateway->catalog->died()));
    ASSERT_TRUE(done) << done.error().message;
  }
  // Nothing is missing or damaged.
  void expect_whole(const std::string& where) {
    Findings findings;
    const auto report = world.run(check(service(), {}, findings));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_TRUE(report->good()) << where << ": " << findings.text();
  }
  // Nor is anything at the provider that is of no use to anybody.
  void expect_clean() {
    Findings findings;
    const auto report = world.run(check(service(), {}, findings));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(findings.text(), "");
    EXPECT_EQ(report->unreferenced, 0u);
  }
};

// With a sweeper and a compactor in each life of the gateway.
class SweptTest : public JobsTest {
 protected:
  std::unique_ptr<Sweeper> sweeper;
  std::unique_ptr<Compactor> compactor;
  CompactionOptions compaction{.settle = {}};   // as soon and as often as can be

  void on_open() override {
    sweeper = std::make_unique<Sweeper>(service());
    compactor = std::make_unique<Compactor>(service(), compaction);
  }
  void end_life() { world.crash(std::move(gateway), std::move(sweeper), std::move(compactor)); }
  void crash() {
    end_life();
    open();
  }
  void sweep() { JobsTest::sweep(*sweeper); }
  void adopt() { JobsTest::adopt(*sweeper); }
};

}  // namespace bascule::jobs::testing
