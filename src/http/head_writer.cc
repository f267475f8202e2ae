#include "http/head_writer.h"

#include <charconv>

namespace bascule::http {
namespace {

struct Phrase {
  int status;
  std::string_view line;  // the whole status line
};

constexpr Phrase kPhrases[] = {
    {200, "HTTP/1.1 200 OK\r\n"},
    {201, "HTTP/1.1 201 Created\r\n"},
    {206, "HTTP/1.1 206 Partial Content\r\n"},
    {202, "HTTP/1.1 202 Accepted\r\n"},
    {404, "HTTP/1.1 404 Not Found\r\n"},
    {304, "HTTP/1.1 304 Not Modified\r\n"},
    {412, "HTTP/1.1 412 Precondition Failed\r\n"},
    {409, "HTTP/1.1 409 Conflict\r\n"},
    {204, "HTTP/1.1 204 No Content\r\n"},
    {400, "HTTP/1.1 400 Bad Request\r\n"},
    {401, "HTTP/1.1 401 Unauthorized\r\n"},
    {403, "HTTP/1.1 403 Forbidden\r\n"},
    {405, "HTTP/1.1 405 Method Not Allowed\r\n"},
    {406, "HTTP/1.1 406 Not Acceptable\r\n"},
    {408, "HTTP/1.1 408 Request Timeout\r\n"},
    {411, "HTTP/1.1 411 Length Required\r\n"},
    {413, "HTTP/1.1 413 Content Too Large\r\n"},
    {414, "HTTP/1.1 414 URI Too Long\r\n"},
    {415, "HTTP/1.1 415 Unsupported Media Type\r\n"},
    {416, "HTTP/1.1 416 Range Not Satisfiable\r\n"},
    {417, "HTTP/1.1 417 Expectation Failed\r\n"},
    {429, "HTTP/1.1 429 Too Many Requests\r\n"},
    {431, "HTTP/1.1 431 Request Header Fields Too Large\r\n"},
    {500, "HTTP/1.1 500 Internal Server Error\r\n"},
    {501, "HTTP/1.1 501 Not Implemented\r\n"},
    {502, "HTTP/1.1 502 Bad Gateway\r\n"},
    {503, "HTTP/1.1 503 Service Unavailable\r\n"},
    {504, "HTTP/1.1 504 Gateway Timeout\r\n"},
    {505, "HTTP/1.1 505 HTTP Version Not Supported\r\n"},
    {301, "HTTP/1.1 301 Moved Permanently\r\n"},
    {302, "HTTP/1.1 302 Found\r\n"},
    {307, "HTTP/1.1 307 Temporary Redirect\r\n"},
    {308, "HTTP/1.1 308 Permanent Redirect\r\n"},
};

void append_number(std::string& out, std::uint64_t value) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

void append_status_line(std::string& out, const Response& response) {
  if (response.reason.empty()) {
    for (const Phrase& phrase : kPhrases) {
      if (phrase.status == response.status) {
        out += phrase.line;
        return;
      }
    }
  }
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::uint64_t>(response.status));
  out += ' ';
  append_header_value(out, response.reason);
  out += "\r\n";
}

// Whether no byte is below 0x0e, looked at eight at a time: CR, LF and NUL are.
bool is_plain(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const auto low = [](std::uint64_t word) { return (word - kOnes * 0x0e) & ~word & kOnes * 0x80; };
  const char* at = text.data();
  if (text.size() < 8) {
    for (const char c : text)
      if (static_cast<unsigned char>(c) < 0x0e) return false;
    return true;
  }
  const char* const last = at + text.size() - 8;
  std::uint64_t found = low(load_le<std::uint64_t>(last));
  for (; at < last; at += 8) found |= low(load_le<std::uint64_t>(at));
  return found == 0;
}

// The Date line is the same for a whole second.
void append_date(std::string& out, WallTime now) {
  thread_local std::int64_t cached_second = -1;
  thread_local std::string cached_line;
  const std::int64_t second = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  if (second != cached_second) {
    cached_line = "Date: " + format_http_date(now) + "\r\n";
    cached_second = second;
  }
  out += cached_line;
}

}  // namespace

std::string_view reason_phrase(int status) {
  for (const Phrase& phrase : kPhrases) {
    if (phrase.status == status) return phrase.line.substr(13, phrase.line.size() - 15);
  }
  return {};
}

void append_header_value(std::string& out, std::string_view value) {
  const std::size_t start = out.size();
  out += value;
  if (is_plain(value)) return;
  for (std::size_t i = start; i < out.size(); ++i) {
    if (out[i] == '\r' || out[i] == '\n' || out[i] == '\0') out[i] = ' ';
  }
}

void write_response_head(std::string& out, const Response& response, const ResponseFraming& framing, WallTime now) {
  append_status_line(out, response);
  if (framing.content_length) {
    out += "Content-Length: ";
    append_number(out, *framing.content_length);
    out += "\r\n";
  } else if (framing.chunked) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  for (const Header& header : response.headers) {
    append_header_value(out, header.name);
    out += ": ";
    append_header_value(out, header.value);
    out += "\r\n";
  }
  if (framing.close) out += "Connection: close\r\n";
  else if (framing.announce_keep_alive) out += "Connection: keep-alive\r\n";
  append_date(out, now);
  out += "\r\n";
}

}  // namespace bascule::http
