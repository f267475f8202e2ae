#include "jobs/worth.h"

#include <algorithm>

namespace bascule::jobs {
namespace {

constexpr double kGb = 1e9, kMonthDays = 30;
constexpr double kLeastGain = 1e-12;   // above what rounding makes

double stored(const Prices& prices, std::uint64_t bytes, double days) {
  return static_cast<double>(std::max(bytes, prices.minimum_object_bytes)) / kGb * prices.storage_gb_month * days / kMonthDays;
}

}  // namespace

bool promising(const Prices& prices, std::uint64_t size_bytes, std::uint64_t dead_bytes) {
  if (dead_bytes >= size_bytes) return false;   // the sweeper's
  if (!prices.entered()) return dead_bytes * 3 >= size_bytes || size_bytes < kUndersizedBytes;
  return dead_bytes > 0 || size_bytes < std::max(kUndersizedBytes, prices.minimum_object_bytes);
}

Worth worth(const Prices& prices, const std::vector<ToGather>& extents) {
  Worth w;
  if (extents.empty()) return w;
  std::uint64_t size = 0, moved = 0, reads = 0;
  for (const ToGather& e : extents) {
    size += e.size_bytes;
    moved += e.moved_bytes;
    reads += e.reads;
  }
  if (!prices.entered()) {
    w.saved = static_cast<double>(size - moved);
    w.cost = static_cast<double>(moved);
    w.pays = (size - moved) * 3 >= size || extents.size() >= kLeastTogether;
    return w;
  }
  for (const ToGather& e : extents) {
    w.saved += stored(prices, e.size_bytes, kPaybackDays);
    // What is deleted early is paid for all the same.
    w.cost += stored(prices, e.size_bytes, std::clamp(prices.minimum_days - e.age_days, 0.0, kPaybackDays));
  }
  w.saved -= stored(prices, moved, kPaybackDays);
  w.cost += static_cast<double>(reads) / 1000 * prices.gets_1000 + static_cast<double>(moved) / kGb * prices.egress_gb + prices.puts_1000 / 1000;
  w.pays = w.saved > w.cost + kLeastGain;
  return w;
}

}  // namespace bascule::jobs
