// AWS Signature Version 4 in headers; the signing key is derived once a day, the date texts once a second.
#include <fmt/format.h>

#include "load/dialect.h"
#include "load/hmac.h"

namespace bench {
namespace {

constexpr std::string_view kUnsigned = "UNSIGNED-PAYLOAD";

class S3 final : public Dialect {
 public:
  S3(const Endpoint& endpoint, const S3Credentials& credentials)
      : host_(endpoint.host_header()), credentials_(credentials), hmac_("") {}

  void write_head(const Call& call, std::time_t now, std::string& out) override {
    if (now != second_) set_second(now);
    const std::string_view payload = call.payload_sha256.empty() ? kUnsigned : call.payload_sha256;
    out += call.method;
    out += ' ';
    out += call.path;
    append_query(out, call.query);
    out += " HTTP/1.1\r\nHost: ";
    out += host_;
    out += "\r\n";
    if (call.length) fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", *call.length);
    if (!call.content_type.empty()) fmt::format_to(std::back_inserter(out), "Content-Type: {}\r\n", call.content_type);
    out += "x-amz-content-sha256: ";
    out += payload;
    out += "\r\nx-amz-date: ";
    out += stamp_;
    fmt::format_to(std::back_inserter(out),
                   "\r\nAuthorization: AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders="
                   "host;x-amz-content-sha256;x-amz-date, Signature=",
                   credentials_.access, scope_);
    append_hex(out, signature(call, payload));
    out += "\r\n\r\n";
  }

 private:
  void set_second(std::time_t now) {
    second_ = now;
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[32];
    stamp_.assign(text, std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts));
    if (stamp_.compare(0, 8, day_) == 0) return;
    day_ = stamp_.substr(0, 8);
    scope_ = day_ + "/" + credentials_.region + "/s3/aws4_request";
    const Digest date = HmacSha256("AWS4" + credentials_.secret)(day_);
    const Digest region = HmacSha256(as_text(date))(credentials_.region);
    const Digest service = HmacSha256(as_text(region))("s3");
    const Digest key = HmacSha256(as_text(service))("aws4_request");
    hmac_ = HmacSha256(as_text(key));
  }

  Digest signature(const Call& call, std::string_view payload) {
    canonical_.assign(call.method);
    canonical_ += '\n';
    canonical_ += call.path;
    canonical_ += '\n';
    const std::size_t query = canonical_.size();
    append_query(canonical_, call.query);
    if (canonical_.size() > query) canonical_.erase(query, 1);  // the '?'
    canonical_ += "\nhost:";
    canonical_ += host_;
    canonical_ += "\nx-amz-content-sha256:";
    canonical_ += payload;
    canonical_ += "\nx-amz-date:";
    canonical_ += stamp_;
    canonical_ += "\n\nhost;x-amz-content-sha256;x-amz-date\n";
    canonical_ += payload;
    to_sign_.assign("AWS4-HMAC-SHA256\n");
    to_sign_ += stamp_;
    to_sign_ += '\n';
    to_sign_ += scope_;
    to_sign_ += '\n';
    append_hex(to_sign_, sha256(canonical_));
    return hmac_(to_sign_);
  }

  std::string host_;
  S3Credentials credentials_;
  HmacSha256 hmac_;
  std::time_t second_ = -1;
  std::string day_, stamp_, scope_;
  std::string canonical_, to_sign_;
};

}  // namespace

std::unique_ptr<Dialect> make_s3(const Endpoint& endpoint, const S3Credentials& credentials) {
  return std::make_unique<S3>(endpoint, credentials);
}

}  // namespace bench
