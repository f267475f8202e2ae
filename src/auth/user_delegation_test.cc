// User delegation keys and their SAS: what Microsoft's own clients signed, and what is refused.
#include <gtest/gtest.h>

#include "auth/delegation.h"
#include "auth/sas_check.h"
#include "auth/test_support.h"

namespace bascule::auth {
namespace {

using testing::TestRequest;

const WallTime kNow = parse_iso8601("2026-06-01T12:00:00Z").value();
constexpr std::string_view kUser = "11111111-2222-3333-4444-555555555555";
// What the vectors have in common.
constexpr std::string_view kCommon =
    "&st=2026-06-01T11%3A00%3A00Z&se=2026-06-02T00%3A00%3A00Z&skoid=11111111-2222-3333-4444-555555555555&sktid=acme"
    "&skt=2026-06-01T00%3A00%3A00Z&ske=2026-06-08T00%3A00%3A00Z&sks=b&skv=2026-02-06";

struct Vector {
  std::string_view version, rest, signature;
};
// Signed with the key 00 01 … 1f for myaccount, container cont, blob dir/b.txt (sr=d: dir/sub), snapshot 2026-05-01, version
// 2026-05-02: by @azure/storage-blob 12.34.0, the last two by azure-storage-blob 12.31.1 (Python).
constexpr Vector kVectors[] = {
    {"2018-11-09", "sr=c&sp=rl",
     "TUPe3c069BWKtlXHx5B3jAU0zrnvtuK0/KuiAZ5ipQM="},
    {"2018-11-09", "spr=https&sip=10.0.0.1-10.0.0.9&sr=b&sp=rw&rscd=inline&rsct=text%2Fplain",
     "G56wMCtGf4BygaksCmG++xQtN7co4Ow0K05d4cp31J8="},
    {"2018-11-09", "sr=bs&sp=r",
     "wjWd6UY4NC73tf3hWy6i4G1tqGJW4qvF9GmoE2kC7/0="},
    {"2020-02-10", "sr=c&sp=rl",
     "Y7v4oTOOXkkEOlQZbyLOnQ17lgvBR9dWPdWukiQP854="},
    {"2020-02-10", "spr=https&sip=10.0.0.1-10.0.0.9&sr=b&sp=rw&rscd=inline&rsct=text%2Fplain",
     "rSXEsaYW51+ei1GlJc1vbYq/picL84qXdkPeIsjjNP4="},
    {"2020-02-10", "sr=bs&sp=r",
     "xNb8LX4dpf0SaJwKJLstNiYQolt0SPJrYEoLcohVYtE="},
    {"2020-02-10", "sr=bv&sp=r",
     "lqcnllR75YcIIt5AeMQNmpFGwusBWtBpUP8Wk2uMlMU="},
    {"2020-02-10", "sr=d&sp=r&sdd=2",
     "hY7B6tdD5ZC6L7LV85UytVbLqqjGk0QNFI8YAerfg5E="},
    {"2020-02-10", "sr=b&sp=r&saoid=99999999-0000-0000-0000-000000000000&scid=77777777-0000-0000-0000-000000000000",
     "PicQ31ImoROk3vn2xs8dk4VwuQDVZOLso/SNoyNAbnw="},
    {"2020-12-06", "sr=c&sp=rl",
     "h/hTg3Owg4MT2RDALNWbwXdj2FzPHkR79rFJbY/J0LE="},
    {"2020-12-06", "spr=https&sip=10.0.0.1-10.0.0.9&sr=b&sp=rw&rscd=inline&rsct=text%2Fplain",
     "ArFdEmqw/C564bbmZauCiNBENwT0XDyCen86zW2vlkg="},
    {"2020-12-06", "sr=bs&sp=r",
     "Ux0GVB9Ffhk7i85VCkbfULnV1JN1C4YqajgtuiXu4R8="},
    {"2020-12-06", "sr=bv&sp=r",
     "uQ8G2uPQkvgPqvG/X+WbVwLU8Pu9FTrGbA6DTST/QEA="},
    {"2020-12-06", "sr=d&sp=r&sdd=2",
     "cHYRat6ZwJ7DbabU4N9kAZiJ+90upNR/cC+OW9EElh4="},
    {"2020-12-06", "sr=b&sp=r&saoid=99999999-0000-0000-0000-000000000000&scid=77777777-0000-0000-0000-000000000000",
     "Seu3Qy8eP0ARzj3Jesfx28C+2q5jbfonFzXE49OS2EI="},
    {"2020-12-06", "ses=scope1&sr=b&sp=r",
     "hxxGO0r2aLrshNCceAxuU1kZxctW4lAHC0mwIuudFv8="},
    {"2025-07-05", "sr=c&sp=rl",
     "vbekoBtUvmYstoOVp/vHyN6odalSZ2OHQYwb8XxAJmM="},
    {"2025-07-05", "spr=https&sip=10.0.0.1-10.0.0.9&sr=b&sp=rw&rscd=inline&rsct=text%2Fplain",
     "U3lsVY9ux3pQZKVk1yeGSp7/GmBz8K2EA4Iw4rWU1LU="},
    {"2025-07-05", "sr=bs&sp=r",
     "SRzIHiw60IA9qYPy6InNJNC9bu7vqLBvG2IXW4jg7jE="},
    {"2025-07-05", "sr=bv&sp=r",
     "DtJ7Z5LGwR0oFcPbrccxxpdcVH2SUR0J1TkFtbM35LI="},
    {"2025-07-05", "sr=d&sp=r&sdd=2",
     "sYcSWt30dULgheH6MY6eagSvAaen4QC14SEFG3sGwzA="},
    {"2025-07-05", "sr=b&sp=r&saoid=99999999-0000-0000-0000-000000000000&scid=77777777-0000-0000-0000-000000000000",
     "3tFFYMHZ2VIe+DACW5ngcmyTJ6JWYe7bfuphENm+kbc="},
    {"2025-07-05", "ses=scope1&sr=b&sp=r",
     "FmY8yb8sFhhrBl/y0TRhTuNezd1elfBB31N1iyUH+BQ="},
    {"2025-07-05", "sr=b&sp=r&sduoid=88888888-0000-0000-0000-000000000000&skdutid=other",
     "kGyUQzoAFdepn0NojahqZAqrCMBx87Fq4mAqA5xmCWQ="},
    {"2026-04-06", "sr=c&sp=rl",
     "ssFK5u0kLubOgoPNUeFBf6EMyfcNYdC/l1OhEBfHSU0="},
    {"2026-04-06", "spr=https&sip=10.0.0.1-10.0.0.9&sr=b&sp=rw&rscd=inline&rsct=text%2Fplain",
     "jSQSFMZR1ZKdLoFfx84NUGGMXuSRHSuDCFpkdLSh724="},
    {"2026-04-06", "sr=bs&sp=r",
     "acNPONzPGqsxy9UYMNiuwn2aM7T7+gFImBn4TTO6L1w="},
    {"2026-04-06", "sr=bv&sp=r",
     "ITKoTk25ptOOiBeziBoXkhSyMo+kHNduhta6+sZy8pc="},
    {"2026-04-06", "sr=d&sp=r&sdd=2",
     "lSYayHjHM8/f93D2Yp/g1kdKRcMInXNyaw+EEnqKiQE="},
    {"2026-04-06", "sr=b&sp=r&saoid=99999999-0000-0000-0000-000000000000&scid=77777777-0000-0000-0000-000000000000",
     "eu2d2ruk0rUzq+oMZ6ya/cRVojd5HbriuQJWBZ5lsTI="},
    {"2026-04-06", "ses=scope1&sr=b&sp=r",
     "Vd5VHRc9tj1+ze86mcGlioBwiZDXqJOFcrxUqJ5bL5M="},
    {"2026-04-06", "sr=b&sp=r&sduoid=88888888-0000-0000-0000-000000000000&skdutid=other",
     "y/ikQESX+qumEHo1VMOdN7sKAuzsyDk25tg0Wzj+a8k="},
    {"2026-04-06", "sr=b&sp=r&srh=x-ms-client-request-id%2Cx-custom&srq=timeout%2Cfoo",
     "d/AZ8uial7E/RRO5GrGtnYzvRCbyKDV2KZqnjyS5p4Y="},
    {"2026-10-06", "spr=https&sip=10.0.0.1-10.0.0.9&ses=scope1&sr=b&sp=rw&rsct=text%2Fplain&scid=77777777-0000-0000-0000-000000000000",
     "qfDYNQq977K5J8anBTg2aRD7lZM2Z2W4iaJuUrhx/MM="},
    {"2026-10-06", "sr=c&sp=rl",
     "fuR91u3u7evwBWa1cBFj99k5M42ppKw0Uv/hQn/Zu5Q="},
};

HmacSha256Key vector_key() {
  std::string key(32, '\0');
  for (int i = 0; i < 32; ++i) key[static_cast<std::size_t>(i)] = static_cast<char>(i);
  return HmacSha256Key(as_bytes(key));
}

TEST(UserDelegationSas, SignsWhatMicrosoftsClientsSign) {
  for (const Vector& v : kVectors) {
    TestRequest request;
    request.container = "cont";
    request.target = "/cont/dir/b.txt?sv=" + std::string(v.version) + "&" + std::string(v.rest) + std::string(kCommon) + "&sig=x";
    if (v.rest.find("srq=") != std::string_view::npos) request.target += "&timeout=30&foo=bar%20baz";
    request.headers = {{"x-ms-client-request-id", "abc"}, {"X-Custom", "1 2"}};
    const AuthRequest view = request.view();
    const Sas sas = parse_sas(*view.query).value();
    ASSERT_TRUE(sas.delegation);
    const std::string_view blob = sas.resource == "c" ? "" : sas.resource == "d" ? "dir/sub" : "dir/b.txt";
    const std::string_view time = sas.resource == "bs"   ? "2026-05-01T00:00:00.0000000Z"
                                  : sas.resource == "bv" ? "2026-05-02T00:00:00.0000000Z"
                                                         : "";
    const std::string text =
        user_delegation_sas_text(sas, "myaccount", "cont", blob, time, signed_request_headers(*sas.delegation, view),
                                 signed_request_query(*sas.delegation, view));
    EXPECT_EQ(to_base64(vector_key().sign(as_bytes(text))), v.signature) << v.version << " " << v.rest << "\n" << text;
  }
}

std::shared_ptr<const ops::Account> account_with_secret(std::byte first) {
  auto access = std::make_shared<catalog::AccountAccess>();
  access->secret.emplace();
  access->secret->value.fill(first);
  auto account = std::make_shared<ops::Account>();
  account->name = "myaccount";
  account->access = std::move(access);
  return account;
}

DelegationKey key_name() {
  return {"myaccount", kUser, "acme", "2026-06-01T00:00:00Z", "2026-06-08T00:00:00Z", "b", "2026-02-06", ""};
}

TEST(UserDelegationKey, IsAnotherForEveryPartOfWhatItIsFor) {
  const auto account = account_with_secret(std::byte{7});
  const auto& secret = *account->access->secret;
  const auto key = delegation_key(secret, key_name());
  ASSERT_TRUE(key);
  EXPECT_EQ(delegation_key(secret, key_name()), key);
  DelegationKey same = key_name();
  same.start = "2026-06-01T00:00:00.0000000Z";   // another spelling of the same instant
  EXPECT_EQ(delegation_key(secret, same), key);
  const auto differs = [&](auto change) {
    DelegationKey other = key_name();
    change(other);
    return delegation_key(secret, other) != key;
  };
  EXPECT_TRUE(differs([](DelegationKey& k) { k.account = "other"; }));
  EXPECT_TRUE(differs([](DelegationKey& k) { k.object_id = "other"; }));
  EXPECT_TRUE(differs([](DelegationKey& k) { k.tenant = "other"; }));
  EXPECT_TRUE(differs([](DelegationKey& k) { k.start = "2026-06-01T00:00:01Z"; }));
  EXPECT_TRUE(differs([](DelegationKey& k) { k.expiry = "2026-06-08T00:00:01Z"; }));
  EXPECT_TRUE(differs([](DelegationKey& k) { k.service = "q"; }));
  EXPECT_TRUE(differs([](DelegationKey& k) { k.version = "2025-02-06"; }));
  EXPECT_TRUE(differs([](DelegationKey& k) { k.user_tenant = "acme"; }));
  // Two fields do not run into one another.
  DelegationKey a = key_name(), b = key_name();
  a.object_id = "ab";
  a.tenant = "c";
  b.object_id = "a";
  b.tenant = "bc";
  EXPECT_NE(delegation_key(secret, a), delegation_key(secret, b));
  EXPECT_NE(delegation_key(*account_with_secret(std::byte{8})->access->secret, key_name()), key);   // revoked
  DelegationKey no_time = key_name();
  no_time.expiry = "soon";
  EXPECT_FALSE(delegation_key(secret, no_time));
}

std::string signed_query(const std::shared_ptr<const ops::Account>& account, Sas sas, std::string_view blob) {
  const UserDelegation d = *sas.delegation;
  const auto key = delegation_key(*account->access->secret, {account->name, d.object_id, d.tenant, d.start, d.expiry, d.service,
                                                             d.version, d.user_tenant});
  return make_user_delegation_sas(std::move(sas), account->name, "cont", blob, "", HmacSha256Key(*key));
}

Sas read_sas() {
  Sas sas;
  sas.version = "2026-04-06";
  sas.permissions = "r";
  sas.start = "2026-06-01T11:00:00Z";
  sas.expiry = "2026-06-02T00:00:00Z";
  sas.resource = "b";
  UserDelegation d;
  d.object_id = kUser;
  d.tenant = "acme";
  d.start = "2026-06-01T00:00:00Z";
  d.expiry = "2026-06-08T00:00:00Z";
  d.service = "b";
  d.version = "2026-02-06";
  sas.delegation = std::move(d);
  return sas;
}

// "" = genuine, else the refusal's code.
std::string verify(const std::string& query, const std::shared_ptr<const ops::Account>& account, std::string blob = "a/x",
                   std::vector<http::Header> headers = {}) {
  TestRequest request;
  request.target = "/cont/" + blob + "?" + query;
  request.container = "cont";
  request.blob = std::move(blob);
  request.headers = std::move(headers);
  const AuthRequest view = request.view();
  const auto failure = verify_sas(parse_sas(*view.query).value(), view, Operation::get_blob, account);
  return failure ? failure->code : "";
}

TEST(UserDelegationSas, NothingOfItCanBeChanged) {
  const auto account = account_with_secret(std::byte{7});
  Sas sas = read_sas();
  sas.address = "10.0.0.1-10.0.0.9";
  sas.protocol = "https";
  sas.encryption_scope = "scope1";
  sas.delegation->authorised = "a1";
  sas.delegation->correlation = "c1";
  sas.delegation->user_tenant = "t1";
  sas.delegation->user = "u1";
  sas.overrides.content_type = "text";
  const std::string good = signed_query(account, sas, "a/x");
  ASSERT_EQ(verify(good, account), "") << good;
  const std::pair<std::string_view, std::string_view> kChanges[] = {
      {"sp=r", "sp=rw"}, {"sr=b", "sr=c"}, {"se=2026-06-02", "se=2026-06-07"}, {"st=2026-06-01T11", "st=2026-06-01T10"},
      {"sip=10.0.0.1-", "sip=0.0.0.1-"}, {"&sip=10.0.0.1-10.0.0.9", ""}, {"spr=https", "spr=https%2Chttp"},
      {"ses=scope1", "ses=scope2"}, {"skoid=1", "skoid=2"}, {"sktid=acme", "sktid=other"}, {"skt=2026-06-01", "skt=2026-05-01"},
      {"ske=2026-06-08", "ske=2027-06-08"}, {"skv=2026-02-06", "skv=2025-02-06"}, {"saoid=a1", "saoid=a2"}, {"&saoid=a1", ""},
      {"scid=c1", "scid=c2"}, {"sduoid=u1", "sduoid=u2"}, {"&sduoid=u1", ""}, {"skdutid=t1", "skdutid=t2"}, {"&skdutid=t1", ""},
      {"rsct=text", "rsct=html"}, {"sv=2026-04-06", "sv=2025-07-05"}, {"sv=2026-04-06", "sv=2018-11-09"},
      {"&sig=", "&srh=x-custom&sig="}, {"&sig=", "&srq=foo&sig="}, {"&sig=", "&si=policy&sig="}, {"sks=b", "sks=q"}};
  for (const auto& [from, to] : kChanges) {
    std::string query = good;
    const std::size_t at = query.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    query.replace(at, from.size(), to);
    EXPECT_EQ(verify(query, account), "AuthenticationFailed") << from << " -> " << to;
  }
  EXPECT_EQ(verify(good, account, "a/y"), "AuthenticationFailed");                             // another blob
  EXPECT_EQ(verify(good, account_with_secret(std::byte{8})), "AuthenticationFailed");          // revoked
  EXPECT_EQ(verify(good, std::make_shared<const ops::Account>()), "AuthenticationFailed");     // no key was ever given
  EXPECT_EQ(verify(good, nullptr), "AuthenticationFailed");
}

TEST(UserDelegationSas, BindsHeadersAndParametersOfTheRequest) {
  const auto account = account_with_secret(std::byte{7});
  Sas sas = read_sas();
  sas.delegation->headers = "x-ms-client-request-id,x-custom";
  sas.delegation->query = "foo";
  const std::string text = user_delegation_sas_text(sas, "myaccount", "cont", "a/x", "",
                                                    "x-ms-client-request-id:abc\nx-custom:1 2\n", "\nfoo:bar");
  const auto key = delegation_key(*account->access->secret, key_name());
  std::string signature;
  for (const char c : to_base64(HmacSha256Key(*key).sign(as_bytes(text)))) signature += c == '+' ? "%2B" : std::string(1, c);
  const std::string query = "sv=2026-04-06&sp=r&sr=b" + std::string(kCommon) +
                            "&srh=x-ms-client-request-id%2Cx-custom&srq=foo&sig=" + signature;
  const http::Header id{"X-Ms-Client-Request-Id", "abc"};
  EXPECT_EQ(verify(query + "&foo=bar", account, "a/x", {id, {"x-custom", "1 2"}}), "");
  EXPECT_EQ(verify(query + "&foo=bar", account, "a/x", {id, {"x-custom", "1 3"}}), "AuthenticationFailed");
  EXPECT_EQ(verify(query + "&foo=bar", account, "a/x", {id}), "AuthenticationFailed");
  EXPECT_EQ(verify(query + "&foo=baz", account, "a/x", {id, {"x-custom", "1 2"}}), "AuthenticationFailed");
  EXPECT_EQ(verify(query, account, "a/x", {id, {"x-custom", "1 2"}}), "AuthenticationFailed");
}

TEST(UserDelegationSas, EndsWithItsKey) {
  UserDelegation d = *read_sas().delegation;
  EXPECT_FALSE(check_delegation(d, kNow));
  EXPECT_TRUE(check_delegation(d, parse_iso8601("2026-06-08T00:00:00Z").value()));
  EXPECT_TRUE(check_delegation(d, parse_iso8601("2026-05-31T23:59:59Z").value()));
  d.unauthorised = "somebody";   // for a hierarchical namespace
  EXPECT_TRUE(check_delegation(d, kNow));
}

}  // namespace
}  // namespace bascule::auth
