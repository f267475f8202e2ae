// The body of a received message, by whichever rule it is delimited.
#pragma once
#include <optional>

#include "http/chunk_decoder.h"
#include "http/input_buffer.h"

namespace bascule::http {

class BodyReader {
 public:
  // `cut_short` is the code for a body that ends before it should.
  BodyReader(ByteStream& stream, InputBuffer& input, Code cut_short)
      : stream_(stream), input_(input), cut_short_(cut_short) {}

  void begin_none() { begin(Kind::length, 0); }
  void begin_length(std::uint64_t bytes) { begin(Kind::length, bytes); }
  void begin_chunked() { begin(Kind::chunked, 0); }
  void begin_until_end() { begin(Kind::until_end, 0); }

  bool done() const { return done_; }
  bool failed() const { return failed_; }
  std::uint64_t bytes_read() const { return bytes_read_; }
  // What is still to come; nothing where only the end itself tells.
  std::optional<std::uint64_t> remaining() const {
    if (done_) return 0;
    return kind_ == Kind::length ? std::optional(remaining_) : std::nullopt;
  }

  // At least one byte, or 0 at the end. Large spans are read straight from the stream. Errors: `cut_short`, timeout,
  // invalid_argument (bad chunking); after an error every call fails.
  Task<Result<std::size_t>> read(MutableBytes into);
  // Reads to the end and forgets it. False if that would be more than `limit` bytes or the body fails.
  Task<bool> discard(std::uint64_t limit);

 private:
  enum class Kind { length, chunked, until_end };
  void begin(Kind kind, std::uint64_t bytes);
  Task<Result<void>> next_chunk();
  Task<Result<std::size_t>> fill();
  void took(std::size_t bytes);
  std::unexpected<Error> fail_with(Error error);

  ByteStream& stream_;
  InputBuffer& input_;
  const Code cut_short_;
  Kind kind_ = Kind::length;
  ChunkDecoder chunks_;
  std::uint64_t remaining_ = 0;  // of the body, or of the present chunk
  std::uint64_t bytes_read_ = 0;
  bool done_ = true;
  bool failed_ = false;
};

}  // namespace bascule::http
