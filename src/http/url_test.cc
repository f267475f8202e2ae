#include "http/url.h"

#include <gtest/gtest.h>

namespace bascule::http {
namespace {

TEST(Url, Parses) {
  const auto full = parse_url("HTTPS://Example.org:8443/a%2Fb/c?x=1&y=%20#frag");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->origin, (Origin{true, "Example.org", 8443}));
  EXPECT_EQ(full->path, "/a%2Fb/c");
  EXPECT_EQ(full->query, "x=1&y=%20");
  EXPECT_EQ(full->target(), "/a%2Fb/c?x=1&y=%20");
  EXPECT_EQ(parse_url("http://h")->target(), "/");
  EXPECT_EQ(parse_url("http://h")->origin.port, 80);
  EXPECT_EQ(parse_url("https://h?x")->target(), "/?x");
  EXPECT_EQ(parse_url("http://[::1]:9000/")->origin, (Origin{false, "::1", 9000}));
  EXPECT_EQ(host_header({false, "::1", 9000}), "[::1]:9000");
  EXPECT_EQ(host_header({true, "h", 443}), "h");
  EXPECT_EQ(host_header({true, "h", 80}), "h:80");
}

TEST(Url, Refuses) {
  for (const char* text : {"", "h", "ftp://h/", "http://", "http:///x", "http://user@h/", "http://u:p@h/", "http://h:0/",
                           "http://[::1]-10", "http://[[\xf5]", "http://[a]", "http://a]",
                           "http://h:65536/", "http://h:8a/", "http://h:/", "http://[::1/", "http://h/a b", "http://h/\n"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
  EXPECT_EQ(parse_url("http://h/x y?sig=SECRET").error().message.find("SECRET"), std::string::npos);
}

TEST(Percent, Encodes) {
  EXPECT_EQ(percent_encode("aZ09-._~ /%\xc3\xa9+"), "aZ09-._~%20%2F%25%C3%A9%2B");
  EXPECT_EQ(percent_encode_path("a b/c"), "a%20b/c");
}

TEST(Percent, Decodes) {
  EXPECT_EQ(percent_decode("a%20b%2fc+%C3%A9"), "a b/c+\xc3\xa9");
  EXPECT_EQ(percent_decode("a+b", true), "a b");
  EXPECT_EQ(percent_decode("%00"), std::string(1, '\0'));
  for (const char* text : {"%", "%2", "%2g", "a%"}) EXPECT_FALSE(percent_decode(text)) << text;
}

}  // namespace
}  // namespace bascule::http
