#include "sim/http_client.h"

#include <algorithm>
#include <charconv>

#include "auth/shared_key.h"

namespace bascule::sim {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

// Bytes as they come; false at an end or an error.
Task<bool> more(http::ByteStream& stream, std::string& in) {
  std::byte buffer[8192];
  auto n = co_await stream.read_some(buffer);
  if (!n || *n == 0) co_return false;
  in.append(reinterpret_cast<const char*>(buffer), *n);
  co_return true;
}

Task<bool> read_exactly(http::ByteStream& stream, std::string& in, std::size_t size) {
  while (in.size() < size)
    if (!co_await more(stream, in)) co_return false;
  co_return true;
}

Task<bool> read_line(http::ByteStream& stream, std::string& in, std::string& line) {
  std::size_t end;
  while ((end = in.find("\r\n")) == std::string::npos)
    if (!co_await more(stream, in)) co_return false;
  line = in.substr(0, end);
  in.erase(0, end + 2);
  co_return true;
}

Task<bool> read_chunks(http::ByteStream& stream, std::string& in, std::string& body) {
  std::string line;
  while (true) {
    if (!co_await read_line(stream, in, line)) co_return false;
    std::size_t size = 0;
    std::from_chars(line.data(), line.data() + line.size(), size, 16);
    if (!co_await read_exactly(stream, in, size + 2)) co_return false;
    body.append(in, 0, size);
    in.erase(0, size + 2);
    if (size == 0) co_return true;
  }
}

}  // namespace

Task<Answer> exchange(http::ByteStream& stream, Request request, const ops::Account& account, WallTime now) {
  const bool writes = request.method == "PUT";
  auto headers = std::move(request.headers);
  headers.push_back({"Host", host_of(account)});
  std::optional<std::uint64_t> length;
  if (writes) {
    length = request.body.size();
    headers.push_back({"Content-Length", std::to_string(*length)});
  }
  const HmacSha256Key key(as_bytes(account.keys[0]));
  auth::sign_shared_key(request.method, request.target, account.name, key, kVersion, now, length, headers);
  std::string head = request.method + " " + request.target + " HTTP/1.1\r\n";
  for (const auto& h : headers) head += h.name + ": " + h.value + "\r\n";
  head += "\r\n";
  Answer answer;
  const Bytes slices[] = {as_bytes(head), as_bytes(request.body)};
  // An answer may come before the body is taken: the write's error is then not the last word.
  (void)co_await stream.write_all(Slices(slices, request.body.empty() ? 1 : 2));
  std::string in, line;
  if (!co_await read_line(stream, in, line) || line.size() < 12) co_return Answer{};
  std::from_chars(line.data() + 9, line.data() + 12, answer.status);
  const int status = std::exchange(answer.status, 0);
  while (true) {
    if (!co_await read_line(stream, in, line)) co_return Answer{};
    if (line.empty()) break;
    const auto colon = line.find(": ");
    if (colon != std::string::npos) answer.headers[lower(line.substr(0, colon))] = line.substr(colon + 2);
  }
  if (request.method != "HEAD" && status != 204 && status != 304) {
    if (answer.header("transfer-encoding") == "chunked") {
      if (!co_await read_chunks(stream, in, answer.body)) co_return Answer{};
    } else {
      const std::size_t size = std::stoull("0" + answer.header("content-length"));
      if (!co_await read_exactly(stream, in, size)) co_return Answer{};
      answer.body = in.substr(0, size);
    }
  }
  answer.status = status;
  co_return answer;
}

}  // namespace bascule::sim
