#include "auth/canonical.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "auth/test_support.h"

namespace bascule::auth {
namespace {

using testing::TestRequest;

std::string text_of(TestRequest request, SharedKeyScheme scheme = SharedKeyScheme::full, bool collapse = false) {
  const AuthRequest view = request.view();
  std::string out;
  append_string_to_sign({view.method, view.raw_path, view.query, view.headers, view.account, view.version}, scheme,
                        collapse, out);
  return out;
}

// The examples of "Authorize with Shared Key".
TEST(StringToSign, GetContainerMetadata) {
  TestRequest request{.target = "/mycontainer?restype=container&comp=metadata&timeout=20", .version = "2015-02-21"};
  request.headers = {{"x-ms-version", "2015-02-21"}, {"x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT"}};
  EXPECT_EQ(text_of(request),
            "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n"
            "/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20");
}

TEST(StringToSign, LitePutBlob) {
  TestRequest request{.method = "PUT", .target = "/mycontainer/hello.txt", .version = "2009-09-19"};
  request.headers = {{"Content-Type", "text/plain; charset=UTF-8"},
                     {"x-ms-date", "Sun, 20 Sep 2009 20:36:40 GMT"},
                     {"x-ms-meta-m1", "v1"},
                     {"x-ms-meta-m2", "v2"}};
  EXPECT_EQ(text_of(request, SharedKeyScheme::lite),
            "PUT\n\ntext/plain; charset=UTF-8\n\nx-ms-date:Sun, 20 Sep 2009 20:36:40 GMT\nx-ms-meta-m1:v1\n"
            "x-ms-meta-m2:v2\n/myaccount/mycontainer/hello.txt");
  request.target = "/mycontainer?restype=container&comp=acl&timeout=3";
  EXPECT_TRUE(text_of(request, SharedKeyScheme::lite).ends_with("\n/myaccount/mycontainer?comp=acl"));
}

TEST(StringToSign, EveryStandardHeaderHasItsPlace) {
  TestRequest request{.method = "PUT", .target = "/c/b"};
  for (const char* name : {"Range", "If-Unmodified-Since", "If-None-Match", "If-Match", "If-Modified-Since", "Date",
                           "Content-Type", "Content-MD5", "Content-Length", "Content-Language", "Content-Encoding"})
    request.headers.push_back({name, std::string("<") + name + ">"});
  EXPECT_EQ(text_of(request),
            "PUT\n<Content-Encoding>\n<Content-Language>\n<Content-Length>\n<Content-MD5>\n<Content-Type>\n<Date>\n"
            "<If-Modified-Since>\n<If-Match>\n<If-None-Match>\n<If-Unmodified-Since>\n<Range>\n/myaccount/c/b");
}

TEST(StringToSign, ContentLengthZeroByVersion) {
  TestRequest request{.method = "PUT", .target = "/c"};
  request.headers = {{"Content-Length", "0"}};
  request.version = "2015-02-21";
  EXPECT_TRUE(text_of(request).starts_with("PUT\n\n\n\n\n"));
  request.version = "2014-02-14";
  EXPECT_TRUE(text_of(request).starts_with("PUT\n\n\n0\n\n"));
}

TEST(StringToSign, QueryIsDecodedLoweredSortedAndJoined) {
  TestRequest request{.target = "/c?Prefix=a%2Fb%26&include=snapshots&comp=list&INCLUDE=metadata&api%2Dversion=x"};
  EXPECT_TRUE(text_of(request).ends_with(
      "/myaccount/c\napi-version:x\ncomp:list\ninclude:metadata,snapshots\nprefix:a/b&"));
}

TEST(StringToSign, PathStaysEncodedAndDoublesThePathStyleAccount) {
  TestRequest request{.target = "/devstoreaccount1/c/a%20b%2Fc", .account = "devstoreaccount1"};
  EXPECT_TRUE(text_of(request).ends_with("\n/devstoreaccount1/devstoreaccount1/c/a%20b%2Fc"));
}

TEST(StringToSign, RepeatedAndEmptyHeaders) {
  TestRequest request{.target = "/c"};
  request.headers = {{"x-ms-meta-a", "2"}, {"X-MS-Meta-A", "1"}, {"x-ms-empty", ""}};
  request.version = "2016-05-31";
  EXPECT_TRUE(text_of(request).ends_with("\nx-ms-empty:\nx-ms-meta-a:2,1\n/myaccount/c"));
  request.version = "2015-12-11";
  EXPECT_TRUE(text_of(request).ends_with("\nx-ms-meta-a:2,1\n/myaccount/c"));
}

TEST(StringToSign, CollapsedWhiteSpace) {
  TestRequest request{.target = "/c"};
  request.headers = {{"x-ms-meta-a", "b  c\t d \"e  f\"  g"}};
  EXPECT_TRUE(text_of(request).ends_with("\nx-ms-meta-a:b  c\t d \"e  f\"  g\n/myaccount/c"));
  EXPECT_TRUE(text_of(request, SharedKeyScheme::full, true).ends_with("\nx-ms-meta-a:b c d \"e  f\" g\n/myaccount/c"));
}

TEST(HeaderOrder, AsTheServiceSorts) {
  // Sorted with the comparison that Microsoft's Python client carries (azure-storage-blob 12.31.1).
  const std::vector<std::string_view> sorted = {
      "x-ms-access-tier",      "x-ms-blob-content-md5", "x-ms-blob-content-type", "x-ms-client-request-id",
      "x-ms-date",             "x-ms-meta-",            "x-ms-meta-!a",           "x-ms-meta-_a",
      "x-ms-meta-0",           "x-ms-meta-a",           "x-ms-meta-a_b",          "x-ms-meta-a1",
      "x-ms-meta-ab",          "x-ms-meta-a-b",         "x-ms-meta-abc",          "x-ms-metaz",
      "x-ms-version"};
  for (std::size_t i = 0; i < sorted.size(); ++i)
    for (std::size_t j = 0; j < sorted.size(); ++j)
      EXPECT_EQ(compare_header_names(sorted[i], sorted[j]) < 0, i < j) << sorted[i] << " " << sorted[j];
  EXPECT_EQ(compare_header_names("X-MS-Meta-Ab", "x-ms-meta-aB"), 0);
}

TEST(ParseQuery, DecodesNamesAndRefusesBrokenEscapes) {
  const auto query = parse_query("a=b%20c&&D+e=f%3Dg=h&flag");
  ASSERT_TRUE(query);
  ASSERT_EQ(query->size(), 3u);
  EXPECT_EQ((*query)[0].value, "b c");
  EXPECT_EQ((*query)[1].name, "D e");
  EXPECT_EQ((*query)[1].value, "f=g=h");
  EXPECT_EQ((*query)[2].name, "flag");
  EXPECT_EQ(*find_parameter(*query, "A"), "b c");
  for (const char* broken : {"a=%", "a=%4", "a=%zz", "%g0=1", "a=b%2"}) EXPECT_FALSE(parse_query(broken)) << broken;
  EXPECT_EQ(percent_decode("a+b%2B%00").value().size(), 5u);
  EXPECT_FALSE(percent_decode("%e"));
}

}  // namespace
}  // namespace bascule::auth
