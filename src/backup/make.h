// Making a backup while the catalog is written to.
#pragma once
#include <atomic>
#include <functional>

#include "backup/place.h"
#include "catalog/catalog.h"
#include "jobs/window.h"
#include "runtime/workers.h"

namespace bascule::backup {

struct MakeOptions {
  bool whole = false;                  // copy everything, whatever the last backup has
  std::uint64_t keep = 0;              // how many stay; 0: all
  std::string index_folder;            // for index.h; "": none, and every backup is whole
  const std::atomic<bool>* stop = nullptr;
  std::function<void(std::uint64_t records, std::uint64_t bytes_written)> progress;   // now and then
};

struct MakeReport {
  std::uint64_t number = 0;
  WallTime instant{};
  bool whole = false;                  // else only what changed since the one before
  std::string why_whole;
  std::uint64_t records = 0, bytes = 0;                 // of the catalog
  std::uint64_t changed = 0, removed = 0;               // entries written
  std::uint64_t written_objects = 0, written_bytes = 0; // to the place
  std::uint64_t total_bytes = 0;                        // of all that a restore reads
  Pruned pruned;
  Duration elapsed{};
};

struct MakeParts {
  catalog::Catalog& catalog;
  store::Store& store;                 // the catalog's
  Workers& workers;
  Clock& clock;
  Random& random;
};

// One at a time for a catalog: the caller's to see to. What was acknowledged before the report's instant is in it. Nothing names
// what was written until the manifest is there, durably; a backup that ends before leaves objects that the next one removes.
// Errors: corrupt and invalid_argument, where the place holds what is not this installation's; the place's and the store's;
// cancelled.
Task<Result<MakeReport>> make(MakeParts parts, Place& place, MakeOptions options);

// Strikes a place that is not used any more off the catalog's record, so that the collection no longer waits for it. not_found.
Task<Result<void>> forget(MakeParts parts, std::string shown);

// That the life before a restore has ended for good: its gateway's credentials are revoked. The sweeper then adopts and collects
// what it left. not_found: there is none to be taken over. Returns how many.
Task<Result<std::uint64_t>> take_over(MakeParts parts);

}  // namespace bascule::backup
