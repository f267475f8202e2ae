#include "migrate/migrate.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <deque>

#include "http/url.h"
#include "migrate/copy_blob.h"
#include "migrate/done_log.h"

namespace bascule::migrate {
namespace {

// A source with fewer blobs is listed once: what the inventory saw is what is carried.
constexpr std::size_t kKeptBlobs = 20'000, kKeptContainers = 10'000;
constexpr auto kWavePatience = std::chrono::milliseconds(100);
constexpr auto kTick = std::chrono::milliseconds(100);
constexpr auto kProgressEvery = std::chrono::seconds(1);
constexpr std::size_t kFlushAt = 4096;  // records
constexpr auto kLogPatience = std::chrono::seconds(20);  // for a run that was told to stop and still holds the log
// So many blobs in a row that failed because a side does not answer: it is away, and the rest would fare no better.
constexpr std::size_t kGiveUpAfter = 32;

constexpr std::size_t kMostStates = 10'000;   // of one name, held at once

// In the order in which they came to be; what the name means now is the last. The forms are equal, so that texts compare.
std::pair<bool, std::string_view> age_of(const SourceBlob& blob) {
  return {!blob.is_past(), blob.snapshot.empty() ? blob.version_id : blob.snapshot};
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

// Notes what stays behind: in the inventory with a few examples, in the file each one.
struct Notes {
  Inventory& inventory;
  std::FILE* file = nullptr;

  void add(NotCarried what, const std::string& container, const SourceBlob& blob) const {
    inventory.note(what, container, blob.name, blob.size_bytes);
    if (!file) return;
    const std::string& life = blob.snapshot.empty() ? blob.version_id : blob.snapshot;
    const std::string line =
        fmt::format("{}\t{}\t{}\t{}\t{}\n", name(what), http::percent_encode(container, "$"),
                    http::percent_encode_path(blob.name), blob.is_current && blob.snapshot.empty() ? "" : life, blob.size_bytes);
    std::fwrite(line.data(), 1, line.size(), file);
  }
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

// --- what is there -----------------------------------------------------------------------------------------------

// Notes what of the state stays behind, and takes it off the state; true if the state itself is carried.
bool classify(const SourceContainer& in, SourceBlob& blob, const Notes& notes) {
  const std::string& container = in.name;
  std::optional<NotCarried> left_out;
  if (blob.deleted) left_out = NotCarried::deleted_blob;
  else if (!blob.committed) left_out = NotCarried::uncommitted_blob;
  else if (blob.tier == "Archive") left_out = NotCarried::archived_blob;
  else if (blob.customer_key) left_out = NotCarried::customer_key_blob;
  if (left_out) {
    notes.add(*left_out, container, blob);
    return false;
  }
  Inventory& inventory = notes.inventory;
  ++(!blob.snapshot.empty() ? inventory.snapshots : blob.is_version() ? inventory.versions : inventory.blobs);
  inventory.bytes += blob.size_bytes;
  const auto note = [&](bool there, NotCarried what) {
    if (there) notes.add(what, container, blob);
  };
  note(blob.tag_count > static_cast<int>(blob.tags.size()), NotCarried::tags);
  note(blob.type == ops::BlobType::page && !blob.tier.empty(), NotCarried::page_blob_tier);
  note(blob.leased, NotCarried::lease);
  note(blob.copied, NotCarried::copy_history);
  if (!in.version_immutability && blob.keep.any()) {   // the container cannot be asked, or has no such thing
    note(blob.keep.policy.has_value(), NotCarried::immutability);
    note(blob.keep.legal_hold, NotCarried::legal_hold);
    blob.keep = {};
  }
  note(!blob.encryption_scope.empty(), NotCarried::encryption_scope);
  return true;
}

void classify(const SourceContainer& container, const Notes& notes) {
  ++notes.inventory.containers;
  const auto note = [&](bool there, NotCarried what) {
    if (there) notes.add(what, container.name, {});
  };
  note(container.leased, NotCarried::container_lease);
  note(container.immutable, NotCarried::container_immutability);
  note(container.legal_hold, NotCarried::container_legal_hold);
  note(!container.default_encryption_scope.empty(), NotCarried::container_encryption_scope);
}

// The file of everything that stays behind, made anew by each run that writes.
Result<File> make_list_file(const Options& options) {
  const std::string path = options.state_directory + "/not-carried.tsv";
  File file(std::fopen(path.c_str(), "we"));
  if (!file) return fail(Code::internal, fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  return file;
}

// A container that was named on the command line.
Task<Result<SourceContainer>> named_container(Source& source, std::string name) {
  auto found = co_await source.container(name);
  // A container's SAS may list and read its blobs but not its properties.
  if (!found && found.error().code == Code::permission_denied) {
    SourceContainer bare;
    bare.name = name;
    found = std::move(bare);
  }
  if (!found) co_return fail(found.error().code, fmt::format("container {}: {}", name, found.error().message));
  co_return std::move(*found);
}

// The source's containers, one after another, however many they are.
class ContainerWalk {
 public:
  explicit ContainerWalk(Run& run) : run_(run) {}

  // Nothing = there is no other.
  Task<Result<std::optional<SourceContainer>>> next() {
    if (const auto& names = run_.options.containers; !names.empty()) {
      if (at_ == names.size()) co_return std::nullopt;
      BASCULE_CO_ASSIGN(SourceContainer found, co_await named_container(run_.source, names[at_++]));
      co_return found;
    }
    while (at_ == page_.items.size()) {
      if (begun_ && page_.next.empty()) co_return std::nullopt;
      begun_ = true;
      BASCULE_CO_ASSIGN(page_, co_await run_.source.list_containers(page_.next));
      at_ = 0;
    }
    co_return std::move(page_.items[at_++]);
  }

 private:
  Run& run_;
  SourceContainerPage page_;
  std::size_t at_ = 0;
  bool begun_ = false;
};

void keep(Run& run, ContainerWork& work, SourceBlob&& blob) {
  if (!work.kept) return;
  if (run.kept < kKeptBlobs) {
    work.blobs.push_back(std::move(blob));
    ++run.kept;
    return;
  }
  work.kept = false;
  run.kept -= work.blobs.size();
  work.blobs = {};
}

// A run that was told to stop may still be finishing what is under way.
Task<Result<std::unique_ptr<DoneLog>>> open_log(Run& run) {
  const Instant until = run.clock.now() + kLogPatience;
  for (;;) {
    auto log = DoneLog::open(run.options.state_directory, run.source.identity());
    if (log || log.error().code != Code::conflict || run.clock.now() >= until || run.stopping()) co_return log;
    co_await run.clock.sleep_for(kTick);
  }
}

Task<Result<void>> begin_writing(Run& run) {
  if (run.options.dry_run || run.log) co_return Result<void>{};
  BASCULE_CO_ASSIGN(run.log, co_await open_log(run));
  BASCULE_CO_ASSIGN(run.not_carried, make_list_file(run.options));
  run.report.damaged_records = run.log->damaged_count();
  co_return Result<void>{};
}

Task<Result<void>> look_through(Run& run, ContainerWork& work) {
  work.kept = run.containers_kept;
  bool history_seen = true, tags_seen = true;
  std::string marker;
  do {
    if (run.stopping()) co_return Result<void>{};
    auto page = co_await run.source.list_blobs(work.container.name, marker, true);
    if (!page) co_return fail(page.error().code, fmt::format("container {}: {}", work.container.name, page.error().message));
    // Not before the source has shown something: a run that cannot begin changes nothing.
    BASCULE_CO_TRY(co_await begin_writing(run));
    history_seen = history_seen && page->history_seen;
    tags_seen = tags_seen && page->tags_seen;
    const Notes notes = run.notes();
    for (SourceBlob& blob : page->items)
      if (classify(work.container, blob, notes)) keep(run, work, std::move(blob));
    marker = std::move(page->next);
  } while (!marker.empty());
  classify(work.container, run.notes());
  if (!history_seen) run.notes().add(NotCarried::unseen_history, work.container.name, {});
  if (!tags_seen) run.notes().add(NotCarried::unseen_tags, work.container.name, {});
  co_return Result<void>{};
}

Task<Result<void>> take_inventory(Run& run) {
  ContainerWalk walk(run);
  for (;;) {
    BASCULE_CO_ASSIGN(std::optional<SourceContainer> container, co_await walk.next());
    if (!container) break;
    ContainerWork work{std::move(*container)};
    BASCULE_CO_TRY(co_await look_through(run, work));
    if (run.stopping()) co_return Result<void>{};
    if (run.containers.size() == kKeptContainers) {
      run.containers_kept = false;
      run.containers = {};
    }
    if (run.containers_kept) run.containers.push_back(std::move(work));
  }
  BASCULE_CO_TRY(co_await begin_writing(run));
  if (run.not_carried && (std::fflush(run.not_carried.get()) != 0 || std::ferror(run.not_carried.get())))
    co_return fail(Code::exhausted, "cannot write the list of what stays behind");
  co_return Result<void>{};
}

// --- carrying over -----------------------------------------------------------------------------------------------

void failed(Run& run, std::string container, std::string blob, std::string message) {
  run.sink.failure({container, blob, message});
  run.report.fail(std::move(container), std::move(blob), std::move(message));
}

// What a blob that did not come over says about the run.
void not_carried(Run& run, const std::string& container, const std::string& name, Error error) {
  if (error.code == Code::cancelled && run.stopping()) return;  // its next run carries it
  ++run.done_blobs;
  failed(run, container, name, std::move(error.message));
  if (!retryable(error.code) || ++run.unanswered != kGiveUpAfter) return;
  run.gave_up = true;
  failed(run, "", "", fmt::format("gave up: {} blobs in a row failed because the source, or the storage here, does not answer; "
                                  "the same command goes on from here", kGiveUpAfter));
}

Task<void> carry_state(Run& run, const std::string& container, std::uint64_t life, SourceBlob blob) {
  const std::string name = blob.name;
  auto result = co_await copy_blob(run.copy, container, std::move(blob));
  if (!result) {
    not_carried(run, container, name, std::move(result.error()));
    co_return;
  }
  run.unanswered = 0;
  ++run.done_blobs;
  if (result->outcome == CopyOutcome::vanished) {
    ++run.report.vanished;
    co_return;
  }
  ++run.report.carried;
  run.report.carried_past += result->blob.is_past();
  run.report.carried_bytes += result->blob.size_bytes;
  run.report.changed += result->changed;
  run.report.md5_checked += result->md5 != Md5Check::none;
  run.report.md5_differs += result->md5 == Md5Check::differs;
  if (result->uncommitted_blocks > 0) run.notes().add(NotCarried::uncommitted_blocks, container, result->blob);
  run.log->add({done_key(container, life, result->blob), result->target_state, result->uncommitted_blocks > 0});
}

// A name's states one after the other, the oldest first: the name never shows less of a past than it will have.
Task<void> carry_name(Run& run, const std::string& container, std::uint64_t life, std::vector<SourceBlob> states) {
  const Place place(run.blobs);
  for (SourceBlob& state : states) {
    if (run.stopping()) break;
    co_await carry_state(run, container, life, std::move(state));
  }
  run.group.finished();
}

// True if a former run carried this state and the target has it still.
Task<bool> is_there(Run& run, const std::string& container, std::uint64_t life, const SourceBlob& blob) {
  if (run.log->former_count() == 0) co_return false;
  const auto at = place_of(blob);
  if (!at) co_return false;
  auto record = run.log->find(done_key(container, life, blob));
  if (!record && blob.is_version()) record = run.log->find(done_key_as_current(container, life, blob));
  if (!record) co_return false;
  const auto state = co_await run.target.state(container, blob.name, *at);
  if (!state || *state == 0) co_return false;  // deleted here since: carried again
  if (*state != record->target_state) run.notes().add(NotCarried::changed_here, container, blob);
  else if (record->uncommitted_blocks) run.notes().add(NotCarried::uncommitted_blocks, container, blob);
  co_return true;
}

// The states of one name, as the listing gave them.
Task<void> start_name(Run& run, Executor executor, const std::string& container, std::uint64_t life, std::vector<SourceBlob> states) {
  std::vector<SourceBlob> wanted;
  for (SourceBlob& blob : states) {
    if (!co_await is_there(run, container, life, blob)) {
      wanted.push_back(std::move(blob));
      continue;
    }
    if (blob.keep.any()) {   // it may be kept longer by now
      auto kept = co_await run.target.keep(container, blob.name, *place_of(blob), blob.keep);
      if (!kept) failed(run, container, blob.name, std::move(kept.error().message));
    }
    ++run.report.already;
    ++run.done_blobs;
    run.report.already_bytes += blob.size_bytes;
    run.skipped_bytes += blob.size_bytes;
  }
  if (wanted.empty()) co_return;
  std::ranges::sort(wanted, [](const SourceBlob& a, const SourceBlob& b) { return age_of(a) < age_of(b); });
  co_await run.blobs.enter();
  if (run.stopping()) {
    run.blobs.leave();
    co_return;
  }
  run.group.started();
  spawn(executor, carry_name(run, container, life, std::move(wanted)));
}

// Gathers what a listing gives of one name.
class Names {
 public:
  Names(Run& run, Executor executor, const std::string& container, std::uint64_t life)
      : run_(run), executor_(std::move(executor)), container_(container), life_(life) {}

  Task<void> add(SourceBlob blob) {
    // A name with more states than may be held comes over in parts; each has its place in the history all the same.
    if (!states_.empty() && (states_.front().name != blob.name || states_.size() == kMostStates)) co_await flush();
    states_.push_back(std::move(blob));
  }
  Task<void> flush() {
    if (!states_.empty()) co_await start_name(run_, executor_, container_, life_, std::exchange(states_, {}));
  }

 private:
  Run& run_;
  const Executor executor_;
  const std::string& container_;
  const std::uint64_t life_;
  std::vector<SourceBlob> states_;
};

Task<void> carry_container(Run& run, ContainerWork& work) {
  const Executor executor = co_await this_executor();
  const std::string& name = work.container.name;
  auto access = co_await run.source.container_access(name);
  if (!access && access.error().code == Code::permission_denied) access = SourceAccess{};
  if (!access) {
    failed(run, name, "", "access policies: " + access.error().message);
    access = SourceAccess{};
  } else if (!access->known) {
    run.notes().add(NotCarried::access_policies, name, {});
  }
  if (!access->known) access->public_access = work.container.public_access;
  auto life = co_await run.target.ensure_container(work.container, std::move(*access));
  if (!life) {
    failed(run, name, "", "cannot be made here: " + life.error().message);
    co_return;
  }
  Names names(run, executor, name, *life);
  if (work.kept) {
    for (SourceBlob& blob : work.blobs) {
      if (run.stopping()) co_return;
      co_await names.add(std::move(blob));
    }
    work.blobs = {};
    co_return co_await names.flush();
  }
  std::string marker;
  Inventory ignored;  // what stays behind was named by the inventory
  do {
    auto page = co_await run.source.list_blobs(name, marker, true);
    if (!page) {
      failed(run, name, "", "listing: " + page.error().message);
      co_return;
    }
    for (SourceBlob& blob : page->items) {
      if (run.stopping()) co_return;
      if (classify(work.container, blob, Notes{ignored})) co_await names.add(std::move(blob));
    }
    marker = std::move(page->next);
  } while (!marker.empty());
  co_await names.flush();
}

// --- meanwhile ---------------------------------------------------------------------------------------------------

Progress make_progress(Run& run) {
  Progress p;
  p.phase = run.phase;
  p.blobs_done = run.done_blobs;
  p.blobs_total = run.report.inventory.states();
  p.bytes_done = run.copy.bytes_read + run.skipped_bytes;
  p.bytes_total = run.report.inventory.bytes;
  p.failed = run.report.failed;
  const Instant now = run.clock.now();
  p.elapsed = now - run.started;
  if (run.phase == Progress::Phase::inventory) return p;
  run.samples.push_back({now, run.report.carried + run.report.vanished, run.copy.bytes_read});
  while (run.samples.size() > 2 && now - run.samples.front().when > std::chrono::seconds(10)) run.samples.pop_front();
  const Run::Sample &first = run.samples.front(), &last = run.samples.back();
  const double seconds = std::chrono::duration<double>(last.when - first.when).count();
  if (seconds <= 0) return p;
  p.blobs_per_second = static_cast<double>(last.blobs - first.blobs) / seconds;
  p.bytes_per_second = last.bytes > first.bytes ? static_cast<double>(last.bytes - first.bytes) / seconds : 0;
  // The slower of the two counts decides: many small blobs, or much content.
  const auto need = [](std::uint64_t done, std::uint64_t total, double rate) -> double {
    if (total <= done) return 0;
    return rate > 0 ? static_cast<double>(total - done) / rate : -1;
  };
  const double by_bytes = need(p.bytes_done, p.bytes_total, p.bytes_per_second);
  const double by_blobs = need(p.blobs_done, p.blobs_total, p.blobs_per_second);
  if (by_bytes >= 0 && by_blobs >= 0)
    p.left = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(std::max(by_bytes, by_blobs)));
  return p;
}

Task<void> flush(Run& run) {
  if (auto written = co_await run.log->flush(run.workers); !written)
    failed(run, "", "", "the log of what is done: " + written.error().message);
}

Task<void> tick(Run& run) {
  Instant next_progress = run.clock.now() + kProgressEvery, next_flush = next_progress;
  while (!run.finished) {
    co_await run.clock.sleep_for(kTick);
    const Instant now = run.clock.now();
    if (run.finished) break;
    if (now >= next_progress) {
      next_progress = now + kProgressEvery;
      run.sink.progress(make_progress(run));
    }
    if (run.log && run.log->pending() > 0 && (now >= next_flush || run.log->pending() >= kFlushAt)) {
      co_await flush(run);
      next_flush = now + std::chrono::seconds(1);
    }
  }
  run.ticker.finished();
}

Task<Result<void>> carry_all(Run& run) {
  if (run.containers_kept) {
    for (ContainerWork& work : run.containers) {
      if (run.stopping()) break;
      co_await carry_container(run, work);
    }
    co_return Result<void>{};
  }
  ContainerWalk walk(run);
  while (!run.stopping()) {
    BASCULE_CO_ASSIGN(std::optional<SourceContainer> container, co_await walk.next());
    if (!container) break;
    ContainerWork work{std::move(*container)};
    co_await carry_container(run, work);
    co_await run.group.wait();  // its tasks refer to `work`
  }
  co_return Result<void>{};
}

Task<Result<void>> work_through(Run& run) {
  BASCULE_CO_TRY(co_await take_inventory(run));
  run.sink.inventory(run.report.inventory);
  if (run.options.dry_run || run.stopping()) co_return Result<void>{};
  run.phase = Progress::Phase::copy;
  auto carried = co_await carry_all(run);
  co_await run.group.wait();
  if (!carried) failed(run, "", "", "listing the containers: " + carried.error().message);
  if (run.copy.sabotage_pending && !run.stopping()) failed(run, "", "", "sabotage: no blob that was carried could be spoilt");
  co_return Result<void>{};
}

}  // namespace

Task<Result<Report>> migrate(Options options, Source& source, Target& target, ProgressSink& sink, Clock& clock,
                             Random& random, Workers& workers) {
  Run run{.options = options, .source = source, .target = target, .sink = sink, .clock = clock, .workers = workers,
          .copy = CopyContext{options, source, target, clock, random, Gate(options.streams_at_once),
                              Wave(std::min(options.wave, options.blobs_at_once / 2), kWavePatience, clock)},
          .started = clock.now(), .blobs = Gate(options.blobs_at_once)};
  run.copy.sabotage_pending = options.sabotage != Sabotage::none;
  run.report.source = source.describe();
  run.report.dry_run = options.dry_run;
  run.ticker.started();
  spawn(co_await this_executor(), tick(run));
  auto worked = co_await work_through(run);
  run.finished = true;
  co_await run.ticker.wait();
  co_await run.copy.timers.wait();
  if (run.log) co_await flush(run);
  if (!worked) co_return fail(std::move(worked.error()));
  run.report.retries = run.copy.retries;
  run.report.cancelled = run.stopping();
  run.report.elapsed = clock.now() - run.started;
  if (!options.dry_run) sink.progress(make_progress(run));
  sink.finished(run.report);
  co_return std::move(run.report);
}

}  // namespace bascule::migrate
