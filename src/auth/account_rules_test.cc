#include "auth/account_rules.h"

#include <gtest/gtest.h>

#include "auth/authorise.h"
#include "auth/shared_key.h"
#include "auth/test_support.h"
#include "runtime/run.h"

namespace bascule::auth {
namespace {

using ops::AccountSettings;
using testing::FakeOperations;
using testing::test_key;
using testing::TestRequest;

const WallTime kNow = parse_iso8601("2026-06-01T12:00:00Z").value();

enum class Kind { shared_key, account_sas, service_sas, anonymous, bearer, delegation_sas };

// A request of each kind that an account as new takes (the last two: that it looks at, at least).
TestRequest request_of(Kind kind, std::string start = "2026-06-01T11:00:00Z", std::string expiry = "2026-06-01T13:00:00Z") {
  TestRequest request{.target = "/open/blob", .container = "open", .blob = "blob"};
  const HmacSha256Key key(as_bytes(test_key()));
  Sas sas;
  sas.version = "2020-12-06";
  sas.permissions = "r";
  sas.start = std::move(start);
  sas.expiry = std::move(expiry);
  if (kind == Kind::shared_key)
    sign_shared_key("GET", request.target, "myaccount", key, request.version, kNow, std::nullopt, request.headers);
  if (kind == Kind::bearer) request.headers.push_back({"Authorization", "Bearer a.b.c"});
  if (kind == Kind::account_sas) {
    sas.services = "b";
    sas.resource_types = "o";
    request.target += "?" + make_account_sas(sas, "myaccount", key);
  }
  if (kind == Kind::service_sas || kind == Kind::delegation_sas) {
    sas.resource = "b";
    request.target += "?" + make_service_sas(sas, "myaccount", "open", "blob", "", key);
  }
  if (kind == Kind::delegation_sas) request.target += "&skoid=1&sktid=2&skt=2026-06-01&ske=2026-06-02&sks=b&skv=2020-12-06";
  return request;
}

std::string code_of(const AccountSettings& settings, TestRequest request, std::string_view tls_version = "TLS 1.2",
                    Operation operation = Operation::get_blob) {
  FakeOperations operations;
  auto account = std::make_shared<ops::Account>(ops::Account{"myaccount", {test_key(), test_key(100)}});
  account->settings = settings;
  operations.accounts["myaccount"] = account;
  ops::ContainerView container;
  container.name = "open";
  container.public_access = ops::PublicAccess::container;
  operations.containers["open"] = container;
  AuthRequest view = request.view();
  view.tls_version = tls_version;
  Loop loop;
  const Decision decision = run(loop, authorise(view, operation, operations, kNow));
  const auto at_once = authorise_now(view, operation, operations, kNow);
  if (at_once && !decision) EXPECT_EQ((*at_once).error().code, decision.error().code);
  return decision ? "ok" : decision.error().code;
}

constexpr Kind kKeyed[] = {Kind::shared_key, Kind::account_sas, Kind::service_sas};
constexpr Kind kTaken[] = {Kind::shared_key, Kind::account_sas, Kind::service_sas, Kind::anonymous};

TEST(AccountRules, NothingSetTakesAll) {
  EXPECT_FALSE(has_rules({}));
  for (const Kind kind : kTaken) EXPECT_EQ(code_of({}, request_of(kind)), "ok");
}

TEST(AccountRules, KeysDisallowed) {
  AccountSettings settings;
  settings.allow_shared_key = false;
  EXPECT_TRUE(has_rules(settings));
  for (const Kind kind : kKeyed) EXPECT_EQ(code_of(settings, request_of(kind)), "KeyBasedAuthenticationNotPermitted");
  EXPECT_EQ(code_of(settings, request_of(Kind::anonymous)), "ok");
  for (const Kind kind : {Kind::bearer, Kind::delegation_sas})
    EXPECT_NE(code_of(settings, request_of(kind)), "KeyBasedAuthenticationNotPermitted");
  const auto failure = check_key_use(settings);
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->status, 403);
}

TEST(AccountRules, PublicAccessForbidden) {
  AccountSettings settings;
  settings.allow_public_access = false;
  for (const Operation operation : {Operation::get_blob, Operation::list_blobs, Operation::put_blob}) {
    TestRequest request = request_of(Kind::anonymous);
    EXPECT_EQ(code_of(settings, request, "TLS 1.2", operation), "NoAuthenticationInformation");
    request.version = "2019-07-07";   // the last without a challenge
    EXPECT_EQ(code_of(settings, request, "TLS 1.2", operation), "PublicAccessNotPermitted");
    EXPECT_EQ(code_of({}, request, "TLS 1.2", operation), operation == Operation::put_blob ? "ResourceNotFound" : "ok");
  }
  EXPECT_EQ(check_anonymous(settings, "2009-09-19")->status, 409);
  for (const Kind kind : kKeyed) EXPECT_EQ(code_of(settings, request_of(kind)), "ok");
}

TEST(AccountRules, HttpsAndTls) {
  AccountSettings settings;
  settings.https_only = true;
  for (const Kind kind : kTaken) {
    TestRequest request = request_of(kind);
    EXPECT_EQ(code_of(settings, request), "ok");
    request.tls = false;
    EXPECT_EQ(code_of(settings, request, ""), "AccountRequiresHttps");
  }
  settings.https_only = false;
  settings.minimum_tls = 13;
  EXPECT_EQ(code_of(settings, request_of(Kind::shared_key), "TLS 1.2"), "TlsVersionNotPermitted");
  EXPECT_EQ(code_of(settings, request_of(Kind::shared_key), "TLS 1.3"), "ok");
  settings.minimum_tls = 12;
  EXPECT_EQ(code_of(settings, request_of(Kind::shared_key), "TLS 1.2"), "ok");
}

TEST(AccountRules, Networks) {
  AccountSettings settings;
  settings.deny_by_default = true;
  for (const Kind kind : kTaken) EXPECT_EQ(code_of(settings, request_of(kind)), "AuthorizationFailure");
  settings.allowed_networks = {*parse_account_network("10.0.0.0/30"), *parse_account_network("2001:db8::/33")};
  const struct {
    const char* peer;
    bool admitted;
  } cases[] = {{"10.0.0.3", true},    {"10.0.0.4", false},         {"::ffff:10.0.0.1", true}, {"2001:db8:7fff::1", true},
               {"2001:db8:8000::1", false}, {"2001:db8::1%eth0", true}, {"", false},             {"unix uid:0", false},
               {"10.0.0.1x", false},  {"::a00:1", false}};
  for (const auto& c : cases) {
    EXPECT_EQ(admits(settings, c.peer), c.admitted) << c.peer;
    TestRequest request = request_of(Kind::shared_key);
    request.peer = c.peer;
    EXPECT_EQ(code_of(settings, request), c.admitted ? "ok" : "AuthorizationFailure") << c.peer;
  }
  settings.deny_by_default = false;
  EXPECT_TRUE(admits(settings, "192.0.2.1"));
}

TEST(AccountRules, NetworksAsText) {
  for (const char* text : {"10.0.0.0/8", "192.0.2.7", "0.0.0.0/0", "2001:db8::/32", "::1", "::/0"}) {
    const auto network = parse_account_network(text);
    ASSERT_TRUE(network) << text;
    EXPECT_EQ(text_of(*network), text);
  }
  EXPECT_EQ(text_of(*parse_account_network("10.1.2.3/32")), "10.1.2.3");
  for (const char* text : {"", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0", "2001:db8::1/32", "::/129", "a", "10.0.0.0/8/8",
                           "fe80::1%eth0", "10.0.0.0/-1", "10.0.0.0/ 8"})
    EXPECT_FALSE(parse_account_network(text)) << text;
}

TEST(AccountRules, SasLifetimes) {
  AccountSettings settings;
  settings.sas_expiry_seconds = 7200;
  settings.sas_expiry_block = true;
  for (const Kind kind : {Kind::account_sas, Kind::service_sas}) {
    EXPECT_EQ(code_of(settings, request_of(kind)), "ok");
    EXPECT_EQ(code_of(settings, request_of(kind, "2026-06-01T10:59:59Z")), "AuthenticationFailed");
    EXPECT_EQ(code_of(settings, request_of(kind, "")), "AuthenticationFailed");
  }
  EXPECT_EQ(code_of(settings, request_of(Kind::shared_key)), "ok");
  settings.sas_expiry_block = false;  // only told
  EXPECT_EQ(code_of(settings, request_of(Kind::account_sas, "")), "ok");
}

TEST(AccountRules, SasLifetimesOfOtherSas) {
  AccountSettings settings;
  settings.sas_expiry_seconds = 7200;
  settings.sas_expiry_block = true;
  Sas sas;
  sas.expiry = "2026-06-02T12:00:00Z";
  sas.delegation.emplace();
  EXPECT_EQ(check_sas_lifetime(sas, {}, settings)->code, "AuthenticationFailed");
  sas.start = "2026-06-02T11:00:00Z";
  EXPECT_FALSE(check_sas_lifetime(sas, {}, settings));
  sas = {};
  sas.expiry = "2026-06-02T12:00:00Z";
  sas.identifier = "policy";   // Azure never blocks these
  EXPECT_FALSE(check_sas_lifetime(sas, {}, settings));
}

TEST(AccountRules, Periods) {
  EXPECT_EQ(parse_period("1.12:05:06").value(), 86400u + 12 * 3600 + 5 * 60 + 6);
  EXPECT_EQ(parse_period("00:00:01").value(), 1u);
  EXPECT_EQ(period_text(129906), "1.12:05:06");
  for (const char* text : {"", "1", "1.", "0.00:00:00", "1.24:00:00", "1.00:60:00", "1.00:00:60", ".01:00:00", "-1.00:00:01",
                           "49711.00:00:00", "1.0:00:000", "1.00:00:0x"})
    EXPECT_FALSE(parse_period(text)) << text;
}

}  // namespace
}  // namespace bascule::auth
