// A data folder from a backup: for `bascule backup restore` and `bascule serve --from-backup`.
#pragma once
#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/config.h"
#include "backup/restore.h"

namespace bascule::app {

struct RestoreArguments {
  std::string from;                    // a folder, s3://BUCKET/PREFIX; "" = no restore
  std::string at;                      // an instant; "" = the newest backup
  bool holds_may_be_lost = false;      // what was locked or put under hold since then is not known
  bool content_may_be_missing = false; // go on where extents or keys that the backup names are gone
  bool json = false;
};

struct RestoreSummary {
  backup::RestoreReport report;
  std::string place;
  std::uint64_t number = 0, newest = 0;   // of the backup, and of the newest that is there
  std::uint64_t former_objects = 0;       // at the provider, of the former life, that the backup does not name
  std::uint64_t former_bytes = 0;
  double seconds = 0;
};

// Makes DIR/catalog, or nothing: until all is done it is DIR/catalog.restoring. Blocks. Errors: already_exists (the folder is not
// empty), unavailable (a process holds it, or the former gateway still writes), refused (holds or content would be lost without
// anybody having said so), not_found, corrupt.
Result<RestoreSummary> restore_data_folder(const EngineOptions& options, const RestoreArguments& arguments, const std::atomic<bool>* stop,
                                           std::function<void(std::uint64_t records, std::uint64_t bytes)> progress);

// What was asked, as the event of it has it: a JSON object.
std::string restore_members(const RestoreArguments& arguments);

// What nobody can know after it, for people, one sentence each.
std::vector<std::string> unknowns(const RestoreSummary& summary);

}  // namespace bascule::app
