// Carries containers and blobs, with what they have of a past, from a source to this installation, and proves it by reading everything back.
#pragma once
#include <atomic>
#include <string>
#include <vector>

#include "migrate/progress.h"
#include "migrate/report.h"
#include "migrate/source.h"
#include "migrate/target.h"
#include "runtime/clock.h"
#include "runtime/random.h"
#include "runtime/workers.h"

namespace bascule::migrate {

enum class Sabotage : std::uint8_t { none, drop, flip };
enum class SabotageOf : std::uint8_t { any, past, append, page };   // which is spoilt: the first that is carried of that kind

struct Options {
  std::vector<std::string> containers;   // "" = all that the source shows
  // Holds the log of what is done, and not-carried.tsv: every blob that stays behind (kind, container, name, snapshot or
  // version, bytes; percent-encoded). A folder of the data, usually "migrate".
  std::string state_directory;
  std::size_t blobs_at_once = 192;
  std::size_t streams_at_once = 32;      // reads that go on while the target takes them: of large blobs, all together
  std::uint64_t small_bytes = 64u << 10; // smaller blobs are read whole before they are written …
  std::size_t wave = 64;                 // … many at a time, so that they share the target's syncs; 1 = each at once
  std::uint64_t segment_bytes = 32u << 20;      // consecutive blocks up to this are one ranged read
  std::uint64_t md5_check_bytes = 64u << 20;    // larger blobs are compared by CRC64 alone, not with Content-MD5 too
  int attempts = 5;                      // of one blob: source changed, target busy
  bool dry_run = false;                  // the inventory alone
  Sabotage sabotage = Sabotage::none;    // for tests: the verification must fail
  SabotageOf sabotage_of = SabotageOf::any;
  const std::atomic<bool>* stop = nullptr;  // set by a signal: finish what is under way and report
};

// Runs on the calling loop. An error means that nothing could be done at all (source not reached, state folder not
// writable); failures of single blobs are in the report. Killed at any moment, the next run goes on: what is logged as
// verified and unchanged at the source is left alone, what was under way is carried again.
Task<Result<Report>> migrate(Options options, Source& source, Target& target, ProgressSink& sink, Clock& clock,
                             Random& random, Workers& workers);

}  // namespace bascule::migrate
