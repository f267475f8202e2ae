#include "provider/s3/s3_provider.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>

#include "base/digest.h"
#include "provider/object_name.h"
#include "provider/s3/s3_content_range.h"
#include "provider/s3/s3_errors.h"
#include "provider/s3/s3_xml.h"

namespace bascule::provider {
namespace {

constexpr std::size_t kPageObjects = 1000;        // ListObjectsV2 gives no more
constexpr std::size_t kHashStepBytes = 1 << 20;   // about a millisecond of the loop's time

// Hashes a long body in steps, so that other tasks of the loop go on in between.
Task<std::string> payload_hash(Slices body) {
  Sha256 sha;
  std::size_t since = 0;
  for (Bytes slice : body) {
    while (!slice.empty()) {
      if (since >= kHashStepBytes) {
        co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable_t<Executor>{});
        since = 0;
      }
      const std::size_t step = std::min(slice.size(), kHashStepBytes - since);
      sha.update(slice.first(step));
      slice = slice.subspan(step);
      since += step;
    }
  }
  co_return to_hex(sha.finish());
}

std::string header_text(const http::ClientResponse& answer, std::string_view name) {
  return std::string(answer.header(name).value_or(std::string_view()));
}

std::optional<std::uint64_t> content_length(const http::ClientResponse& answer) {
  const auto text = answer.header("content-length");
  return text ? s3::parse_decimal(*text) : std::nullopt;
}

}  // namespace

S3Provider::S3Provider(S3Options options, S3Endpoint endpoint, http::Client& client, Clock& clock)
    : options_(std::move(options)), endpoint_(std::move(endpoint)), client_(client), clock_(clock),
      signer_({std::move(options_.access_key), std::move(options_.secret_key), std::move(options_.session_token)},
              options_.region) {}

std::optional<std::chrono::seconds> S3Provider::clock_skew() const {
  const std::int64_t seconds = skew_seconds_.load(std::memory_order_relaxed);
  return seconds == kUnknownSkew ? std::nullopt : std::optional(std::chrono::seconds(seconds));
}

Error S3Provider::trouble(Code code, std::string_view what) const {
  return {code, 0, fmt::format("provider '{}', {}: {}", options_.name, endpoint_.shown, what)};
}

S3Provider::Ask S3Provider::ask_object(std::string_view method, std::string name) const {
  return {.method = method, .path = endpoint_.path_prefix + name, .object = std::move(name)};
}

// Signs and sends; the answer may be of any status.
Task<Result<S3Provider::Answer>> S3Provider::exchange(Ask ask, Instant deadline) {
  std::string hash(s3::kEmptyPayloadHash);
  if (ask.method == "PUT") {
    if (endpoint_.sign_payload) {
      hash = co_await payload_hash(ask.body);
    } else {
      hash = s3::kUnsignedPayload;
    }
  }
  const Instant now = clock_.now();
  const std::string date = s3::format_amz_date(clock_.wall());
  http::ClientRequest request;
  request.method = ask.method;
  request.headers.reserve(7);
  request.headers = {{"Host", endpoint_.host_header}, {"x-amz-content-sha256", hash}, {"x-amz-date", date}};
  if (!ask.range.empty()) request.headers.push_back({"Range", ask.range});
  if (!signer_.session_token().empty()) request.headers.push_back({"x-amz-security-token", signer_.session_token()});
  std::string authorization =
      signer_.authorization({ask.method, ask.path, ask.query, request.headers, hash}, date);
  request.headers.push_back({"Authorization", std::move(authorization)});
  request.target = std::move(ask.path);
  if (!ask.query.empty()) request.target.append("?").append(ask.query);
  request.body = ask.body;
  request.deadline = deadline - options_.request_timeout < now ? deadline : now + options_.request_timeout;

  auto sent = co_await client_.send(endpoint_.origin, std::move(request));
  if (!sent) co_return fail(trouble(sent.error().code, sent.error().message));
  if (const auto text = (*sent)->header("date")) {
    if (const auto theirs = parse_http_date(*text)) {
      const auto skew = std::chrono::duration_cast<std::chrono::seconds>(clock_.wall() - *theirs);
      skew_seconds_.store(skew.count(), std::memory_order_relaxed);
    }
  }
  co_return std::move(*sent);
}

Task<Error> S3Provider::refusal(Answer answer, std::string_view method, std::string object) {
  s3::Refusal refusal;
  refusal.status = answer->status();
  refusal.bucket_region = header_text(*answer, "x-amz-bucket-region");
  refusal.location = header_text(*answer, "location");
  if (const auto date = answer->header("date")) refusal.server_time = parse_http_date(*date);
  refusal.object = !object.empty();
  refusal.head = method == "HEAD";
  if (!refusal.head) {
    // The status is known already: a body that cannot be read only leaves out the details.
    auto body = co_await answer->read_all(s3::kErrorLimitBytes);
    if (body) refusal.document = s3::parse_error(std::move(*body));
  }
  co_return s3::to_error(refusal, {options_.name, endpoint_.shown, signer_.access_key(), options_.region, object, clock_.wall()});
}

