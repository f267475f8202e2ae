#include "provider/s3/s3_stack.h"

#include <gmock/gmock.h>

#include <fmt/format.h>

#include "provider/s3/s3_sim_test.h"

namespace bascule::provider {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

Instant soon() { return system_clock().now() + 30s; }

TEST(S3Stack, FaultsAreRiddenOut) {
  Loop loop;  // outlives the client, whose connections belong to it
  s3::Simulator sim({"--seed", "7"});
  auto stack = make_s3_stack(sim.options(), system_clock(), system_random());
  ASSERT_TRUE(stack) << stack.error().message;
  sim.faults(R"([{"kind": "error", "status": 503, "code": "SlowDown", "probability": 0.15},
                 {"kind": "error", "status": 500, "when": "after", "probability": 0.1},
                 {"kind": "cut", "when": "before", "probability": 0.1},
                 {"kind": "cut", "when": "after", "probability": 0.1},
                 {"kind": "cut", "op": "GET", "when": "body", "bytes": 5000, "probability": 0.1}])");
  const std::string content(20'000, 'c');
  const Bytes slices[] = {as_bytes(content)};
  for (int i = 0; i < 30; ++i) {
    const std::string name = fmt::format("n{}", i);
    const auto put = run(loop, stack->provider->put(name, slices, soon()));
    ASSERT_TRUE(put) << put.error().message;
    std::string back(content.size(), '\0');
    const auto got = run(loop, stack->provider->get(name, 0, as_writable(back), soon()));
    ASSERT_TRUE(got) << got.error().message;
    EXPECT_EQ(back, content);
  }
  EXPECT_EQ(stack->metrics->put.succeeded, 30u);
  sim.faults("[]");
  EXPECT_THAT(sim.report(), HasSubstr("\"objects\": 30"));
}

TEST(S3Stack, WhatIsFinalIsNotRepeated) {
  Loop loop;  // outlives the client, whose connections belong to it
  s3::Simulator sim;
  auto options = sim.options();
  options.secret_key = "wrong";
  auto stack = make_s3_stack(options, system_clock(), system_random());
  ASSERT_TRUE(stack) << stack.error().message;
  const Bytes slices[] = {as_bytes("x")};
  const auto put = run(loop, stack->provider->put("a", slices, soon()));
  ASSERT_FALSE(put);
  EXPECT_EQ(put.error().code, Code::permission_denied);
  EXPECT_THAT(sim.report(), HasSubstr("\"PUT\": 1\n"));
}

TEST(S3Stack, PutsAreKeptToTheBucketsRate) {
  Loop loop;  // outlives the client, whose connections belong to it
  s3::Simulator sim({"--put-rate", "50"});
  auto options = sim.options();
  options.puts_per_second = 25;  // and the 20 at once that a pause allows: under what this bucket takes in a second
  auto stack = make_s3_stack(options, system_clock(), system_random());
  ASSERT_TRUE(stack) << stack.error().message;
  const Bytes slices[] = {as_bytes("x")};
  const Instant start = system_clock().now();
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(run(loop, stack->provider->put(fmt::format("n{}", i), slices, soon())));
  }
  EXPECT_GE(system_clock().now() - start, 1500ms);
  EXPECT_THAT(sim.report(), ::testing::Not(HasSubstr("SlowDown")));
}

TEST(S3Stack, WrongOptionsAreRefused) {
  S3Options options;
  options.name = "x";
  EXPECT_EQ(make_s3_stack(options, system_clock(), system_random()).error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace bascule::provider
