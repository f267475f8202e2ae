#include "api/identity/managed.h"

#include "api/identity/test_support.h"

namespace bascule::api::identity {
namespace {

using testing::FakeExchange;
using testing::FakeProvider;
using testing::says;

constexpr std::string_view kGood = "/msi/token?resource=https%3A%2F%2Fstorage.azure.com&api-version=2019-08-01";

class ManagedTest : public ::testing::Test {
 protected:
  ManagedTest() {
    options_.provider.issuer = testing::kIssuer;
    options_.resources = {{"https://storage.azure.com", "bascule", ""}, {"https://other.example/", "", "other"}};
    ManagedIdentity photos{.name = "photos", .client = {.id = "photos-client", .secret = says("s3cret")}, .header = says("header-1"),
                           .object_id = "oid-1", .resource_id = "/subscriptions/x/photos", .uids = {1001}};
    ManagedIdentity mail{.name = "mail", .client = {.id = "mail-client", .secret = says("other")}, .header = says("header-2"),
                         .any_user = true, .resources = {"https://other.example/"}};
    options_.identities = {photos, mail};
  }

  std::unique_ptr<FakeExchange> ask(std::string target = std::string(kGood), std::string header = "header-1", std::string method = "GET") {
    std::vector<http::Header> headers;
    if (!header.empty()) headers.push_back({"x-identity-header", header});
    auto exchange = std::make_unique<FakeExchange>(std::move(method), std::move(target), std::move(headers));
    run_simulated(loop_, clock_, service().handle(*exchange));
    return exchange;
  }
  ManagedIdentityService& service() {
    if (!service_) {
      provider_.emplace(options_.provider, fake_, clock_, random_);
      service_.emplace(options_, *provider_, clock_, random_, [this](const http::Request&) { return uid_; });
    }
    return *service_;
  }

