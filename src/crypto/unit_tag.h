// A keyed checksum for each stripe unit of an extent, so that a bad unit is known without decrypting it and without
// reading the rest: GMAC (AES-256-GCM over associated data alone), one key per extent. docs/formats/extent.md.
#pragma once
#include "base/bytes.h"
#include "crypto/evp.h"
#include "crypto/piece.h"

namespace bascule::crypto {

constexpr std::size_t kUnitBytes = 65536;  // of sealed bytes; the last unit of a shard is shorter, never empty
using UnitTag = std::array<std::byte, 16>;

constexpr std::uint64_t unit_count(std::uint64_t shard_bytes) { return (shard_bytes + kUnitBytes - 1) / kUnitBytes; }

// Which unit: `shard` is 0 for a whole copy, else the coded part's number.
struct UnitPlace {
  std::uint64_t unit = 0;
  std::uint32_t shard = 0;
};

// The key of one extent's tags. An extent's content never changes, so a place is tagged with one content only.
SecretKey unit_tag_key(const SecretKey& catalog_key, const Id16& extent_id);

// Any number of threads at once.
class ExtentMac {
 public:
  explicit ExtentMac(const SecretKey& key) : contexts_(aes_256_gcm(), key, Direction::seal) {}
  UnitTag tag(UnitPlace place, Bytes unit) const;
  bool verify(UnitPlace place, Bytes unit, const UnitTag& expected) const;  // constant time

 private:
  mutable KeyedContexts contexts_;
};

}  // namespace bascule::crypto
