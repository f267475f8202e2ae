// Shared Key for the Blob service ("Authorize with Shared Key": the 2015-02-21 and later form), path-style addresses.
#include <fmt/format.h>

#include "load/dialect.h"
#include "load/hmac.h"

namespace bench {
namespace {

class Azure final : public Dialect {
 public:
  Azure(const Endpoint& endpoint, const AzureAccount& account)
      : account_(account), host_("Host: " + endpoint.host_header() + "\r\n"), hmac_(decode_base64(account.key)) {}

  void write_head(const Call& call, std::time_t now, std::string& out) override {
    if (now != second_) set_second(now);
    out += call.method;
    out += " /";
    out += account_.name;
    out += call.path;
    append_query(out, call.query);
    out += " HTTP/1.1\r\n";
    out += host_;
    if (call.length) fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", *call.length);
    if (!call.content_type.empty()) fmt::format_to(std::back_inserter(out), "Content-Type: {}\r\n", call.content_type);
    for (const Param& header : call.headers) {
      out += header.name;
      out += ": ";
      out += header.value;
      out += "\r\n";
    }
    out += "x-ms-date: ";
    out += date_;
    out += "\r\nx-ms-version: ";
    out += account_.version;
    out += "\r\nAuthorization: SharedKey ";
    out += account_.name;
    out += ':';
    write_string_to_sign(call);
    append_base64(out, as_text(hmac_(to_sign_)));
    out += "\r\n\r\n";
  }

 private:
  void set_second(std::time_t now) {
    second_ = now;
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[40];
    date_.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts));
  }

  // In the order of their names: those before x-ms-date, or those behind.
  void sign_headers(const Call& call, bool before) {
    for (const Param& header : call.headers) {
      if ((header.name < "x-ms-date") != before) continue;
      to_sign_ += header.name;
      to_sign_ += ':';
      to_sign_ += header.value;
      to_sign_ += '\n';
    }
  }

  void write_string_to_sign(const Call& call) {
    to_sign_.assign(call.method);
    to_sign_ += "\n\n\n";  // Content-Encoding, Content-Language
    if (call.length.value_or(0) != 0) fmt::format_to(std::back_inserter(to_sign_), "{}", *call.length);
    to_sign_ += "\n\n";  // Content-MD5
    to_sign_ += call.content_type;
    to_sign_ += "\n\n\n\n\n\n\n";  // Date, If-Modified-Since, If-Match, If-None-Match, If-Unmodified-Since, Range
    sign_headers(call, true);
    to_sign_ += "x-ms-date:";
    to_sign_ += date_;
    to_sign_ += '\n';
    sign_headers(call, false);
    to_sign_ += "x-ms-version:";
    to_sign_ += account_.version;
    to_sign_ += "\n/";
    to_sign_ += account_.name;
    to_sign_ += '/';
    to_sign_ += account_.name;  // the path begins with it too
    to_sign_ += call.path;
    for (const Param& param : call.query) {
      to_sign_ += '\n';
      to_sign_ += param.name;
      to_sign_ += ':';
      to_sign_ += param.value;
    }
  }

  AzureAccount account_;
  std::string host_;
  HmacSha256 hmac_;
  std::time_t second_ = -1;
  std::string date_;
  std::string to_sign_;
};

}  // namespace

std::unique_ptr<Dialect> make_azure(const Endpoint& endpoint, const AzureAccount& account) {
  return std::make_unique<Azure>(endpoint, account);
}

}  // namespace bench
