// Reads one HTTP/1.1 response from whatever pieces the socket gives. Only what servers really send to a load generator.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bench {

class Response {
 public:
  enum class State : std::uint8_t { head, body, complete, malformed };

  void reset(bool headers_only);  // before each request; headers_only: the answer to HEAD

  // Takes bytes and hands those of the body to `on_body`, stretch by stretch. Bytes after the response's end are malformed:
  // nothing is pipelined.
  template <class OnBody>
  State feed(std::span<const char> bytes, OnBody&& on_body) {
    while (!bytes.empty() && state_ != State::malformed) {
      if (state_ == State::complete) return state_ = State::malformed;
      const Stretch stretch = take(bytes);
      if (!stretch.body.empty()) on_body(stretch.body);
      bytes = bytes.subspan(stretch.taken);
    }
    return state_;
  }
  // The peer has closed: complete only where the body ends so.
  State end();
  // How many bytes of a body of known length are still to come; they may be read elsewhere and told with skip().
  std::uint64_t remaining() const { return chunked_ || until_close_ || state_ != State::body ? 0 : remaining_; }
  State skip(std::uint64_t bytes);

  State state() const { return state_; }
  int status() const { return status_; }
  std::optional<std::uint64_t> content_length() const { return length_; }
  std::string_view etag() const { return etag_; }
  bool keep_alive() const { return keep_alive_; }
  bool begun() const { return begun_; }

 private:
  struct Stretch {
    std::size_t taken;
    std::span<const char> body;
  };
  Stretch take(std::span<const char> bytes);
  Stretch take_head(std::span<const char> bytes);
  Stretch take_chunked(std::span<const char> bytes);
  void parse_head(std::string_view head);
  void parse_field(std::string_view name, std::string_view value);

  State state_ = State::head;
  int status_ = 0;
  bool headers_only_ = false, chunked_ = false, until_close_ = false, keep_alive_ = true, begun_ = false;
  std::optional<std::uint64_t> length_;
  std::uint64_t remaining_ = 0;   // of the body, or of the chunk
  bool in_chunk_ = false, last_chunk_ = false;
  std::string line_;              // an unfinished head or chunk line
  std::string etag_;
};

}  // namespace bench
