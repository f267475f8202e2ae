#include "app/admin/account_metrics.h"

#include <algorithm>
#include <cstring>

namespace bascule::app {
namespace {

// An account's name, padded: compared and hashed as three words.
struct Name {
  std::uint64_t words[3] = {};
  explicit Name(std::string_view text) { std::memcpy(words, text.data(), text.size()); }
  Name() = default;
  bool operator==(const Name&) const = default;
  std::size_t hash() const {
    const std::uint64_t mixed = (words[0] * 0x9E3779B97F4A7C15u) ^ (words[1] * 0xC2B2AE3D27D4EB4Fu) ^ (words[2] * 0x165667B19E3779F9u);
    return static_cast<std::size_t>(mixed >> 56);
  }
};

constexpr std::size_t kTable = 256;   // more than twice the accounts it ever holds: probing ends soon
static_assert(kTable >= 2 * AccountMetrics::kMostAccounts && AccountMetrics::kMostName == sizeof(Name::words));

}  // namespace

struct AccountMetrics::Block {
  std::array<OpCounters, kSlots> counters;
  // This thread's own; nobody else looks at it.
  std::array<Name, kTable> names;
  std::array<std::uint16_t, kTable> slots{};   // + 1; 0: free
};

AccountMetrics::AccountMetrics() : number_(next_metrics_number()) {}
AccountMetrics::~AccountMetrics() = default;

AccountMetrics::Block& AccountMetrics::mine() {
  thread_local std::uint64_t number = 0;
  thread_local Block* block = nullptr;
  if (block == nullptr || number != number_) {
    auto fresh = std::make_unique<Block>();
    block = fresh.get();
    number = number_;
    const std::lock_guard lock(mutex_);
    blocks_.push_back(std::move(fresh));
  }
  return *block;
}

std::size_t AccountMetrics::enroll(std::string_view account) {
  const std::lock_guard lock(mutex_);
  const auto at = slots_.find(std::string(account));
  if (at != slots_.end()) return at->second;
  if (slots_.size() == kMostAccounts) return kOther;
  return slots_.emplace(account, slots_.size()).first->second;
}

std::size_t AccountMetrics::slot(std::string_view account, const Known& known) {
  if (account.empty() || account.size() > kMostName) return kUnknown;
  Block& block = mine();
  const Name name(account);
  std::size_t at = name.hash() % kTable;
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

void AccountMetrics::add(std::size_t slot, const RequestMetrics::Outcome& outcome) { RequestMetrics::add(mine().counters[slot], outcome); }

std::vector<AccountMetrics::Named> AccountMetrics::totals() const {
  std::vector<Named> all(kSlots);
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, slot] : slots_) all[slot].account = name;
    for (const auto& block : blocks_)
      for (std::size_t slot = 0; slot < kSlots; ++slot) RequestMetrics::collect(block->counters[slot], all[slot].totals);
  }
  std::sort(all.begin(), all.begin() + kMostAccounts, [](const Named& a, const Named& b) { return a.account < b.account; });
  all[kOther].account = "(other)";
  all[kUnknown].account = "(unknown)";
  std::erase_if(all, [](const Named& one) { return one.totals.count() == 0; });
  return all;
}

}  // namespace bascule::app
