#include "api/identity/authority.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "api/identity/assertion.h"
#include "api/identity/test_support.h"
#include "auth/base64url.h"

namespace bascule::api::identity {
namespace {

using testing::FakeExchange;
using testing::FakeProvider;

constexpr std::string_view kForm = "grant_type=client_credentials&client_id=app&client_secret=s3%26cret&scope=";
constexpr std::string_view kScope = "https%3A%2F%2Fstorage.azure.com%2F.default";

class AuthorityTest : public ::testing::Test {
 protected:
  AuthorityTest() {
    options_.provider.issuer = testing::kIssuer;
    options_.resources = {{"https://storage.azure.com", "", "bascule"}};
    options_.authority.tenants = {"adfs", "acme.example"};
  }
  std::unique_ptr<FakeExchange> send(std::string method, std::string target, std::string body = {}) {
    auto exchange = std::make_unique<FakeExchange>(std::move(method), std::move(target),
                                                   std::vector<http::Header>{{"Host", "login.example:8443"}}, std::move(body));
    Provider provider(options_.provider, fake_, clock_, random_);
    AuthorityService service(options_, provider, clock_, random_);
    run_simulated(loop_, clock_, service.handle(*exchange));
    return exchange;
  }
  Loop loop_;
  SimClock clock_;
  SeededRandom random_{1};
  FakeProvider fake_{clock_};
  Options options_;
};

TEST_F(AuthorityTest, Discovery) {
  auto answer = send("GET", "/adfs/.well-known/openid-configuration");
  ASSERT_EQ(answer->status, 200);
  EXPECT_EQ(answer->at("issuer"), "https://login.example:8443/adfs");
  EXPECT_EQ(answer->at("token_endpoint"), "https://login.example:8443/adfs/oauth2/token");
  EXPECT_EQ(answer->at("jwks_uri"), "https://idp.example/keys");
  answer = send("GET", "/acme.example/v2.0/.well-known/openid-configuration");
  EXPECT_EQ(answer->at("token_endpoint"), "https://login.example:8443/acme.example/oauth2/v2.0/token");
  options_.authority.url = "https://front.example/";
  EXPECT_EQ(send("GET", "/adfs/.well-known/openid-configuration")->at("issuer"), "https://front.example/adfs");
  EXPECT_EQ(send("GET", "/other/.well-known/openid-configuration")->at("error"), "invalid_tenant");
  fake_.away = true;
  EXPECT_EQ(send("GET", "/adfs/.well-known/openid-configuration")->status, 503);
}

TEST_F(AuthorityTest, InstanceDiscovery) {
  auto answer = send("GET", "/common/discovery/instance?api-version=1.1&authorization_endpoint=https%3A%2F%2Flogin.example:8443%2Facme.example%2Foauth2");
  ASSERT_EQ(answer->status, 200) << answer->text;
  EXPECT_EQ(answer->at("tenant_discovery_endpoint"), "https://login.example:8443/acme.example/v2.0/.well-known/openid-configuration");
  for (const char* other : {"https%3A%2F%2Fevil.example%2Facme.example", "https%3A%2F%2Flogin.example:8443%2Fother", "x", ""})
    EXPECT_EQ(send("GET", std::string("/common/discovery/instance?authorization_endpoint=") + other)->status, 400) << other;
}

TEST_F(AuthorityTest, PassesASecretOn) {
  for (const char* path : {"/adfs/oauth2/token", "/adfs/oauth2/v2.0/token", "/ADFS/oauth2/token"}) {
    const auto answer = send("POST", path, std::string(kForm) + std::string(kScope));
    ASSERT_EQ(answer->status, 200) << answer->text;
    EXPECT_EQ(answer->at("access_token"), "T");
    EXPECT_EQ(answer->at("expires_in"), "600");
    EXPECT_EQ(fake_.asked.back(), "grant_type=client_credentials&audience=bascule&client_id=app&client_secret=s3%26cret");
  }
  options_.provider.basic = true;
  EXPECT_EQ(send("POST", "/adfs/oauth2/token", std::string(kForm) + std::string(kScope))->status, 200);
  EXPECT_EQ(fake_.asked.back(), "grant_type=client_credentials&audience=bascule");
  EXPECT_EQ(fake_.basic.back(), "Basic " + to_base64(as_bytes(std::string("app:s3%26cret"))));
}

TEST_F(AuthorityTest, PassesAnAssertionOn) {
  const auto answer = send("POST", "/adfs/oauth2/v2.0/token",
                           "grant_type=client_credentials&client_id=app&client_assertion_type=urn%3Ax&client_assertion=a.b.c&scope=" + std::string(kScope));
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(fake_.asked.back(), "grant_type=client_credentials&audience=bascule&client_assertion_type=urn%3Ax&client_assertion=a.b.c&client_id=app");
}

TEST_F(AuthorityTest, ScopesThatNameOneResource) {
  for (const char* scope : {"https://storage.azure.com/.default", "https://storage.azure.com//.default", "https://storage.azure.com",
                            "openid+profile+offline_access+https://storage.azure.com/.default"})
    EXPECT_EQ(send("POST", "/adfs/oauth2/token", std::string(kForm) + scope)->status, 200) << scope;
  for (const char* scope : {"", "openid", "https://vault.azure.net/.default", "https://storage.azure.com/.default+https://vault.azure.net/.default"})
    EXPECT_EQ(send("POST", "/adfs/oauth2/token", std::string(kForm) + scope)->at("error"), "invalid_scope") << scope;
  EXPECT_EQ(send("POST", "/adfs/oauth2/token", "grant_type=client_credentials&client_id=a&client_secret=b&resource=https://storage.azure.com/")->status, 200);
}

TEST_F(AuthorityTest, RefusesInEntrasForm) {
  const struct {
    const char *method, *path, *body, *error;
    int status;
  } cases[] = {
      {"POST", "/adfs/oauth2/token", "grant_type=password&client_id=a&client_secret=b&username=u&password=p", "unsupported_grant_type", 400},
      {"POST", "/adfs/oauth2/token", "client_id=a&client_secret=b", "invalid_request", 400},
      {"POST", "/adfs/oauth2/token", "grant_type=client_credentials&client_secret=b", "invalid_request", 400},
      {"POST", "/adfs/oauth2/token", "%zz", "invalid_request", 400},
      {"POST", "/adfs/oauth2/token", "grant_type=client_credentials&client_id=a&scope=https://storage.azure.com/.default", "invalid_client", 401},
      {"POST", "/adfs/oauth2/token", "grant_type=client_credentials&client_id=a&client_secret=b&client_assertion=c&scope=https://storage.azure.com/.default", "invalid_client", 401},
      {"POST", "/nobody/oauth2/token", "grant_type=client_credentials", "invalid_tenant", 400},
      {"GET", "/adfs/oauth2/token", "", "invalid_request", 404},
      {"GET", "/", "", "invalid_request", 404},
      {"GET", "//", "", "invalid_request", 404},
  };
  for (const auto& c : cases) {
    const auto answer = send(c.method, c.path, c.body);
    EXPECT_EQ(answer->status, c.status) << c.path << " " << c.body;
    EXPECT_EQ(answer->at("error"), c.error) << c.body;
    EXPECT_TRUE(answer->at("error_description").starts_with("AADSTS")) << answer->text;
    EXPECT_EQ(answer->at("correlation_id").size(), 36u);
  }
  EXPECT_TRUE(fake_.asked.empty());
  fake_.script = {{401, R"({"error":"invalid_client","error_description":"not s3&cret"})"}, {503, ""}};
  auto answer = send("POST", "/adfs/oauth2/token", std::string(kForm) + std::string(kScope));
  EXPECT_EQ(answer->status, 401);
  EXPECT_EQ(answer->at("error_codes"), "[7000215]");
  EXPECT_EQ(answer->text.find("s3&cret"), std::string::npos);
  EXPECT_EQ(send("POST", "/adfs/oauth2/token", std::string(kForm) + std::string(kScope))->status, 503);
  EXPECT_TRUE(send("POST", "/adfs/oauth2/token", std::string(70'000, 'a'))->was_cut);
}

std::string pem_of(EVP_PKEY* key) {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return pem;
}

TEST(Assertion, SignedAsTheKeySays) {
  SeededRandom random(1);
  const WallTime now = parse_iso8601("2026-06-01T12:00:00Z").value();
  for (const bool rsa : {true, false}) {
    EVP_PKEY* key = rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256");
    const auto text = make_assertion(pem_of(key), {"app", "https://idp.example", "k1"}, now, random);
    ASSERT_TRUE(text) << text.error().message;
    const auto first = text->find('.'), last = text->rfind('.');
    ASSERT_LT(first, last);
    EXPECT_EQ(text->substr(0, first), auth::to_base64url(as_bytes(std::string(rsa ? R"({"alg":"PS256","typ":"JWT","kid":"k1"})" : R"({"alg":"ES256","typ":"JWT","kid":"k1"})"))));
    EXPECT_EQ(text->size() - last - 1, rsa ? 342u : 86u);   // 256 and 64 bytes
    EVP_PKEY_free(key);
  }
  EVP_PKEY* weak = EVP_RSA_gen(1024);
  EXPECT_FALSE(make_assertion(pem_of(weak), {"a", "b", ""}, now, random));
  EVP_PKEY_free(weak);
  EXPECT_FALSE(make_assertion("no key", {"a", "b", ""}, now, random));
}

}  // namespace
}  // namespace bascule::api::identity
