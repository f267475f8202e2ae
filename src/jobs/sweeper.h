// The sweeper turns what commits let go of (drop records) into dead bytes per extent, removes what deleted containers and
// ended uploads leave behind, and collects extents of which nothing lives. Liveness costs writers one record; everything
// else happens here, in bounded commits, and may be interrupted anywhere: a drop record goes only with its effect.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>

#include "jobs/window.h"
#include "ops/service.h"

namespace bascule::jobs {

struct SweepCounts {
  std::uint64_t drops = 0, extents_removed = 0, bytes_removed = 0, orphans_removed = 0;
  std::uint64_t extents_settled = 0;   // extents of dead sessions that were named in part
  std::uint64_t expired = 0;           // records of what was deleted softly, done with
  std::uint64_t ended = 0;             // blobs deleted at their own end
  std::uint64_t failed_puts = 0;       // removals of what a failed PUT of this session may have left
  std::uint64_t held = 0, held_bytes = 0;   // dead extents that wait for the restore window, or for a former life's takeover
  WallTime last_backup{};              // the instant of the newest that is complete; WallTime(): none
};

// One per catalog, on one loop.
class Sweeper {
 public:
  // `restore_window`: see jobs/window.h.
  Sweeper(ops::Service& service, Duration uncommitted_lifetime = std::chrono::days(7), Duration restore_window = {});

  // One pass over everything that is due; true if there was anything to do. What reads that run may still need waits for
  // a later pass. What a PUT of this session left that failed goes too, at once and again after kLatePut: the packer's word
  // (extent::FailedPuts) says which, never a listing, so that no write in flight is taken. Errors are the provider's or the
  // store's: try again later; conflict: a compaction moved what was being swept, try again at once.
  Task<Result<bool>> pass();
  // What dead sessions placed and no commit named: whole extents are listed at the provider and decided by the closed
  // session and the missing name; extents that are named in part are recounted. Sessions of a life before a restore wait
  // until that is taken over, and then everything it placed and nothing names goes. Run after an unclean end, and again
  // later, since a PUT of a dead session may still land; once one has been dead for kLatePut it is settled for good.
  Task<Result<void>> adopt_dead_sessions(std::vector<std::uint32_t> sessions);
  static constexpr Duration kLatePut = std::chrono::minutes(30);
  // The same for all whom the catalog found dead at its opening, whenever it is due: at once, then every hour until each is
  // settled, and soon again after an error. For who calls pass() in a loop. That a session is settled stands in its record,
  // so that a life that ends before, a short command's for one, leaves the repetition to the next.
  Task<Result<void>> adopt_when_due();
  static constexpr Duration kAdoptAgain = std::chrono::hours(1), kAdoptRetry = std::chrono::minutes(1);
  // Uploads without a commit for a week (AZURE.md 9).
  Task<Result<void>> expire_uploads();
  // What was deleted softly and has been kept as long as the account said then.
  Task<Result<void>> expire_deleted();
  // Blobs that have come to their own end (Set Blob Expiry) are deleted as any other is: softly, where the account says so.
  // What must be kept is looked at again later.
  Task<Result<void>> expire_ended();
  static constexpr Duration kEndAgain = std::chrono::hours(1);
  SweepCounts counts() const { return counts_; }

 private:
  using ExtentId = extent::ExtentId;
  static constexpr Duration kProviderTimeout = std::chrono::seconds(30);
  struct PieceKey {
    ExtentId extent;
    std::uint32_t offset;
    auto operator<=>(const PieceKey&) const = default;
  };
  using Dead = std::map<PieceKey, std::uint32_t>;  // -> sealed size

  // What one pass may touch once every read has ended that began before the records of it were durable: pages and
  // blocks that such a read may walk, extents that it may read.
  struct Fence {
    std::function<bool()> readers_gone;
    std::string last_drop;                 // "" = none
    std::vector<store::Entry> garbage;
  };
  struct Recount {
    std::uint64_t size_bytes = 0, dead_bytes = 0;
    std::map<std::uint32_t, std::uint32_t> named;   // offset -> sealed size
  };
  using Recounts = std::map<ExtentId, Recount>;

