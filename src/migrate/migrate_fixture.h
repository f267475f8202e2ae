// For the tests of whole migrations: one after the other, from a source to a target in memory, on simulated time.
#pragma once
#include <gtest/gtest.h>

#include <string>

#include "migrate/migrate.h"
#include "migrate/test_support.h"
#include "runtime/sim.h"

namespace bascule::migrate::testing {

class MigrateTest : public ::testing::Test {
 protected:
  MigrateTest() { options_.state_directory = directory_.path(); }

  Result<Report> go() {
    Loop loop;
    SimClock clock;
    SeededRandom random(7);
    sink_ = {};
    auto workers = make_inline_workers();
    return run_simulated(loop, clock, migrate(options_, source_, target_, sink_, clock, random, *workers));
  }
  Report good() {
    auto report = go();
    EXPECT_TRUE(report) << (report ? "" : report.error().message);
    if (!report) return {};
    EXPECT_EQ(report->failed, 0u) << (report->failures.empty() ? "" : report->failures[0].message);
    return *report;
  }
  static std::string content(std::size_t size, char seed = 'a') {
    std::string out(size, '\0');
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(seed + i * 31 % 97);
    return out;
  }
  void fill(int count) {
    for (int i = 0; i < count; ++i) source_.add("cont", "blob" + std::to_string(1000 + i), content(100 + static_cast<std::size_t>(i)));
  }

  TemporaryDirectory directory_;
  MemorySource source_;
  MemoryTarget target_;
  RecordingSink sink_;
  Options options_;
};

}  // namespace bascule::migrate::testing
