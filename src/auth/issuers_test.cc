// Bearer tokens: what is accepted, and each attack with its negative control (the same token, unspoiled, is accepted).
#include "auth/issuers.h"

#include <gtest/gtest.h>

#include "auth/token_support.h"
#include "runtime/sim.h"

namespace bascule::auth {
namespace {

using namespace std::chrono_literals;
using testing::FakeDocuments;
using testing::key_set;
using testing::kIssuer;
using testing::Published;
using testing::SigningKey;

const SigningKey& rsa() { static const SigningKey key = SigningKey::rsa(); return key; }
const SigningKey& ec() { static const SigningKey key = SigningKey::ec(); return key; }
const SigningKey& other_rsa() { static const SigningKey key = SigningKey::rsa(); return key; }

class IssuersTest : public ::testing::Test {
 protected:
  IssuersTest() {
    published_->publish(key_set({rsa().jwk("r1"), ec().jwk("e1")}));
    IssuersSettings settings;
    settings.issuers = {{"acme", std::string(kIssuer)}, {"other", "https://other.example.org"}};
    issuers_ = Issuers::make(settings, std::make_unique<FakeDocuments>(published_), clock_).value();
  }

  std::int64_t now() const { return std::chrono::floor<std::chrono::seconds>(clock_.wall()).time_since_epoch().count(); }
  // Claims that are accepted; `more` is put behind them, and may so repeat one: the last counts.
  std::string claims(std::string_view more = "") const {
    return "{\"iss\":\"" + std::string(kIssuer) + "\",\"aud\":\"https://storage.azure.com\",\"sub\":\"subject\",\"oid\":\"alice\",\"exp\":" +
           std::to_string(now() + 3600) + ",\"nbf\":" + std::to_string(now() - 10) + ",\"iat\":" + std::to_string(now() - 10) + std::string(more) + "}";
  }
  std::string token(std::string_view more = "") const { return rsa().token(R"({"alg":"RS256","kid":"r1","typ":"JWT"})", claims(more), "RS256"); }

  TokenDecision ask(const std::string& text, const std::string& account = "acct") {
    return run_simulated(loop_, clock_, issuers_->verify(text, account));
  }
  // "" = accepted, else why not.
  std::string why(const std::string& text, const std::string& account = "acct") {
    const auto decision = ask(text, account);
    return decision ? "" : std::string(decision.error().reason);
  }
  void pass(Duration time) { run_simulated(loop_, clock_, clock_.sleep_for(time)); }

