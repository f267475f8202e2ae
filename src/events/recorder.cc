#include "events/recorder.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/log.h"

namespace bascule::events {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr std::size_t kBatchBytes = 512 * 1024;
constexpr std::size_t kLeastRing = 8 * kMostLineBytes;
constexpr std::uint64_t kConnectionEventsPerSecond = 100;   // of a kind; the rest is counted
constexpr std::chrono::milliseconds kStep{20};

std::atomic<std::uint64_t> next_number{1};

// From line feed to line feed, which the library finds many bytes at a time.
std::uint64_t lines_in(std::string_view text) {
  std::uint64_t lines = 0;
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string_view::npos; ++at) ++lines;
  return lines;
}

// A syslog that was reached at `known` before and is away for a while comes back by itself: that keeps no reload from being taken.
Result<std::vector<std::unique_ptr<Target>>> open_targets(const RecorderOptions& options, const std::string& known, WallTime now) {
  std::vector<std::unique_ptr<Target>> targets;
  if (options.file) {
    BASCULE_ASSIGN(auto file, open_file_target(*options.file, now));
    targets.push_back(std::move(file));
  }
  if (options.syslog) {
    auto syslog = open_syslog_target(*options.syslog);
    if (!syslog && options.syslog->socket == known) syslog = make_syslog_target(*options.syslog);
    if (!syslog) return fail(syslog.error());
    targets.push_back(std::move(*syslog));
  }
  if (options.descriptor) targets.push_back(make_descriptor_target(*options.descriptor));
  return targets;
}

}  // namespace

struct Recorder::Lane {
  Lane(std::size_t bytes, std::uint32_t number) : ring(bytes), stream(number) {}
  Ring ring;
  const std::uint32_t stream;
  std::uint64_t sequence = 0;   // its thread's alone
  bool spilled = false;         // its thread's alone: lines of it are in the overflow
};

Recorder::Recorder(Clock& clock, Random& random, const RecorderOptions& options)
    : clock_(clock),
      number_(next_number.fetch_add(1)),
      run_(to_hex(random.bytes<6>())),
      ring_bytes_(std::max(options.ring_bytes, kLeastRing)),
      most_overflow_(options.overflow_bytes),
      wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Result<std::unique_ptr<Recorder>> Recorder::open(RecorderOptions options, Clock& clock, Random& random) {
  auto recorder = std::unique_ptr<Recorder>(new Recorder(clock, random, options));
  if (recorder->wake_fd_ < 0) return fail(Code::exhausted, "no file descriptor is left for the access events' writer");
  BASCULE_TRY(recorder->reconfigure(std::move(options)));
  recorder->thread_ = std::thread([self = recorder.get()] { self->run(); });
  return recorder;
}

Recorder::~Recorder() {
  close();
  if (wake_fd_ >= 0) ::close(wake_fd_);
}

Result<void> Recorder::reconfigure(RecorderOptions options) {
  // The writer is kept out meanwhile: two descriptors on one file would not know of each other's lines.
  const std::lock_guard lock(targets_mutex_);
  BASCULE_ASSIGN(auto targets, open_targets(options, syslog_socket_, clock_.wall()));
  std::vector<Aim> aims;
  for (auto& target : targets) {
    Aim aim{.target = std::move(target)};
    for (const Aim& old : aims_)
      if (old.target->name() == aim.target->name()) aim.done = old.done, aim.lost = old.lost;
    aims.push_back(std::move(aim));
  }
  aims_ = std::move(aims);
  syslog_socket_ = options.syslog ? options.syslog->socket : std::string();
  note_trouble();
  flush_ = options.flush;
  refusing_policy_ = options.policy == Policy::refuse;
  if (!refusing_policy_) failing_ = false;
  enabled_ = options.any();
  return {};
}

Recorder::Lane& Recorder::mine() {
  thread_local std::uint64_t number = 0;
  thread_local Lane* lane = nullptr;
  if (number != number_) {
    const std::lock_guard lock(lanes_mutex_);
    lanes_.push_back(std::make_unique<Lane>(ring_bytes_, static_cast<std::uint32_t>(lanes_.size() + 1)));
    lane = lanes_.back().get();
    number = number_;
  }
  return *lane;
}

