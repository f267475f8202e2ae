// Where pieces lie whose extents compaction has gathered. Manifests keep the extent that a piece was placed in; whoever
// does not find that at the provider asks here, and here the catalog is asked once and the answer kept.
#pragma once
#include <atomic>
#include <memory>
#include <shared_mutex>
#include <unordered_map>

#include "catalog/catalog.h"
#include "catalog/forward.h"

namespace bascule::ops {

// Any thread. What is kept may be of yesterday: then the extent is not there, and learn() looks again.
class Forwarding {
 public:
  static constexpr std::size_t kMostEntries = 400'000;   // about 16 MiB; beyond it everything is forgotten and asked anew

  explicit Forwarding(catalog::Catalog& catalog) : catalog_(catalog) {}

  // The piece as it is to be read: where its extent is known to have gone to.
  extent::Piece place(extent::Piece piece) const;
  // Extent `tried` was not at the provider when this piece (as its manifest has it) was to be read there. False: as far as
  // the catalog knows it should be, so that it is lost.
  Task<Result<bool>> learn(extent::Piece piece, extent::ExtentId tried);

 private:
  using Entries = std::shared_ptr<const catalog::Forwards>;

  catalog::Catalog& catalog_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<extent::ExtentId, Entries, extent::HashId> known_;
  std::size_t entries_ = 0;
  std::atomic<bool> any_{false};
};

}  // namespace bascule::ops
