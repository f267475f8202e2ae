#include "http/head_parser.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace bascule::http {
namespace {

namespace beast = boost::beast;
namespace bh = boost::beast::http;
using beast::error_code;
using Text = beast::string_view;

std::string_view view(Text text) { return {text.data(), text.size()}; }

// Beast joins folded lines in a buffer of its own, or skips the line break before an otherwise empty value. In both cases
// the value does not simply follow its name.
bool is_folded(std::string_view head, std::string_view name, std::string_view value) {
  const char* after_name = name.data() + name.size();
  if (value.data() < after_name || value.data() > head.data() + head.size()) return true;
  return std::string_view(after_name, static_cast<std::size_t>(value.data() - after_name)).contains('\r');
}

// What both directions share; the callbacks for bodies are never reached, because one put() ends with the head.
template <bool IsRequest>
class Parser : public bh::basic_parser<IsRequest> {
 public:
  explicit Parser(std::string_view head) : head_(head) {
    this->eager(false);
    this->header_limit(static_cast<std::uint32_t>(head.size() + 1));
    this->body_limit(boost::none);
  }

  void parse() {
    error_code error;
    this->put(boost::asio::const_buffer(head_.data(), head_.size()), error);
    if (error_.status == 0 && (error || !this->is_header_done())) error_ = explain(error);
  }

  HeadError error_;

 protected:
  void refuse(int status, std::string_view why, error_code& error) {
    if (error_.status == 0) error_ = {status, why};
    error = bh::error::bad_field;
  }

  void check_field(bh::field field, std::string_view name, std::string_view value, error_code& error) {
    if (is_folded(head_, name, value)) return refuse(400, "A header is folded over several lines.", error);
    if (field == bh::field::transfer_encoding && !same_name(value, "chunked")) {
      return refuse(501, "Only the transfer coding 'chunked' is supported.", error);
    }
  }

  const std::string_view head_;

 private:
  HeadError explain(const error_code& error) const {
    if (error == bh::error::bad_version && names_a_version()) return {505, "Only HTTP/1.0 and HTTP/1.1 are supported."};
    if (error == bh::error::bad_target) return {400, "The request target is malformed."};
    if (error == bh::error::bad_content_length || error == bh::error::multiple_content_length) {
      return {400, "The Content-Length header is malformed or contradicts another header."};
    }
    if (error == bh::error::bad_transfer_encoding) {
      return {400, "The Transfer-Encoding header is malformed or contradicts another header."};
    }
    return {400, "The HTTP message is malformed."};
  }

  // The first line is "WORD WORD HTTP/x.y".
  bool names_a_version() const {
    const std::string_view line = head_.substr(0, head_.find('\r'));
    const std::size_t last = line.rfind(' ');
    return last != std::string_view::npos && std::count(line.begin(), line.end(), ' ') == 2 && line.size() - last == 9 &&
           line.substr(last).starts_with(" HTTP/");
  }

  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(Text, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, Text, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, Text, error_code&) override { return 0; }
  void on_finish_impl(error_code&) override {}
};

class RequestParser final : public Parser<true> {
 public:
  RequestParser(std::string_view head, const ConnectionLimits& limits, Request& into)
      : Parser(head), limits_(limits), into_(into) {}

  std::string_view host_;
  std::size_t hosts_ = 0;

 private:
  void on_request_impl(bh::verb, Text method, Text target, int version, error_code& error) override {
    into_.method = view(method);
    into_.target = view(target);
    into_.minor_version = version % 10;
    if (target.size() > limits_.target_bytes) refuse(414, "The request target is too long.", error);
  }
  void on_response_impl(int, Text, int, error_code&) override {}
  void on_field_impl(bh::field field, Text name_text, Text value_text, error_code& error) override {
    const std::string_view name = view(name_text);
    const std::string_view value = view(value_text);
    if (into_.headers.size() >= limits_.headers) return refuse(431, "There are too many headers.", error);
    check_field(field, name, value, error);
    if (field == bh::field::host) {
      ++hosts_;
      host_ = value;
    } else if (field == bh::field::expect) {
      into_.expect_continue = same_name(value, "100-continue");
      if (!into_.expect_continue) refuse(417, "The only expectation supported is 100-continue.", error);
    }
    into_.headers.push_back({name, value});
  }

