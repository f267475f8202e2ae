// What has been read from a stream and not yet been consumed.
#pragma once
#include <memory>
#include <string_view>

#include "http/byte_stream.h"

namespace bascule::http {

// One flat buffer. Views into its pinned part stay valid until unpin(), consume_pinned() or release(). Belongs to one
// connection, used on its loop.
class InputBuffer {
 public:
  explicit InputBuffer(ByteStream& stream) : stream_(stream) {}
  ~InputBuffer() { release(); }
  InputBuffer(const InputBuffer&) = delete;
  InputBuffer& operator=(const InputBuffer&) = delete;

  bool empty() const { return begin_ == end_; }
  std::string_view unread() const { return {data_.get() + begin_, end_ - begin_}; }
  void consume(std::size_t bytes) { begin_ += bytes; }

  // Reads once from the stream behind what is there, into whatever room there is; 0 at the peer's end. There must be room
  // (reserve()).
  Task<Result<std::size_t>> fill();
  // Makes room for at least `bytes` more. Moves everything: views break.
  void reserve(std::size_t bytes);

  // Keeps the first `bytes` of what is unread where they are (a head with views into it) and consumes them. There will be
  // room for at least kRoom bytes behind them. Returns the pinned text.
  std::string_view pin(std::size_t bytes);
  void unpin() { pinned_ = 0; }

  // Gives the memory back to the loop's cache; only while empty().
  void release();

  static constexpr std::size_t kSize = 16 * 1024;  // what one connection usually needs while it is active
  static constexpr std::size_t kRoom = 2 * 1024;

 private:
  std::size_t room() const { return capacity_ - end_; }

  ByteStream& stream_;
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t pinned_ = 0;  // [0, pinned_) must not move
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace bascule::http
