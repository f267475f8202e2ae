// check: is everything that the catalog names there, whole and openable, and what lies at the provider that nothing names?
//
// It may run beside a server that is being written to: whatever looks wrong is looked up again, in an order in which a
// change meanwhile explains it, before it is reported. A record of the catalog that does not open is named by its key, and
// everything else is checked all the same. Memory: 32 bytes for each extent, about 150 for each container.
#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "ops/service.h"

namespace bascule::jobs {

struct CheckOptions {
  bool read = true;                          // read every extent and verify its checksums; else names and sizes alone
  std::size_t reads_at_once = 4;             // each takes 1 MiB of memory
  const std::atomic<bool>* stop = nullptr;   // set from anywhere: ends soon, with `cancelled`
};

enum class Trouble : std::uint8_t {
  missing,   // named by the catalog, and not (or not whole) at the provider, or not in the catalog itself
  damaged,   // there, and not what was written
  unnamed,   // at the provider, and nothing names it: a note
};
std::string_view name(Trouble trouble);

struct CheckFinding {
  Trouble trouble = Trouble::missing;
  std::string where;     // "account/container/blob", "extent NAME", "object NAME", "catalog, KEY"
  std::string message;   // what is wrong with it
};

struct CheckProgress {
  enum class Phase : std::uint8_t { catalog, listing, reading, blobs } phase = Phase::catalog;
  std::uint64_t done = 0, total = 0;         // of the phase; total 0: not known
  std::uint64_t bytes_read = 0;
};
std::string_view name(CheckProgress::Phase phase);

struct CheckReport {
  std::uint64_t containers = 0, blobs = 0, blocks = 0, pieces = 0;  // blocks: uncommitted ones
  std::uint64_t past = 0;                    // snapshots, versions and overwritten states that are still kept
  std::uint64_t blob_bytes = 0;              // theirs too
  std::uint64_t extents = 0, extent_bytes = 0;
  std::uint64_t unreferenced = 0;            // extents with a record and nothing in them that is still used
  std::uint64_t bytes_read = 0;
  std::uint64_t missing = 0, damaged = 0;    // findings
  std::uint64_t unnamed = 0, unnamed_bytes = 0;
  std::uint64_t foreign = 0;                 // objects with names that are not ours
  Duration elapsed{};
  bool good() const { return missing == 0 && damaged == 0; }
};

// Called on the checking loop.
class CheckSink {
 public:
  virtual ~CheckSink() = default;
  virtual void progress(const CheckProgress& progress) = 0;  // often; who shows it chooses
  virtual void finding(const CheckFinding& finding) = 0;     // unnamed: the first hundred
};

// Errors: those that end it (the provider or the store away, cancelled). What is wrong with the data is in the report.
Task<Result<CheckReport>> check(ops::Service& service, CheckOptions options, CheckSink& sink);

}  // namespace bascule::jobs
