#include "auth/authorise.h"

#include <gtest/gtest.h>

#include "auth/sas.h"
#include "auth/shared_key.h"
#include "auth/test_support.h"
#include "runtime/run.h"

namespace bascule::auth {
namespace {

using testing::FakeOperations;
using testing::test_key;
using testing::TestRequest;

const WallTime kNow = parse_iso8601("2026-06-01T12:00:00Z").value();

class AuthoriseTest : public ::testing::Test {
 protected:
  AuthoriseTest() {
    operations_.add_account("myaccount", test_key(0), test_key(100));
    ops::ContainerView container;
    container.name = "cont";
    container.policies = {policy("full", "2026-05-01", "2026-07-01", "rl"), policy("empty", "", "", ""),
                          policy("ended", "2026-05-01", "2026-05-02", "rl")};
    operations_.containers["cont"] = container;
    container.public_access = ops::PublicAccess::blob;
    operations_.containers["blobs"] = container;
    container.public_access = ops::PublicAccess::container;
    operations_.containers["open"] = container;
  }

  static ops::StoredPolicy policy(std::string id, std::string start, std::string expiry, std::string permission) {
    ops::StoredPolicy p;
    p.id = std::move(id);
    p.start_text = std::move(start);
    p.expiry_text = std::move(expiry);
    p.permission = std::move(permission);
    p.has_permission = !p.permission.empty();
    return p;
  }

  Decision decide(TestRequest request, Operation operation) {
    const AuthRequest view = request.view();
    Loop loop;
    return run(loop, authorise(view, operation, operations_, kNow));
  }
  std::string code(TestRequest request, Operation operation) {
    const Decision decision = decide(std::move(request), operation);
    return decision ? "ok" : decision.error().code;
  }
  static std::string detail(const Decision& decision) {
    return decision.error().extras.empty() ? "" : decision.error().extras[0].second;
  }

  static Sas account_sas() {
    Sas sas;
    sas.version = "2020-12-06";
    sas.permissions = "rwdlc";
    sas.services = "b";
    sas.resource_types = "sco";
    sas.expiry = "2026-07-01T00:00:00Z";
    return sas;
  }
  static Sas service_sas(std::string resource, std::string permissions) {
    Sas sas;
    sas.version = "2020-12-06";
    sas.resource = std::move(resource);
    sas.permissions = std::move(permissions);
    sas.expiry = "2026-07-01T00:00:00Z";
    return sas;
  }
  static TestRequest with_account_sas(const Sas& sas) {
    const HmacSha256Key key(as_bytes(test_key(100)));
    return {.target = "/cont/blob?" + make_account_sas(sas, "myaccount", key), .container = "cont", .blob = "blob"};
  }
  static TestRequest with_service_sas(const Sas& sas, std::string container = "cont", std::string blob = "blob",
                                      std::string snapshot = "", std::string version_id = "") {
    const HmacSha256Key key(as_bytes(test_key(0)));
    const bool of_container = sas.resource == "c";
    const std::string time = sas.resource == "bs" ? snapshot : sas.resource == "bv" ? version_id : "";
    TestRequest request{.container = container, .blob = blob};
    request.target = "/x?" + make_service_sas(sas, "myaccount", container,
                                              of_container         ? ""
                                              : sas.resource == "d" ? "dir"
                                                                    : blob,
                                              time, key);
    request.snapshot = snapshot;
    request.version_id = version_id;
    return request;
  }

