// Lifecycle policies: set, shown, run at once, removed. A run asked for here is the same as the job's, and goes on there when
// who asked is gone.
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "app/admin/control_requests.h"
#include "base/log.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

std::string time_text(WallTime time) { return time == WallTime() ? std::string() : format_iso8601_seconds(time); }

json::object run_of(const catalog::LifecycleRecord& record) {
  return {{"started", time_text(record.started)}, {"finished", time_text(record.finished)}, {"looked", record.looked},
          {"deleted", record.deleted}, {"moved", record.moved}, {"refused", record.refused}, {"failed", record.failed}};
}

json::object shown(const std::string& name, const catalog::LifecycleRecord& record) {
  boost::system::error_code bad;
  json::object out{{"name", name}, {"set", time_text(record.set)}, {"policy", json::parse(record.policy, bad)}};
  if (record.started != WallTime()) out["run"] = run_of(record);
  return out;
}

Task<Result<json::object>> run(ControlCall& call, const std::string& name) {
  jobs::Lifecycle& lifecycle = call.parts.engine.lifecycle();
  BASCULE_CO_ASSIGN(catalog::LifecycleRecord record, co_await lifecycle.begin(name));
  while (record.running()) {
    if (call.stop) co_return fail(Code::cancelled, "stopped; the run goes on from here by itself, or with the same command");
    BASCULE_CO_ASSIGN(record, co_await lifecycle.step(name));
    json::object progress{{"progress", run_of(record)}};
    if (record.running()) progress["container"] = record.container.substr(0, record.container.find('\1'));
    if (!co_await call.output.line(json::serialize(progress))) co_return fail(Code::cancelled, "nobody listens any more");
  }
  if (record.failed != 0) call.exit = kFailed;
  co_return json::object{{"name", name}, {"run", run_of(record)}};
}

}  // namespace

ControlAnswer lifecycle_request(const std::string& what, ControlCall& call) {
  const std::string name = text_of(call.body, "name");
  jobs::Lifecycle& lifecycle = call.parts.engine.lifecycle();
  if (what == "lifecycle-run") co_return co_await run(call, name);
  if (what == "lifecycle-set" || what == "lifecycle-remove") {
    const bool set = what == "lifecycle-set";
    const std::string policy = text_of(call.body, "policy");
    if (set && policy.empty()) co_return fail(Code::invalid_argument, "lifecycle policy: it is empty");
    BASCULE_CO_TRY(co_await lifecycle.set(name, set ? policy : std::string()));
    log::info(set ? "lifecycle policy set" : "lifecycle policy removed", {{"account", name}});
    if (!set) co_return json::object{{"name", name}};
  }
  BASCULE_CO_ASSIGN(const auto found, co_await lifecycle.show(name));
  if (!found) co_return fail(Code::not_found, "account " + name + " has no lifecycle policy");
  co_return shown(name, *found);
}

}  // namespace bascule::app
