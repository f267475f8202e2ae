// One migration, and its steps: the inventory, the carrying over. Internal to migrate.cc and those.
#pragma once
#include <cstdio>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "migrate/copy_blob.h"
#include "migrate/done_log.h"

namespace bascule::migrate {

constexpr auto kTick = std::chrono::milliseconds(100);

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

// Notes what stays behind: in the inventory with a few examples, in the file each one.
struct Notes {
  Inventory& inventory;
  std::FILE* file = nullptr;

  void add(NotCarried what, const std::string& container, const SourceBlob& blob) const;
};

struct ContainerWork {
  SourceContainer container;
  std::vector<SourceBlob> blobs;  // kept from the inventory
  bool kept = false;              // `blobs` is the whole listing
};

struct Run {
  const Options& options;
  Source& source;
  Target& target;
  ProgressSink& sink;
  Clock& clock;
  Workers& workers;
  CopyContext copy;
  Report report{};
  std::unique_ptr<DoneLog> log{};
  File not_carried{};                       // the list of what stays behind
  std::vector<ContainerWork> containers{};  // of the inventory, where they are few
  bool containers_kept = true;
  std::size_t kept = 0;                     // blobs in them
  Progress::Phase phase = Progress::Phase::inventory;
  Instant started{};
  Gate blobs;
  Group group{};                            // blobs under way
  std::size_t unanswered = 0;               // failures in a row because a side does not answer
  bool gave_up = false;
  bool finished = false;                    // ends the ticker
  Group ticker{};
  std::uint64_t done_blobs = 0, skipped_bytes = 0;
  struct Sample {
    Instant when;
    std::uint64_t blobs, bytes;
  };
  std::deque<Sample> samples{};             // of the last ten seconds

  Notes notes() { return {report.inventory, not_carried.get()}; }
  bool stopping() const { return copy.stopping() || gave_up; }
};

// The source's containers, one after another, however many they are.
class ContainerWalk {
 public:
  explicit ContainerWalk(Run& run) : run_(run) {}

  // Nothing = there is no other.
  Task<Result<std::optional<SourceContainer>>> next();

 private:
  Run& run_;
  SourceContainerPage page_;
  std::size_t at_ = 0;
  bool begun_ = false;
};

// --- inventory.cc ---
// Notes what of the state stays behind, and takes it off the state; true if the state itself is carried.
bool classify(const SourceContainer& in, SourceBlob& blob, const Notes& notes);
// Looks through all that is to be carried over; opens the log, unless it is a dry run.
Task<Result<void>> take_inventory(Run& run);

// --- carry.cc ---
// Notes what did not come over; no names: it concerns the whole run.
void failed(Run& run, std::string container, std::string blob, std::string message);
// What of the container is not here yet is under way, in the run's group, when this ends.
Task<void> carry_container(Run& run, ContainerWork& work);

}  // namespace bascule::migrate