  Task<Result<bool>> sweep_dropped();
  Task<Result<bool>> remove_failed();
  Task<Result<void>> sweep_drop(store::Entry entry);
  Task<Result<void>> sweep_manifest(store::Entry entry, catalog::DropRecord drop);
  // Of an append or page blob or a past state of one: what nobody else sees goes. sweep_lineage.cc
  Task<Result<void>> sweep_lineage(store::Entry entry, catalog::DropRecord drop);
  Task<Result<void>> settle_lineage(store::Entry entry, catalog::DropRecord drop);
  Task<Result<void>> sweep_upload(store::Entry entry, catalog::DropRecord drop);
  Task<Result<void>> sweep_container(store::Entry entry, catalog::DropRecord drop);
  Task<Result<std::set<PieceKey>>> pieces_of(std::uint64_t cid, catalog::Manifest manifest);
  Task<Result<catalog::Manifest>> live_manifest(std::uint64_t cid, std::uint64_t manifest, std::string blob);
  Task<Result<std::optional<catalog::Manifest>>> find_manifest(std::uint64_t manifest, std::string begin, std::string end);
  Task<Result<void>> expire(store::Entry entry, WallTime now);
  Task<Result<void>> end(store::Entry entry, WallTime now);   // sweep_ended.cc
  Task<Result<std::optional<ops::ContainerRef>>> name_of(std::uint64_t cid, catalog::EndRecord last);
  Task<Result<bool>> referenced(std::uint64_t cid, std::uint64_t manifest, std::uint64_t except);
  // Adds to the totals; an extent whose bytes are all dead becomes garbage in the same commit. What lies in another extent
  // by now (compaction) is dead there too.
  Task<Result<void>> bury(catalog::Transaction& t, Dead dead);
  Task<Result<void>> bury_bytes(catalog::Transaction& t, ExtentId id, std::uint64_t bytes);
  Task<Result<std::vector<store::Entry>>> removable_garbage();   // some of it
  Task<Result<void>> remove_garbage(std::vector<store::Entry> garbage);
  // The container's key goes, or waits for what the restore window says, in the transaction.
  Task<Result<void>> doom_key(catalog::Transaction& t, std::uint64_t cid);
  // Pieces that were placed beside named ones but never named themselves, because their writer died: they are counted as
  // dead, or their extent could never be collected. Several scans may count while commits go on: what a record named when
  // the count began stays in some record (a drop at the least) until the sweeper takes it, which does not run meanwhile;
  // and what no record named can never be named, since only the dead session knew of it.
  using Sessions = std::map<std::uint32_t, std::uint64_t>;   // -> incarnation
  Task<Result<void>> recount(Sessions sessions);
  Task<Result<void>> bury_unnamed(Recounts recounts);
  Task<Result<void>> count_named(Recounts& recounts);
  Task<Result<void>> sweep_intents(Sessions sessions, std::set<std::uint32_t> quiet);
  // Of these sessions, and everything of these incarnations.
  Task<Result<void>> remove_orphans(Sessions sessions, std::set<std::uint64_t> incarnations);
  Task<Result<void>> settle_lives(Window window);

  ops::Service& service_;
  catalog::Catalog& catalog_;
  const Duration uncommitted_lifetime_, restore_window_;
  std::optional<Fence> fence_;
  std::optional<std::vector<std::uint32_t>> unsettled_;   // nothing: not asked for yet
  Instant adoption_due_{};
  std::uint64_t restored_version_ = 0;   // at the last look: a takeover is noticed
  std::string garbage_from_ = "G";       // where the next look for garbage begins
  std::uint64_t held_ = 0, held_bytes_ = 0;   // of this round through the garbage
  SweepCounts counts_;
};

}  // namespace bascule::jobs
