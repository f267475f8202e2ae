#include "load/dialect.h"

#include <fmt/format.h>

namespace bench {

void append_encoded(std::string& to, std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || c == '-' || c == '.' || c == '_' || c == '~') {
      to += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    to += '%';
    to += kDigits[byte >> 4];
    to += kDigits[byte & 15];
  }
}

void append_query(std::string& to, std::span<const Param> query) {
  char separator = '?';
  for (const Param& param : query) {
    to += separator;
    to += param.name;
    to += '=';
    append_encoded(to, param.value);
    separator = '&';
  }
}

namespace {

class Plain final : public Dialect {
 public:
  explicit Plain(const Endpoint& endpoint) : host_("Host: " + endpoint.host_header() + "\r\n") {}

  void write_head(const Call& call, std::time_t, std::string& out) override {
    out += call.method;
    out += ' ';
    out += call.path;
    append_query(out, call.query);
    out += " HTTP/1.1\r\n";
    out += host_;
    if (call.length) fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", *call.length);
    out += "\r\n";
  }

 private:
  std::string host_;
};

}  // namespace

std::unique_ptr<Dialect> make_plain(const Endpoint& endpoint) { return std::make_unique<Plain>(endpoint); }

}  // namespace bench
