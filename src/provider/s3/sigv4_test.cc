// The examples of "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk"
// (Amazon S3 API reference), with the signatures published there.
#include "provider/s3/sigv4.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>

namespace bascule::provider::s3 {
namespace {

constexpr std::string_view kDate = "20130524T000000Z";

Credentials example_keys() { return {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""}; }

std::string signature_in(const std::string& authorization) {
  return authorization.substr(authorization.rfind('=') + 1);
}

std::vector<http::Header> plain_headers() {
  return {{"Host", "examplebucket.s3.amazonaws.com"},
          {"x-amz-content-sha256", std::string(kEmptyPayloadHash)},
          {"x-amz-date", std::string(kDate)}};
}

TEST(SigV4, PublishedGetObject) {
  auto headers = plain_headers();
  headers.insert(headers.begin(), {"Range", "bytes=0-9"});
  const Signer signer(example_keys(), "us-east-1");
  const SigningRequest request{"GET", "/test.txt", "", headers, kEmptyPayloadHash};
  EXPECT_EQ(canonical_request(request).text,
            "GET\n/test.txt\n\nhost:examplebucket.s3.amazonaws.com\nrange:bytes=0-9\n"
            "x-amz-content-sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
            "x-amz-date:20130524T000000Z\n\nhost;range;x-amz-content-sha256;x-amz-date\n"
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(signer.authorization(request, kDate),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(SigV4, PublishedPutObject) {
  const std::string hash = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";  // "Welcome to Amazon S3."
  const std::vector<http::Header> headers = {{"Host", "examplebucket.s3.amazonaws.com"},
                                             {"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                                             {"x-amz-date", std::string(kDate)},
                                             {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
                                             {"x-amz-content-sha256", hash}};
  const std::string path = uri_encode("/test$file.text", true);
  EXPECT_EQ(path, "/test%24file.text");
  const Signer signer(example_keys(), "us-east-1");
  EXPECT_EQ(signature_in(signer.authorization({"PUT", path, "", headers, hash}, kDate)),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(SigV4, PublishedBucketRequests) {
  const auto headers = plain_headers();
  const Signer signer(example_keys(), "us-east-1");
  EXPECT_EQ(signature_in(signer.authorization({"GET", "/", "lifecycle=", headers, kEmptyPayloadHash}, kDate)),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  EXPECT_EQ(signature_in(signer.authorization({"GET", "/", "max-keys=2&prefix=J", headers, kEmptyPayloadHash}, kDate)),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(SigV4, ValuesLoseSurplusSpaceAndNamesTheirCase) {
  const std::vector<http::Header> headers = {{"X-B", "  a \t  b  "}, {"Host", "h"}};
  const CanonicalRequest canonical = canonical_request({"GET", "/", "", headers, kUnsignedPayload});
  EXPECT_EQ(canonical.text, "GET\n/\n\nhost:h\nx-b:a b\n\nhost;x-b\nUNSIGNED-PAYLOAD");
  EXPECT_EQ(canonical.signed_headers, "host;x-b");
}

TEST(SigV4, TheKeyFollowsTheDayAndTheRegion) {
  const auto headers = plain_headers();
  const SigningRequest request{"GET", "/", "", headers, kEmptyPayloadHash};
  const Signer signer(example_keys(), "us-east-1");
  const std::string first = signer.authorization(request, kDate);
  const std::string next_day = signer.authorization(request, "20130525T000000Z");
  EXPECT_NE(signature_in(first), signature_in(next_day));
  EXPECT_NE(next_day.find("/20130525/"), std::string::npos);
  EXPECT_EQ(signer.authorization(request, kDate), first);  // and back, past the kept key
  const Signer elsewhere(example_keys(), "gra");
  EXPECT_NE(signature_in(elsewhere.authorization(request, kDate)), signature_in(first));
}

TEST(SigV4, ThreadsMaySignAtOnce) {
  const auto headers = plain_headers();
  const SigningRequest request{"GET", "/", "", headers, kEmptyPayloadHash};
  const Signer signer(example_keys(), "us-east-1");
  const std::array<std::string, 2> dates = {"20130524T000000Z", "20130525T000000Z"};
  const std::array<std::string, 2> expected = {signer.authorization(request, dates[0]),
                                               signer.authorization(request, dates[1])};
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) wrong += signer.authorization(request, dates[i % 2]) != expected[i % 2];
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(SigV4, Encoding) {
  EXPECT_EQ(uri_encode("a/b c~é+=&%", true), "a/b%20c~%C3%A9%2B%3D%26%25");
  EXPECT_EQ(uri_encode("a/b", false), "a%2Fb");
}

TEST(SigV4, DateText) {
  EXPECT_EQ(format_amz_date(WallTime(Ticks(std::int64_t{1369353600} * 10'000'000))), "20130524T000000Z");
  EXPECT_EQ(format_amz_date(WallTime(Ticks(std::int64_t{1369353600} * 10'000'000 + 864'000'000'000 - 1))),
            "20130524T235959Z");
}

}  // namespace
}  // namespace bascule::provider::s3
