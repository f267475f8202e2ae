#include "migrate/migrate.h"

#include "migrate/run.h"

namespace bascule::migrate {
namespace {

constexpr auto kWavePatience = std::chrono::milliseconds(100);
constexpr auto kProgressEvery = std::chrono::seconds(1);
constexpr std::size_t kFlushAt = 4096;  // records

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
