#include "extent/memory.h"

#include <sys/mman.h>

#include <cstdlib>

namespace bascule::extent {
namespace {

constexpr std::size_t kMappedBytes = 512 * 1024;  // from here on buffers are mapped and kept

std::byte* take_memory(std::size_t bytes) {
  if (bytes < kMappedBytes) return static_cast<std::byte*>(std::malloc(bytes ? bytes : 1));
  void* p = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return p == MAP_FAILED ? nullptr : static_cast<std::byte*>(p);
}
void return_memory(std::byte* data, std::size_t bytes) {
  if (bytes < kMappedBytes) std::free(data);
  else ::munmap(data, bytes);
}

}  // namespace

Buffer::~Buffer() {
  if (data_) pool_->give_back(data_, size_);
}

MemoryPool::MemoryPool(std::size_t limit_bytes, std::size_t waiters) : limit_(limit_bytes), max_waiters_(waiters) {}
MemoryPool::~MemoryPool() {
  for (auto& [bytes, data] : spare_) return_memory(data, bytes);
}

bool MemoryPool::under_pressure() const {
  std::lock_guard lock(mutex_);
  return used_ > limit_ / 2 || !waiting_.empty();
}
std::size_t MemoryPool::used_bytes() const {
  std::lock_guard lock(mutex_);
  return used_;
}

// The reservation is made already; only the memory is missing.
Buffer MemoryPool::make(std::size_t bytes) {
  Buffer b;
  b.pool_ = this;
  b.size_ = bytes;
  std::vector<Spare> drop;
  {
    std::lock_guard lock(mutex_);
    for (auto it = spare_.rbegin(); it != spare_.rend() && bytes >= kMappedBytes; ++it) {
      if (it->first != bytes) continue;
      b.data_ = it->second;
      spare_bytes_ -= bytes;
      spare_.erase(std::next(it).base());
      return b;
    }
    // Spares would otherwise add to what the pool promises to stay under.
    while (!spare_.empty() && used_ + spare_bytes_ > limit_) {
      drop.push_back(spare_.front());
      spare_bytes_ -= spare_.front().first;
      spare_.erase(spare_.begin());
    }
  }
  for (const auto& [size, data] : drop) return_memory(data, size);
  b.data_ = take_memory(bytes);
  if (!b.data_) std::abort();  // the machine is out of memory: nothing sensible is left to do
  return b;
}

Task<Result<Buffer>> MemoryPool::acquire(std::size_t bytes) {
  if (bytes > limit_) co_return fail(Code::invalid_argument, "a buffer larger than the upload memory");
  Waiter waiter{bytes, {}};
  bool waits = false;
  {
    std::lock_guard lock(mutex_);
    if (waiting_.empty() && used_ + bytes <= limit_) {
      used_ += bytes;
    } else if (waiting_.size() >= max_waiters_) {
      co_return fail(Code::overloaded, "too many uploads wait for memory");
    } else {
      waiting_.push_back(&waiter);
      waits = true;
    }
  }
  if (waits) co_await waiter.ready.wait();
  co_return make(bytes);
}

void MemoryPool::give_back(std::byte* data, std::size_t bytes) {
  std::vector<Waiter*> ready;
  {
    std::lock_guard lock(mutex_);
    used_ -= bytes;
    while (!waiting_.empty() && used_ + waiting_.front()->bytes <= limit_) {
      used_ += waiting_.front()->bytes;
      ready.push_back(waiting_.front());
      waiting_.pop_front();
    }
    if (bytes >= kMappedBytes && used_ + spare_bytes_ + bytes <= limit_) {
      spare_.emplace_back(bytes, data);
      spare_bytes_ += bytes;
      data = nullptr;
    }
  }
  if (data) return_memory(data, bytes);
  for (Waiter* w : ready) w->ready.set(true);
}

}  // namespace bascule::extent