  const ConnectionLimits& limits_;
  Request& into_;
};

// Turns "http://host/path" into "/path".
HeadError strip_authority(Request& request, std::string_view host) {
  std::string_view target = request.target;
  if (target.starts_with('/')) return {};
  if (target == "*" && request.method == "OPTIONS") return {};
  const std::size_t scheme = target.find("://");
  if (scheme == std::string_view::npos ||
      !(same_name(target.substr(0, scheme), "http") || same_name(target.substr(0, scheme), "https"))) {
    return {400, "The request target must begin with '/'."};
  }
  target.remove_prefix(scheme + 3);
  const std::size_t slash = target.find_first_of("/?");
  if (!same_name(target.substr(0, slash), host)) {
    return {400, "The authority in the request target differs from the Host header."};
  }
  if (slash == std::string_view::npos) {
    request.target = "/";
  } else if (target[slash] == '?') {
    return {400, "The request target has no path."};
  } else {
    request.target = target.substr(slash);
  }
  return {};
}

}  // namespace

HeadError parse_request_head(std::string_view head, const ConnectionLimits& limits, Request& into) {
  into.headers.clear();
  into.content_length.reset();
  into.chunked = into.expect_continue = false;

  RequestParser parser(head, limits, into);
  parser.parse();
  if (parser.error_.status != 0) return parser.error_;

  into.chunked = parser.chunked();
  if (const auto length = parser.content_length()) {
    // Beside "chunked" a length of either order is refused by the parser already.
    into.content_length = *length;
  }
  into.keep_alive = parser.keep_alive();
  if (into.minor_version >= 1) {
    if (parser.hosts_ == 0) return {400, "The Host header is missing."};
  } else {
    if (into.chunked) return {400, "HTTP/1.0 has no transfer codings."};
    into.expect_continue = false;
  }
  if (parser.hosts_ > 1) return {400, "There is more than one Host header."};
  if (into.method == "CONNECT") return {501, "CONNECT is not supported."};
  if (HeadError error = strip_authority(into, parser.host_); error.status != 0) return error;

  const std::size_t question = into.target.find('?');
  into.path = into.target.substr(0, question);
  into.query = question == std::string_view::npos ? std::string_view() : into.target.substr(question + 1);
  return {};
}

namespace {

class ResponseParser final : public Parser<false> {
 public:
  ResponseParser(std::string_view head, ResponseHead& into) : Parser(head), into_(into) {}

 private:
  void on_request_impl(bh::verb, Text, Text, int, error_code&) override {}
  void on_response_impl(int status, Text, int version, error_code&) override {
    into_.status = status;
    into_.minor_version = version % 10;
  }
  void on_field_impl(bh::field field, Text name, Text value, error_code& error) override {
    check_field(field, view(name), view(value), error);
    if (!error) into_.headers.push_back({std::string(view(name)), std::string(view(value))});
  }
  ResponseHead& into_;
};

}  // namespace

bool parse_response_head(std::string_view head, ResponseHead& into) {
  into = {};
  ResponseParser parser(head, into);
  parser.parse();
  if (parser.error_.status != 0) return false;
  into.chunked = parser.chunked();
  if (const auto length = parser.content_length()) into.content_length = *length;
  into.keep_alive = parser.keep_alive();
  return into.status >= 100;
}

std::size_t find_head_end(std::string_view data, std::size_t scanned) {
  const std::size_t from = scanned > 3 ? scanned - 3 : 0;
  const std::size_t at = data.find("\r\n\r\n", from);
  return at == std::string_view::npos ? 0 : at + 4;
}

}  // namespace bascule::http
