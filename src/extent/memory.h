// The one pool of memory for uploads: a piece's whole buffer is reserved before its bytes are read, so that memory is
// bounded whatever clients do; a socket whose turn has not come is left unread.
#pragma once
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "base/bytes.h"
#include "runtime/completion.h"

namespace bascule::extent {

class MemoryPool;

// Bytes of the pool; gives them back when it goes. Movable. The memory is not zeroed.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept { Buffer(std::move(other)).swap(*this); return *this; }
  ~Buffer();
  MutableBytes bytes() const { return {data_, size_}; }
  std::size_t size() const { return size_; }
  explicit operator bool() const { return data_ != nullptr; }

 private:
  friend class MemoryPool;
  void swap(Buffer& o) noexcept { std::swap(pool_, o.pool_); std::swap(data_, o.data_); std::swap(size_, o.size_); }
  MemoryPool* pool_ = nullptr;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// Any thread. Must outlive its buffers.
class MemoryPool {
 public:
  // `waiters`: how many may queue; one more is refused with `overloaded`.
  explicit MemoryPool(std::size_t limit_bytes, std::size_t waiters = 4096);
  ~MemoryPool();

  // Waits, first come first served, until `bytes` are free. invalid_argument if that can never be.
  Task<Result<Buffer>> acquire(std::size_t bytes);
  // Where at least half is free, large pieces; else small ones: so many uploads go on side by side.
  bool under_pressure() const;
  std::size_t used_bytes() const;
  std::size_t limit_bytes() const { return limit_; }

 private:
  friend class Buffer;
  struct Waiter { std::size_t bytes; Completion<bool> ready; };
  using Spare = std::pair<std::size_t, std::byte*>;
  Buffer make(std::size_t bytes);
  void give_back(std::byte* data, std::size_t bytes);

  const std::size_t limit_, max_waiters_;
  mutable std::mutex mutex_;
  std::size_t used_ = 0;
  std::deque<Waiter*> waiting_;
  // Large buffers are kept for the next piece: fresh pages cost more than sealing does.
  std::vector<Spare> spare_;
  std::size_t spare_bytes_ = 0;
};

}  // namespace bascule::extent
