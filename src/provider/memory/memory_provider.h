// MemoryProvider: objects in a map, for tests and the simulator. Stricter than the others: putting other content under a
// name it knows, ever, is an `internal` error, because that is a bug of whoever does it.
#pragma once
#include <map>
#include <mutex>

#include "provider/provider.h"

namespace bascule::provider {

struct MemoryProviderOptions {
  std::string name = "memory";
  bool reads_at_once = true;    // try_get() answers
  // A name that was removed may come back with other content: for tests of the tests; shards never do.
  bool forget_removed = false;
};

class MemoryProvider final : public Provider {
 public:
  explicit MemoryProvider(MemoryProviderOptions options = {}) : options_(std::move(options)) {}

  std::string_view name() const override { return options_.name; }
  Task<Result<void>> put(std::string name, Slices content, Instant deadline) override;
  Task<Result<void>> get(std::string name, std::uint64_t offset, MutableBytes into, Instant deadline) override;
  Result<bool> try_get(std::string_view name, std::uint64_t offset, MutableBytes into) override;
  Task<Result<std::uint64_t>> size(std::string name, Instant deadline) override;
  Task<Result<void>> remove(std::string name, Instant deadline) override;
  Task<Result<Listing>> list(std::string prefix, std::string after, std::size_t limit, Instant deadline) override;

  // For tests: what a disk or an operator may do behind our back. False: no such object, or it is too short.
  bool flip_bit(std::string_view name, std::uint64_t offset);
  bool drop(std::string_view name);
  bool truncate(std::string_view name, std::uint64_t size_bytes);
  std::size_t object_count() const;
  std::optional<std::string> content(std::string_view name) const;

 private:
  Result<void> keep(std::string name, Slices content);
  Result<void> read(std::string_view name, std::uint64_t offset, MutableBytes into) const;
  Listing page(std::string_view prefix, std::string_view after, std::size_t limit) const;

  const MemoryProviderOptions options_;
  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> objects_;
  std::map<std::string, std::size_t, std::less<>> removed_;  // name -> hash of the content it had
};

}  // namespace bascule::provider
