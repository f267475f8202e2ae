// The lines: that they are JSON, that they say what the event said, and that nothing secret or overlong gets through.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>

#include "events/line.h"

namespace bascule::events {
namespace {

namespace json = boost::json;

constexpr Stamp kStamp{"0123456789ab", 3, 42};

template <class Event, class... More> std::string line_of(const Event& event, const More&... more) {
  const auto room = std::make_unique<char[]>(kMostLineBytes + 64);
  std::memset(room.get() + kMostLineBytes, '~', 64);
  const std::size_t size = format_line(room.get(), kStamp, event, more...);
  EXPECT_LE(size, kMostLineBytes);
  EXPECT_EQ(std::string(room.get() + kMostLineBytes, 64), std::string(64, '~')) << "written beyond the bound";
  std::string line(room.get(), size);
  EXPECT_EQ(line.find('\n'), size - 1) << line;
  return line;
}

template <class Event, class... More> json::object parsed(const Event& event, const More&... more) {
  const std::string line = line_of(event, more...);
  boost::system::error_code bad;
  const json::value value = json::parse(std::string_view(line).substr(0, line.size() - 1), bad);
  EXPECT_FALSE(bad) << line;
  return value.is_object() ? value.as_object() : json::object();
}

std::string text(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->as_string()) : value ? json::serialize(*value) : "(absent)";
}

std::string escaped(std::string_view in, std::size_t limit = 4096) {
  std::string out(limit + 8, '\0');
  out.resize(static_cast<std::size_t>(write_escaped(out.data(), in, limit) - out.data()));
  EXPECT_LE(out.size(), limit);
  return out;
}

std::string filtered(std::string_view query, std::size_t limit = 4096) {
  std::string out(limit + 8, '\0');
  out.resize(static_cast<std::size_t>(write_query(out.data(), query, limit) - out.data()));
  EXPECT_LE(out.size(), limit);
  return out;
}

AccessEvent some_event() {
  AccessEvent e;
  e.time = *parse_iso8601("2026-11-23T08:09:53.1234567Z");
  e.took = std::chrono::microseconds(12'345);
  e.operation = "GetBlob";
  e.category = "StorageRead";
  e.version = "2024-11-04";
  e.status = 200;
  e.credential = Credential::user_delegation_sas;
  e.requester = {.object_id = "oid-1", .name = "Zoé", .issuer = "https://idp.example.org/", .tenant = "t", .client_id = "c"};
  e.sas = {.key_object = "oid-1", .key_tenant = "tid-1", .expiry = "2026-12-01", .permissions = "r"};
  e.account = "acme";
  e.container = "photos";
  e.blob = "a \"b\"/é\n.jpg";
  e.host = "acme.blob.example.org";
  e.path = "/photos/a%20b";
  e.query = "sv=2024-11-04&sig=c2VjcmV0&sp=r";
  e.encrypted = true;
  e.tls_version = "TLS 1.3";
  e.caller_address = "2001:db8::1";
  e.caller_port = 4711;
  e.request_id = "5f8b";
  e.client_request_id = "mine";
  e.user_agent = "azsdk";
  e.referrer = "https://page.example.org/x?sig=c2VjcmV0";
  e.response_bytes = 7;
  e.container_key = 0x1234;
  e.root_key = "aabbccdd";
  e.root_key_version = 2;
  e.customer_key_sha256 = "abcdefghijklmnopqrstuvwxyz";
  e.provider = "folder";
  return e;
}

TEST(Line, SaysWhatTheRequestWas) {
  const json::object o = parsed(some_event());
  EXPECT_EQ(text(o, "TimeGenerated"), "2026-11-23T08:09:53.1234567Z");
  EXPECT_EQ(text(o, "Type"), "StorageBlobLogs");
  EXPECT_EQ(text(o, "Run") + "/" + text(o, "Stream") + "/" + text(o, "Sequence"), "0123456789ab/3/42");
  EXPECT_EQ(text(o, "OperationName"), "GetBlob");
  EXPECT_EQ(text(o, "StatusCode"), "200");
  EXPECT_EQ(text(o, "StatusText"), "Success");
  EXPECT_EQ(text(o, "Outcome"), "Allowed");
  EXPECT_DOUBLE_EQ(o.at("DurationMs").as_double(), 12.345);
  EXPECT_EQ(text(o, "AuthenticationType"), "DelegationSas");
  EXPECT_EQ(text(o, "RequesterUpn"), "Zoé");
  EXPECT_EQ(text(o, "SasKeyObjectId"), "oid-1");
  EXPECT_EQ(text(o, "ObjectKey"), "/acme/photos/a \"b\"/é\n.jpg");
  EXPECT_EQ(text(o, "Uri"), "https://acme.blob.example.org/photos/a%20b?sv=2024-11-04&sig=XXXXX&sp=r");
  EXPECT_EQ(text(o, "CallerIpAddress"), "[2001:db8::1]:4711");
  EXPECT_EQ(text(o, "ReferrerHeader"), "https://page.example.org/x");
  EXPECT_EQ(text(o, "ContainerKeyId"), "0000000000001234");
  EXPECT_EQ(text(o, "CustomerKeySha256Prefix"), "abcdefghijkl");
  EXPECT_EQ(text(o, "Providers"), "[\"folder\"]");
  EXPECT_EQ(line_of(some_event()).find("c2VjcmV0"), std::string::npos);
}

TEST(Line, LeavesOutWhatIsNotKnown) {
  AccessEvent e;
  e.operation = "ListBlobs";
  e.status = 403;
  e.outcome = Outcome::denied;
  e.error_code = "AuthenticationFailed";
  e.reason = "signature";
  const json::object o = parsed(e);
  EXPECT_EQ(text(o, "StatusText"), "AuthenticationFailed");
  EXPECT_EQ(text(o, "Reason"), "signature");
  for (const char* key : {"RequesterObjectId", "SasIdentifier", "ObjectKey", "Uri", "CallerIpAddress", "TlsVersion", "ContainerKeyId", "Providers"})
    EXPECT_EQ(text(o, key), "(absent)") << key;
}

TEST(Line, StaysBelowItsBoundWhateverComes) {
  for (const std::string& filler : {std::string(100'000, '"'), std::string(100'000, '\x01'), std::string(100'000, '\xFF'), std::string(100'000, '&'),
                                    std::string(50'000, 'a') + std::string(50'000, '='), std::string("sp=") + std::string(100'000, 'r')}) {
    AccessEvent e = some_event();
    e.version = e.error_code = e.reason = e.account = e.container = e.blob = e.host = e.path = e.query = e.request_id = filler;
    e.client_request_id = e.batch_request_id = e.user_agent = e.referrer = e.root_key = e.customer_key_sha256 = filler;
    e.encryption_scope = e.provider = e.caller_address = filler;
    e.requester = {filler, filler, filler, filler, filler};
    e.sas = {filler, filler, filler, filler, filler, filler, filler};
    EXPECT_EQ(text(parsed(e), "OperationName"), "GetBlob");
    const AdminEvent a{.operation = filler, .reason = filler, .caller = filler, .role = filler, .authentication = filler, .approver = filler,
                       .caller_address = filler, .request_id = filler, .target = filler, .arguments = filler};
    EXPECT_EQ(text(parsed(a), "ArgumentsLeftOut"), "true");
    const ConnectionEvent c{.reason = filler, .caller_address = filler};
    EXPECT_EQ(text(parsed(c, std::uint64_t{3}), "AlsoNotListed"), "3");
    std::vector<Detail> details(20, Detail("Key", filler));
    const ServiceEvent s{.operation = "ServiceStarted", .reason = filler, .details = details};
    EXPECT_EQ(text(parsed(s), "Type"), "BasculeService");
  }
}

TEST(Line, AdministrativeActs) {
  const AdminEvent a{.operation = "account-add", .outcome = Outcome::failed, .reason = "there is \"one\"", .caller = "uid:0", .target = "acme",
                     .arguments = R"x({"name":"acme","keys":"(hidden)"})x"};
  const json::object o = parsed(a);
  EXPECT_EQ(text(o, "Type"), "BasculeAdministration");
  EXPECT_EQ(text(o, "Caller"), "uid:0");
  EXPECT_EQ(text(o, "Reason"), "there is \"one\"");
  EXPECT_EQ(text(o.at("Arguments").as_object(), "name"), "acme");
}

TEST(Escape, KeepsWhatItMay) {
  EXPECT_EQ(escaped("plain ascii, long enough for the fast way"), "plain ascii, long enough for the fast way");
  EXPECT_EQ(escaped("a\"b\\c\nd\re\tf"), "a\\\"b\\\\c\\nd\\re\\tf");
  EXPECT_EQ(escaped(std::string_view("\0\x1f\x7f", 3)), "\\u0000\\u001f\\u007f");
  EXPECT_EQ(escaped("\xC2\x9B" "31m"), "\\u009b31m");                 // a terminal's control sequence
  EXPECT_EQ(escaped("é€😀"), "é€😀");
  EXPECT_EQ(escaped("\xFF\xC3(\xE2\x82"), "\\ufffd\\ufffd(\\ufffd\\ufffd");
  EXPECT_EQ(escaped("\xC0\x80\xED\xA0\x80"), "\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd");   // overlong; half a surrogate
}

TEST(Escape, CutsAtACharacter) {
  EXPECT_EQ(escaped("123456789", 12), "123456789");
  EXPECT_EQ(escaped("1234567890abc", 12), "123456789…");
  EXPECT_EQ(escaped("1234567é", 11), "1234567…");
  EXPECT_EQ(escaped("", 8), "");
}

TEST(QueryFilter, ShowsNoSecret) {
  EXPECT_EQ(filtered("comp=list&restype=container"), "comp=list&restype=container");
  EXPECT_EQ(filtered("SIG=abc&sig=a=b&se=1"), "SIG=XXXXX&sig=XXXXX&se=1");
  EXPECT_EQ(filtered("password=hunter2"), "password=XXXXX");
  EXPECT_EQ(filtered("hunter2"), "XXXXX");
  EXPECT_EQ(filtered("comp"), "comp");
  EXPECT_EQ(filtered("=hunter2&&comp=list"), "=XXXXX&&comp=list");
  EXPECT_EQ(filtered("si%67=abc&s%69g=abc"), "si%67=XXXXX&s%69g=XXXXX");
  EXPECT_LE(filtered(std::string(5000, '&')).size(), 4096u);
}

}  // namespace
}  // namespace bascule::events
