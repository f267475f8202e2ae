#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <string>

#include "load/content.h"
#include "load/dialect.h"
#include "load/histogram.h"
#include "load/hmac.h"
#include "load/process.h"
#include "load/response.h"
#include "load/target.h"

namespace bench {
namespace {

std::string hex(const Digest& digest) {
  std::string text;
  append_hex(text, digest);
  return text;
}

TEST(Hmac, Rfc4231Vectors) {
  EXPECT_EQ(hex(HmacSha256("Jefe")("what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(HmacSha256(std::string(131, '\xaa'))("Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Base64, BothWays) {
  std::string text;
  append_base64(text, "any carnal pleas");
  EXPECT_EQ(text, "YW55IGNhcm5hbCBwbGVhcw==");
  EXPECT_EQ(decode_base64(text), "any carnal pleas");
}

// Amazon's documented example of Signature V4 has headers that we do not send; ours is checked against real servers.
// Here: what is signed changes with what must be signed, and the texts are where they belong.
TEST(S3, SignsTheRequest) {
  Endpoint endpoint;
  endpoint.port = 9000;
  const auto s3 = make_s3(endpoint, {});
  const auto head = [&](std::string_view path) {
    std::string out;
    Call call;
    call.method = "GET";
    call.path = path;
    s3->write_head(call, 1440938160, out);
    return out;
  };
  const std::string one = head("/bench/a");
  EXPECT_TRUE(one.starts_with("GET /bench/a HTTP/1.1\r\nHost: 127.0.0.1:9000\r\n"));
  EXPECT_NE(one.find("x-amz-date: 20150830T123600Z\r\n"), std::string::npos);
  EXPECT_NE(one.find("Credential=test/20150830/us-east-1/s3/aws4_request"), std::string::npos);
  const auto signature = [](const std::string& text) { return text.substr(text.find("Signature=")); };
  EXPECT_EQ(signature(one), signature(head("/bench/a")));
  EXPECT_NE(signature(one), signature(head("/bench/b")));
}

TEST(Azure, WritesOneHead) {
  const auto azure = make_azure({}, {});
  std::string out;
  Call call;
  call.method = "PUT";
  call.path = "/c/k";
  const Param headers[] = {{"x-ms-blob-type", "BlockBlob"}};
  call.headers = headers;
  call.length = 5;
  azure->write_head(call, 1440938160, out);
  EXPECT_TRUE(out.starts_with("PUT /devstoreaccount1/c/k HTTP/1.1\r\n")) << out;
  EXPECT_NE(out.find("x-ms-date: Sun, 30 Aug 2015 12:36:00 GMT\r\n"), std::string::npos) << out;
  EXPECT_NE(out.find("Authorization: SharedKey devstoreaccount1:"), std::string::npos) << out;
  EXPECT_TRUE(out.ends_with("=\r\n\r\n")) << out;
}

TEST(Content, DiffersPerKeyAndIsCompared) {
  const Content content(1);
  std::string read;
  for (std::uint64_t at = 0; at < 10'000'000;) {
    const auto part = content.at(7, at, 10'000'000 - at);
    read.append(part.data(), part.size());
    at += part.size();
  }
  EXPECT_TRUE(content.matches(7, 0, read));
  EXPECT_FALSE(content.matches(8, 0, std::span<const char>(read).first(64)));
  EXPECT_FALSE(content.matches(7, 1, std::span<const char>(read).first(64)));
  read[9'999'999] ^= 1;
  EXPECT_FALSE(content.matches(7, 0, read));
}

TEST(Histogram, QuantilesAreWithinTheBucketWidth) {
  Histogram histogram;
  for (std::uint64_t i = 1; i <= 100'000; ++i) histogram.add(i * 1000);
  EXPECT_NEAR(static_cast<double>(histogram.quantile(.5)), 50e6, 1e6);
  EXPECT_NEAR(static_cast<double>(histogram.quantile(.99)), 99e6, 2e6);
  EXPECT_EQ(histogram.max(), 100'000'000u);
  EXPECT_EQ(histogram.quantile(1), 100'000'000u);
}

struct Parsed {
  Response::State state;
  int status;
  std::string body;
};

Parsed parse(std::string_view text, std::size_t step, bool head = false) {
  Response response;
  response.reset(head);
  std::string body;
  for (std::size_t at = 0; at < text.size(); at += step) {
    const std::string_view part = text.substr(at, step);
    response.feed({part.data(), part.size()}, [&](std::span<const char> bytes) { body.append(bytes.data(), bytes.size()); });
  }
  return {response.state(), response.status(), body};
}

TEST(Response, ReadsEveryKindInAnyPieces) {
  const std::string fixed = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"x\"\r\n\r\nhello";
  const std::string chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: 1\r\n\r\n";
  const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n" + fixed;
  for (std::size_t step = 1; step < 90; ++step) {
    for (const std::string& text : {fixed, chunked, interim}) {
      const Parsed parsed = parse(text, step);
      EXPECT_EQ(parsed.state, Response::State::complete) << text << step;
      EXPECT_EQ(parsed.body, "hello");
      EXPECT_EQ(parsed.status, 200);
    }
  }
  EXPECT_EQ(parse("HTTP/1.1 204 No Content\r\n\r\n", 7).state, Response::State::complete);
  EXPECT_EQ(parse("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 7, true).state, Response::State::complete);
  EXPECT_EQ(parse(fixed + "x", 1000).state, Response::State::malformed);
  EXPECT_EQ(parse("SSH-2.0-x HTTP/1.1 200\r\n\r\n", 1000).state, Response::State::malformed);
}

TEST(Listing, CountsNamesAndFindsTheNextPage) {
  Operation operation;
  const auto page = [&](std::string_view body) { return advance_listing(operation, body, "<Name>", "NextMarker", 3); };
  EXPECT_EQ(page("<Blob><Name>a</Name></Blob><Name>b</Name><NextMarker>m&amp;1</NextMarker>"), Progress::done);
  EXPECT_EQ(operation.token, "m&1");
  EXPECT_EQ(page("<Name>c</Name><NextMarker/>"), Progress::done);
  EXPECT_EQ(operation.token, "");
  EXPECT_EQ(page("<Name>c</Name><NextMarker/>"), Progress::wrong);
}

TEST(Process, CountsOwnCpu) {
  const std::array<pid_t, 1> self{getpid()};
  const std::uint64_t before = cpu_microseconds(self);
  const std::clock_t until = std::clock() + CLOCKS_PER_SEC / 10;
  while (std::clock() < until) {}
  EXPECT_GE(cpu_microseconds(self), before + 50'000);
  EXPECT_GT(peak_memory_bytes(self), 1'000'000u);
  EXPECT_EQ(process_tree(self).front(), getpid());
}

}  // namespace
}  // namespace bench
