// Whether gathering extents pays, reckoned with the provider's prices. Pure.
#pragma once
#include <cstdint>
#include <vector>

namespace bascule::jobs {

// As the provider's price list has them, in any one currency. All 0: not entered.
struct Prices {
  double storage_gb_month = 0;            // a decimal GB for 30 days
  double puts_1000 = 0, gets_1000 = 0;
  double egress_gb = 0;                   // out of the provider to where the gateway is
  std::uint32_t minimum_days = 0;         // an object is paid for at least so long
  std::uint64_t minimum_object_bytes = 0; // and as at least so large
  bool entered() const { return storage_gb_month > 0; }
  bool operator==(const Prices&) const = default;
};

struct ToGather {
  std::uint64_t size_bytes = 0;     // as it lies there
  std::uint64_t moved_bytes = 0;    // of it, that would be moved
  std::uint32_t reads = 1;          // requests for that
  double age_days = 0;              // at least
};

// Without prices: an extent pays when a third of it is dead; those below this size are worth gathering with others, but
// not fewer than kLeastTogether, so that a byte is moved a few times at most until it lies in a large one.
inline constexpr std::uint64_t kUndersizedBytes = 1024 * 1024;
inline constexpr std::size_t kLeastTogether = 4;
// With them: what is saved on storage within so long must be more than what the moving costs.
inline constexpr double kPaybackDays = 90;

struct Worth {
  double saved = 0, cost = 0;       // within kPaybackDays; without prices, bytes
  bool pays = false;
};
// Could this one be worth it, alone or with others, by its size and its dead bytes?
bool promising(const Prices& prices, std::uint64_t size_bytes, std::uint64_t dead_bytes);
// All of these into one new extent.
Worth worth(const Prices& prices, const std::vector<ToGather>& extents);

}  // namespace bascule::jobs
