// A place that backups lie in: a provider of its own, never one that holds extents.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backup/format.h"
#include "provider/provider.h"
#include "runtime/clock.h"

namespace bascule::backup {

// A backup as its place shows it.
struct Listed {
  std::string name;                     // of the manifest's object
  ManifestName parsed;
  std::optional<Error> damage;          // it does not open; then nothing below is known
  Manifest manifest;
  Sha256Value sha{};                    // of the manifest's object
  std::optional<ReadBack> read_back;    // the latest
  std::vector<std::string> read_back_names;
};

struct Contents {
  std::vector<Listed> backups;          // by number
  std::vector<std::string> segments;    // all names
  std::vector<std::string> others;      // that are no backup's
  std::map<Id, std::string> unread;     // read-backs of backups that are not there, or that do not open
};

// One loop at a time.
class Place {
 public:
  // `shown` names it in messages. The provider and the clock outlive it.
  Place(provider::Provider& provider, Clock& clock, crypto::SecretKey catalog_key, std::string shown)
      : provider_(provider), clock_(clock), catalog_key_(catalog_key), shown_(std::move(shown)) {}

  const std::string& shown() const { return shown_; }
  const crypto::SecretKey& catalog_key() const { return catalog_key_; }

  // Everything that is there. Manifests are opened; segments are not.
  Task<Result<Contents>> look();
  Task<Result<void>> put(std::string name, std::string object);
  // corrupt, where it is not exactly so long or not there: who names it says that it is.
  Task<Result<std::string>> get(std::string name, std::uint64_t size_bytes);
  Task<Result<void>> remove(std::string name);

 private:
  Task<Result<std::string>> get_whole(std::string name, std::uint64_t most_bytes);
  Instant deadline() const { return clock_.now() + std::chrono::minutes(2); }

  provider::Provider& provider_;
  Clock& clock_;
  const crypto::SecretKey catalog_key_;
  const std::string shown_;
};

// The backup to be read: that of exactly `at`, else the newest before; without `at`, the newest of all. Errors: not_found, and corrupt where
// one that does not open might be it.
Result<const Listed*> choose(const Contents& contents, std::optional<WallTime> at, const std::string& shown);

// Takes away all backups but the newest `keep` (0: all stay), and what no backup that stays needs: segments, read-backs. Segments
// that no backup ever named stay where there are backups of several lives. Errors: corrupt, where a manifest does not open, since
// it may need anything.
struct Pruned {
  std::uint64_t backups = 0, segments = 0;
};
Task<Result<Pruned>> prune(Place& place, std::uint64_t keep);

}  // namespace bascule::backup
