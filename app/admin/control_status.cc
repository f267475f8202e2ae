// How the server is, in figures that count from its start: who asks again reckons the rates.
#include <algorithm>
#include <boost/json/array.hpp>

#include "app/admin/account_metrics.h"
#include "app/admin/control_requests.h"
#include "app/admin/disk_watch.h"
#include "app/admin/pages.h"
#include "app/process.h"
#include "app/version.h"
#include "events/recorder.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

json::string view(std::string_view text) { return json::string(text.data(), text.size()); }

json::object traffic(const RequestMetrics::OpTotals& t) {
  return {{"requests", t.count()}, {"errors", t.by_class[0] + t.by_class[5]}, {"refused", t.by_class[4]}, {"busy", t.busy},
          {"bytes_in", t.body_in}, {"bytes_out", t.body_out}, {"took", json::array(t.took.begin(), t.took.end())}};
}

RequestMetrics::OpTotals all_of(const RequestMetrics& metrics) {
  RequestMetrics::OpTotals all;
  for (const auto& t : metrics.totals()) {
    for (std::size_t i = 0; i < all.by_class.size(); ++i) all.by_class[i] += t.by_class[i];
    for (std::size_t i = 0; i < all.took.size(); ++i) all.took[i] += t.took[i];
    all.busy += t.busy;
    all.body_in += t.body_in;
    all.body_out += t.body_out;
  }
  return all;
}

json::object provider_of(std::string_view provider, const provider::ProviderMetrics& m) {
  std::uint64_t calls = 0, errors = 0;
  std::int64_t in_flight = 0;
  std::array<std::uint64_t, provider::OperationMetrics::kBuckets> took{};
  for (const provider::OperationMetrics* o : {&m.put, &m.get, &m.size, &m.remove, &m.list}) {
    calls += o->succeeded;
    // "Not there" is an answer.
    for (std::size_t code = 0; code < o->failed.size(); ++code)
      (static_cast<Code>(code) == Code::not_found ? calls : errors) += o->failed[code];
    in_flight += o->in_flight;
    for (std::size_t i = 0; i < took.size(); ++i) took[i] += o->took[i];
  }
  return {{"name", view(provider)}, {"calls", calls + errors}, {"errors", errors}, {"in_flight", std::max<std::int64_t>(in_flight, 0)},
          {"bytes_in", m.put.bytes.load()}, {"bytes_out", m.get.bytes.load()}, {"took", json::array(took.begin(), took.end())}};
}

json::object disk_of(const DiskState& disk) {
  json::object out{{"free_bytes", disk.free_bytes}, {"size_bytes", disk.size_bytes}, {"window_seconds", disk.window_seconds}};
  if (disk.window_seconds != 0) out["growth_bytes_per_second"] = disk.growth_bytes_per_second;
  if (disk.full_in_seconds) out["full_in_seconds"] = *disk.full_in_seconds;
  return out;
}

json::object jobs_of(Engine& engine) {
  const jobs::SweepCounts swept = engine.sweep_counts();
  const jobs::CompactionCounts compacted = engine.compactor().counts();
  return {{"swept_records", swept.drops},
          {"extents_removed", swept.extents_removed},
          {"bytes_removed", swept.bytes_removed},
          {"compaction_runs", compacted.runs},
          {"extents_gathered", compacted.gathered},
          {"bytes_moved", compacted.moved_bytes},
          {"bytes_freed", compacted.freed_bytes},
          {"damaged", compacted.damaged}};
}

// Whether what happens is recorded; nothing where no place is named for it.
void add_events(json::object& out, const events::Recorder* recorder) {
  if (recorder == nullptr || !recorder->enabled()) return;
  const events::RecorderStats stats = recorder->stats();
  json::object events{{"written", stats.written}, {"dropped", stats.dropped}, {"refused", stats.refused}, {"failing", stats.failing}};
  if (stats.failing) events["trouble"] = stats.trouble;
  out["events"] = std::move(events);
}

std::string_view name_of(TwoPerson two) {
  switch (two) {
    case TwoPerson::off: return "off";
    case TwoPerson::on: return "on";
    case TwoPerson::automatic: break;
  }
  return "auto";
}

void add_serving(json::object& out, ControlCall& call) {
  const Control::Parts& parts = call.parts;
  out["ready"] = parts.readiness->ready();
  out["reason"] = parts.readiness->reason();
  out["uptime_seconds"] = std::chrono::duration_cast<std::chrono::seconds>(parts.clock.now() - parts.started).count();
  json::array addresses;
  for (const std::string& address : parts.addresses) addresses.emplace_back(address);
  out["addresses"] = std::move(addresses);
  out["encrypted"] = parts.encrypted;
  if (parts.metrics == nullptr) return;
  const MetricSources& metrics = *parts.metrics;
  if (server::Server* server = metrics.server) out["connections"] = std::max<std::int64_t>(server->counters().open, 0);
  if (metrics.requests != nullptr) out["requests"] = traffic(all_of(*metrics.requests));
  if (metrics.accounts != nullptr) {
    json::array accounts;
    for (const auto& one : metrics.accounts->totals()) {
      json::object account{{"name", one.account}};
      for (auto& member : traffic(one.totals)) account[member.key()] = std::move(member.value());
      accounts.emplace_back(std::move(account));
    }
    out["accounts"] = std::move(accounts);
  }
  if (metrics.disk != nullptr) out["disk"] = disk_of(metrics.disk->state());
  add_events(out, metrics.events);
}

}  // namespace

ControlAnswer status_request(const std::string&, ControlCall& call) {
  const Control::Parts& parts = call.parts;
  Engine& engine = parts.engine;
  json::object out{{"version", view(kVersion)},
                   {"commit", view(kCommit)},
                   {"time", format_iso8601(parts.clock.wall())},
                   {"serving", parts.readiness != nullptr},
                   {"data", engine.options().data},
                   {"provider", view(engine.provider().name())},
                   {"session", engine.catalog().session()}};
  json::array died;
  for (const std::uint32_t session : engine.died()) died.emplace_back(session);
  out["died"] = std::move(died);
  out["two_person"] = view(name_of(call.control.two_person()));
  BASCULE_CO_ASSIGN(const auto approvals, co_await call.control.approvals().list());
  out["approvals_waiting"] =
      std::ranges::count_if(approvals, [&](const auto& one) { return call.control.approvals().state(one.record) == "waiting"; });
  if (parts.readiness == nullptr) co_return out;
  add_serving(out, call);
  out["providers"] = json::array{provider_of(engine.provider().name(), engine.provider_metrics())};
  out["memory"] = json::object{{"resident_bytes", resident_bytes()}, {"upload_bytes", engine.memory().used_bytes()},
                               {"upload_limit_bytes", engine.memory().limit_bytes()}};
  out["jobs"] = jobs_of(engine);
  if (const WallTime last = engine.sweep_counts().last_backup; last != WallTime()) out["last_backup"] = format_iso8601_seconds(last);
  co_return out;
}

}  // namespace bascule::app