void Recorder::wake() {
  if (!woken_.exchange(true)) ::eventfd_write(wake_fd_, 1);
}

bool Recorder::admit() {
  if (!refusing_policy_.load(kRelaxed) || !enabled()) return true;
  if (!failing_.load(kRelaxed) && overflow_size_.load(kRelaxed) <= most_overflow_) return true;
  refused_.fetch_add(1, kRelaxed);
  return false;
}

template <class Event, class... More> void Recorder::put(const Event& event, const More&... more) {
  if (!enabled()) return;
  Lane& lane = mine();
  const Stamp stamp{run_, lane.stream, ++lane.sequence};
  // What went aside is taken before the ring is used again: a stream's lines stay in order.
  if (lane.spilled && overflow_size_.load(std::memory_order_acquire) == 0) lane.spilled = false;
  if (char* at = lane.spilled ? nullptr : lane.ring.reserve()) {
    lane.ring.publish(format_line(at, stamp, event, more...));
    if (lane.ring.used() > lane.ring.capacity() / 2) wake();
    return;
  }
  wake();
  // What was admitted is kept whatever it costs: admit() closes at the bound, so that what comes beyond was under way.
  // Connections are nobody's work: they may be as many as an attacker likes.
  const bool admitted = refusing_policy_.load(kRelaxed) && !std::is_same_v<Event, ConnectionEvent>;
  if (!admitted && overflow_size_.load(kRelaxed) > most_overflow_) {
    ring_dropped_.fetch_add(1, kRelaxed);
    return;
  }
  std::string line(kMostLineBytes, '\0');
  line.resize(format_line(line.data(), stamp, event, more...));
  const std::lock_guard lock(lanes_mutex_);
  overflow_ += line;
  overflow_size_ = overflow_.size();
  lane.spilled = true;
}

void Recorder::record(const AccessEvent& event) { put(event); }
void Recorder::record(const AdminEvent& event) { put(event); }
void Recorder::record(const ServiceEvent& event) { put(event); }
void Recorder::record(const ConnectionEvent& event) {
  Budget& budget = budgets_[static_cast<std::size_t>(event.kind)];
  const std::int64_t second = std::chrono::floor<std::chrono::seconds>(event.time).time_since_epoch().count();
  if (budget.second.exchange(second, kRelaxed) != second) budget.used.store(0, kRelaxed);
  if (budget.used.fetch_add(1, kRelaxed) >= kConnectionEventsPerSecond) {
    budget.suppressed.fetch_add(1, kRelaxed);
    return;
  }
  put(event, budget.suppressed.exchange(0, kRelaxed));
}

void Recorder::run() {
  std::string batch;
  batch.reserve(kBatchBytes + kMostLineBytes);
  bool stopping = false;
  Instant stop_at{};
  while (true) {
    std::chrono::milliseconds pause;
    {
      const std::lock_guard lock(targets_mutex_);
      pause = flush_;
    }
    pollfd one{.fd = wake_fd_, .events = POLLIN, .revents = 0};
    ::poll(&one, 1, static_cast<int>(stopping ? kStep.count() : pause.count()));
    eventfd_t ignored = 0;
    ::eventfd_read(wake_fd_, &ignored);
    woken_ = false;
    bool more = true;
    while (more) {
      const std::lock_guard lock(targets_mutex_);
      const bool waiting = !batch.empty();   // from before: it could not be written
      more = !waiting && gather(batch);
      deliver(batch);
      if (!batch.empty()) break;
      if (waiting) more = true;
      say_recovered();
    }
    const std::lock_guard lock(done_mutex_);
    idle_ = batch.empty();
    if (idle_) ++rounds_;
    done_.notify_all();
    if (stop_ && !stopping) {
      stopping = true;
      stop_at = std::chrono::steady_clock::now() + std::chrono::seconds(3);
    }
    if (stopping && (idle_ || std::chrono::steady_clock::now() >= stop_at)) break;
  }
  leave(batch);
}