  Loop loop_;
  SimClock clock_;
  std::shared_ptr<Published> published_ = std::make_shared<Published>();
  std::unique_ptr<Issuers> issuers_;
};

TEST_F(IssuersTest, AcceptsTheThreeAlgorithms) {
  EXPECT_EQ(why(token()), "");
  EXPECT_EQ(why(rsa().token(R"({"alg":"PS256","kid":"r1"})", claims(), "PS256")), "");
  EXPECT_EQ(why(ec().token(R"({"alg":"ES256","kid":"e1","typ":"at+jwt"})", claims(), "ES256")), "");
  EXPECT_EQ(published_->asked, 2);   // one discovery document, one key set, for all three
}

TEST_F(IssuersTest, SaysWhoItIs) {
  const auto decision = ask(token(R"(,"preferred_username":"Alice","azp":"app","groups":["/b","/a"],"roles":["x"],"tid":"ACME")"));
  ASSERT_TRUE(decision);
  EXPECT_EQ((*decision)->tenant, "acme");
  EXPECT_EQ((*decision)->object_id, "alice");
  EXPECT_EQ((*decision)->name, "Alice");
  EXPECT_EQ((*decision)->client_id, "app");
  EXPECT_EQ((*decision)->groups, (std::vector<std::string>{"/a", "/b"}));
  EXPECT_EQ((*decision)->roles, std::vector<std::string>{"x"});
  const auto without = ask(rsa().token(R"({"alg":"RS256","kid":"r1"})",
                                       "{\"iss\":\"" + std::string(kIssuer) + "\",\"aud\":[\"a\",\"https://storage.azure.com/\"],\"sub\":\"subject\",\"exp\":" +
                                           std::to_string(now() + 60) + "}", "RS256"));
  ASSERT_TRUE(without);
  EXPECT_EQ((*without)->object_id, "subject");
}

TEST_F(IssuersTest, RefusesOtherAlgorithmsAndConfusion) {
  const std::string good = token();
  ASSERT_EQ(why(good), "");
  const std::string claims_part = to_base64url(as_bytes(claims()));
  const auto unsigned_token = [&](std::string_view header, std::string_view signature) {
    return to_base64url(as_bytes(header)) + "." + claims_part + "." + std::string(signature);
  };
  EXPECT_EQ(why(unsigned_token(R"({"alg":"none"})", "")), "token_malformed");
  EXPECT_EQ(why(unsigned_token(R"({"alg":"none"})", "AAAA")), "token_malformed");
  EXPECT_EQ(why(unsigned_token(R"({"alg":"NONE","kid":"r1"})", "AAAA")), "token_malformed");
  // HS256 with the public key as the secret: the classic.
  for (const std::string_view secret : {std::string_view(rsa().number("n")), std::string_view(rsa().jwk("r1"))}) {
    const std::string text = to_base64url(as_bytes(R"({"alg":"HS256","kid":"r1"})")) + "." + claims_part;
    EXPECT_EQ(why(text + "." + to_base64url(hmac_sha256(as_bytes(secret), as_bytes(text)))), "token_malformed");
  }
  for (const char* algorithm : {"RS384", "RS512", "ES384", "PS512", "EdDSA", "rs256", "RS256 ", ""})
    EXPECT_EQ(why(rsa().token("{\"alg\":\"" + std::string(algorithm) + "\",\"kid\":\"r1\"}", claims(), "RS256")), "token_malformed") << algorithm;
  // An RSA key is never asked about ES256, nor the other way round; nor does PS256 pass for RS256.
  EXPECT_EQ(why(rsa().token(R"({"alg":"ES256","kid":"r1"})", claims(), "RS256")), "unknown_key");
  EXPECT_EQ(why(ec().token(R"({"alg":"RS256","kid":"e1"})", claims(), "ES256")), "unknown_key");
  EXPECT_EQ(why(rsa().token(R"({"alg":"RS256","kid":"r1"})", claims(), "PS256")), "signature");
  EXPECT_EQ(why(rsa().token(R"({"alg":"PS256","kid":"r1"})", claims(), "RS256")), "signature");
}

TEST_F(IssuersTest, KeysThatComeAlongAreNotLookedAt) {
  const std::string jwk = other_rsa().jwk("mine");
  EXPECT_EQ(why(other_rsa().token("{\"alg\":\"RS256\",\"kid\":\"r1\",\"jwk\":" + jwk + "}", claims(), "RS256")), "signature");
  EXPECT_EQ(why(other_rsa().token("{\"alg\":\"RS256\",\"kid\":\"mine\",\"jwk\":" + jwk + "}", claims(), "RS256")), "unknown_key");
  EXPECT_EQ(why(other_rsa().token(R"({"alg":"RS256","kid":"mine","jku":"https://evil.example.org/keys"})", claims(), "RS256")), "unknown_key");
  EXPECT_EQ(why(rsa().token(R"({"alg":"RS256","kid":"r1","jku":"https://evil.example.org/keys","x5u":"https://evil.example.org"})", claims(), "RS256")), "");
  EXPECT_EQ(why(rsa().token(R"({"alg":"RS256","kid":"r1","crit":["exp"],"exp":1})", claims(), "RS256")), "token_malformed");
  EXPECT_EQ(why(rsa().token(R"({"alg":"RS256","kid":"r1","typ":"logout+jwt"})", claims(), "RS256")), "token_malformed");
  for (const auto& [url, document] : published_->documents) EXPECT_EQ(url.find("evil"), std::string::npos);
}

TEST_F(IssuersTest, EveryByteCounts) {
  const std::string good = token();
  ASSERT_EQ(why(good), "");
  for (std::size_t i = 0; i < good.size(); i += 7) {
    std::string bad = good;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    if (bad != good) EXPECT_NE(why(bad), "") << i;
  }
  EXPECT_NE(why(good + "A"), "");
  EXPECT_NE(why(good.substr(0, good.size() - 1)), "");
  EXPECT_NE(why(good + "."), "");
  EXPECT_NE(why(""), "");
  EXPECT_NE(why(".."), "");
  EXPECT_EQ(why(std::string(kMostTokenBytes + 1, 'a')), "token_malformed");
}

TEST_F(IssuersTest, RefusesOthersIssuersTenantsAudiencesAndTimes) {
  EXPECT_EQ(why(token(R"(,"iss":"https://evil.example.org")")), "unknown_issuer");
  EXPECT_EQ(why(token(",\"iss\":\"" + std::string(kIssuer) + "/\"")), "unknown_issuer");   // exactly
  EXPECT_EQ(why(token(R"(,"tid":"other")")), "wrong_tenant");
  EXPECT_EQ(why(token(R"(,"aud":"https://vault.azure.net")")), "wrong_audience");
  EXPECT_EQ(why(token(R"(,"aud":[])")), "wrong_audience");
  EXPECT_EQ(why(token(R"(,"aud":"https://storage.azure.com.evil.org")")), "wrong_audience");
  EXPECT_EQ(why(token(R"(,"aud":"https://acct.blob.core.windows.net")")), "");
  EXPECT_EQ(why(token(R"(,"aud":"https://acct.blob.core.windows.net/")"), "elsewhere"), "wrong_audience");
  EXPECT_EQ(why(token(R"(,"aud":"https://acct.queue.core.windows.net")")), "wrong_audience");
  EXPECT_EQ(why(token(",\"exp\":" + std::to_string(now() - 299))), "");        // within the skew
  EXPECT_EQ(why(token(",\"exp\":" + std::to_string(now() - 301))), "expired");
  EXPECT_EQ(why(token(",\"nbf\":" + std::to_string(now() + 299))), "");
  EXPECT_EQ(why(token(",\"nbf\":" + std::to_string(now() + 301))), "not_yet_valid");
  EXPECT_EQ(why(token(",\"iat\":" + std::to_string(now() + 301))), "not_yet_valid");
  EXPECT_EQ(why(token(R"(,"exp":null)")), "token_malformed");
  EXPECT_EQ(why(token(R"(,"exp":"4000000000")")), "token_malformed");
  EXPECT_EQ(why(token(R"(,"exp":1e300)")), "token_malformed");
  EXPECT_EQ(why(token(R"(,"typ":"ID")")), "token_malformed");                  // Keycloak's identity token
  EXPECT_EQ(why(token(R"(,"sub":"","oid":"")")), "token_malformed");
}

TEST_F(IssuersTest, ARememberedTokenEndsAllTheSame) {
  const std::string text = token(",\"exp\":" + std::to_string(now() + 60));
  ASSERT_EQ(why(text), "");
  const auto again = issuers_->verify_now(text, "acct", clock_.wall());
  ASSERT_TRUE(again && *again);
  pass(60s + 5min + 1s);
  EXPECT_EQ(why(text), "expired");
}

TEST_F(IssuersTest, AFloodOfUnknownKeysCostsNothing) {
  ASSERT_EQ(why(token()), "");
  const int before = published_->asked;
  pass(11s);
  for (int i = 0; i < 200; ++i)
    EXPECT_EQ(why(other_rsa().token("{\"alg\":\"RS256\",\"kid\":\"x" + std::to_string(i) + "\"}", claims(), "RS256")), "unknown_key");
  EXPECT_EQ(published_->asked, before + 2);   // once
  EXPECT_EQ(why(token()), "");
  // A flood for an issuer that is not ours asks nobody.
  pass(11s);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(why(token(",\"iss\":\"https://x" + std::to_string(i) + ".example.org\"")), "unknown_issuer");
  EXPECT_EQ(published_->asked, before + 2);
}

TEST_F(IssuersTest, FollowsARotationAtOnceAndDropsWhatWasWithdrawn) {
  const std::string old_token = token();
  ASSERT_EQ(why(old_token), "");
  pass(11s);
  published_->publish(key_set({other_rsa().jwk("r2")}));
  EXPECT_EQ(why(old_token), "");   // not known yet
  EXPECT_EQ(why(other_rsa().token(R"({"alg":"RS256","kid":"r2"})", claims(), "RS256")), "");
  EXPECT_EQ(why(old_token), "unknown_key");   // although it was remembered
}

TEST_F(IssuersTest, BadKeySetsLeaveTheOldKeysInForce) {
  const std::string good = token();
  ASSERT_EQ(why(good), "");
  const std::string unknown = other_rsa().token(R"({"alg":"RS256","kid":"r9"})", claims(), "RS256");
  std::string huge = key_set({rsa().jwk("r1")});
  huge.insert(1, std::string(kMostJwksBytes, ' '));
  std::string many = "{\"keys\":[";
  for (int i = 0; i < 65; ++i) many += std::string(i ? "," : "") + "{}";
  many += "]}";
  for (const std::string& bad : {huge, many, std::string("{"), std::string("[]"), std::string("{\"keys\":{}}"), std::string(200, '['),
                                 key_set({rsa().jwk("r9"), other_rsa().jwk("r9")})}) {
    pass(11s);
    published_->publish(bad);
    EXPECT_EQ(why(unknown), "unknown_key") << bad.substr(0, 40);
    EXPECT_EQ(why(good), "") << bad.substr(0, 40);
    EXPECT_NE(issuers_->states()[0].error, "");
  }
  // A discovery document that names another issuer is not believed.
  pass(11s);
  published_->publish(key_set({other_rsa().jwk("r9")}));
  published_->documents[std::string(kIssuer) + "/.well-known/openid-configuration"] = Published::discovery("https://evil.example.org");
  EXPECT_EQ(why(unknown), "unknown_key");
  published_->documents[std::string(kIssuer) + "/.well-known/openid-configuration"] = Published::discovery(kIssuer);
  pass(11s);
  EXPECT_EQ(why(unknown), "");   // the control: with a good one it is
}

TEST_F(IssuersTest, WeakAndForeignKeysOfASetAreLeftOut) {
  const SigningKey weak = SigningKey::rsa(1024);
  const SigningKey p384 = SigningKey::ec("P-384");
  published_->publish(key_set({weak.jwk("w"), other_rsa().jwk("enc", R"(,"use":"enc")"), ec().jwk("e5", R"(,"alg":"ES512")"),
                               other_rsa().jwk("p", R"(,"alg":"PS256")"), R"({"kid":"s","kty":"oct","k":"AAAA"})", p384.jwk("c"),
                               R"({"kid":"bad","kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})"}));
  EXPECT_EQ(why(weak.token(R"({"alg":"RS256","kid":"w"})", claims(), "RS256")), "unknown_key");
  EXPECT_EQ(why(other_rsa().token(R"({"alg":"RS256","kid":"enc"})", claims(), "RS256")), "unknown_key");
  EXPECT_EQ(why(other_rsa().token(R"({"alg":"RS256","kid":"p"})", claims(), "RS256")), "unknown_key");   // the key is for PS256 alone
  EXPECT_EQ(why(other_rsa().token(R"({"alg":"PS256","kid":"p"})", claims(), "PS256")), "");
  const auto state = issuers_->states()[0];
  EXPECT_EQ(state.keys, 1u);
  EXPECT_EQ(state.ignored, 6u);
}

TEST_F(IssuersTest, AnIssuerThatIsAwayIsBelievedForAWhile) {
  published_->error = Error{Code::unavailable, 0, "away"};
  EXPECT_EQ(why(token()), "issuer_away");   // nothing is known of it
  published_->error.reset();
  pass(11s);
  ASSERT_EQ(why(token()), "");
  published_->error = Error{Code::unavailable, 0, "away"};
  pass(23h);
  EXPECT_EQ(why(token()), "");
  pass(61min);
  const auto refused = ask(token());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, TokenRefusal::Kind::unavailable);
  published_->error.reset();
  pass(11s);
  EXPECT_EQ(why(token()), "");
}

TEST_F(IssuersTest, KeysAreReadAgainBeforeTheyAge) {
  std::atomic<bool> stop{false}, done{false};
  spawn(loop_, issuers_->keep_fresh(stop, done));
  pass(1s);
  const int first = published_->asked;
  EXPECT_EQ(issuers_->states()[0].keys, 2u);
  pass(61min);
  EXPECT_GT(published_->asked, first);
  stop = true;
  pass(1s);
  EXPECT_TRUE(done);
}

TEST(Issuers, RefusesSettingsThatMakeNoSense) {
  SimClock clock;
  const auto make = [&](std::vector<IssuerSettings> issuers) {
    IssuersSettings settings;
    settings.issuers = std::move(issuers);
    return Issuers::make(settings, std::make_unique<FakeDocuments>(std::make_shared<Published>()), clock).has_value();
  };
  EXPECT_TRUE(make({{"a", "https://id.example.org"}, {"b", "http://127.0.0.1:8080/realms/b"}}));
  EXPECT_FALSE(make({{"a", "http://id.example.org"}}));
  EXPECT_FALSE(make({{"", "https://id.example.org"}}));
  EXPECT_FALSE(make({{"a", "https://id.example.org"}, {"a", "https://other.example.org"}}));
  EXPECT_FALSE(make({{"a", "https://id.example.org"}, {"b", "https://id.example.org"}}));
}

}  // namespace
}  // namespace bascule::auth
