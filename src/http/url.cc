#include "http/url.h"

#include <algorithm>
#include <charconv>

namespace bascule::http {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool unreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' ||
         c == '~';
}

Result<void> parse_authority(std::string_view text, Origin& into) {
  if (text.find('@') != std::string_view::npos) {
    return fail(Code::invalid_argument, "a URL with user information is not accepted");
  }
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return fail(Code::invalid_argument, "a URL's IPv6 address lacks its ']'");
    into.host = text.substr(1, close - 1);
    port = text.substr(close + 1);
    const auto of_address = [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; };
    if (!std::ranges::all_of(into.host, of_address) || !into.host.contains(':') || (!port.empty() && port.front() != ':'))
      return fail(Code::invalid_argument, "a URL's IPv6 address is none");
  } else {
    const std::size_t colon = text.find(':');
    into.host = text.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
    if (into.host.find_first_of("[]") != std::string::npos) return fail(Code::invalid_argument, "a URL's host holds a bracket");
  }
  if (into.host.empty()) return fail(Code::invalid_argument, "a URL names no host");
  if (port.empty()) return {};
  port.remove_prefix(1);
  const auto parsed = std::from_chars(port.data(), port.data() + port.size(), into.port);
  if (parsed.ec != std::errc() || parsed.ptr != port.data() + port.size() || into.port == 0) {
    return fail(Code::invalid_argument, "a URL's port must be 1 to 65535");
  }
  return {};
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f) {
      return fail(Code::invalid_argument, "a URL must hold no spaces or control characters");
    }
  }
  Url url;
  const std::size_t scheme = text.find("://");
  if (scheme != std::string_view::npos && same_name(text.substr(0, scheme), "https")) {
    url.origin = {.tls = true, .port = 443};
  } else if (scheme != std::string_view::npos && same_name(text.substr(0, scheme), "http")) {
    url.origin = {.tls = false, .port = 80};
  } else {
    return fail(Code::invalid_argument, "a URL must begin with https:// or http://");
  }
  text.remove_prefix(scheme + 3);
  text = text.substr(0, text.find('#'));
  const std::size_t end = text.find_first_of("/?");
  BASCULE_TRY(parse_authority(text.substr(0, end), url.origin));
  text = end == std::string_view::npos ? std::string_view() : text.substr(end);
  const std::size_t question = text.find('?');
  url.path = text.substr(0, question);
  if (url.path.empty()) url.path = "/";
  if (question != std::string_view::npos) url.query = text.substr(question + 1);
  return url;
}

std::string percent_encode(std::string_view text, std::string_view keep) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size() + text.size() / 4);
  for (const char c : text) {
    if (unreserved(c) || keep.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    out += '%';
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  const std::size_t plain = std::min(text.find('%'), plus_is_space ? text.find('+') : std::string_view::npos);
  if (plain >= text.size()) return std::string(text);
  std::string out;
  out.reserve(text.size());
  out.append(text.substr(0, plain));
  for (std::size_t i = plain; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high << 4 | low);
      i += 2;
    }
  }
  return out;
}

std::string host_header(const Origin& origin) {
  std::string text = origin.host.find(':') == std::string::npos ? origin.host : "[" + origin.host + "]";
  if (origin.port != (origin.tls ? 443 : 80)) text += ":" + std::to_string(origin.port);
  return text;
}

}  // namespace bascule::http
