#include "http/input_buffer.h"

#include <cassert>
#include <cstring>
#include <vector>

namespace bascule::http {
namespace {

// Buffers of the usual size, kept per thread (a loop is one thread): idle connections hold none.
constexpr std::size_t kCachedBuffers = 64;
thread_local std::vector<std::unique_ptr<char[]>> cached_buffers;

std::unique_ptr<char[]> take_buffer(std::size_t size) {
  if (size == InputBuffer::kSize && !cached_buffers.empty()) {
    auto buffer = std::move(cached_buffers.back());
    cached_buffers.pop_back();
    return buffer;
  }
  return std::make_unique_for_overwrite<char[]>(size);
}

void give_buffer(std::unique_ptr<char[]> buffer, std::size_t size) {
  if (size == InputBuffer::kSize && cached_buffers.size() < kCachedBuffers) cached_buffers.push_back(std::move(buffer));
}

}  // namespace

Task<Result<std::size_t>> InputBuffer::fill() {
  if (empty()) {
    begin_ = end_ = pinned_;
  } else if (room() == 0 && begin_ > pinned_) {
    std::memmove(data_.get() + pinned_, data_.get() + begin_, end_ - begin_);
    end_ -= begin_ - pinned_;
    begin_ = pinned_;
  }
  if (room() == 0) reserve(kRoom);
  auto got = co_await stream_.read_some(
      {reinterpret_cast<std::byte*>(data_.get() + end_), room()});
  if (got) end_ += *got;
  co_return got;
}

void InputBuffer::reserve(std::size_t bytes) {
  assert(pinned_ == 0);
  if (room() >= bytes && data_) return;
  const std::size_t unread_size = end_ - begin_;
  std::size_t size = capacity_ == 0 ? kSize : capacity_;
  while (size < unread_size + bytes) size *= 2;
  if (size == capacity_) {
    std::memmove(data_.get(), data_.get() + begin_, unread_size);
  } else {
    auto larger = take_buffer(size);
    if (unread_size != 0) std::memcpy(larger.get(), data_.get() + begin_, unread_size);
    give_buffer(std::move(data_), capacity_);
    data_ = std::move(larger);
    capacity_ = size;
  }
  begin_ = 0;
  end_ = unread_size;
}

std::string_view InputBuffer::pin(std::size_t bytes) {
  reserve(kRoom);
  const std::string_view pinned(data_.get() + begin_, bytes);
  begin_ += bytes;
  pinned_ = begin_;
  return pinned;
}

void InputBuffer::release() {
  give_buffer(std::move(data_), capacity_);
  data_ = nullptr;
  capacity_ = pinned_ = begin_ = end_ = 0;
}

}  // namespace bascule::http
