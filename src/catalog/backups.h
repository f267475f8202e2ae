// What a catalog knows of its backups and of the lives before it, so that the collection leaves alone what may still be asked
// for; and what waits for its deletion. docs/formats/catalog.md.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "catalog/keys.h"

namespace bascule::catalog {

using BackupTargetId = std::array<std::byte, 16>;

// One place that backups go to.
struct BackupTarget {
  BackupTargetId id{};
  std::string place;                 // as it was named last
  std::uint64_t number = 0;          // the newest backup that is complete; 0: none
  std::uint64_t epoch = 0;           // that it began
  WallTime instant{};                // that it shows
  std::uint32_t running_session = 0; // of a backup under way; one whose session is closed came to nothing
  std::uint64_t running_epoch = 0;
};

// Every backup begins an epoch, durably, before it looks at the catalog; whoever makes something garbage does so under the
// epoch. So a backup of a later epoch than a garbage record's knows that record, and does not name what it is about.
struct BackupsRecord {
  std::uint64_t epoch = 0;
  std::vector<BackupTarget> targets;
  BackupTarget* find(const BackupTargetId& id) {
    for (auto& target : targets)
      if (target.id == id) return &target;
    return nullptr;
  }
};

// A life before this one, from a backup of which this one was restored. Until it is taken over its gateway may still run.
struct FormerLife {
  std::uint64_t incarnation = 0;
  WallTime instant{}, restored{};    // what the backup showed; when this life began
  WallTime taken_over{};             // WallTime(): not yet
  bool settled = false;              // taken over, and all it left has been collected
  bool is_taken_over() const { return taken_over != WallTime(); }
};
struct RestoredRecord {
  std::vector<FormerLife> lives;     // in their order
};

// An extent without living bytes, or a container's key that nothing needs, to be deleted at the provider.
struct GarbageRecord {
  std::uint64_t bytes = 0;
  std::uint64_t epoch = 0;           // 0: no backup can name it
  WallTime died{};                   // with an epoch
};

std::string encode(const BackupsRecord&);
std::string encode(const RestoredRecord&);
std::string encode(const GarbageRecord&);

template <class T> Result<T> decode(std::string_view bytes);
template <> Result<BackupsRecord> decode(std::string_view);
template <> Result<RestoredRecord> decode(std::string_view);
template <> Result<GarbageRecord> decode(std::string_view);

namespace keys {
inline std::string backups() { return meta("backups"); }
inline std::string restored() { return meta("restored"); }
// The key of a deleted container, in the table of garbage: shorter than any extent's.
inline std::string doomed_key(std::uint64_t cid) { return with_u64('G', cid); }
constexpr std::size_t kDoomedKeyBytes = 9;
}  // namespace keys

}  // namespace bascule::catalog
