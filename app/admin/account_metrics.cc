#include "app/admin/account_metrics.h"

#include <algorithm>
#include <cstring>

namespace bascule::app {
std::size_t AccountMetrics::enroll(std::string_view account) {
  const std::lock_guard lock(mutex_);
  const auto at = slots_.find(std::string(account));
  if (at != slots_.end()) return at->second;
  if (slots_.size() == kMostAccounts) return kOther;
  return slots_.emplace(account, slots_.size()).first->second;
}

std::size_t AccountMetrics::slot(std::string_view account, const Known& known) {
  if (account.empty() || account.size() > kMostName) return kUnknown;
  static_assert(kTable >= 2 * kMostAccounts && kMostName == sizeof(Name::words));
  Block& block = blocks_.mine();
  Name name;
  std::memcpy(name.words, account.data(), account.size());
  const std::uint64_t mixed =
      (name.words[0] * 0x9E3779B97F4A7C15u) ^ (name.words[1] * 0xC2B2AE3D27D4EB4Fu) ^ (name.words[2] * 0x165667B19E3779F9u);
  std::size_t at = static_cast<std::size_t>(mixed >> 56) % kTable;
  while (block.slots[at] != 0) {
    if (block.names[at] == name) return block.slots[at] - 1u;
    at = (at + 1) % kTable;
  }
  if (!known.has(account)) return kUnknown;
  const std::size_t slot = enroll(account);
  if (slot == kOther) return kOther;   // not kept: the table has room for those with a slot of their own alone
  block.names[at] = name;
  block.slots[at] = static_cast<std::uint16_t>(slot + 1);
  return slot;
}

void AccountMetrics::add(std::size_t slot, const RequestMetrics::Outcome& outcome) { RequestMetrics::add(blocks_.mine().counters[slot], outcome); }

std::vector<AccountMetrics::Named> AccountMetrics::totals() const {
  std::vector<Named> all(kSlots);
  blocks_.each([&](const Block& block) {
    for (std::size_t slot = 0; slot < kSlots; ++slot) RequestMetrics::collect(block.counters[slot], all[slot].totals);
  });
  {   // after them: what has been counted has its name by now
    const std::lock_guard lock(mutex_);
    for (const auto& [name, slot] : slots_) all[slot].account = name;
  }
  std::sort(all.begin(), all.begin() + kMostAccounts, [](const Named& a, const Named& b) { return a.account < b.account; });
  all[kOther].account = "(other)";
  all[kUnknown].account = "(unknown)";
  std::erase_if(all, [](const Named& one) { return one.totals.count() == 0; });
  return all;
}

}  // namespace bascule::app
