// Compaction, at once: what pays is gathered, or only told of.
#include <boost/json/serialize.hpp>

#include "app/admin/control_requests.h"
#include "base/log.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

json::object planned(const jobs::CompactionReport& r) {
  return {{"looked", r.looked}, {"extents", r.extents}, {"groups", r.groups}, {"bytes", r.size_bytes}, {"moved_bytes", r.moved_bytes},
          {"freed_bytes", r.size_bytes - r.moved_bytes}, {"saved", r.saved}, {"cost", r.cost}};
}

json::object done(const jobs::CompactionCounts& before, const jobs::CompactionCounts& now) {
  return {{"extents", now.gathered - before.gathered}, {"into", now.written - before.written},
          {"moved_bytes", now.moved_bytes - before.moved_bytes}, {"freed_bytes", now.freed_bytes - before.freed_bytes},
          {"put_off", now.put_off - before.put_off}, {"damaged", now.damaged - before.damaged}};
}

}  // namespace

ControlAnswer compact_request(const std::string&, ControlCall& call) {
  jobs::Compactor& compactor = call.parts.engine.compactor();
  const jobs::CompactionCounts before = compactor.counts();
  const bool dry_run = flag_of(call.body, "dry_run");
  while (true) {   // a run looks at so much at a time
    const std::uint64_t gathered = compactor.counts().gathered;
    BASCULE_CO_ASSIGN(const jobs::CompactionReport plan, co_await compactor.begin());
    if (dry_run) {
      compactor.end();
      co_return json::object{{"plan", planned(plan)}};
    }
    bool more = true;
    while (more) {
      auto stepped = co_await compactor.step();
      if (!stepped) co_return fail(stepped.error());
      more = *stepped;
      if (!more) break;
      const bool heard = co_await call.output.line(json::serialize(json::object{{"progress", done(before, compactor.counts())}, {"plan", planned(plan)}}));
      if (!heard || call.stop) {
        compactor.end();
        co_return fail(Code::cancelled, "stopped; what was gathered stays so");
      }
    }
    if (compactor.counts().gathered == gathered) break;
  }
  const json::object report = done(before, compactor.counts());
  log::info("compaction asked for", {{"result", json::serialize(report)}});
  co_return json::object{{"report", report}};
}

}  // namespace bascule::app
