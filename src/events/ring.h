// A ring of whole lines between one thread that makes them and one that takes them away. No lock, no allocation after
// construction. A line always lies in one piece.
#pragma once
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <string_view>

#include "events/line.h"

namespace bascule::events {

class Ring {
 public:
  // `capacity_bytes`: several kMostLineBytes; rounded up to a power of two.
  explicit Ring(std::size_t capacity_bytes)
      : capacity_(std::bit_ceil(capacity_bytes)), memory_(std::make_unique_for_overwrite<char[]>(capacity_ + kMostLineBytes)) {}
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  std::size_t capacity() const { return capacity_; }

  // --- the maker ---
  // Where kMostLineBytes may be written; null: there is no room. publish() makes the first `size` bytes of them a line.
  char* reserve() {
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (tail + kMostLineBytes - head_.load(std::memory_order_acquire) > capacity_) return nullptr;
    return memory_.get() + (tail & (capacity_ - 1));
  }
  void publish(std::size_t size) {
    const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
    std::uint64_t next = tail + size;
    const std::uint64_t lap = (tail & ~(capacity_ - 1)) + capacity_;   // where the next lap begins
    if (next >= lap) {   // the line reaches beyond the ring's end, into the memory behind it; the next begins at the start
      lap_end_.store(next, std::memory_order_relaxed);
      next = lap;
    }
    tail_.store(next, std::memory_order_release);
  }
  std::size_t used() const {
    return static_cast<std::size_t>(tail_.load(std::memory_order_relaxed) - head_.load(std::memory_order_relaxed));
  }

  // --- the taker ---
  // The oldest lines that lie in one piece; "" = none. Valid until take() gives them back.
  std::string_view front() const {
    const std::uint64_t tail = tail_.load(std::memory_order_acquire);
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    const bool same_lap = (head & ~(capacity_ - 1)) == (tail & ~(capacity_ - 1));
    const std::uint64_t end = same_lap ? tail : lap_end_.load(std::memory_order_relaxed);
    return {memory_.get() + (head & (capacity_ - 1)), static_cast<std::size_t>(end - head)};
  }
  // All that front() gave.
  void take(std::size_t size) {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    const std::uint64_t lap = (head & ~(capacity_ - 1)) + capacity_;
    const std::uint64_t next = head + size;
    head_.store(next >= lap ? lap : next, std::memory_order_release);
  }

 private:
  const std::uint64_t capacity_;
  const std::unique_ptr<char[]> memory_;
  alignas(64) std::atomic<std::uint64_t> tail_{0};
  std::atomic<std::uint64_t> lap_end_{0};
  alignas(64) std::atomic<std::uint64_t> head_{0};
};

}  // namespace bascule::events
