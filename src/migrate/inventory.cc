// What there is at the source, and what of it stays behind.
#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "http/url.h"
#include "migrate/run.h"

namespace bascule::migrate {
namespace {

// A source with fewer blobs is listed once: what the inventory saw is what is carried.
constexpr std::size_t kKeptBlobs = 20'000, kKeptContainers = 10'000;
constexpr auto kLogPatience = std::chrono::seconds(20);  // for a run that was told to stop and still holds the log

void note_container(const SourceContainer& container, const Notes& notes) {
  ++notes.inventory.containers;
  if (container.public_access != ops::PublicAccess::none) ++notes.inventory.public_containers;
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
  note_container(work.container, run.notes());
  if (!history_seen) run.notes().add(NotCarried::unseen_history, work.container.name, {});
  if (!tags_seen) run.notes().add(NotCarried::unseen_tags, work.container.name, {});
  co_return Result<void>{};
}

}  // namespace

void Notes::add(NotCarried what, const std::string& container, const SourceBlob& blob) const {
  inventory.note(what, container, blob.name, blob.size_bytes);
  if (!file) return;
  const std::string& life = blob.snapshot.empty() ? blob.version_id : blob.snapshot;
  const std::string line =
      fmt::format("{}\t{}\t{}\t{}\t{}\n", name(what), http::percent_encode(container, "$"),
                  http::percent_encode_path(blob.name), blob.is_current && blob.snapshot.empty() ? "" : life, blob.size_bytes);
  std::fwrite(line.data(), 1, line.size(), file);
}

Task<Result<std::optional<SourceContainer>>> ContainerWalk::next() {
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

}  // namespace bascule::migrate
