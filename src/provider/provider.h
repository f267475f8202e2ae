// Provider: one place that stores shards: a bucket at an S3 endpoint, or a folder. It sees random names and ciphertext.
// One conformance suite (provider/conformance.h) holds for every implementation.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "runtime/clock.h"

namespace bascule::provider {

struct ObjectInfo {
  std::string name;
  std::uint64_t size_bytes = 0;
};

struct Listing {
  std::vector<ObjectInfo> objects;   // bytewise by name
  bool complete = true;              // false: ask again with after = the last name
};

// Object names are [a-z0-9-]{1,128}. An object is never empty (invalid_argument). Its content never changes: a name is
// never used for other content, so that put() may be repeated freely. Nothing here relies on conditional writes, checksum headers, ETags or fresh listings.
// Any loop may call; every call ends by its deadline. Errors: not_found, permission_denied, exhausted, overloaded,
// unavailable, timeout, corrupt (an object shorter than it should be). A message names the provider and says what to do.
class Provider {
 public:
  virtual ~Provider() = default;
  virtual std::string_view name() const = 0;

  // Durable when it returns: content and name survive a power cut. A failed put may have left the object, or a part of
  // it that no later get() takes for whole.
  virtual Task<Result<void>> put(std::string name, Slices content, Instant deadline) = 0;
  // Fills `into` from `offset`; an object that ends before is `corrupt`, a missing one `not_found`.
  virtual Task<Result<void>> get(std::string name, std::uint64_t offset, MutableBytes into, Instant deadline) = 0;
  // The same if it can be had without waiting (page cache): false = use get(). Default: false. An error is final.
  virtual Result<bool> try_get(std::string_view name, std::uint64_t offset, MutableBytes into) { return false; }
  virtual Task<Result<std::uint64_t>> size(std::string name, Instant deadline) = 0;
  virtual Task<Result<void>> remove(std::string name, Instant deadline) = 0;  // fine if it is not there
  virtual Task<Result<Listing>> list(std::string prefix, std::string after, std::size_t limit, Instant deadline) = 0;

  // Names that will be put soon: a provider may prepare (the folder creates the files beforehand, so that a synced put
  // costs half). A name prepared and never put must not be found by get(), size() or list().
  virtual void announce(std::span<const std::string> names) {}
};

}  // namespace bascule::provider
