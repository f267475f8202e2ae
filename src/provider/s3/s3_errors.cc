#include "provider/s3/s3_errors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace bascule::provider::s3 {
namespace {

enum class Kind : std::uint8_t {
  missing_object, missing_bucket, key_refused, token_refused, forbidden, wrong_region, wrong_clock, full, slow_down,
  unavailable, archived, damaged_on_the_way, unsupported, too_large, other,
};

struct Row {
  std::string_view code;
  Kind kind;
};

// "Error responses", Amazon S3 API reference, and what Ceph RGW, MinIO, versitygw and Swift's s3api add to it.
constexpr auto kRows = std::to_array<Row>({
    {"NoSuchKey", Kind::missing_object},
    {"NoSuchBucket", Kind::missing_bucket},
    {"InvalidBucketName", Kind::missing_bucket},
    {"InvalidAccessKeyId", Kind::key_refused},
    {"SignatureDoesNotMatch", Kind::key_refused},
    {"XAdminUserNotFound", Kind::key_refused},  // versitygw's word for an unknown access key, with 404
    {"InvalidToken", Kind::token_refused},
    {"ExpiredToken", Kind::token_refused},
    {"TokenRefreshRequired", Kind::token_refused},
    {"AccessDenied", Kind::forbidden},
    {"AllAccessDisabled", Kind::forbidden},
    {"AccountProblem", Kind::forbidden},
    {"InvalidPayer", Kind::forbidden},
    {"NotSignedUp", Kind::forbidden},
    {"UserSuspended", Kind::forbidden},
    {"AuthorizationHeaderMalformed", Kind::wrong_region},
    {"PermanentRedirect", Kind::wrong_region},
    {"TemporaryRedirect", Kind::wrong_region},
    {"Redirect", Kind::wrong_region},
    {"IllegalLocationConstraintException", Kind::wrong_region},
    {"RequestTimeTooSkewed", Kind::wrong_clock},
    {"RequestExpired", Kind::wrong_clock},
    {"QuotaExceeded", Kind::full},
    {"InsufficientStorage", Kind::full},
    {"InsufficientCapacity", Kind::full},
    {"StorageLimitExceeded", Kind::full},
    {"XMinioStorageFull", Kind::full},
    {"XMinioAdminBucketQuotaExceeded", Kind::full},
    {"SlowDown", Kind::slow_down},
    {"SlowDownRead", Kind::slow_down},
    {"SlowDownWrite", Kind::slow_down},
    {"Throttling", Kind::slow_down},
    {"ThrottlingException", Kind::slow_down},
    {"TooManyRequests", Kind::slow_down},
    {"TooManyRequestsException", Kind::slow_down},
    {"RequestLimitExceeded", Kind::slow_down},
    {"ServiceUnavailable", Kind::slow_down},
    {"Busy", Kind::slow_down},
    {"InternalError", Kind::unavailable},
    {"OperationAborted", Kind::unavailable},
    {"RequestTimeout", Kind::unavailable},
    {"InvalidObjectState", Kind::archived},
    {"BadDigest", Kind::damaged_on_the_way},
    {"XAmzContentSHA256Mismatch", Kind::damaged_on_the_way},
    {"IncompleteBody", Kind::damaged_on_the_way},
    {"NotImplemented", Kind::unsupported},
    {"MethodNotAllowed", Kind::unsupported},
    {"EntityTooLarge", Kind::too_large},
});

Kind kind_of_status(const Refusal& refusal) {
  switch (refusal.status) {
    case 301: case 302: case 307: case 308: return Kind::wrong_region;
    case 401: case 403: return Kind::forbidden;
    case 404: return refusal.object && refusal.head ? Kind::missing_object : Kind::unavailable;
    case 405: case 501: return Kind::unsupported;
    case 413: return Kind::too_large;
    case 429: case 503: return Kind::slow_down;
    case 507: return Kind::full;
    default: return refusal.status >= 500 || refusal.status == 408 ? Kind::unavailable : Kind::other;
  }
}

Kind kind_of(const Refusal& refusal) {
  const auto row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.code == refusal.document.code; });
  // A 400 to a HEAD has no body to say why; the region that its headers name is the usual reason.
  if (refusal.document.code.empty() && refusal.status == 400 && !refusal.bucket_region.empty()) return Kind::wrong_region;
  if (row == kRows.end()) return kind_of_status(refusal);
  if (row->kind == Kind::missing_object && !refusal.object) return Kind::unavailable;
  return row->kind;
}

