#include "app/admin/pages.h"

#include "app/admin/account_metrics.h"
#include "app/admin/disk_watch.h"
#include "app/admin/prometheus.h"
#include "app/process.h"
#include "app/version.h"
#include "base/latency.h"

namespace bascule::app {
namespace {

double bound_seconds(std::size_t bucket) { return std::chrono::duration<double>(latency_bound(bucket)).count(); }

template <std::size_t N> std::array<std::uint64_t, N> counts(const std::array<std::atomic<std::uint64_t>, N>& buckets) {
  std::array<std::uint64_t, N> out{};
  for (std::size_t i = 0; i < N; ++i) out[i] = buckets[i].load(std::memory_order_relaxed);
  return out;
}

void show_requests(PrometheusText& out, const RequestMetrics& metrics) {
  const auto totals = metrics.totals();
  const auto each = [&](auto show) {
    for (std::size_t i = 0; i < kOps; ++i)
      if (totals[i].count() != 0) show(name(static_cast<Op>(i)), totals[i]);
  };
  static constexpr std::string_view kClasses[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
  out.metric("bascule_requests_total", "counter", "Requests by operation and class of status; none: no answer, or one cut short.");
  each([&](std::string_view op, const auto& t) {
    for (std::size_t c = 0; c < t.by_class.size(); ++c)
      if (t.by_class[c] != 0) out.sample({{"operation", op}, {"status", kClasses[c]}}, t.by_class[c]);
  });
  out.metric("bascule_requests_busy_total", "counter", "Requests answered 503 ServerBusy.");
  each([&](std::string_view op, const auto& t) { out.sample({{"operation", op}}, t.busy); });
  out.metric("bascule_request_body_bytes_total", "counter", "Bytes of requests' bodies.");
  each([&](std::string_view op, const auto& t) { out.sample({{"operation", op}}, t.body_in); });
  out.metric("bascule_response_body_bytes_total", "counter", "Bytes of responses' bodies.");
  each([&](std::string_view op, const auto& t) { out.sample({{"operation", op}}, t.body_out); });
  out.metric("bascule_request_seconds", "histogram", "From a request's head to the end of its answer.");
  each([&](std::string_view op, const auto& t) {
    out.histogram({{"operation", op}}, t.took, bound_seconds, static_cast<double>(t.took_microseconds) / 1e6);
  });
}

constexpr std::size_t kCoarse = 3;   // buckets of the finer histograms that make one of an account's

void show_accounts(PrometheusText& out, const AccountMetrics& metrics) {
  const auto all = metrics.totals();
  static constexpr std::string_view kClasses[] = {"none", "1xx", "2xx", "3xx", "4xx", "5xx"};
  out.metric("bascule_account_requests_total", "counter",
             "Requests by account and class of status. The first 100 accounts seen have series of their own; (other): the rest; (unknown): no account.");
  for (const auto& one : all)
    for (std::size_t c = 0; c < one.totals.by_class.size(); ++c)
      if (one.totals.by_class[c] != 0) out.sample({{"account", one.account}, {"status", kClasses[c]}}, one.totals.by_class[c]);
  out.metric("bascule_account_request_body_bytes_total", "counter", "Bytes of requests' bodies by account.");
  for (const auto& one : all) out.sample({{"account", one.account}}, one.totals.body_in);
  out.metric("bascule_account_response_body_bytes_total", "counter", "Bytes of responses' bodies by account.");
  for (const auto& one : all) out.sample({{"account", one.account}}, one.totals.body_out);
  out.metric("bascule_account_request_seconds", "histogram", "From a request's head to the end of its answer, by account.");
  for (const auto& one : all) {
    static_assert(OpCounters::kBuckets % kCoarse == 0);
    std::array<std::uint64_t, OpCounters::kBuckets / kCoarse> coarse{};
    for (std::size_t i = 0; i < one.totals.took.size(); ++i) coarse[i / kCoarse] += one.totals.took[i];
    out.histogram({{"account", one.account}}, coarse, [](std::size_t i) { return bound_seconds(kCoarse * i + kCoarse - 1); },
                  static_cast<double>(one.totals.took_microseconds) / 1e6);
  }
}

void show_disk(PrometheusText& out, const DiskState& disk) {
  const auto one = [&](const char* name, const char* help, auto value) {
    out.metric(name, "gauge", help);
    out.sample({}, value);
  };
  one("bascule_data_free_bytes", "Free space where the data folder lies.", disk.free_bytes);
  one("bascule_data_size_bytes", "All space there.", disk.size_bytes);
  one("bascule_data_growth_window_seconds", "Over how long the growth was measured; 0: not long enough yet.", disk.window_seconds);
  one("bascule_data_growth_bytes_per_second", "How fast free space shrinks.", disk.growth_bytes_per_second);
  out.metric("bascule_data_full_seconds", "gauge", "Until nothing is free if it goes on so; not there where it does not shrink.");
  if (disk.full_in_seconds) out.sample({}, *disk.full_in_seconds);
}

void show_server(PrometheusText& out, server::Server& server) {
  const auto one = [&](const char* name, const char* type, const char* help, std::uint64_t value) {
    out.metric(name, type, help);
    out.sample({}, value);
  };
  const server::ServerCounters& c = server.counters();
  one("bascule_connections", "gauge", "Open connections.", static_cast<std::uint64_t>(std::max<std::int64_t>(c.open, 0)));
  one("bascule_connections_accepted_total", "counter", "Connections accepted.", c.accepted);
  one("bascule_connections_refused_total", "counter", "Connections refused for server.max_connections.", c.refused);
  one("bascule_handshakes_failed_total", "counter", "TLS handshakes that failed.", c.failed_handshakes);
  one("bascule_network_received_bytes_total", "counter", "Bytes read from connections.", server.bytes_in());
  one("bascule_network_sent_bytes_total", "counter", "Bytes written to connections.", server.bytes_out());
}

void show_provider(PrometheusText& out, const provider::ProviderMetrics& m, std::string_view provider) {
  const std::pair<std::string_view, const provider::OperationMetrics*> all[] = {
      {"put", &m.put}, {"get", &m.get}, {"size", &m.size}, {"remove", &m.remove}, {"list", &m.list}};
  out.metric("bascule_provider_calls_total", "counter", "Calls to the provider that ended, by outcome.");
  for (const auto& [op, o] : all) {
    out.sample({{"provider", provider}, {"operation", op}, {"outcome", "ok"}}, o->succeeded.load());
    for (std::size_t code = 0; code < o->failed.size(); ++code)
      if (const std::uint64_t n = o->failed[code]; n != 0)
        out.sample({{"provider", provider}, {"operation", op}, {"outcome", name(static_cast<Code>(code))}}, n);
  }
  out.metric("bascule_provider_bytes_total", "counter", "Bytes of calls to the provider that succeeded.");
  for (const auto& [op, o] : all) out.sample({{"provider", provider}, {"operation", op}}, o->bytes.load());
  out.metric("bascule_provider_in_flight", "gauge", "Calls to the provider under way.");
  for (const auto& [op, o] : all)
    out.sample({{"provider", provider}, {"operation", op}}, static_cast<double>(o->in_flight.load()));
  out.metric("bascule_provider_seconds", "histogram", "How long calls to the provider take.");
  for (const auto& [op, o] : all) {
    out.histogram({{"provider", provider}, {"operation", op}}, counts(o->took), bound_seconds,
                  static_cast<double>(o->took_microseconds.load()) / 1e6);
  }
  out.metric("bascule_provider_read_at_once_total", "counter", "Reads answered without waiting.");
  out.sample({{"provider", provider}}, m.read_at_once.load());
}

void show_store(PrometheusText& out, const store::StoreMetrics& m) {
  out.metric("bascule_catalog_commits_total", "counter", "Commits to the catalog: durable, refused for a precondition, refused or failed otherwise.");
  out.sample({{"outcome", "committed"}}, m.committed.load());
  out.sample({{"outcome", "conflict"}}, m.conflicts.load());
  out.sample({{"outcome", "refused"}}, m.refused.load());
  out.metric("bascule_catalog_write_seconds", "histogram", "Synced writes of the catalog's log; commits that arrive together share one.");
  out.histogram({}, counts(m.wrote), bound_seconds, static_cast<double>(m.write_microseconds.load()) / 1e6);
}

void show_engine(PrometheusText& out, Engine& engine) {
  const auto one = [&](const char* name, const char* type, const char* help, std::uint64_t value) {
    out.metric(name, type, help);
    out.sample({}, value);
  };
  one("bascule_upload_memory_bytes", "gauge", "Upload buffers in use.", engine.memory().used_bytes());
  one("bascule_upload_memory_limit_bytes", "gauge", "Upload buffers there may be (memory.upload).", engine.memory().limit_bytes());
  const jobs::SweepCounts swept = engine.sweep_counts();
  one("bascule_swept_records_total", "counter", "Dropped manifests, uploads and containers worked off.", swept.drops);
  one("bascule_extents_removed_total", "counter", "Extents removed because nothing in them was named any more.", swept.extents_removed);
  one("bascule_extents_removed_bytes_total", "counter", "Their bytes.", swept.bytes_removed);
  one("bascule_garbage_held", "gauge", "Extents and keys that wait, dead, for the restore window or for a takeover.", swept.held);
  one("bascule_garbage_held_bytes", "gauge", "Their bytes.", swept.held_bytes);
  one("bascule_backup_last_instant_seconds", "gauge", "What the newest complete backup shows, in seconds since 1970; 0: there is none.",
      static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(swept.last_backup).time_since_epoch().count()));
  const jobs::CompactionCounts compacted = engine.compactor().counts();
  one("bascule_compaction_runs_total", "counter", "Looks for extents worth gathering.", compacted.runs);
  one("bascule_compaction_extents_gathered_total", "counter", "Extents gathered into others.", compacted.gathered);
  one("bascule_compaction_extents_written_total", "counter", "Extents that they became.", compacted.written);
  one("bascule_compaction_moved_bytes_total", "counter", "Bytes moved by that.", compacted.moved_bytes);
  one("bascule_compaction_freed_bytes_total", "counter", "Bytes left behind by that, and removed.", compacted.freed_bytes);
  one("bascule_compaction_damaged_total", "counter", "Extents left as they are because they could not be read whole.", compacted.damaged);
  one("bascule_failed_puts_removed_total", "counter", "Removals of what failed PUTs of this session may have left.", swept.failed_puts);
  one("bascule_orphans_removed_total", "counter", "Extents removed that a dead session had placed in vain.", swept.orphans_removed);
  one("bascule_accounts", "gauge", "Accounts.", engine.service().accounts().size());
  one("bascule_session", "gauge", "The number of this run's session in the catalog.", engine.catalog().session());
  show_store(out, engine.store_metrics());
  show_provider(out, engine.provider_metrics(), engine.provider().name());
}

void show_events(PrometheusText& out, const events::Recorder& recorder) {
  const events::RecorderStats stats = recorder.stats();
  const auto one = [&](const char* name, const char* type, const char* help, std::uint64_t value) {
    out.metric(name, type, help);
    out.sample({}, value);
  };
  one("bascule_events_written_total", "counter", "Access events written.", stats.written);
  one("bascule_events_written_bytes_total", "counter", "Their bytes.", stats.written_bytes);
  one("bascule_events_dropped_total", "counter", "Access events that were lost (events.when_unwritable = count).", stats.dropped);
  one("bascule_events_refused_total", "counter", "Requests refused because they could not be recorded (refuse).", stats.refused);
  one("bascule_events_rotations_total", "counter", "Files put aside.", stats.rotations);
  one("bascule_events_failing", "gauge", "1 while a place takes no events.", stats.failing);
}

}  // namespace

std::string AdminPages::metrics() const {
  PrometheusText out;
  out.metric("bascule_build_info", "gauge", "The running version.");
  out.sample({{"version", kVersion}, {"commit", kCommit}, {"compiler", kCompiler}}, std::uint64_t{1});
  out.metric("bascule_uptime_seconds", "gauge", "Since the start.");
  out.sample({}, std::chrono::duration<double>(clock_.now() - sources_.started).count());
  out.metric("bascule_ready", "gauge", "1 where /readyz says 200.");
  out.sample({}, std::uint64_t{readiness_.ready()});
  out.metric("process_resident_memory_bytes", "gauge", "Resident memory.");
  out.sample({}, resident_bytes());
  if (sources_.requests != nullptr) show_requests(out, *sources_.requests);
  if (sources_.accounts != nullptr) show_accounts(out, *sources_.accounts);
  if (sources_.disk != nullptr) show_disk(out, sources_.disk->state());
  if (sources_.events != nullptr) show_events(out, *sources_.events);
  if (server::Server* server = sources_.server) show_server(out, *server);
  if (Engine* engine = sources_.engine) show_engine(out, *engine);
  return out.text();
}

Task<void> AdminPages::handle(http::Exchange& exchange) {
  const http::Request& request = exchange.request();
  http::Response response;
  std::string body;
  std::string_view type = "text/plain; charset=utf-8";
  if (request.method != "GET" && request.method != "HEAD") {
    response.status = 405;
    response.add("Allow", "GET, HEAD");
    body = "only GET and HEAD\n";
  } else if (request.path == "/healthz") {
    body = "ok\n";
  } else if (request.path == "/readyz") {
    const std::string reason = readiness_.reason();
    response.status = reason.empty() ? 200 : 503;
    body = (reason.empty() ? "ready" : reason) + "\n";
  } else if (request.path == "/metrics") {
    body = metrics();
    type = "text/plain; version=0.0.4; charset=utf-8";
  } else {
    response.status = 404;
    body = "there are /healthz, /readyz and /metrics\n";
  }
  response.add("Content-Type", std::string(type));
  response.add("Cache-Control", "no-store");
  const Bytes slice = as_bytes(body);
  (void)co_await exchange.respond(std::move(response), Slices(&slice, 1));
}

http::Response refuse_in_text(int status, std::string_view why, std::string& body) {
  body = std::string(why) + "\n";
  http::Response response{.status = status};
  response.add("Content-Type", "text/plain; charset=utf-8");
  return response;
}

}  // namespace bascule::app
