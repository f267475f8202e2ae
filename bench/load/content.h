// What the load generator writes and expects to read: bytes that look random, cost nothing to make, and differ per key.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace bench {

// One stretch of random bytes; a key's content is that stretch read round and round from a place of its own.
// Its length is prime, so that no block or chunk boundary of a server falls on the same bytes twice.
class Content {
 public:
  explicit Content(std::uint64_t seed);
  ~Content();
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;

  // The longest stretch of `key`'s content from `position` that lies in one piece, at most `length` bytes.
  std::span<const char> at(std::uint64_t key, std::uint64_t position, std::uint64_t length) const;
  // Where that stretch begins in file(), for sendfile(2).
  std::uint64_t file_offset(std::uint64_t key, std::uint64_t position) const;
  int file() const { return file_; }

  // True where `bytes` are key's content at `position`.
  bool matches(std::uint64_t key, std::uint64_t position, std::span<const char> bytes) const;

 private:
  std::uint64_t seed_;
  int file_ = -1;        // memory only; the kernel sends from its pages without a copy
  char* data_ = nullptr;
};

}  // namespace bench