  FakeOperations operations_;
};

TestRequest signed_request(std::string key, WallTime date, std::string account = "myaccount") {
  TestRequest request{.target = "/cont/blob?comp=metadata", .account = account, .container = "cont", .blob = "blob"};
  sign_shared_key("GET", request.target, account, HmacSha256Key(as_bytes(key)), request.version, date, std::nullopt,
                  request.headers);
  return request;
}

TEST_F(AuthoriseTest, SharedKeyWithEitherKey) {
  for (const char first : {0, 100}) {
    const Decision decision = decide(signed_request(test_key(first), kNow), Operation::get_blob_metadata);
    ASSERT_TRUE(decision) << detail(decision);
    EXPECT_EQ(decision->principal.kind, PrincipalKind::shared_key);
    EXPECT_EQ(decision->principal.account->name, "myaccount");
    EXPECT_FALSE(decision->create_only);
  }
  EXPECT_EQ(code(signed_request(test_key(1), kNow), Operation::get_blob), "AuthenticationFailed");
}

TEST_F(AuthoriseTest, RotatedKeysCountAtOnce) {
  EXPECT_EQ(code(signed_request(test_key(0), kNow), Operation::get_blob), "ok");
  operations_.add_account("myaccount", test_key(50), test_key(100));
  EXPECT_EQ(code(signed_request(test_key(0), kNow), Operation::get_blob), "AuthenticationFailed");
  EXPECT_EQ(code(signed_request(test_key(50), kNow), Operation::get_blob), "ok");
}

TEST_F(AuthoriseTest, SharedKeyDates) {
  using std::chrono::seconds;
  for (const int offset : {-900, 0, 900})
    EXPECT_EQ(code(signed_request(test_key(), kNow + seconds(offset)), Operation::get_blob), "ok") << offset;
  for (const int offset : {-901, 901}) {
    const Decision decision = decide(signed_request(test_key(), kNow + seconds(offset)), Operation::get_blob);
    ASSERT_FALSE(decision);
    EXPECT_EQ(decision.error().status, 403);
    EXPECT_EQ(decision.error().code, "AuthenticationFailed");
    EXPECT_TRUE(detail(decision).starts_with("Request date header too old: '"));
  }
}

TEST_F(AuthoriseTest, SharedKeyRefusals) {
  TestRequest request = signed_request(test_key(), kNow);
  const Decision decision = decide([&] {
    TestRequest changed = request;
    changed.headers.push_back({"x-ms-meta-a", "1"});
    return changed;
  }(), Operation::get_blob);
  ASSERT_FALSE(decision);
  EXPECT_TRUE(detail(decision).contains("is not the same as any computed signature. Server used following string to "
                                        "sign: 'GET\n"));
  EXPECT_TRUE(detail(decision).contains("\nx-ms-meta-a:1\n"));

  const struct {
    const char *value, *code;
    int status;
  } headers[] = {
      {"", "InvalidAuthenticationInfo", 400},
      {"SharedKey", "InvalidAuthenticationInfo", 400},
      {"SharedKey myaccount", "InvalidAuthenticationInfo", 400},
      {"Basic myaccount:abc", "InvalidAuthenticationInfo", 400},
      {"SharedKey myaccount:", "AuthenticationFailed", 403},
      {"SharedKey other:abc", "AuthenticationFailed", 403},
      {"SharedKey myaccount:????", "AuthenticationFailed", 403},
      {"Bearer abc", "InvalidAuthenticationInfo", 401},
  };
  for (const auto& c : headers) {
    TestRequest changed = request;
    changed.headers.back().value = c.value;
    const Decision refused = decide(changed, Operation::get_blob);
    ASSERT_FALSE(refused) << c.value;
    EXPECT_EQ(refused.error().code, c.code) << c.value;
    EXPECT_EQ(refused.error().status, c.status) << c.value;
  }
  // An account that is not there, and one account's key for another's data.
  EXPECT_EQ(code(signed_request(test_key(), kNow, "nobody"), Operation::get_blob), "AuthenticationFailed");
  operations_.add_account("second", test_key(20), test_key(30));
  TestRequest crossed = request;
  crossed.account = "second";
  EXPECT_EQ(code(crossed, Operation::get_blob), "AuthenticationFailed");
  TestRequest undated = request;
  undated.headers.erase(undated.headers.begin());
  EXPECT_EQ(detail(decide(undated, Operation::get_blob)), "The Date header in the request is incorrect.");
}

TEST_F(AuthoriseTest, AccountSasGrants) {
  const Decision decision = decide(with_account_sas(account_sas()), Operation::get_blob);
  ASSERT_TRUE(decision) << detail(decision);
  EXPECT_EQ(decision->principal.kind, PrincipalKind::account_sas);
  EXPECT_EQ(decision->principal.permissions, "rwdlc");
}

struct Refusal {
  const char* what;
  void (*change)(Sas&);
  Operation operation;
  const char* code;
};

TEST_F(AuthoriseTest, AccountSasRefusals) {
  const Refusal cases[] = {
      {"service", [](Sas& s) { s.services = "qtf"; }, Operation::get_blob, "AuthorizationServiceMismatch"},
      {"type", [](Sas& s) { s.resource_types = "sc"; }, Operation::get_blob, "AuthorizationResourceTypeMismatch"},
      {"type", [](Sas& s) { s.resource_types = "o"; }, Operation::list_blobs, "AuthorizationResourceTypeMismatch"},
      {"permission", [](Sas& s) { s.permissions = "wdlc"; }, Operation::get_blob, "AuthorizationPermissionMismatch"},
      {"permission", [](Sas& s) { s.permissions = "rwlc"; }, Operation::delete_blob, "AuthorizationPermissionMismatch"},
      {"acl", [](Sas&) {}, Operation::get_container_acl, "AuthorizationFailure"},
      {"acl", [](Sas&) {}, Operation::set_container_acl, "AuthorizationFailure"},
      {"protocol", [](Sas& s) { s.protocol = "http"; }, Operation::get_blob, "AuthenticationFailed"},
      {"address", [](Sas& s) { s.address = "1.2.3.4"; }, Operation::get_blob, "AuthorizationSourceIPMismatch"},
      {"range", [](Sas& s) { s.address = "10.0.0.6-10.0.0.9"; }, Operation::get_blob, "AuthorizationSourceIPMismatch"},
      {"range", [](Sas& s) { s.address = "10.0.0.5-10.0.0.9"; }, Operation::get_blob, "ok"},
      {"range", [](Sas& s) { s.address = "10.0.0.1-10.0.0.5"; }, Operation::get_blob, "ok"},
      {"bad address", [](Sas& s) { s.address = "10.0.0.0/8"; }, Operation::get_blob, "AuthenticationFailed"},
      {"expired", [](Sas& s) { s.expiry = "2026-06-01T12:00:00Z"; }, Operation::get_blob, "AuthenticationFailed"},
      {"to be", [](Sas& s) { s.start = "2026-06-01T12:00:01Z"; }, Operation::get_blob, "AuthenticationFailed"},
      {"from now", [](Sas& s) { s.start = "2026-06-01T12:00Z"; }, Operation::get_blob, "ok"},
      {"date only", [](Sas& s) { s.start = "2026-06-01"; }, Operation::get_blob, "ok"},
      {"bad date", [](Sas& s) { s.expiry = "tomorrow"; }, Operation::get_blob, "AuthenticationFailed"},
      {"no expiry", [](Sas& s) { s.expiry = ""; }, Operation::get_blob, "AuthenticationFailed"},
      {"no letters", [](Sas& s) { s.permissions = ""; }, Operation::get_blob, "AuthenticationFailed"},
      {"twice", [](Sas& s) { s.permissions = "rr"; }, Operation::get_blob, "AuthenticationFailed"},
      {"unknown", [](Sas& s) { s.permissions = "rZ"; }, Operation::get_blob, "AuthenticationFailed"},
      {"other order", [](Sas& s) { s.permissions = "lwr"; }, Operation::get_blob, "ok"},
      {"stored policy", [](Sas& s) { s.identifier = "full"; }, Operation::get_blob, "AuthenticationFailed"},
      {"old", [](Sas& s) { s.version = "2014-02-14"; }, Operation::get_blob, "AuthenticationFailed"},
      {"no version", [](Sas& s) { s.version = ""; }, Operation::get_blob, "AuthenticationFailed"},
      {"bad version", [](Sas& s) { s.version = "20-12-06xx"; }, Operation::get_blob, "AuthenticationFailed"},
      {"new letter, old version", [](Sas& s) { s.version = "2018-11-09", s.permissions = "x"; },
       Operation::delete_blob_version, "AuthorizationPermissionMismatch"},
      {"new letter", [](Sas& s) { s.permissions = "x"; }, Operation::delete_blob_version, "ok"},
      {"break by d", [](Sas& s) { s.version = "2017-07-29", s.permissions = "d"; }, Operation::break_container_lease, "ok"},
      {"break by d", [](Sas& s) { s.version = "2017-04-17", s.permissions = "d"; }, Operation::break_container_lease,
       "AuthorizationPermissionMismatch"},
      {"block by c", [](Sas& s) { s.permissions = "c"; }, Operation::put_block, "AuthorizationPermissionMismatch"},
      {"block by c", [](Sas& s) { s.version = "2026-04-06", s.permissions = "c"; }, Operation::put_block, "ok"},
  };
  for (const Refusal& c : cases) {
    Sas sas = account_sas();
    c.change(sas);
    EXPECT_EQ(code(with_account_sas(sas), c.operation), c.code) << c.what << " " << sas.permissions;
  }
}

TEST_F(AuthoriseTest, HttpsOnly) {
  Sas sas = account_sas();
  sas.protocol = "https";
  TestRequest request = with_account_sas(sas);
  EXPECT_EQ(code(request, Operation::get_blob), "ok");
  request.tls = false;
  EXPECT_EQ(code(request, Operation::get_blob), "AuthorizationProtocolMismatch");
  sas.protocol = "https,http";
  request = with_account_sas(sas);
  request.tls = false;
  EXPECT_EQ(code(request, Operation::get_blob), "ok");
}

TEST_F(AuthoriseTest, MappedAndIpv6Peers) {
  Sas sas = account_sas();
  sas.address = "10.0.0.5";
  TestRequest request = with_account_sas(sas);
  request.peer = "::ffff:10.0.0.5";
  EXPECT_EQ(code(request, Operation::get_blob), "ok");
  request.peer = "::1";
  const Decision decision = decide(request, Operation::get_blob);
  ASSERT_FALSE(decision);
  EXPECT_EQ(decision.error().message,
            "This request is not authorized to perform this operation using this source IP ::1.");
}

TEST_F(AuthoriseTest, TimeMessages) {
  Sas sas = account_sas();
  sas.expiry = "2026-06-01T11:00:00Z";
  EXPECT_EQ(detail(decide(with_account_sas(sas), Operation::get_blob)),
            "Signed expiry time [Mon, 01 Jun 2026 11:00:00 GMT] must be after signed start time "
            "[Mon, 01 Jun 2026 12:00:00 GMT]");
  sas.start = "2026-06-01T10:00:00Z";
  EXPECT_EQ(detail(decide(with_account_sas(sas), Operation::get_blob)),
            "Signature not valid in the specified time frame: Start [Mon, 01 Jun 2026 10:00:00 GMT] - Expiry "
            "[Mon, 01 Jun 2026 11:00:00 GMT] - Current [Mon, 01 Jun 2026 12:00:00 GMT]");
}

TEST_F(AuthoriseTest, CreateOnly) {
  for (const auto& [letters, create_only] : {std::pair{"c", true}, {"rc", true}, {"w", false}, {"cw", false}}) {
    Sas sas = account_sas();
    sas.permissions = letters;
    const Decision decision = decide(with_account_sas(sas), Operation::put_blob);
    ASSERT_TRUE(decision);
    EXPECT_EQ(decision->create_only, create_only) << letters;
  }
  Sas sas = account_sas();
  sas.permissions = "c";
  EXPECT_FALSE(decide(with_account_sas(sas), Operation::snapshot_blob)->create_only);
}

TEST_F(AuthoriseTest, ServiceSas) {
  struct Case {
    const char *resource, *letters, *version;
    Operation operation;
    const char *blob, *snapshot, *version_id, *code;
  };
  const Case cases[] = {
      {"b", "r", "2020-12-06", Operation::get_blob, "blob", "", "", "ok"},
      {"b", "r", "2020-12-06", Operation::put_blob, "blob", "", "", "AuthorizationPermissionMismatch"},
      {"b", "rw", "2020-12-06", Operation::list_blobs, "blob", "", "", "AuthorizationFailure"},
      {"b", "r", "2020-12-06", Operation::get_blob, "blob", "S", "", "AuthorizationResourceTypeMismatch"},
      {"b", "r", "2017-11-09", Operation::get_blob, "blob", "S", "", "ok"},
      {"bs", "r", "2020-12-06", Operation::get_blob, "blob", "S", "", "ok"},
      {"bs", "r", "2020-12-06", Operation::get_blob, "blob", "", "", "AuthorizationResourceTypeMismatch"},
      {"bs", "r", "2017-11-09", Operation::get_blob, "blob", "S", "", "AuthenticationFailed"},
      {"bv", "x", "2020-12-06", Operation::delete_blob_version, "blob", "", "V", "ok"},
      {"c", "r", "2020-12-06", Operation::get_blob, "any", "S", "", "ok"},
      {"c", "l", "2020-12-06", Operation::list_blobs, "", "", "", "ok"},
      {"c", "r", "2020-12-06", Operation::list_blobs, "", "", "", "AuthorizationPermissionMismatch"},
      {"c", "racwdxyltfmeopi", "2020-12-06", Operation::delete_container, "", "", "", "AuthorizationFailure"},
      {"c", "racwdxyltfmeopi", "2020-12-06", Operation::get_container_properties, "", "", "", "AuthorizationFailure"},
      {"c", "racwdxyltfmeopi", "2020-12-06", Operation::set_container_acl, "", "", "", "AuthorizationFailure"},
      {"c", "wr", "2020-12-06", Operation::get_blob, "any", "", "", "AuthenticationFailed"},   // not in order
      {"c", "rr", "2020-12-06", Operation::get_blob, "any", "", "", "AuthenticationFailed"},
      {"q", "r", "2020-12-06", Operation::get_blob, "any", "", "", "AuthenticationFailed"},
      {"", "r", "2020-12-06", Operation::get_blob, "any", "", "", "AuthenticationFailed"},
      {"d", "r", "2020-12-06", Operation::get_blob, "dir/x", "", "", "ok"},
      {"d", "r", "2020-12-06", Operation::get_blob, "dirt/x", "", "", "AuthenticationFailed"},
      {"c", "w", "2014-02-14", Operation::get_blob, "any", "", "", "ResourceNotFound"},
      {"c", "c", "2014-02-14", Operation::put_blob, "any", "", "", "ResourceNotFound"},
  };
  for (const Case& c : cases) {
    Sas sas = service_sas(c.resource, c.letters);
    sas.version = c.version;
    if (sas.resource == "d") sas.directory_depth = "1";
    EXPECT_EQ(code(with_service_sas(sas, "cont", c.blob, c.snapshot, c.version_id), c.operation), c.code)
        << c.resource << " " << c.letters << " " << c.version << " " << auth::action_of(c.operation).name;
  }
}

TEST_F(AuthoriseTest, OldTokensSpanAnHourAtMost) {
  Sas sas = service_sas("b", "r");
  sas.version = "";
  sas.start = "2026-06-01T11:30:00Z";
  sas.expiry = "2026-06-01T12:30:00Z";
  EXPECT_EQ(code(with_service_sas(sas), Operation::get_blob), "ok");
  sas.expiry = "2026-06-01T12:30:01Z";
  EXPECT_EQ(code(with_service_sas(sas), Operation::get_blob), "AuthenticationFailed");
}

TEST_F(AuthoriseTest, OverridesAndScope) {
  Sas sas = service_sas("b", "r");
  sas.overrides.content_type = "text/x";
  sas.encryption_scope = "scope";
  Decision decision = decide(with_service_sas(sas), Operation::get_blob);
  ASSERT_TRUE(decision);
  EXPECT_EQ(decision->overrides.content_type, "text/x");
  EXPECT_FALSE(decision->overrides.cache_control);
  EXPECT_EQ(decision->encryption_scope, "scope");
  // What a version does not sign must not be believed.
  sas.version = "2012-02-12";
  decision = decide(with_service_sas(sas), Operation::get_blob);
  ASSERT_TRUE(decision);
  EXPECT_TRUE(decision->overrides.empty());
  EXPECT_EQ(decision->encryption_scope, "");
}

TEST_F(AuthoriseTest, StoredPolicies) {
  const struct {
    const char *id, *letters, *expiry, *start, *code;
    Operation operation;
  } cases[] = {
      {"full", "", "", "", "ok", Operation::get_blob},
      {"full", "", "", "", "AuthorizationPermissionMismatch", Operation::put_blob},
      {"full", "r", "", "", "InvalidQueryParameterValue", Operation::get_blob},
      {"full", "", "2026-07-01", "", "InvalidQueryParameterValue", Operation::get_blob},
      {"full", "", "", "2026-05-01", "InvalidQueryParameterValue", Operation::get_blob},
      {"empty", "r", "2026-07-01", "", "ok", Operation::get_blob},
      {"empty", "r", "", "", "AuthenticationFailed", Operation::get_blob},
      {"empty", "", "2026-07-01", "", "AuthenticationFailed", Operation::get_blob},
      {"ended", "", "", "", "AuthenticationFailed", Operation::get_blob},
      {"missing", "r", "2026-07-01", "", "AuthenticationFailed", Operation::get_blob},
      {"FULL", "", "", "", "AuthenticationFailed", Operation::get_blob},
  };
  for (const auto& c : cases) {
    Sas sas = service_sas("c", c.letters);
    sas.identifier = c.id;
    sas.expiry = c.expiry;
    sas.start = c.start;
    EXPECT_EQ(code(with_service_sas(sas), c.operation), c.code) << c.id << c.letters << c.expiry << c.start;
  }
  Sas sas = service_sas("c", "");
  sas.identifier = "full";
  sas.expiry = "";
  EXPECT_EQ(code(with_service_sas(sas, "nowhere"), Operation::get_blob), "AuthenticationFailed");
  operations_.container_error = Error{Code::unavailable, 0, "away"};
  EXPECT_EQ(code(with_service_sas(sas), Operation::get_blob), "ServerBusy");
}

TEST_F(AuthoriseTest, WaitsOnlyForContainerRecords) {
  TestRequest request = signed_request(test_key(), kNow);
  EXPECT_TRUE(authorise_now(request.view(), Operation::get_blob, operations_, kNow));
  request = with_account_sas(account_sas());
  EXPECT_TRUE(authorise_now(request.view(), Operation::get_blob, operations_, kNow));
  Sas sas = service_sas("c", "");
  sas.identifier = "full";
  request = with_service_sas(sas);
  EXPECT_FALSE(authorise_now(request.view(), Operation::get_blob, operations_, kNow));
  // A forged token is refused before anything is read.
  request.target.back() = request.target.back() == 'A' ? 'B' : 'A';
  const auto decision = authorise_now(request.view(), Operation::get_blob, operations_, kNow);
  ASSERT_TRUE(decision);
  EXPECT_FALSE(decision->has_value());
}

TEST_F(AuthoriseTest, Anonymous) {
  const struct {
    const char *container, *version, *code;
    Operation operation;
    int status;
  } cases[] = {
      {"open", "2026-10-06", "ok", Operation::get_blob, 0},
      {"open", "2026-10-06", "ok", Operation::list_blobs, 0},
      {"open", "2026-10-06", "ok", Operation::get_container_properties, 0},
      {"open", "2026-10-06", "ok", Operation::get_block_list, 0},
      {"open", "2026-10-06", "NoAuthenticationInformation", Operation::get_uncommitted_block_list, 401},
      {"open", "2026-10-06", "NoAuthenticationInformation", Operation::put_blob, 401},
      {"open", "2026-10-06", "NoAuthenticationInformation", Operation::get_container_acl, 401},
      {"blobs", "2026-10-06", "ok", Operation::get_blob, 0},
      {"blobs", "2026-10-06", "ok", Operation::get_blob_properties, 0},
      {"blobs", "2026-10-06", "NoAuthenticationInformation", Operation::list_blobs, 401},
      {"blobs", "2026-10-06", "NoAuthenticationInformation", Operation::get_container_metadata, 401},
      {"cont", "2026-10-06", "NoAuthenticationInformation", Operation::get_blob, 401},
      {"cont", "2019-12-12", "NoAuthenticationInformation", Operation::get_blob, 401},
      {"cont", "2019-07-07", "ResourceNotFound", Operation::get_blob, 404},
      {"nowhere", "2026-10-06", "NoAuthenticationInformation", Operation::get_blob, 401},
      {"", "2026-10-06", "NoAuthenticationInformation", Operation::list_containers, 401},
      {"", "2026-10-06", "ok", Operation::preflight, 0},
  };
  for (const auto& c : cases) {
    TestRequest request{.target = "/x", .container = c.container, .blob = "b", .version = c.version};
    const Decision decision = decide(request, c.operation);
    EXPECT_EQ(decision ? "ok" : decision.error().code, c.code) << c.container << action_of(c.operation).name;
    if (decision) EXPECT_EQ(decision->principal.kind, PrincipalKind::anonymous);
    else EXPECT_EQ(decision.error().status, c.status);
    if (!decision && c.status == 401)
      EXPECT_EQ(decision.error().www_authenticate,
                "Bearer authorization_uri=https://login.microsoftonline.com/common/oauth2/authorize "
                "resource_id=https://storage.azure.com");
  }
  TestRequest request{.target = "/x", .account = "nobody", .container = "c", .blob = "b"};
  EXPECT_EQ(code(request, Operation::get_blob), "ResourceNotFound");
}

// A request that nothing positively allows is refused: a SAS without letters of the row never passes.
TEST_F(AuthoriseTest, EveryOperationRefusesASasWithoutItsLetters) {
  for (int i = 0; i < static_cast<int>(Operation::count_); ++i) {
    const auto operation = static_cast<Operation>(i);
    const std::string_view allowed = allowing_letters(operation, SasKind::account, "2026-10-06");
    std::string others = "racwdxyltfmeopiu";
    std::erase_if(others, [&](char c) { return allowed.contains(c); });
    if (others.empty()) continue;
    Sas sas = account_sas();
    sas.version = "2026-10-06";
    sas.permissions = others;
    EXPECT_EQ(code(with_account_sas(sas), operation),
              allowed.empty() ? "AuthorizationFailure" : "AuthorizationPermissionMismatch")
        << action_of(operation).name;
  }
}

}  // namespace
}  // namespace bascule::auth
