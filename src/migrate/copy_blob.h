// Carries one state of a blob over and reads it back.
#pragma once
#include "migrate/gate.h"
#include "migrate/migrate.h"

namespace bascule::migrate {

// What the blobs of one run share. One loop.
struct CopyContext {
  const Options& options;
  Source& source;
  Target& target;
  Clock& clock;
  Random& random;
  Gate streams;
  Wave wave;
  Group timers;                  // of the wave; to be waited for at the end
  std::uint64_t bytes_read = 0;  // from the source, for the progress
  std::uint64_t retries = 0;
  bool sabotage_pending = false;
  bool spoils(const SourceBlob& blob) const {
    switch (options.sabotage_of) {
      case SabotageOf::past: return sabotage_pending && blob.is_past();
      case SabotageOf::append: return sabotage_pending && blob.type == ops::BlobType::append;
      case SabotageOf::page: return sabotage_pending && blob.type == ops::BlobType::page;
      case SabotageOf::any: return sabotage_pending;
    }
    return false;
  }
  bool stopping() const { return options.stop && options.stop->load(std::memory_order_relaxed); }
};

constexpr std::uint64_t kFinishedAnyway = 4u << 20;

enum class CopyOutcome : std::uint8_t { carried, vanished };
enum class Md5Check : std::uint8_t { none, same, differs };

struct CopyResult {
  CopyOutcome outcome = CopyOutcome::carried;
  SourceBlob blob;       // the state that was carried
  bool changed = false;  // other than the one asked for: the source changed meanwhile
  Md5Check md5 = Md5Check::none;
  std::uint64_t target_state = 0;      // of the copy that was read back
  std::uint64_t uncommitted_blocks = 0;  // that stay behind
};

// The place of a blob's state in its history. invalid_argument: the source names it as Azure would not.
Result<ops::At> place_of(const SourceBlob& blob);

// The content is hashed (CRC-64, and MD5 where the source has one to compare) while it is read from the source; the
// target's copy is then read back whole and must have the same length, hash, headers, metadata, tags, tier and state of its
// type, and of a page blob the same holes. A difference is
// `corrupt` and is not tried again. A source that changes is carried in its new state; a busy target is tried again.
// When the run is to stop, a blob of more than kFinishedAnyway bytes ends with `cancelled` at once.
Task<Result<CopyResult>> copy_blob(CopyContext& context, std::string container, SourceBlob blob);

// How long to wait before attempt `attempt` (1, 2, …): doubling from 200 ms to 20 s, with jitter.
Duration retry_delay(int attempt, Random& random);

}  // namespace bascule::migrate