Task<Result<void>> S3Provider::put(std::string name, Slices content, Instant deadline) {
  BASCULE_CO_TRY(check_object_name(name));
  if (total_size(content) == 0) co_return fail(Code::invalid_argument, "provider: an object is never empty");
  Ask ask = ask_object("PUT", name);
  ask.body = content;
  auto answer = co_await exchange(std::move(ask), deadline);
  if (!answer) co_return fail(std::move(answer).error());
  if ((*answer)->status() != 200) co_return fail(co_await refusal(std::move(*answer), "PUT", std::move(name)));
  // Its body says nothing; reading it only gives the connection back to the pool.
  (void)co_await (*answer)->read_all(s3::kErrorLimitBytes);
  co_return Result<void>();
}

Task<Result<void>> S3Provider::get(std::string name, std::uint64_t offset, MutableBytes into, Instant deadline) {
  BASCULE_CO_TRY(check_object_name(name));
  if (into.empty()) {
    auto whole = co_await size(name, deadline);
    if (!whole) co_return fail(std::move(whole).error());
    if (*whole < offset) co_return fail(trouble(Code::corrupt, fmt::format("object '{}' ends before byte {}", name, offset)));
    co_return Result<void>();
  }
  Ask ask = ask_object("GET", name);
  ask.range = fmt::format("bytes={}-{}", offset, offset + into.size() - 1);
  auto answer = co_await exchange(std::move(ask), deadline);
  if (!answer) co_return fail(std::move(answer).error());
  switch ((*answer)->status()) {
    case 200:
    case 206: co_return co_await read_range(std::move(*answer), std::move(name), offset, into);
    case 416:
      (void)co_await (*answer)->read_all(s3::kErrorLimitBytes);
      co_return fail(trouble(Code::corrupt, fmt::format("object '{}' ends before byte {}", name, offset)));
    default: co_return fail(co_await refusal(std::move(*answer), "GET", std::move(name)));
  }
}

// An answer that is whole and yet too short is `corrupt`: so is the object. One that stops early, or gives less of an
// object that it says is long enough, is `unavailable`: the object may well be sound.
Task<Result<void>> S3Provider::read_range(Answer answer, std::string object, std::uint64_t offset, MutableBytes into) {
  const std::uint64_t end = offset + into.size();
  const auto length = content_length(*answer);
  std::uint64_t skip = 0;
  if (answer->status() == 206) {
    const auto range = s3::parse_content_range(header_text(*answer, "content-range"));
    if (!range || range->first != offset || range->last >= end) {
      co_return fail(trouble(Code::unavailable, fmt::format("the answer for object '{}' is not the range asked for", object)));
    }
    if (range->last + 1 < end) {
      if (range->total && *range->total < end) {
        co_return fail(trouble(Code::corrupt, fmt::format("object '{}' has {} bytes, bytes up to {} are needed", object, *range->total, end)));
      }
      co_return fail(trouble(Code::unavailable, fmt::format("only a part of the range asked for came of object '{}'", object)));
    }
    if (length && *length != into.size()) {
      co_return fail(trouble(*length < into.size() ? Code::corrupt : Code::unavailable,
                             fmt::format("object '{}' came with {} bytes instead of {}", object, *length, into.size())));
    }
  } else {
    // The server gave the whole object, which it may (RFC 9110 section 14.2).
    if (length && *length < end) {
      co_return fail(trouble(Code::corrupt, fmt::format("object '{}' has {} bytes, bytes up to {} are needed", object, *length, end)));
    }
    skip = offset;
  }

  while (skip > 0) {
    auto got = co_await answer->read(into.first(std::min<std::uint64_t>(skip, into.size())));
    if (!got) co_return fail(trouble(got.error().code, got.error().message));
    if (*got == 0) co_return fail(trouble(Code::corrupt, fmt::format("object '{}' ends before byte {}", object, offset)));
    skip -= *got;
  }
  std::size_t filled = 0;
  while (filled < into.size()) {
    auto got = co_await answer->read(into.subspan(filled));
    if (!got) co_return fail(trouble(got.error().code, got.error().message));
    if (*got == 0) {
      // Framed by its length or by chunks, the body was whole; one that ends with its connection may have been cut.
      const bool framed = length || answer->header("transfer-encoding");
      co_return fail(trouble(framed ? Code::corrupt : Code::unavailable,
                             fmt::format("object '{}' ended after {} of {} bytes", object, filled, into.size())));
    }
    filled += *got;
  }
  if (answer->status() == 206) {  // sees the end of the body: then the connection goes back to the pool
    std::byte beyond;
    (void)co_await answer->read({&beyond, 1});
  }
  co_return Result<void>();
}

