// The framing of chunked bodies (RFC 9112 section 7.1): everything but the data itself.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bascule::http {

// Feed text until state() is `data`, then take data_size() bytes of data elsewhere and call data_taken(). Strict: sizes of
// 1 to 15 hexadecimal digits, CRLF line ends, extensions and trailers within limits (both are dropped).
class ChunkDecoder {
 public:
  enum class State { framing, data, done, bad };

  State state() const { return state_; }
  std::uint64_t data_size() const { return size_; }
  // Consumes framing while state() is `framing`; returns how much.
  std::size_t feed(std::string_view text);
  void data_taken() { state_ = State::framing; step_ = Step::data_cr; }

  static constexpr std::size_t kExtensionBytes = 1024;
  static constexpr std::size_t kTrailerBytes = 8 * 1024;

 private:
  enum class Step { first_digit, digits, extension, size_lf, data_cr, data_lf, trailer_start, trailer, trailer_lf, end_lf };
  void take(char c);
  void fail() { state_ = State::bad; }

  State state_ = State::framing;
  Step step_ = Step::first_digit;
  std::uint64_t size_ = 0;
  std::size_t digits_ = 0;
  std::size_t skipped_ = 0;  // bytes of the extension, or of all trailers
};

}  // namespace bascule::http
