// Packer: sealed pieces in, durable extents out. Concurrent pieces share an extent and are acknowledged together when it
// is placed: group commit, for objects. A piece enters only when complete, so that a slow client blocks nobody. A few
// extents are in flight at a time; a group closes when it is full or a slot frees, so that a lone write leaves at once.
// One packer per account, policy and root key: an extent never mixes those.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "crypto/extent_name.h"
#include "crypto/unit_tag.h"
#include "extent/failed_puts.h"
#include "extent/memory.h"
#include "extent/piece.h"
#include "provider/provider.h"
#include "runtime/workers.h"

namespace bascule::extent {

// Hands out ids that no other session will: one counter for extents and pieces. Any thread.
class IdSource {
 public:
  IdSource(std::uint64_t incarnation, std::uint32_t session) : incarnation_(incarnation), session_(session) {}
  UniqueId next() { return {incarnation_, session_, next_.fetch_add(1, std::memory_order_relaxed)}; }
  // An extent may lie at the provider, or a piece in one, that no commit of this session will name: whoever follows must
  // look for it.
  void note_lost() { lost_.store(true, std::memory_order_relaxed); }
  bool lost() const { return lost_.load(std::memory_order_relaxed) || failed_.any(); }
  // Those whose PUT failed: the sweeper removes them while the session lives.
  FailedPuts& failed() { return failed_; }

 private:
  const std::uint64_t incarnation_;
  const std::uint32_t session_;
  std::atomic<std::uint64_t> next_{1};
  std::atomic<bool> lost_{false};
  FailedPuts failed_;
};

crypto::Id16 to_id16(const UniqueId& id);

struct PlacedExtent {
  ExtentId id;
  std::uint32_t size_bytes = 0;
  std::vector<crypto::UnitTag> unit_tags;
  // Set by the packer's owner in `on_placed`: the catalog record, sealed once for all who name the extent.
  std::uint64_t record_version = 0;
  std::uint64_t sealed_at = 0;  // store::Store::moment(): nobody can have named it before
  std::string record_value;
};

struct Placed {
  std::shared_ptr<const PlacedExtent> extent;
  std::uint32_t offset = 0;
};

struct PackerOptions {
  std::size_t in_flight = 4;                            // extents being placed at a time
  std::uint64_t extent_bytes = kMaxExtentBytes;
  std::size_t announce = 64;                            // names told to the provider ahead
  Duration put_timeout = std::chrono::seconds(60);      // for one extent, retries included
};

// Any loop. Must outlive every add(): the server drains first.
class Packer {
 public:
  using OnPlaced = std::function<void(PlacedExtent&)>;
  Packer(provider::Provider& provider, const crypto::ExtentNamer& namer, const crypto::SecretKey& catalog_key,
         IdSource& ids, Workers& workers, Clock& clock, PackerOptions options, OnPlaced on_placed);

  // Durable at the provider when it returns; on an error the piece is nowhere that counts.
  Task<Result<Placed>> add(Buffer sealed);

 private:
  struct Waiting {
    Buffer sealed;
    Completion<Result<Placed>> done;
  };
  struct Group {
    std::vector<Waiting*> pieces;
    std::uint64_t bytes = 0;
  };
  Group take_group();                     // under mutex_
  ExtentId next_id();
  Task<void> place(Group group);
  Task<Result<std::shared_ptr<PlacedExtent>>> put(const Group& group);

  provider::Provider& provider_;
  const crypto::ExtentNamer& namer_;
  const crypto::UnitTagKeys tag_keys_;
  IdSource& ids_;
  Workers& workers_;
  Clock& clock_;
  const PackerOptions options_;
  const OnPlaced on_placed_;

  std::mutex mutex_;
  std::vector<Waiting*> queue_;
  std::size_t placing_ = 0;
  std::vector<ExtentId> announced_;       // ids whose names the provider knows, to be used from the back
};

// The tags of an extent made of `slices`.
std::vector<crypto::UnitTag> tag_units(crypto::ExtentMac& mac, Slices slices);

}  // namespace bascule::extent
