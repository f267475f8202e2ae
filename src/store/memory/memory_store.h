// MemoryStore: the engine for tests and the simulator. Nothing survives its destruction. Stricter than the others: a
// change that gives a living key the version it already has is an `internal` error.
#pragma once
#include <memory>

#include "runtime/clock.h"
#include "store/store.h"

namespace bascule::store {

struct MemoryStoreOptions {
  Clock* clock = nullptr;       // must outlive the store; needed only where commit_latency is not zero
  Duration commit_latency{};    // half of it passes before a commit is ordered, half after
  bool trim_journal_at_once = false;  // as the embedded engine: a commit trims the records of those before it
};

std::unique_ptr<Store> make_memory_store(MemoryStoreOptions options = {});

}  // namespace bascule::store
