#include "provider/s3/sigv4.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace bascule::provider::s3 {
namespace {

std::string hex(const Sha256Value& digest) { return to_hex(digest); }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// Surrounding white space removed, runs of spaces made one.
std::string canonical_value(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (char c : value) {
    if (c == '\t') c = ' ';
    if (c == ' ' && (out.empty() || out.back() == ' ')) continue;
    out.push_back(c);
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace

std::string uri_encode(std::string_view text, bool keep_slash) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~' || (c == '/' && keep_slash);
    if (plain) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(kDigits[byte >> 4]);
      out.push_back(kDigits[byte & 15]);
    }
  }
  return out;
}

std::string format_amz_date(WallTime t) {
  using namespace std::chrono;
  const auto day = floor<days>(t);
  const year_month_day date(day);
  const hh_mm_ss clock(floor<seconds>(t - day));
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

CanonicalRequest canonical_request(const SigningRequest& request) {
  std::vector<std::pair<std::string, std::string>> headers;
  headers.reserve(request.headers.size());
  for (const http::Header& header : request.headers) {
    headers.emplace_back(lower(header.name), canonical_value(header.value));
  }
  std::sort(headers.begin(), headers.end());

  CanonicalRequest out;
  std::string& text = out.text;
  text.reserve(512);
  text.append(request.method).push_back('\n');
  text.append(request.path).push_back('\n');
  text.append(request.query).push_back('\n');
  for (const auto& [name, value] : headers) {
    text.append(name).append(":").append(value).push_back('\n');
    if (!out.signed_headers.empty()) out.signed_headers.push_back(';');
    out.signed_headers.append(name);
  }
  text.push_back('\n');
  text.append(out.signed_headers).push_back('\n');
  text.append(request.payload_hash);
  return out;
}

Signer::Signer(Credentials credentials, std::string region, std::string service)
    : credentials_(std::move(credentials)), region_(std::move(region)), service_(std::move(service)) {}

Signer::~Signer() { OPENSSL_cleanse(credentials_.secret_key.data(), credentials_.secret_key.size()); }

HmacSha256Key Signer::key_of(std::string_view day) const {
  std::lock_guard lock(mutex_);
  if (!key_ || day_ != day) {
    std::string first = "AWS4" + credentials_.secret_key;
    Sha256Value key = hmac_sha256(as_bytes(first), as_bytes(day));
    OPENSSL_cleanse(first.data(), first.size());
    for (std::string_view step : {std::string_view(region_), std::string_view(service_), std::string_view("aws4_request")}) {
      key = hmac_sha256(key, as_bytes(step));
    }
    key_.emplace(Bytes(key));
    OPENSSL_cleanse(key.data(), key.size());
    day_ = day;
  }
  return *key_;
}

std::string Signer::authorization(const SigningRequest& request, std::string_view amz_date) const {
  const CanonicalRequest canonical = canonical_request(request);
  const std::string_view day = amz_date.substr(0, 8);
  const std::string scope = fmt::format("{}/{}/{}/aws4_request", day, region_, service_);
  const std::string to_sign = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", amz_date, scope,
                                          hex(Sha256::of(as_bytes(canonical.text))));
  return fmt::format("AWS4-HMAC-SHA256 Credential={}/{},SignedHeaders={},Signature={}", credentials_.access_key, scope,
                     canonical.signed_headers, hex(key_of(day).sign(as_bytes(to_sign))));
}

}  // namespace bascule::provider::s3
