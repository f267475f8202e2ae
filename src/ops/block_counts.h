// How many uncommitted blocks each upload has, exactly (100,000 at most: AZURE-DETAILS 12). Counting so many at every Put
// Block would cost more than the block, and a number in the catalog would make parallel blocks meet: so an upload is
// counted once in a life of the gateway, by its keys, and from then on here. The folder is one gateway's; where several
// share a catalog, each sees its own and what was there when it counted.
#pragma once
#include <mutex>
#include <unordered_map>
#include <vector>

#include "catalog/catalog.h"
#include "runtime/completion.h"

namespace bascule::ops {

class BlockCounts {
 public:
  static constexpr std::size_t kMost = 100'000;
  static constexpr std::size_t kMostUploads = 10'000;   // kept; what is idle beyond that is counted again when it goes on

  explicit BlockCounts(catalog::Catalog& catalog) : catalog_(catalog) {}

  struct Upload {
    std::uint64_t cid = 0;
    std::string blob;
    std::uint64_t epoch = 0;
    bool begins = false;   // by the commit that the place is for: nothing is there yet
  };
  // Takes a place for one block that is not there yet, before its commit; false: there is none. Whoever has one calls
  // committed() or give_back().
  Task<Result<bool>> take(Upload upload);
  void committed(std::uint64_t epoch);
  void give_back(std::uint64_t epoch);
  void forget(std::uint64_t epoch);   // it has ended; also where no place of it was ever taken

 private:
  struct Count {
    std::size_t blocks = 0;      // there, or about to be
    std::size_t in_flight = 0;   // places taken and not settled
    bool counting = true;
    std::vector<Completion<bool>*> waiting;   // for the count
  };
  Task<Result<std::size_t>> count(Upload upload);

  catalog::Catalog& catalog_;
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, Count> counts_;   // by epoch
};

}  // namespace bascule::ops