Task<Result<std::uint64_t>> S3Provider::size(std::string name, Instant deadline) {
  BASCULE_CO_TRY(check_object_name(name));
  auto answer = co_await exchange(ask_object("HEAD", name), deadline);
  if (!answer) co_return fail(std::move(answer).error());
  if ((*answer)->status() == 200) {
    const auto length = content_length(**answer);
    if (!length) co_return fail(trouble(Code::unavailable, "the answer to a HEAD has no Content-Length"));
    co_return *length;
  }
  // A HEAD has no body to tell a missing object from a missing bucket: a GET has.
  if ((*answer)->status() == 404) {
    answer->reset();
    co_return co_await size_by_get(std::move(name), deadline);
  }
  co_return fail(co_await refusal(std::move(*answer), "HEAD", std::move(name)));
}

Task<Result<std::uint64_t>> S3Provider::size_by_get(std::string name, Instant deadline) {
  Ask ask = ask_object("GET", name);
  ask.range = "bytes=0-0";
  auto answer = co_await exchange(std::move(ask), deadline);
  if (!answer) co_return fail(std::move(answer).error());
  const int status = (*answer)->status();
  if (status != 200 && status != 206 && status != 416) {
    co_return fail(co_await refusal(std::move(*answer), "GET", std::move(name)));
  }
  // It has appeared since.
  if (status == 416) co_return std::uint64_t{0};
  const auto range = s3::parse_content_range(header_text(**answer, "content-range"));
  const auto total = status == 206 ? (range ? range->total : std::nullopt) : content_length(**answer);
  if (!total) co_return fail(trouble(Code::unavailable, fmt::format("the size of object '{}' was not told", name)));
  co_return *total;
}

Task<Result<void>> S3Provider::remove(std::string name, Instant deadline) {
  BASCULE_CO_TRY(check_object_name(name));
  auto answer = co_await exchange(ask_object("DELETE", name), deadline);
  if (!answer) co_return fail(std::move(answer).error());
  const int status = (*answer)->status();
  if (status == 204 || status == 200) {
    (void)co_await (*answer)->read_all(s3::kErrorLimitBytes);
    co_return Result<void>();
  }
  Error error = co_await refusal(std::move(*answer), "DELETE", std::move(name));
  if (error.code == Code::not_found) co_return Result<void>();
  co_return fail(std::move(error));
}

Task<Result<Listing>> S3Provider::list(std::string prefix, std::string after, std::size_t limit, Instant deadline) {
  limit = std::max<std::size_t>(limit, 1);
  Listing out;
  const std::string key_prefix = options_.prefix + prefix;
  std::string after_key = after.empty() ? std::string() : options_.prefix + after;
  // Keys of others in the bucket are passed over, so that a page may hold none of ours: then on to the next.
  while (true) {
    Ask ask{.method = "GET", .path = endpoint_.bucket_path};
    ask.query = fmt::format("list-type=2&max-keys={}&prefix={}", std::min(limit, kPageObjects), s3::uri_encode(key_prefix, false));
    if (!after_key.empty()) ask.query += "&start-after=" + s3::uri_encode(after_key, false);
    auto answer = co_await exchange(std::move(ask), deadline);
    if (!answer) co_return fail(std::move(answer).error());
    if ((*answer)->status() != 200) co_return fail(co_await refusal(std::move(*answer), "GET", ""));
    auto body = co_await (*answer)->read_all(s3::kListingLimitBytes);
    if (!body) co_return fail(trouble(body.error().code == Code::exhausted ? Code::unavailable : body.error().code, body.error().message));
    auto page = s3::parse_listing(std::move(*body));
    if (!page) co_return fail(trouble(page.error().code, page.error().message));

    for (const s3::ListedObject& object : page->objects) {
      if (!object.key.starts_with(key_prefix) || object.key <= after_key) {
        co_return fail(trouble(Code::unsupported, "its listings do not follow prefix, start-after and the order of keys, "
                                                  "as ListObjectsV2 must"));
      }
      after_key = object.key;
      const std::string_view name = std::string_view(object.key).substr(options_.prefix.size());
      if (is_object_name(name)) out.objects.push_back({std::string(name), object.size_bytes});
    }
    out.complete = !page->truncated;
    if (out.complete || !out.objects.empty()) co_return out;
    if (page->objects.empty()) co_return fail(trouble(Code::unavailable, "a listing was empty and yet not complete"));
  }
}

Result<std::unique_ptr<S3Provider>> make_s3_provider(S3Options options, http::Client& client, Clock& clock) {
  BASCULE_ASSIGN(S3Endpoint endpoint, resolve(options));
  return std::make_unique<S3Provider>(std::move(options), std::move(endpoint), client, clock);
}

}  // namespace bascule::provider
