#include "ops/block_counts.h"

namespace bascule::ops {

namespace keys = catalog::keys;

Task<Result<bool>> BlockCounts::take(Upload upload) {
  while (true) {
    Completion<bool> counted;
    bool wait = false;
    {
      std::lock_guard lock(mutex_);
      // Never one with a place in flight: its commit would be missed, or counted twice.
      if (counts_.size() >= kMostUploads)
        std::erase_if(counts_, [](const auto& c) { return c.second.in_flight == 0 && !c.second.counting; });
      auto [at, fresh] = counts_.try_emplace(upload.epoch);
      Count& c = at->second;
      if (fresh && upload.begins) c.counting = false;
      if (!c.counting) {
        if (c.blocks >= kMost) co_return false;
        ++c.blocks;
        ++c.in_flight;
        co_return true;
      }
      if (!fresh) {
        wait = true;
        c.waiting.push_back(&counted);
      }
    }
    if (wait) {
      co_await counted.wait();
      continue;
    }
    const std::uint64_t epoch = upload.epoch;
    const auto found = co_await count(upload);
    std::vector<Completion<bool>*> waiting;
    {
      std::lock_guard lock(mutex_);
      Count& c = counts_.at(epoch);
      waiting = std::move(c.waiting);
      if (found) {
        c.blocks = *found;
        c.counting = false;
        c.waiting.clear();
      } else {
        counts_.erase(epoch);   // the next of those who wait counts
      }
    }
    for (Completion<bool>* one : waiting) one->set(true);
    if (!found) co_return fail(found.error());
  }
}

Task<Result<std::size_t>> BlockCounts::count(Upload upload) {
  const std::string prefix = keys::block(upload.cid, upload.blob, upload.epoch, ""), end = keys::after_prefix(prefix);
  std::size_t found = 0;
  for (std::string begin = prefix;;) {
    BASCULE_CO_ASSIGN(const auto entries, co_await catalog_.scan({.begin = begin, .end = end, .limit = 2000, .fill_cache = false}));
    if (entries.empty()) co_return found;
    found += entries.size();
    begin = entries.back().key + '\0';
  }
}

void BlockCounts::committed(std::uint64_t epoch) {
  std::lock_guard lock(mutex_);
  if (const auto at = counts_.find(epoch); at != counts_.end()) --at->second.in_flight;
}

void BlockCounts::give_back(std::uint64_t epoch) {
  std::lock_guard lock(mutex_);
  if (const auto at = counts_.find(epoch); at != counts_.end()) {
    --at->second.in_flight;
    --at->second.blocks;
  }
}

void BlockCounts::forget(std::uint64_t epoch) {
  std::lock_guard lock(mutex_);
  // Who still holds a place learns by a conflict that the upload has ended, and settles it first.
  if (const auto at = counts_.find(epoch); at != counts_.end() && at->second.in_flight == 0 && !at->second.counting) counts_.erase(at);
}

}  // namespace bascule::ops
