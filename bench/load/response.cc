#include "load/response.h"

#include <strings.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace bench {
namespace {

constexpr std::size_t kMaxHead = 64 * 1024;

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

void Response::reset(bool headers_only) {
  state_ = State::head;
  status_ = 0;
  headers_only_ = headers_only;
  chunked_ = until_close_ = begun_ = in_chunk_ = last_chunk_ = false;
  keep_alive_ = true;
  length_.reset();
  remaining_ = 0;
  line_.clear();
  etag_.clear();
}

Response::Stretch Response::take(std::span<const char> bytes) {
  begun_ = true;
  if (state_ == State::head) return take_head(bytes);
  if (chunked_) return take_chunked(bytes);
  if (until_close_) return {bytes.size(), bytes};
  const std::size_t taken = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size()));
  skip(taken);
  return {taken, bytes.first(taken)};
}

Response::State Response::skip(std::uint64_t bytes) {
  remaining_ -= bytes;
  if (remaining_ == 0) state_ = State::complete;
  return state_;
}

Response::Stretch Response::take_head(std::span<const char> bytes) {
  const std::string_view text(bytes.data(), bytes.size());
  if (line_.empty()) {  // the usual case: the whole head at once
    const std::size_t end = text.find("\r\n\r\n");
    if (end != std::string_view::npos) {
      parse_head(text.substr(0, end + 2));
      return {end + 4, {}};
    }
  }
  const std::size_t before = line_.size();
  line_ += text;
  const std::size_t end = line_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
  if (end == std::string::npos) {
    if (line_.size() > kMaxHead) state_ = State::malformed;
    return {bytes.size(), {}};
  }
  const std::string head = line_.substr(0, end + 2);
  line_.clear();
  parse_head(head);
  return {end + 4 - before, {}};
}

void Response::parse_head(std::string_view head) {
  state_ = State::malformed;
  if (!head.starts_with("HTTP/1.") || head.size() < 13) return;
  if (std::from_chars(head.data() + 9, head.data() + 12, status_).ec != std::errc()) return;
  if (head[7] == '0') keep_alive_ = false;
  std::size_t at = head.find("\r\n") + 2;
  while (at < head.size()) {
    const std::size_t end = head.find("\r\n", at);
    const std::string_view field = head.substr(at, end - at);
    at = end + 2;
    const std::size_t colon = field.find(':');
    if (colon == std::string_view::npos) return;
    std::string_view value = field.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    parse_field(field.substr(0, colon), value);
  }
  if (status_ / 100 == 1) {  // an interim answer: the real one follows
    const int interim = status_;
    reset(headers_only_);
    begun_ = true;
    if (interim == 101) state_ = State::malformed;
    return;
  }
  const bool bodiless = headers_only_ || status_ == 204 || status_ == 304;
  if (bodiless || (length_ == 0 && !chunked_)) {
    state_ = State::complete;
    return;
  }
  if (!chunked_ && !length_) until_close_ = true;
  if (!chunked_ && length_) remaining_ = *length_;
  state_ = State::body;
}

void Response::parse_field(std::string_view name, std::string_view value) {
  if (same_name(name, "content-length")) {
    std::uint64_t length = 0;
    std::from_chars(value.data(), value.data() + value.size(), length);
    length_ = length;
  } else if (same_name(name, "transfer-encoding")) {
    chunked_ = same_name(value, "chunked");
  } else if (same_name(name, "connection")) {
    if (same_name(value, "close")) keep_alive_ = false;
  } else if (same_name(name, "etag")) {
    etag_.assign(value);
  }
}

Response::Stretch Response::take_chunked(std::span<const char> bytes) {
  if (in_chunk_ && remaining_ > 0) {
    const std::size_t taken = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size()));
    remaining_ -= taken;
    return {taken, bytes.first(taken)};
  }
  // A line: the chunk's size, the empty line after a chunk, or a trailer.
  const auto* newline = static_cast<const char*>(std::memchr(bytes.data(), '\n', bytes.size()));
  const std::size_t taken = newline == nullptr ? bytes.size() : static_cast<std::size_t>(newline - bytes.data()) + 1;
  line_.append(bytes.data(), taken);
  if (newline == nullptr) {
    if (line_.size() > kMaxHead) state_ = State::malformed;
    return {taken, {}};
  }
  const bool empty_line = line_ == "\r\n";
  if (last_chunk_) {
    if (empty_line) state_ = State::complete;
  } else if (in_chunk_) {
    in_chunk_ = false;
    if (!empty_line) state_ = State::malformed;
  } else if (std::from_chars(line_.data(), line_.data() + line_.size(), remaining_, 16).ec != std::errc()) {
    state_ = State::malformed;
  } else {
    last_chunk_ = remaining_ == 0;
    in_chunk_ = !last_chunk_;
  }
  line_.clear();
  return {taken, {}};
}

Response::State Response::end() {
  if (state_ == State::body && until_close_) return state_ = State::complete;
  if (state_ != State::complete) state_ = State::malformed;
  return state_;
}

}  // namespace bench