  Loop loop_;
  SimClock clock_;
  SeededRandom random_{1};
  FakeProvider fake_{clock_};
  Options options_;
  std::optional<std::uint32_t> uid_ = 1001;
  std::optional<Provider> provider_;
  std::optional<ManagedIdentityService> service_;
};

TEST_F(ManagedTest, GivesATokenInAzuresForm) {
  const auto answer = ask();
  ASSERT_EQ(answer->status, 200) << answer->text;
  EXPECT_EQ(answer->at("access_token"), "T");
  EXPECT_EQ(answer->at("token_type"), "Bearer");
  EXPECT_EQ(answer->at("client_id"), "photos-client");
  EXPECT_EQ(answer->at("resource"), "https://storage.azure.com");
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(clock_.wall().time_since_epoch()).count();
  EXPECT_NEAR(static_cast<double>(std::stoll(answer->at("expires_on"))), static_cast<double>(now + 600), 2);
  ASSERT_EQ(fake_.asked.size(), 1u);
  EXPECT_EQ(fake_.asked[0], "grant_type=client_credentials&scope=bascule&client_id=photos-client&client_secret=s3cret");
}

TEST_F(ManagedTest, Refusals) {
  const struct {
    const char *target, *header, *method;
    int status;
  } cases[] = {
      {"/msi/token?resource=https://storage.azure.com&api-version=2019-08-01", "", "GET", 403},
      {"/msi/token?resource=https://storage.azure.com&api-version=2019-08-01", "header-", "GET", 403},
      {"/msi/token?resource=https://storage.azure.com&api-version=2019-08-01", "header-11", "GET", 403},
      {"/msi/token?resource=https://storage.azure.com&api-version=2019-08-01", "header-1", "POST", 405},
      {"/other?resource=https://storage.azure.com&api-version=2019-08-01", "header-1", "GET", 404},
      {"/msi/token?resource=https://storage.azure.com", "header-1", "GET", 400},
      {"/msi/token?resource=https://storage.azure.com&api-version=2017-09-01", "header-1", "GET", 400},
      {"/msi/token?api-version=2019-08-01", "header-1", "GET", 400},
      {"/msi/token?resource=%zz&api-version=2019-08-01", "header-1", "GET", 400},
      {"/msi/token?resource=https://unknown.example&api-version=2019-08-01", "header-1", "GET", 400},
      {"/msi/token?resource=https://storage.azure.com&api-version=2019-08-01&resource=x", "header-1", "GET", 400},
      {"/msi/token?resource=https://storage.azure.com&api-version=2019-08-01&client_id=mail-client", "header-1", "GET", 400},
      {"/msi/token?resource=https://storage.azure.com&api-version=2019-08-01&principal_id=oid-2", "header-1", "GET", 400},
      {"/msi/token?resource=https://storage.azure.com&api-version=2019-08-01&mi_res_id=/x", "header-1", "GET", 400},
      {"/msi/token?resource=https://storage.azure.com&api-version=2019-08-01&client_id=photos-client&principal_id=oid-1", "header-1", "GET", 400},
      {"/msi/token?resource=https://storage.azure.com&api-version=2019-08-01", "header-2", "GET", 400},  // not one of its resources
  };
  for (const auto& c : cases) {
    const auto answer = ask(c.target, c.header, c.method);
    EXPECT_EQ(answer->status, c.status) << c.target << " " << c.header;
    EXPECT_EQ(answer->at("statusCode"), std::to_string(c.status));
    EXPECT_EQ(answer->at("correlationId").size(), 36u);
    EXPECT_FALSE(answer->at("message").empty());
  }
  EXPECT_TRUE(fake_.asked.empty());
}

TEST_F(ManagedTest, NamesThatAreIts) {
  for (const char* name : {"client_id=photos-client", "principal_id=oid-1", "object_id=oid-1", "mi_res_id=/SUBSCRIPTIONS/x/photos"})
    EXPECT_EQ(ask(std::string(kGood) + "&" + name)->status, 200) << name;
  EXPECT_EQ(ask("/msi/token?resource=https://other.example&api-version=2019-08-01", "header-2")->status, 200);
  EXPECT_EQ(fake_.asked.back(), "grant_type=client_credentials&audience=other&client_id=mail-client&client_secret=other");
}

TEST_F(ManagedTest, OnlyTheUsersNamed) {
  uid_ = 1002;
  EXPECT_EQ(ask()->status, 403);
  uid_.reset();   // the kernel does not say
  EXPECT_EQ(ask()->status, 403);
  EXPECT_EQ(ask("/msi/token?resource=https://other.example&api-version=2019-08-01", "header-2")->status, 200);  // any_user
}

TEST_F(ManagedTest, TokensAreKeptAndRenewedInTime) {
  ask();
  clock_.step_wall(std::chrono::seconds(400));
  ask();
  EXPECT_EQ(fake_.asked.size(), 1u);
  clock_.step_wall(std::chrono::seconds(100));  // less than a fifth of 600 s is left
  ask();
  EXPECT_EQ(fake_.asked.size(), 2u);
  EXPECT_EQ(fake_.documents, 1);
}

TEST_F(ManagedTest, AnOldTokenWhileTheProviderIsAway) {
  ask();
  clock_.step_wall(std::chrono::seconds(550));
  fake_.away = true;
  EXPECT_EQ(ask()->status, 200);
  clock_.step_wall(std::chrono::seconds(60));
  EXPECT_EQ(ask()->status, 503);
}

TEST_F(ManagedTest, WhatTheProviderSaysWithoutSecrets) {
  fake_.script = {{401, R"({"error":"invalid_client","error_description":"no such secret as s3cret\nhere"})"},
                  {400, R"({"error":"invalid_scope","error_description":"no\nscope"})"},
                  {500, "<html>"}, {200, "{}"}};
  auto answer = ask();
  EXPECT_EQ(answer->status, 400);
  EXPECT_EQ(answer->at("message"), "The identity provider refuses the identity: invalid_client");
  answer = ask();
  EXPECT_EQ(answer->at("message"), "The identity provider refuses the identity: invalid_scope (no scope)");
  EXPECT_EQ(ask()->status, 503);
  EXPECT_EQ(ask()->status, 503);
}

TEST_F(ManagedTest, AnotherIssuersDocumentIsNotBelieved) {
  fake_.issuer = "https://evil.example/realms/acme";
  EXPECT_EQ(ask()->status, 503);
  EXPECT_TRUE(fake_.asked.empty());
}

// Both ask at once: the provider is asked once.
TEST_F(ManagedTest, OneRequestInFlight) {
  service();
  TokenCache cache(*provider_, clock_);
  int done = 0;
  struct Ask {
    static Task<void> once(TokenCache& cache, const ManagedIdentity& identity, const Resource& resource, int& done) {
      const TokenAnswer token = co_await cache.get(identity, resource);
      done += token.has_value();
    }
  };
  for (int i = 0; i < 5; ++i) spawn(loop_, Ask::once(cache, options_.identities[0], options_.resources[0], done));
  run_simulated(loop_, clock_, clock_.sleep_for(std::chrono::seconds(2)));
  EXPECT_EQ(done, 5);
  EXPECT_EQ(fake_.asked.size(), 1u);
}

}  // namespace
}  // namespace bascule::api::identity