// "SignatureDoesNotMatch" or "HTTP 403".
std::string cause(const Refusal& refusal) {
  std::string out = refusal.document.code.empty() ? fmt::format("HTTP {}", refusal.status) : refusal.document.code;
  if (!refusal.document.message.empty()) out += fmt::format(": {}", refusal.document.message);
  if (!refusal.document.request_id.empty()) out += fmt::format("; request {}", refusal.document.request_id);
  return out;
}

std::string region_advice(const Refusal& refusal, const Asker& asker) {
  const std::string& expected = refusal.document.region.empty() ? refusal.bucket_region : refusal.document.region;
  if (!expected.empty() && expected != asker.region) {
    return fmt::format("the bucket is in region '{}', not '{}': set region = \"{}\" and that region's endpoint", expected,
                       asker.region, expected);
  }
  const std::string& endpoint = refusal.document.endpoint.empty() ? refusal.location : refusal.document.endpoint;
  if (!endpoint.empty()) {
    return fmt::format("the bucket is served at '{}': set endpoint and region accordingly", endpoint.substr(0, 200));
  }
  return fmt::format("region '{}' or the endpoint is not this bucket's: check both", asker.region);
}

std::string clock_advice(const Refusal& refusal, const Asker& asker) {
  std::optional<WallTime> theirs = parse_iso8601(refusal.document.server_time);
  if (!theirs) theirs = refusal.server_time;
  if (!theirs) return "this machine's clock is wrong: set it (NTP)";
  const auto ahead = std::chrono::duration_cast<std::chrono::seconds>(asker.now - *theirs);
  return fmt::format("this machine's clock ({}) is {} {} the provider's ({}): set it (NTP)",
                     format_iso8601_seconds(asker.now), shown_duration(std::chrono::abs(ahead)),
                     ahead.count() < 0 ? "behind" : "ahead of", format_iso8601_seconds(*theirs));
}

struct Verdict {
  Code code;
  std::string advice;
};

Verdict judge(const Refusal& refusal, const Asker& asker) {
  switch (kind_of(refusal)) {
    case Kind::missing_object: return {Code::not_found, fmt::format("object '{}' is not there", asker.object)};
    case Kind::missing_bucket:
      return {Code::permission_denied, fmt::format("{} does not exist: create it, or correct bucket, endpoint or region", asker.shown)};
    case Kind::key_refused:
      return {Code::permission_denied,
              fmt::format("key refused: check access key '{}', its secret and region '{}'", asker.access_key, asker.region)};
    case Kind::token_refused:
      return {Code::permission_denied, "key refused: the session token is not or no longer valid; give a new one"};
    case Kind::forbidden:
      return {Code::permission_denied,
              fmt::format("access refused: grant access key '{}' reading, writing, deleting and listing there", asker.access_key)};
    case Kind::wrong_region: return {Code::permission_denied, region_advice(refusal, asker)};
    case Kind::wrong_clock: return {Code::permission_denied, clock_advice(refusal, asker)};
    case Kind::full: return {Code::exhausted, "no space: the quota is used up or the store is full; raise it or free space"};
    case Kind::slow_down: return {Code::overloaded, "the provider asks for fewer requests"};
    case Kind::unavailable: return {Code::unavailable, "the provider fails at present"};
    case Kind::archived:
      return {Code::permission_denied, "the object was moved to an archive class: restore it and remove the lifecycle rule that moved it"};
    case Kind::damaged_on_the_way: return {Code::unavailable, "the content was damaged or cut on its way; nothing was stored"};
    case Kind::unsupported: return {Code::unsupported, "the endpoint does not offer this operation: is it an S3 endpoint?"};
    case Kind::too_large: return {Code::exhausted, "the object exceeds what the provider takes in one request"};
    case Kind::other: break;
  }
  return {Code::internal, "the request was not accepted"};
}

}  // namespace

Error to_error(const Refusal& refusal, const Asker& asker) {
  Verdict verdict = judge(refusal, asker);
  return {verdict.code, 0, fmt::format("provider '{}', {}: {} ({})", asker.provider, asker.shown, verdict.advice, cause(refusal))};
}

std::string shown_duration(std::chrono::seconds duration) {
  const auto s = duration.count();
  if (s < 120) return fmt::format("{} s", s);
  if (s < 7200) return fmt::format("{} min {} s", s / 60, s % 60);
  if (s < 172800) return fmt::format("{} h {} min", s / 3600, s % 3600 / 60);
  return fmt::format("{} days", s / 86400);
}

}  // namespace bascule::provider::s3