// The end: who takes nothing is waited for no more, the others get all that is left.
void Recorder::leave(std::string& batch) {
  const std::lock_guard lock(targets_mutex_);
  std::uint64_t lost = 0;
  for (bool more = true; !batch.empty() || more;) {
    if (batch.empty()) {
      more = gather(batch);
      continue;
    }
    std::uint64_t most = 0;
    for (std::size_t i = 0; i < aims_.size(); ++i)
      if (!offer(i, batch)) most = std::max(most, lines_in(std::string_view(batch).substr(aims_[i].done)));
    for (Aim& aim : aims_) aim.done = 0;
    written_.fetch_add(lines_in(batch) - most, kRelaxed);
    lost += most;
    batch.clear();
  }
  if (lost == 0) return;
  target_dropped_.fetch_add(lost, kRelaxed);
  log::error("access events lost", {{"lines", lost}, {"why", "the server ended while they could not be written"}});
}

// True: there is more.
bool Recorder::gather(std::string& batch) {
  const auto take = [&batch](Ring& ring) {
    const std::string_view lines = ring.front();
    batch += lines;
    ring.take(lines.size());
    return !lines.empty();
  };
  std::vector<Lane*> lanes;
  {
    const std::lock_guard lock(lanes_mutex_);
    for (const auto& lane : lanes_) lanes.push_back(lane.get());
    if (!overflow_.empty()) {
      for (Lane* lane : lanes)   // what a ring holds, in two pieces at most, is older than what found it full
        if (take(lane->ring)) take(lane->ring);
      batch += overflow_;
      overflow_ = {};
      overflow_size_ = 0;
      return true;
    }
  }
  for (Lane* lane : lanes)
    while (take(lane->ring))
      if (batch.size() >= kBatchBytes) return true;
  return false;
}

// True: the target is done with the batch.
bool Recorder::offer(std::size_t index, std::string_view batch) {
  Aim& aim = aims_[index];
  if (aim.done < batch.size()) aim.done += aim.target->write(batch.substr(aim.done), clock_.wall());
  if (std::string did = aim.target->done(); !did.empty()) {
    if (did.starts_with("rotated")) {
      rotations_.fetch_add(1, kRelaxed);
      log::info("access events", {{"did", did}});
    } else {
      log::error("access events", {{"error", did}});
    }
  }
  const bool whole = aim.done >= batch.size();
  if (whole == aim.failing) {
    aim.failing = !whole;
    note_trouble();
    if (whole) log::warn("access events are written again", {{"target", aim.target->name()}, {"lost", aim.lost}});
    else log::error("access events cannot be written", {{"target", aim.target->name()}, {"error", aim.target->trouble()},
                                                        {"policy", refusing_policy_ ? "refuse" : "count"}});
  }
  return whole;
}

void Recorder::note_trouble() {
  const std::lock_guard lock(trouble_mutex_);
  troubled_ = false;
  trouble_.clear();
  for (const Aim& aim : aims_) {
    if (!aim.failing) continue;
    troubled_ = true;
    trouble_ = aim.target->trouble();
  }
}

// Empties the batch, unless the policy says that it must wait.
void Recorder::deliver(std::string& batch) {
  if (batch.empty()) return;
  bool all = true;
  std::uint64_t lost = 0;
  for (std::size_t i = 0; i < aims_.size(); ++i) {
    if (offer(i, batch)) continue;
    all = false;
    if (refusing_policy_) continue;
    const std::uint64_t lines = lines_in(std::string_view(batch).substr(aims_[i].done));
    aims_[i].lost += lines;
    lost = std::max(lost, lines);
  }
  failing_ = !all && refusing_policy_;
  if (failing_) return;
  target_dropped_.fetch_add(lost, kRelaxed);
  const std::uint64_t lines = lines_in(batch);
  if (!aims_.empty()) {
    written_.fetch_add(lines - std::min(lost, lines), kRelaxed);
    written_bytes_.fetch_add(batch.size(), kRelaxed);
  }
  for (Aim& aim : aims_) aim.done = 0;
  batch.clear();
}

