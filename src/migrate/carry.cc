// Carrying over: container by container, the states of one name in their order.
#include <fmt/format.h>

#include <algorithm>

#include "migrate/run.h"

namespace bascule::migrate {
namespace {

// So many blobs in a row that failed because a side does not answer: it is away, and the rest would fare no better.
constexpr std::size_t kGiveUpAfter = 32;
constexpr std::size_t kMostStates = 10'000;   // of one name, held at once

// In the order in which they came to be; what the name means now is the last. The forms are equal, so that texts compare.
std::pair<bool, std::string_view> age_of(const SourceBlob& blob) {
  return {!blob.is_past(), blob.snapshot.empty() ? blob.version_id : blob.snapshot};
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

}  // namespace

void failed(Run& run, std::string container, std::string blob, std::string message) {
  run.sink.failure({container, blob, message});
  run.report.fail(std::move(container), std::move(blob), std::move(message));
}

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

}  // namespace bascule::migrate
