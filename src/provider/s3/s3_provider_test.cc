// S3Provider against the simulator: what the conformance suite does not ask of every provider.
#include "provider/s3/s3_provider.h"

#include <gmock/gmock.h>

#include <fmt/format.h>

#include "provider/s3/s3_sim_test.h"

namespace bascule::provider {
namespace {

using s3::Simulator;
using ::testing::AllOf;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

std::string pattern(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>((i * 2654435761u) >> 13);
  return out;
}

// One provider at one simulator, with calls that block.
class Bench {
 public:
  explicit Bench(S3Options options) {
    // Only the simulator's own client knows its port: the provider's connections end with this object.
    client_ = http::make_client(client_options(options), system_clock());
    auto made = make_s3_provider(std::move(options), *client_, system_clock());
    EXPECT_TRUE(made) << made.error().message;
    provider_ = std::move(*made);
  }

  Result<void> put(std::string name, std::string_view content, Duration within = 20s) {
    const Bytes slices[] = {as_bytes(content)};
    return run(loop_, provider_->put(std::move(name), slices, system_clock().now() + within));
  }
  Result<std::string> get(std::string name, std::uint64_t offset, std::size_t size, Duration within = 20s) {
    std::string out(size, '\0');
    auto got = run(loop_, provider_->get(std::move(name), offset, as_writable(out), system_clock().now() + within));
    if (!got) return fail(got.error());
    return out;
  }
  Result<std::uint64_t> size(std::string name) { return run(loop_, provider_->size(std::move(name), soon())); }
  Result<void> remove(std::string name) { return run(loop_, provider_->remove(std::move(name), soon())); }
  Result<Listing> list(std::string prefix, std::string after, std::size_t limit) {
    return run(loop_, provider_->list(std::move(prefix), std::move(after), limit, soon()));
  }
  Result<ProbeReport> probe() { return run(loop_, provider_->probe(system_random(), soon())); }
  static Instant soon() { return system_clock().now() + 20s; }
  S3Provider& provider() { return *provider_; }
  Loop& loop() { return loop_; }

