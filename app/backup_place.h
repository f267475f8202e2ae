// What the backup commands work on: the place that backups go to, and what the content needs to be read without a catalog.
#pragma once
#include <memory>
#include <string>

#include "app/engine.h"
#include "backup/place.h"
#include "backup/reading.h"

namespace bascule::app {

// The provider that a TO stands for: a folder, or s3://BUCKET[/PREFIX] at the configured endpoint.
struct BackupPlace {
  std::unique_ptr<http::Client> client;
  std::unique_ptr<provider::Provider> provider;   // holds a folder exclusively: one at a time
  std::string shown;                              // "/mnt/backups", "s3://bucket/prefix"
};
enum class MissingPlace { refuse, make };
// Blocks. invalid_argument: it is no such place, lies in the data folder, or is where the content lies; not_found.
Result<BackupPlace> open_backup_place(const EngineOptions& options, std::string to, MissingPlace missing, Workers& workers,
                                      Clock& clock, Random& random);

// A TO as it is asked for: a folder's absolute path, from the command's own working directory.
std::string absolute_place(const std::string& to);

// Key file, provider and keyring of an installation whose catalog is not open, and need not be there.
struct Holdings {
  std::unique_ptr<Workers> workers;
  std::unique_ptr<http::Client> client;
  std::unique_ptr<provider::Provider> provider;
  std::unique_ptr<crypto::KeyHolder> holder;
  std::unique_ptr<crypto::Keyring> keyring;
  std::unique_ptr<crypto::ExtentNamer> namer;
  backup::Content content(Clock& clock, Random& random) const { return {*provider, *keyring, *namer, clock, random}; }
};
// Makes nothing. Blocks, on `loop`, which outlives it. Errors say what a restore needs.
Result<Holdings> open_holdings(const EngineOptions& options, Loop& loop, Clock& clock, Random& random);

}  // namespace bascule::app
