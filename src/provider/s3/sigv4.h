// AWS Signature Version 4 in the Authorization header, payload in one piece ("Authenticating Requests: Using the
// Authorization Header", Amazon S3 API reference). S3's rules: the path is percent-encoded once and not normalised.
#pragma once
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/time.h"
#include "http/message.h"

namespace bascule::provider::s3 {

inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
inline constexpr std::string_view kEmptyPayloadHash =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct Credentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  // "" where the key is a permanent one
};

// What is signed. `path` and `query` are exactly what goes on the request line: uri_encode()d, the query's parameters
// sorted by name, each with its '='. Every header given is signed, no name twice; Host must be among them.
struct SigningRequest {
  std::string_view method;
  std::string_view path;
  std::string_view query;
  std::span<const http::Header> headers;
  std::string_view payload_hash;  // 64 hex digits or kUnsignedPayload
};

// Percent-encodes all but A-Z a-z 0-9 - . _ ~ (and '/' if `keep_slash`), with upper-case digits.
std::string uri_encode(std::string_view text, bool keep_slash);

// 20130524T000000Z: the value of x-amz-date.
std::string format_amz_date(WallTime t);

// The text whose hash is signed, and the list "host;range;…" of its headers.
struct CanonicalRequest {
  std::string text;
  std::string signed_headers;
};
CanonicalRequest canonical_request(const SigningRequest& request);

// Any thread may sign. The day's signing key is derived once and kept. Keys are wiped at the end.
class Signer {
 public:
  Signer(Credentials credentials, std::string region, std::string service = "s3");
  Signer(const Signer&) = delete;
  Signer& operator=(const Signer&) = delete;
  ~Signer();

  // The value of Authorization. `amz_date` is the value of the x-amz-date header that `request` carries.
  std::string authorization(const SigningRequest& request, std::string_view amz_date) const;
  const std::string& access_key() const { return credentials_.access_key; }
  const std::string& session_token() const { return credentials_.session_token; }

 private:
  HmacSha256Key key_of(std::string_view day) const;

  Credentials credentials_;
  std::string region_;
  std::string service_;
  mutable std::mutex mutex_;
  mutable std::string day_;  // of key_; guarded by mutex_
  mutable std::optional<HmacSha256Key> key_;
};

}  // namespace bascule::provider::s3
