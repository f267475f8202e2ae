#include "provider/s3/s3_options.h"

#include <gmock/gmock.h>

namespace bascule::provider {
namespace {

using ::testing::HasSubstr;

S3Options good() {
  S3Options options;
  options.name = "ovh";
  options.endpoint = "https://s3.gra.io.cloud.ovh.net";
  options.region = "gra";
  options.bucket = "backup-1";
  options.access_key = "AKID";
  options.secret_key = "hidden";
  return options;
}

TEST(S3Options, PathStyle) {
  auto options = good();
  options.prefix = "bascule/a";
  const auto endpoint = resolve(options);
  ASSERT_TRUE(endpoint) << endpoint.error().message;
  EXPECT_EQ(endpoint->origin, (http::Origin{true, "s3.gra.io.cloud.ovh.net", 443}));
  EXPECT_EQ(endpoint->host_header, "s3.gra.io.cloud.ovh.net");
  EXPECT_EQ(endpoint->path_prefix, "/backup-1/bascule/a");
  EXPECT_EQ(endpoint->bucket_path, "/backup-1");
  EXPECT_FALSE(endpoint->sign_payload);
}

TEST(S3Options, VirtualHostStyle) {
  auto options = good();
  options.style = S3Options::Style::virtual_host;
  options.endpoint = "https://OBS.eu-de.example:8443/";
  const auto endpoint = resolve(options);
  ASSERT_TRUE(endpoint) << endpoint.error().message;
  EXPECT_EQ(endpoint->origin, (http::Origin{true, "backup-1.obs.eu-de.example", 8443}));
  EXPECT_EQ(endpoint->host_header, "backup-1.obs.eu-de.example:8443");
  EXPECT_EQ(endpoint->path_prefix, "/");
  EXPECT_EQ(endpoint->bucket_path, "/");
}

TEST(S3Options, LocalhostNamesAreThisMachine) {
  auto options = good();
  options.style = S3Options::Style::virtual_host;
  options.endpoint = "http://localhost:9000";
  const auto endpoint = resolve(options);
  ASSERT_TRUE(endpoint) << endpoint.error().message;
  EXPECT_EQ(endpoint->origin.host, "localhost");
  EXPECT_EQ(endpoint->host_header, "backup-1.localhost:9000");
}

TEST(S3Options, PayloadsAreSignedWhereTlsDoesNotProtectThem) {
  auto options = good();
  options.endpoint = "http://127.0.0.1:9000";
  EXPECT_TRUE(resolve(options)->sign_payload);
  options.sign_payload = false;
  EXPECT_FALSE(resolve(options)->sign_payload);
  options = good();
  options.sign_payload = true;
  EXPECT_TRUE(resolve(options)->sign_payload);
}

TEST(S3Options, PlainHttpOnlyToThisMachine) {
  auto options = good();
  for (const char* here : {"http://127.0.0.1", "http://127.9.9.9:80", "http://[::1]:9000", "http://localhost", "http://a.localhost"}) {
    options.endpoint = here;
    EXPECT_TRUE(resolve(options)) << here;
  }
  for (const char* there : {"http://10.0.0.1", "http://s3.example", "http://localhost.example", "http://127.example"}) {
    options.endpoint = there;
    options.allow_plain_http = false;
    ASSERT_FALSE(resolve(options)) << there;
    EXPECT_THAT(resolve(options).error().message, HasSubstr("plain http"));
    options.allow_plain_http = true;
    EXPECT_TRUE(resolve(options)) << there;
  }
}

TEST(S3Options, Ipv6) {
  auto options = good();
  options.endpoint = "https://[2001:db8::1]:9443";
  const auto endpoint = resolve(options);
  ASSERT_TRUE(endpoint) << endpoint.error().message;
  EXPECT_EQ(endpoint->origin.host, "2001:db8::1");
  EXPECT_EQ(endpoint->host_header, "[2001:db8::1]:9443");
}

TEST(S3Options, WhatIsWrongIsSaid) {
  struct Case {
    void (*spoil)(S3Options&);
    const char* said;
  };
  const Case cases[] = {
      {[](S3Options& o) { o.endpoint = "s3.example"; }, "endpoint 's3.example'"},
      {[](S3Options& o) { o.endpoint = "https://"; }, "endpoint"},
      {[](S3Options& o) { o.endpoint = "https://h/path"; }, "endpoint"},
      {[](S3Options& o) { o.endpoint = "https://h:0"; }, "endpoint"},
      {[](S3Options& o) { o.endpoint = "https://h:65536"; }, "endpoint"},
      {[](S3Options& o) { o.endpoint = "https://h:"; }, "endpoint"},
      {[](S3Options& o) { o.endpoint = "https://user@h"; }, "endpoint"},
      {[](S3Options& o) { o.endpoint = "https://[::1"; }, "endpoint"},
      {[](S3Options& o) { o.bucket = ""; }, "bucket ''"},
      {[](S3Options& o) { o.bucket = "a/b"; }, "bucket 'a/b'"},
      {[](S3Options& o) { o.bucket = "Ab_c"; o.style = S3Options::Style::virtual_host; }, "style \"path\""},
      {[](S3Options& o) { o.bucket = "a.b"; o.style = S3Options::Style::virtual_host; }, "certificate"},
      {[](S3Options& o) { o.endpoint = "https://127.0.0.1"; o.style = S3Options::Style::virtual_host; }, "not an address"},
      {[](S3Options& o) { o.region = ""; }, "region ''"},
      {[](S3Options& o) { o.region = "a/b"; }, "region"},
      {[](S3Options& o) { o.access_key = ""; }, "access key"},
      {[](S3Options& o) { o.secret_key = "a\nb"; }, "secret key"},
      {[](S3Options& o) { o.session_token = "a b"; }, "session token"},
      {[](S3Options& o) { o.prefix = "/a"; }, "prefix"},
      {[](S3Options& o) { o.prefix = "a b"; }, "prefix"},
      {[](S3Options& o) { o.prefix = "a//b"; }, "prefix"},
      {[](S3Options& o) { o.prefix = "../b"; }, "prefix"},
  };
  for (const Case& c : cases) {
    auto options = good();
    c.spoil(options);
    const auto endpoint = resolve(options);
    ASSERT_FALSE(endpoint) << c.said;
    EXPECT_EQ(endpoint.error().code, Code::invalid_argument);
    EXPECT_THAT(endpoint.error().message, HasSubstr(c.said));
    EXPECT_THAT(endpoint.error().message, HasSubstr("provider 'ovh'"));
    EXPECT_THAT(endpoint.error().message, ::testing::Not(HasSubstr("hidden")));
  }
}

}  // namespace
}  // namespace bascule::provider