void Recorder::note(const ServiceEvent& event, std::string& to) {
  const std::size_t size = to.size();
  to.resize(size + kMostLineBytes);
  to.resize(size + format_line(to.data() + size, {run_, 0, ++own_sequence_}, event));
}

// What was lost or refused is said as soon as something can be said; what could not be said stays to be said.
void Recorder::say_recovered() {
  if (aims_.empty()) return;
  for (const Aim& aim : aims_)
    if (aim.failing) return;
  const WallTime now = clock_.wall();
  std::string notes;
  for (const Aim& aim : aims_) {
    if (aim.lost == 0) continue;
    const Detail details[] = {{"Target", aim.target->name()}, {"Lines", aim.lost}};
    note({.time = now, .operation = "EventsLost", .outcome = Outcome::failed, .reason = "the target could not be written", .details = details}, notes);
  }
  const std::uint64_t dropped = ring_dropped_.load(kRelaxed), refused = refused_.load(kRelaxed);
  if (dropped > said_dropped_) {
    const Detail details[] = {{"Lines", dropped - said_dropped_}};
    note({.time = now, .operation = "EventsLost", .outcome = Outcome::failed, .reason = "the buffers were full", .details = details}, notes);
  }
  if (refused > said_refused_) {
    const Detail details[] = {{"Requests", refused - said_refused_}};
    note({.time = now, .operation = "RequestsRefused", .outcome = Outcome::denied, .reason = "events could not be written", .details = details}, notes);
  }
  static constexpr std::string_view kKinds[] = {"TlsHandshakeFailed", "ConnectionRefused", "RequestUnreadable"};
  std::array<std::uint64_t, std::size(kKinds)> suppressed{};
  const std::int64_t second = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  for (std::size_t i = 0; i < budgets_.size(); ++i) {
    if (budgets_[i].second.load(kRelaxed) == second) continue;
    suppressed[i] = budgets_[i].suppressed.exchange(0, kRelaxed);
    if (suppressed[i] == 0) continue;
    const Detail details[] = {{"Kind", kKinds[i]}, {"Connections", suppressed[i]}};
    note({.time = now, .operation = "ConnectionsNotListed", .reason = "there were too many in a second", .details = details}, notes);
  }
  if (notes.empty()) return;
  bool said = true;
  for (std::size_t i = 0; i < aims_.size(); ++i) {
    said = offer(i, notes) && said;
    aims_[i].done = 0;
  }
  if (!said) {
    for (std::size_t i = 0; i < budgets_.size(); ++i) budgets_[i].suppressed.fetch_add(suppressed[i], kRelaxed);
    return;
  }
  for (Aim& aim : aims_) aim.lost = 0;
  said_dropped_ = dropped;
  said_refused_ = refused;
}

bool Recorder::flush(std::chrono::milliseconds limit) {
  std::unique_lock lock(done_mutex_);
  // A round that is under way may have passed our ring already.
  const std::uint64_t wanted = rounds_ + 2;
  const auto until = std::chrono::steady_clock::now() + limit;
  while (rounds_ < wanted && std::chrono::steady_clock::now() < until) {
    wake();
    done_.wait_for(lock, kStep);
  }
  return rounds_ >= wanted;
}

void Recorder::close(std::chrono::milliseconds limit) {
  if (!thread_.joinable()) return;
  flush(limit);
  {
    const std::lock_guard lock(done_mutex_);
    stop_ = true;
  }
  woken_ = false;
  wake();
  thread_.join();
  enabled_ = false;
}

RecorderStats Recorder::stats() const {
  RecorderStats stats{.written = written_.load(kRelaxed), .written_bytes = written_bytes_.load(kRelaxed), .dropped = ring_dropped_.load(kRelaxed) + target_dropped_.load(kRelaxed),
                      .refused = refused_.load(kRelaxed), .rotations = rotations_.load(kRelaxed)};
  const std::lock_guard lock(trouble_mutex_);
  stats.failing = troubled_;
  stats.trouble = trouble_;
  return stats;
}

}  // namespace bascule::events
