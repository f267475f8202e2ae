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

// Tags the units of one extent. One thread at a time.
class ExtentMac {
 public:
  explicit ExtentMac(const SecretKey& key);
  ExtentMac(ExtentMac&&) noexcept = default;
  UnitTag tag(UnitPlace place, Bytes unit) { return tag(place, Slices(&unit, 1)); }
  UnitTag tag(UnitPlace place, Slices unit);  // one unit, in parts
  bool verify(UnitPlace place, Bytes unit, const UnitTag& expected);  // constant time

 private:
  SpareContext context_;
};

// The keys of all extents, under the catalog key. An extent's content never changes, so a place is tagged with one
// content only. Any number of threads at once.
class UnitTagKeys {
 public:
  explicit UnitTagKeys(const SecretKey& catalog_key);
  ExtentMac of(const Id16& extent_id) const;

 private:
  HmacSha512Key hmac_;
};

}  // namespace bascule::crypto