 private:
  Loop loop_;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<S3Provider> provider_;
};

#define EXPECT_FAILS(result, expected_code, said)                                   \
  do {                                                                              \
    auto outcome = (result);                                                        \
    EXPECT_FALSE(outcome.has_value());                                              \
    if (!outcome) {                                                                 \
      EXPECT_EQ(outcome.error().code, expected_code) << outcome.error().message;    \
      EXPECT_THAT(outcome.error().message, AllOf(HasSubstr("provider 'sim'"), HasSubstr(said))); \
    }                                                                               \
  } while (false)

struct Way {
  const char* name;
  bool tls;
  S3Options::Style style;
};

class S3Ways : public ::testing::TestWithParam<Way> {};

TEST_P(S3Ways, LargeObjectsThereAndBack) {
  Simulator sim({"--payload", GetParam().tls ? "unsigned" : "signed"}, GetParam().tls);
  Bench bench(sim.options(GetParam().style));
  const std::string content = pattern(16 << 20);
  ASSERT_TRUE(bench.put("large", content));
  const auto whole = bench.get("large", 0, content.size());
  ASSERT_TRUE(whole) << whole.error().message;
  EXPECT_TRUE(*whole == content);
  const auto part = bench.get("large", 5'000'001, 70'000);
  ASSERT_TRUE(part) << part.error().message;
  EXPECT_TRUE(*part == content.substr(5'000'001, 70'000));
  EXPECT_EQ(*bench.size("large"), content.size());
  EXPECT_TRUE(bench.remove("large"));
  EXPECT_FAILS(bench.get("large", 0, 1), Code::not_found, "'large' is not there");
}

TEST_P(S3Ways, Probe) {
  Simulator sim({}, GetParam().tls);
  Bench bench(sim.options(GetParam().style));
  const auto report = bench.probe();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->listed_at_once);
  ASSERT_TRUE(report->clock_skew);
  EXPECT_LE(std::chrono::abs(*report->clock_skew), 2s);
  EXPECT_TRUE(report->warnings.empty());
  EXPECT_THAT(sim.report(), HasSubstr("\"objects\": 0"));  // nothing is left behind
}

INSTANTIATE_TEST_SUITE_P(All, S3Ways,
                         ::testing::Values(Way{"plain_path", false, S3Options::Style::path},
                                           Way{"plain_host", false, S3Options::Style::virtual_host},
                                           Way{"tls_path", true, S3Options::Style::path},
                                           Way{"tls_host", true, S3Options::Style::virtual_host}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(S3Provider, RefusalsSayWhatToDo) {
  Simulator sim;
  const S3Options good = sim.options();
  auto options = good;
  options.secret_key = "wrongsecret";
  EXPECT_FAILS(Bench(options).put("a", "x"), Code::permission_denied, "key refused");
  EXPECT_FAILS(Bench(options).size("a"), Code::permission_denied, "access refused");  // a HEAD cannot say why
  options = good;
  options.access_key = "nobody";
  EXPECT_FAILS(Bench(options).get("a", 0, 1), Code::permission_denied, "key refused: check access key 'nobody'");
  options = good;
  options.region = "gra";
  EXPECT_FAILS(Bench(options).list("", "", 1), Code::permission_denied, "set region = \"us-east-1\"");
}

TEST(S3Provider, AMissingBucketIsNoMissingObject) {
  Simulator sim;
  auto options = sim.options();
  options.bucket = "nowhere";
  Bench bench(options);
  EXPECT_FAILS(bench.put("a", "x"), Code::permission_denied, "bucket 'nowhere'");
  EXPECT_FAILS(bench.get("a", 0, 1), Code::permission_denied, "does not exist");
  EXPECT_FAILS(bench.size("a"), Code::permission_denied, "does not exist");
  EXPECT_FAILS(bench.remove("a"), Code::permission_denied, "does not exist");
  EXPECT_FAILS(bench.list("", "", 1), Code::permission_denied, "does not exist");
}

TEST(S3Provider, AWrongClockIsNamedWithBothTimes) {
  Simulator sim({"--clock-offset", "3600"});
  Bench bench(sim.options());
  EXPECT_FAILS(bench.put("a", "x"), Code::permission_denied, "behind the provider's");
  EXPECT_FAILS(bench.probe(), Code::permission_denied, "writing: ");
  ASSERT_TRUE(bench.provider().clock_skew());
  EXPECT_NEAR(static_cast<double>(bench.provider().clock_skew()->count()), -3600, 5);
}

TEST(S3Provider, AClockOffByMinutesIsWorthAWarning) {
  Simulator sim({"--clock-offset", "-600"});
  const auto report = Bench(sim.options()).probe();
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->warnings.size(), 1u);
  EXPECT_THAT(report->warnings[0], HasSubstr("ahead of"));
}

TEST(S3Provider, SessionTokens) {
  Simulator sim({"--session-token", "token1"});
  auto options = sim.options();
  EXPECT_FAILS(Bench(options).put("a", "x"), Code::permission_denied, "session token");
  options.session_token = "token1";
  EXPECT_TRUE(Bench(options).put("a", "x"));
}

TEST(S3Provider, AFullBucket) {
  Simulator sim({"--capacity", "1000"});
  Bench bench(sim.options());
  ASSERT_TRUE(bench.put("a", pattern(900)));
  EXPECT_FAILS(bench.put("b", pattern(200)), Code::exhausted, "no space");
  EXPECT_EQ(*bench.get("a", 0, 900), pattern(900));
  ASSERT_TRUE(bench.remove("a"));
  EXPECT_TRUE(bench.put("b", pattern(200)));
}

TEST(S3Provider, SlowDown) {
  Simulator sim({"--put-rate", "1"});
  Bench bench(sim.options());
  Result<void> last;
  for (int i = 0; i < 5 && last; ++i) last = bench.put(fmt::format("a{}", i), "x");
  EXPECT_FAILS(last, Code::overloaded, "SlowDown");
}

TEST(S3Provider, NobodyThere) {
  S3Options options;
  {
    Simulator sim;
    options = sim.options();
  }
  EXPECT_FAILS(Bench(options).put("a", "x"), Code::unavailable, "http://localhost:");
}

TEST(S3Provider, ACertificateThatNobodyKnows) {
  Simulator sim({}, true);
  auto options = sim.options();
  options.ca_file = "";
  EXPECT_FAILS(Bench(options).put("a", "x"), Code::permission_denied, "certificate");
}

TEST(S3Provider, ADeadlineEndsAWait) {
  Simulator sim;
  Bench bench(sim.options());
  ASSERT_TRUE(bench.put("a", "x"));
  sim.faults(R"([{"kind": "slow", "seconds": 5}])");
  const Instant start = system_clock().now();
  EXPECT_FAILS(bench.get("a", 0, 1, 300ms), Code::timeout, "");
  EXPECT_FAILS(bench.put("b", "x", 300ms), Code::timeout, "");
  auto options = sim.options();
  options.request_timeout = 300ms;
  EXPECT_FAILS(Bench(options).get("a", 0, 1), Code::timeout, "");
  EXPECT_LT(system_clock().now() - start, 4s);
  sim.faults("[]");
}

TEST(S3Provider, ACutIsUnavailableAndAShortObjectCorrupt) {
  Simulator sim;
  Bench bench(sim.options());
  const std::string content = pattern(300'000);
  ASSERT_TRUE(bench.put("a", content));
  sim.faults(R"([{"kind": "cut", "op": "GET", "when": "body", "bytes": 100000}])");
  EXPECT_FAILS(bench.get("a", 0, content.size()), Code::unavailable, "");
  sim.faults(R"([{"kind": "cut", "op": "GET", "when": "body", "bytes": 100000, "reset": true}])");
  EXPECT_FAILS(bench.get("a", 0, content.size()), Code::unavailable, "");
  sim.faults(R"([{"kind": "short", "bytes": 10}])");  // less than asked for, of an object that is long enough
  EXPECT_FAILS(bench.get("a", 0, content.size()), Code::unavailable, "only a part");
  sim.faults(R"([{"kind": "shrink", "bytes": 200000}])");
  EXPECT_FAILS(bench.get("a", 100'000, 200'000), Code::corrupt, "has 200000 bytes, bytes up to 300000");
  EXPECT_FAILS(bench.get("a", 250'000, 1000), Code::corrupt, "ends before byte 250000");
  EXPECT_EQ(*bench.size("a"), 200'000u);
  sim.faults(R"([{"kind": "shrink", "bytes": 200000}, {"kind": "whole"}])");
  EXPECT_FAILS(bench.get("a", 100'000, 200'000), Code::corrupt, "has 200000 bytes");
  sim.faults("[]");
  EXPECT_EQ(*bench.get("a", 0, content.size()), content);
}

TEST(S3Provider, AServerThatIgnoresRange) {
  Simulator sim;
  Bench bench(sim.options());
  const std::string content = pattern(300'000);
  ASSERT_TRUE(bench.put("a", content));
  sim.faults(R"([{"kind": "whole"}])");
  EXPECT_EQ(*bench.get("a", 0, content.size()), content);
  EXPECT_EQ(*bench.get("a", 123'456, 50'000), content.substr(123'456, 50'000));
}

TEST(S3Provider, NoBytesAreARangeToo) {
  Simulator sim;
  Bench bench(sim.options());
  ASSERT_TRUE(bench.put("a", "abc"));
  EXPECT_TRUE(bench.get("a", 3, 0));
  EXPECT_FAILS(bench.get("a", 4, 0), Code::corrupt, "ends before byte 4");
  EXPECT_FAILS(bench.get("b", 0, 0), Code::not_found, "");
}

TEST(S3Provider, ALostAnswerMayBeRepeated) {
  Simulator sim;
  Bench bench(sim.options());
  const std::string content = pattern(100'000);
  sim.faults(R"([{"kind": "cut", "op": "PUT", "when": "after"}])");
  EXPECT_FAILS(bench.put("a", content), Code::unavailable, "");
  sim.faults(R"([{"kind": "error", "op": "PUT", "when": "after", "status": 500}])");
  EXPECT_FAILS(bench.put("a", content), Code::unavailable, "InternalError");
  sim.faults(R"([{"kind": "cut", "op": "PUT", "when": "body", "bytes": 5000}])");
  EXPECT_FAILS(bench.put("b", content), Code::unavailable, "");
  sim.faults("[]");
  EXPECT_TRUE(bench.put("a", content));
  EXPECT_EQ(*bench.get("a", 0, content.size()), content);
  EXPECT_FAILS(bench.size("b"), Code::not_found, "");
}

TEST(S3Provider, AnAnswerBeforeTheBodyIsRead) {
  Simulator sim;
  Bench bench(sim.options());
  sim.faults(R"([{"kind": "error", "op": "PUT", "when": "early", "status": 503, "code": "SlowDown"}])");
  const auto put = bench.put("a", pattern(8 << 20));
  ASSERT_FALSE(put);
  EXPECT_TRUE(retryable(put.error().code)) << put.error().message;  // the reset may overtake the answer
  sim.faults("[]");
  EXPECT_TRUE(bench.put("a", pattern(8 << 20)));
}

TEST(S3Provider, ForeignAnswers) {
  Simulator sim;
  Bench bench(sim.options());
  sim.faults(R"([{"kind": "error", "status": 404, "code": ""}])");
  EXPECT_FAILS(bench.get("a", 0, 1), Code::unavailable, "HTTP 404");
  EXPECT_FAILS(bench.remove("a"), Code::unavailable, "HTTP 404");
  sim.faults(R"([{"kind": "error", "status": 301, "code": "PermanentRedirect", "extra": {"Endpoint": "s3.other.example"}}])");
  EXPECT_FAILS(bench.put("a", "x"), Code::permission_denied, "s3.other.example");
  sim.faults(R"([{"kind": "error", "op": "HEAD", "status": 301, "headers": {"x-amz-bucket-region": "rbx"}}])");
  EXPECT_FAILS(bench.size("a"), Code::permission_denied, "set region = \"rbx\"");
}

TEST(S3Provider, ListingsPassOverWhatIsNotOurs) {
  Simulator sim;
  auto options = sim.options();
  options.prefix = "bascule/";
  Bench bench(options);
  for (int i = 0; i < 7; ++i) sim.admin("PUT", fmt::format("/_sim/object?bucket=bascule-test&key=bascule/UPPER{}", i), "x");
  sim.admin("PUT", "/_sim/object?bucket=bascule-test&key=bascule/c/d", "x");
  sim.admin("PUT", "/_sim/object?bucket=bascule-test&key=a", "x");
  sim.admin("PUT", "/_sim/object?bucket=bascule-test&key=zz", "x");
  for (const char* name : {"a", "b", "c", "d"}) ASSERT_TRUE(bench.put(name, "12"));
  std::vector<std::string> names;
  bool complete = false;
  for (int pages = 0; !complete && pages < 10; ++pages) {
    const auto page = bench.list("", names.empty() ? "" : names.back(), 2);
    ASSERT_TRUE(page) << page.error().message;
    for (const ObjectInfo& object : page->objects) {
      names.push_back(object.name);
      EXPECT_EQ(object.size_bytes, 2u);
    }
    complete = page->complete;
  }
  EXPECT_THAT(names, ::testing::ElementsAre("a", "b", "c", "d"));
}

TEST(S3Provider, PrefixesSeparate) {
  Simulator sim;
  auto options = sim.options();
  options.prefix = "one/";
  Bench one(options);
  options.prefix = "two/";
  Bench two(options);
  ASSERT_TRUE(one.put("a", "first"));
  EXPECT_FAILS(two.size("a"), Code::not_found, "");
  ASSERT_TRUE(two.put("a", "second"));
  EXPECT_EQ(*one.get("a", 0, 5), "first");
  EXPECT_EQ(two.list("", "", 10)->objects.size(), 1u);
}

TEST(S3Provider, LateListings) {
  Simulator sim({"--listing-delay", "1"});
  Bench bench(sim.options());
  const auto report = bench.probe();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_FALSE(report->listed_at_once);
  ASSERT_TRUE(bench.put("a", "x"));
  EXPECT_EQ(*bench.get("a", 0, 1), "x");
}

TEST(S3Provider, TheProbeSeesAProviderThatLosesOrDamages) {
  Simulator sim;
  Bench bench(sim.options());
  sim.faults(R"([{"kind": "lose"}])");
  EXPECT_FAILS(bench.probe(), Code::not_found, "reading: ");
  sim.faults(R"([{"kind": "flip"}])");
  EXPECT_FAILS(bench.probe(), Code::corrupt, "reading: ");
  sim.faults(R"([{"kind": "error", "op": "DELETE", "status": 403, "code": "AccessDenied"}])");
  EXPECT_FAILS(bench.probe(), Code::permission_denied, "deleting: ");
  sim.faults(R"([{"kind": "error", "op": "LIST", "status": 403, "code": "AccessDenied"}])");
  EXPECT_FAILS(bench.probe(), Code::permission_denied, "listing: ");
}

Task<void> put_many(S3Provider& provider, int from, int count, int& failed, int& left) {
  const std::string content = pattern(20'000);
  for (int i = from; i < from + count; ++i) {
    const Bytes slices[] = {as_bytes(content)};
    std::string name = fmt::format("n{}", i);
    auto put = co_await provider.put(name, slices, Bench::soon());
    std::string back(content.size(), '\0');
    auto got = co_await provider.get(name, 0, as_writable(back), Bench::soon());
    failed += !put || !got || back != content;
  }
  --left;
}

Task<void> put_side_by_side(S3Provider& provider, Clock& clock, int& failed) {
  int left = 16;
  const Executor executor = co_await this_executor();
  for (int i = 0; i < 16; ++i) spawn(executor, put_many(provider, i * 10, 10, failed, left));
  while (left > 0) co_await clock.sleep_for(5ms);
}

TEST(S3Provider, ManyAtOnce) {
  Simulator sim;
  Bench bench(sim.options());
  int failed = 0;
  run(bench.loop(), put_side_by_side(bench.provider(), system_clock(), failed));
  EXPECT_EQ(failed, 0);
  EXPECT_THAT(sim.report(), HasSubstr("\"objects\": 160"));
}

}  // namespace
}  // namespace bascule::provider
