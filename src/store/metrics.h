// What the embedded store does, in plain atomics: the store counts, whoever shows them reads at any time.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>

#include "base/latency.h"

namespace bascule::store {

struct StoreMetrics {
  // Up to 4.2 s (base/latency.h).
  static constexpr std::size_t kBuckets = 18;
  std::atomic<std::uint64_t> committed{0};       // commits that are durable
  std::atomic<std::uint64_t> conflicts{0};       // refused: a precondition did not hold
  std::atomic<std::uint64_t> refused{0};         // refused or failed for another reason: disk full, damage
  std::array<std::atomic<std::uint64_t>, kBuckets> wrote{};  // synced writes, each with one or more commits
  std::atomic<std::uint64_t> write_microseconds{0};          // in all
};

}  // namespace bascule::store
