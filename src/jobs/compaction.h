// Compaction: extents that are too small, or of which much is dead, are gathered into new ones. Ciphertext is moved as it
// lies, without keys; manifests are not touched. The new extent is durable first; then one commit, under the versions that
// were read, says of each old extent where its parts lie now (ExtentRecord::forward) and gives its shards to the sweeper,
// which deletes them when no read can want them any more. Readers who do not find an extent ask for its forwards
// (ops/forwarding.h). Nothing is kept between runs: one that ends in the middle has done what it committed.
#pragma once
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <optional>

#include "catalog/forward.h"
#include "jobs/walk.h"
#include "jobs/worth.h"
#include "ops/service.h"

namespace bascule::jobs {

struct CompactionOptions {
  Prices prices;
  Duration settle = std::chrono::minutes(10);     // extents of a session that is open are left alone for so long
  std::uint64_t most_looked_bytes = std::uint64_t{512} << 20;   // of extents in one run: bounds what is kept in memory
  std::size_t most_looked = 8192;
  std::size_t most_pieces = 1'000'000;
};

struct CompactionCounts {
  std::uint64_t runs = 0;
  std::uint64_t gathered = 0, written = 0;        // extents: that were gathered, and that they became
  std::uint64_t moved_bytes = 0, freed_bytes = 0;
  std::uint64_t put_off = 0;                      // extents that somebody changed meanwhile
  std::uint64_t damaged = 0;                      // extents that could not be read whole, and were left as they are
};

// What a run is going to do, or has done.
struct CompactionReport {
  std::uint64_t looked = 0, extents = 0, groups = 0;   // extents: that pay, in groups; one new one for each
  std::uint64_t size_bytes = 0, moved_bytes = 0;       // of them; the difference is freed
  double saved = 0, cost = 0;                          // worth.h
};

// One per catalog; beside the sweeper and all writers. Any loop may begin a run, one at a time, and goes on with it. Errors are the provider's or the
// store's: the next run begins anew.
class Compactor {
 public:
  Compactor(ops::Service& service, CompactionOptions options);

  // Looks for what pays: walks over the catalog's extents, from where the last run ended, and over all that names pieces.
  // conflict: a run is under way.
  Task<Result<CompactionReport>> begin();
  // Gathers the next group of what begin() found; false: there is none left, and the run is over.
  Task<Result<bool>> step();
  void end();                                      // gives up what is left of the run
  bool running() const { return running_; }
  // All of it, where it is not stopped: for tests and the job.
  Task<Result<CompactionReport>> run(const std::atomic<bool>& stop);
  CompactionCounts counts() const { return counts_; }
  // How far the run that began last has come.
  const CompactionReport& report() const { return report_; }

 private:
  using ExtentId = extent::ExtentId;
  struct Stretch { std::uint32_t offset = 0, length = 0; };
  struct Source {                                  // forwards to a candidate that was itself gathered
    std::uint64_t version = 0;
    catalog::ExtentRecord record;
  };
  struct Candidate {
    ExtentId id;
    std::uint64_t version = 0, total_version = 0, dead_bytes = 0;
    catalog::ExtentRecord record;
    std::map<ExtentId, Source> sources;
    std::map<std::uint32_t, std::uint32_t> named;  // offset -> sealed size
    std::optional<std::uint64_t> cid;              // of one of its pieces
    std::string account;
    double age_days = 0;
    bool odd = false;                              // left alone
    std::vector<Stretch> stretches;                // what is to be moved
    std::uint64_t moved_bytes = 0;
  };
  struct Group {
    std::vector<Candidate> members;
    Worth worth;
  };
  struct DeadTotal { std::uint64_t version = 0, bytes = 0; };

  Task<Result<std::map<ExtentId, DeadTotal>>> dead_totals();
  Task<Result<std::vector<Candidate>>> candidates();
  Task<Result<std::optional<double>>> settled_age_days(ExtentId id);
  Task<Result<void>> find_living(std::vector<Candidate>& all);
  Task<Result<void>> find_accounts(std::vector<Candidate>& all);
  static void choose_stretches(Candidate& candidate);
  std::vector<Group> group(std::vector<Candidate> all) const;

  Task<Result<void>> read_living(const Candidate& candidate, MutableBytes into);
  Task<Result<std::shared_ptr<extent::PlacedExtent>>> place(Bytes content);
  Task<Result<void>> commit(const Group& group, const extent::PlacedExtent& placed);

  ops::Service& service_;
  catalog::Catalog& catalog_;
  const CompactionOptions options_;
  const crypto::UnitTagKeys tag_keys_;
  CompactionCounts counts_;
  CompactionReport report_;
  std::atomic<bool> running_{false};               // what follows is the runner's
  std::deque<Group> groups_;
  std::string next_extent_;                        // key: where the next run goes on
  std::deque<std::pair<Instant, std::uint64_t>> marks_;   // ids of this session that were not used yet, then
  std::map<std::uint32_t, std::optional<double>> ages_;   // of sessions, in this run; nothing: open
};

}  // namespace bascule::jobs
