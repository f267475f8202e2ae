#include "provider/s3/s3_xml.h"

#include <gtest/gtest.h>

#include "provider/s3/s3_content_range.h"

namespace bascule::provider::s3 {
namespace {

TEST(S3Xml, ErrorDocumentsOfSeveralServers) {
  const auto aws = parse_error(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AuthorizationHeaderMalformed</Code>"
      "<Message>the region 'us-east-1' is wrong; expecting 'gra'</Message><Region>gra</Region>"
      "<RequestId>4442587FB7D0A2F9</RequestId></Error>");
  EXPECT_EQ(aws.code, "AuthorizationHeaderMalformed");
  EXPECT_EQ(aws.region, "gra");
  EXPECT_EQ(aws.request_id, "4442587FB7D0A2F9");
  const auto ceph = parse_error("<?xml version=\"1.0\"?><Error><Code>NoSuchBucket</Code><Message></Message>"
                                "<BucketName>b</BucketName><HostId>h</HostId></Error>");
  EXPECT_EQ(ceph.code, "NoSuchBucket");
  EXPECT_EQ(ceph.message, "");
  EXPECT_EQ(parse_error("<ErrorResponse xmlns=\"x\"><Error><Code>A</Code></Error></ErrorResponse>").code, "A");
  EXPECT_EQ(parse_error("<s3:Error xmlns:s3=\"x\"><s3:Code>B</s3:Code></s3:Error>").code, "B");
}

TEST(S3Xml, OtherBodiesAreNoErrorDocument) {
  for (const char* body : {"", "<html><body>502 Bad Gateway</body></html>", "<Error><Code>NoSuchKey</Code>", "{\"code\": 1}",
                           "<Error/><", "\xff\xfe<Error>"}) {
    EXPECT_EQ(parse_error(body).code, "") << body;
  }
  EXPECT_EQ(parse_error("<Error><Code>A</Code><!--" + std::string(kErrorLimitBytes, 'x') + "--></Error>").code, "");
}

TEST(S3Xml, MessagesAreBoundedAndPrintable) {
  const auto error = parse_error("<Error><Code>A\nB</Code><Message>" + std::string(5000, 'm') + "&#27;</Message></Error>");
  EXPECT_EQ(error.code, "A B");
  EXPECT_EQ(error.message.size(), 200u);
  EXPECT_EQ(parse_error("<Error><Code>A</Code><Message>&#27;[31m</Message></Error>").message, " [31m");
}

TEST(S3Xml, EntitiesAreNotExpanded) {
  const auto error = parse_error("<!DOCTYPE x [<!ENTITY a \"b\"><!ENTITY f SYSTEM \"file:///etc/hostname\">]>"
                                 "<Error><Code>&a;</Code><Message>&f;</Message></Error>");
  EXPECT_EQ(error.code, "&a;");
  EXPECT_EQ(error.message, "&f;");
}

TEST(S3Xml, DeepNestingIsHarmless) {
  std::string deep;
  for (int i = 0; i < 15000; ++i) deep += "<a>";
  EXPECT_EQ(parse_error(deep).code, "");
}

constexpr const char* kPage =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
    "<Name>b</Name><IsTruncated>true</IsTruncated><Contents><Key>a&amp;b</Key><Size>7</Size></Contents>"
    "<Contents><Size>18446744073709551615</Size><Key>c</Key></Contents><CommonPrefixes><Prefix>x/</Prefix></CommonPrefixes>"
    "</ListBucketResult>";

TEST(S3Xml, Listing) {
  const auto page = parse_listing(kPage);
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->truncated);
  ASSERT_EQ(page->objects.size(), 2u);
  EXPECT_EQ(page->objects[0].key, "a&b");
  EXPECT_EQ(page->objects[0].size_bytes, 7u);
  EXPECT_EQ(page->objects[1].size_bytes, UINT64_MAX);
}

TEST(S3Xml, MalformedListings) {
  const std::string whole(kPage);
  for (std::size_t cut : {std::size_t{0}, std::size_t{60}, std::size_t{200}, whole.size() - 5}) {
    EXPECT_FALSE(parse_listing(whole.substr(0, cut))) << cut;
  }
  const std::string open = "<ListBucketResult><IsTruncated>false</IsTruncated>", close = "</ListBucketResult>";
  ASSERT_TRUE(parse_listing(open + close));
  for (const char* row : {"<Contents><Key>a</Key></Contents>", "<Contents><Size>1</Size></Contents>",
                          "<Contents><Key>a</Key><Size>-1</Size></Contents>", "<Contents><Key>a</Key><Size>1x</Size></Contents>",
                          "<Contents><Key>a</Key><Size>18446744073709551616</Size></Contents>"}) {
    EXPECT_FALSE(parse_listing(open + row + close)) << row;
  }
  EXPECT_FALSE(parse_listing("<ListBucketResult></ListBucketResult>"));
  EXPECT_FALSE(parse_listing("<ListBucketResult><IsTruncated>maybe</IsTruncated></ListBucketResult>"));
  EXPECT_FALSE(parse_listing("<Error><Code>A</Code></Error>"));
}

TEST(S3ContentRange, Forms) {
  const auto range = parse_content_range("bytes 0-9/10");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->first, 0u);
  EXPECT_EQ(range->last, 9u);
  EXPECT_EQ(range->total, 10u);
  ASSERT_TRUE(parse_content_range("bytes 5-5/*"));
  EXPECT_EQ(parse_content_range("bytes 5-5/*")->total, std::nullopt);
  for (const char* text : {"", "bytes", "bytes 0-9", "bytes 9-0/10", "bytes 0-9/9", "bytes */10", "bytes -9/10", "bytes 0-/10",
                           "items 0-9/10", "bytes 0-9/x", "bytes 0/9-10", "bytes 0-18446744073709551616/*", "bytes  0-9/10"}) {
    EXPECT_FALSE(parse_content_range(text)) << text;
  }
}

}  // namespace
}  // namespace bascule::provider::s3
