#include "provider/s3/s3_errors.h"

#include <gmock/gmock.h>

namespace bascule::provider::s3 {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const WallTime kNow = *parse_iso8601("2026-11-20T12:00:00Z");

Asker asker() { return {"ovh", "bucket 'b' at https://s3.example", "AKID", "gra", "o1", kNow}; }

Refusal refusal(int status, std::string code) {
  Refusal out;
  out.status = status;
  out.document.code = std::move(code);
  out.object = true;
  return out;
}

struct Case {
  int status;
  const char* code;
  Code expected;
  const char* said;
};

class S3ErrorTable : public ::testing::TestWithParam<Case> {};

TEST_P(S3ErrorTable, CodeAndAdvice) {
  const Error error = to_error(refusal(GetParam().status, GetParam().code), asker());
  EXPECT_EQ(error.code, GetParam().expected) << error.message;
  EXPECT_THAT(error.message, AllOf(HasSubstr("provider 'ovh'"), HasSubstr("bucket 'b' at https://s3.example"),
                                   HasSubstr(GetParam().said)));
}

INSTANTIATE_TEST_SUITE_P(
    All, S3ErrorTable,
    ::testing::Values(
        Case{403, "SignatureDoesNotMatch", Code::permission_denied, "key refused: check access key 'AKID'"},
        Case{403, "InvalidAccessKeyId", Code::permission_denied, "key refused"},
        Case{404, "XAdminUserNotFound", Code::permission_denied, "key refused"},
        Case{400, "ExpiredToken", Code::permission_denied, "session token"},
        Case{403, "AccessDenied", Code::permission_denied, "access refused: grant"},
        Case{403, "", Code::permission_denied, "HTTP 403"},
        Case{404, "NoSuchBucket", Code::permission_denied, "bucket 'b' at https://s3.example does not exist"},
        Case{404, "NoSuchKey", Code::not_found, "object 'o1' is not there"},
        Case{404, "", Code::unavailable, "HTTP 404"},           // a proxy's 404 is not a missing object
        Case{404, "NotFound", Code::unavailable, "NotFound"},
        Case{301, "PermanentRedirect", Code::permission_denied, "check both"},
        Case{301, "", Code::permission_denied, "HTTP 301"},
        Case{403, "QuotaExceeded", Code::exhausted, "no space"},
        Case{507, "", Code::exhausted, "no space"},
        Case{507, "InsufficientStorage", Code::exhausted, "no space"},
        Case{503, "SlowDown", Code::overloaded, "fewer requests"},
        Case{503, "", Code::overloaded, "HTTP 503"},
        Case{429, "", Code::overloaded, "HTTP 429"},
        Case{429, "NobodyKnowsThisCode", Code::overloaded, "NobodyKnowsThisCode"},
        Case{500, "InternalError", Code::unavailable, "fails at present"},
        Case{502, "", Code::unavailable, "HTTP 502"},
        Case{400, "RequestTimeout", Code::unavailable, "RequestTimeout"},
        Case{400, "XAmzContentSHA256Mismatch", Code::unavailable, "nothing was stored"},
        Case{403, "InvalidObjectState", Code::permission_denied, "archive"},
        Case{501, "NotImplemented", Code::unsupported, "is it an S3 endpoint"},
        Case{405, "", Code::unsupported, "HTTP 405"},
        Case{400, "InvalidArgument", Code::internal, "InvalidArgument"}));

TEST(S3Errors, AHeadsBare404IsAMissingObjectAndAListingsIsNot) {
  Refusal head = refusal(404, "");
  head.head = true;
  EXPECT_EQ(to_error(head, asker()).code, Code::not_found);
  head.object = false;
  EXPECT_EQ(to_error(head, asker()).code, Code::unavailable);
  Refusal listing = refusal(404, "NoSuchKey");
  listing.object = false;
  EXPECT_EQ(to_error(listing, asker()).code, Code::unavailable);
}

TEST(S3Errors, TheRegionThatTheProviderExpects) {
  Refusal malformed = refusal(400, "AuthorizationHeaderMalformed");
  malformed.document.region = "sbg";
  EXPECT_THAT(to_error(malformed, asker()).message, HasSubstr("region 'sbg', not 'gra': set region = \"sbg\""));
  Refusal head = refusal(400, "");
  head.head = true;
  head.bucket_region = "rbx";
  EXPECT_THAT(to_error(head, asker()).message, HasSubstr("set region = \"rbx\""));
  Refusal redirect = refusal(301, "PermanentRedirect");
  redirect.document.endpoint = "b.s3.elsewhere.example";
  EXPECT_THAT(to_error(redirect, asker()).message, HasSubstr("'b.s3.elsewhere.example'"));
}

TEST(S3Errors, BothClocks) {
  Refusal skewed = refusal(403, "RequestTimeTooSkewed");
  skewed.document.server_time = "2026-11-20T13:02:00Z";
  const Error behind = to_error(skewed, asker());
  EXPECT_EQ(behind.code, Code::permission_denied);
  EXPECT_THAT(behind.message, AllOf(HasSubstr("clock (2026-11-20T12:00:00Z) is 62 min 0 s behind"),
                                    HasSubstr("(2026-11-20T13:02:00Z)")));
  skewed.document.server_time = "";
  skewed.server_time = *parse_iso8601("2026-11-20T09:00:00Z");  // the Date header
  EXPECT_THAT(to_error(skewed, asker()).message, HasSubstr("is 3 h 0 min ahead of"));
  skewed.server_time.reset();
  EXPECT_THAT(to_error(skewed, asker()).message, HasSubstr("this machine's clock is wrong"));
}

TEST(S3Errors, TheProvidersOwnWordsAndRequestAreKept) {
  Refusal error = refusal(500, "InternalError");
  error.document.message = "We encountered an internal error.";
  error.document.request_id = "tx0001";
  EXPECT_THAT(to_error(error, asker()).message, HasSubstr("(InternalError: We encountered an internal error.; request tx0001)"));
}

TEST(S3Errors, Durations) {
  using std::chrono::seconds;
  EXPECT_EQ(shown_duration(seconds(119)), "119 s");
  EXPECT_EQ(shown_duration(seconds(3600)), "60 min 0 s");
  EXPECT_EQ(shown_duration(seconds(7260)), "2 h 1 min");
  EXPECT_EQ(shown_duration(seconds(200000)), "2 days");
}

}  // namespace
}  // namespace bascule::provider::s3
