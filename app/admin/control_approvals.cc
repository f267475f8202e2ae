#include "app/admin/control_approvals.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "app/admin/control_events.h"
#include "base/log.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

json::string view(std::string_view text) { return json::string(text.data(), text.size()); }

Task<Result<json::object>> list(ControlCall& call) {
  BASCULE_CO_ASSIGN(const auto kept, co_await call.control.approvals().list());
  json::array approvals;
  for (const Approvals::Kept& one : kept) approvals.emplace_back(approval_shown(call.control.approvals(), one));
  co_return json::object{{"approvals", std::move(approvals)}};
}

// The record says "running" before anything is done and how it went after: whatever happens between, it is not done again.
Task<Result<json::object>> carry_out(ControlCall& call, Approvals::Kept kept) {
  const ControlRequest* request = find_request(kept.record.request);
  boost::system::error_code bad;
  json::value body = json::parse(kept.record.body, bad);
  if (request == nullptr || bad || !body.is_object()) co_return fail(Code::internal, "the request " + kept.id + " makes no sense");
  const AdminPrincipal asker{.name = kept.record.asked_by, .role = static_cast<Role>(kept.record.asked_role),
                             .token_id = kept.record.asked_token, .via = "approval"};
  ControlCall inner{call.control, call.parts, asker, std::move(body.get_object()), call.stop, call.output};
  auto outcome = co_await request->run(kept.record.request, inner);
  call.exit = inner.exit;
  const Result<void> how = outcome ? Result<void>() : fail(outcome.error());
  const std::string id = kept.id;
  auto finished = co_await call.control.approvals().finish(std::move(kept), how);
  if (!finished) log::error("approval not ended", {{"approval", id}, {"error", finished.error().message}});
  co_return outcome;
}

// Both persons are named in the event of what they did together; what asked for it and what approved it have events of their own.
void record_approved(ControlCall& call, const Approvals::Kept& kept, WallTime time, Instant begun, const Result<json::object>& outcome) {
  events::EventSink* const sink = call.control.events();
  if (!sink || !sink->enabled()) return;
  const Approvals::Record& r = kept.record;
  record_act(*sink, {.operation = r.request, .body = r.body, .caller = r.asked_by, .role = name(static_cast<Role>(r.asked_role)),
                     .via = r.asked_token.empty() ? "socket" : "api", .time = time, .took = call.parts.clock.now() - begun,
                     .outcome = outcome && call.exit == kDone ? events::Outcome::allowed : events::Outcome::failed,
                     .error = outcome ? std::string_view() : std::string_view(outcome.error().message), .approval = kept.id, .approver = r.decided_by});
}

Task<Result<json::object>> approve(ControlCall& call) {
  BASCULE_CO_ASSIGN(Approvals::Kept kept, co_await call.control.approvals().approve(text_of(call.body, "id"), text_of(call.body, "digest"), call.who));
  log::info("approved", {{"approval", kept.id}, {"request", kept.record.request}, {"asked_by", kept.record.asked_by}, {"approved_by", call.who.name}});
  const std::string id = kept.id;
  const WallTime time = call.parts.clock.wall();
  const Instant begun = call.parts.clock.now();
  auto outcome = co_await carry_out(call, kept);
  record_approved(call, kept, time, begun, outcome);
  BASCULE_CO_ASSIGN(json::object result, std::move(outcome));
  BASCULE_CO_ASSIGN(kept, co_await call.control.approvals().get(id));
  co_return json::object{{"approval", approval_shown(call.control.approvals(), kept)}, {"result", std::move(result)}};
}

}  // namespace

json::object approval_shown(const Approvals& approvals, const Approvals::Kept& kept) {
  const Approvals::Record& r = kept.record;
  boost::system::error_code bad;
  json::object out{{"id", kept.id},
                   {"state", view(approvals.state(r))},
                   {"request", r.request},
                   {"members", json::parse(r.body, bad)},
                   {"digest", Approvals::digest(kept)},
                   {"asked_by", r.asked_by},
                   {"asked_role", view(name(static_cast<Role>(r.asked_role)))},
                   {"asked", format_iso8601_seconds(r.asked)},
                   {"expires", format_iso8601_seconds(r.expires)}};
  if (r.decided == WallTime()) return out;
  out["decided_by"] = r.decided_by;
  out["decided"] = format_iso8601_seconds(r.decided);
  if (!r.outcome.empty()) out["outcome"] = r.outcome;
  return out;
}

ControlAnswer alone_request(Control& control, const Control::Parts& parts, const ControlRequest* request, AdminPrincipal who, json::object body,
                            std::string why, const std::atomic<bool>& stop, ControlOutput& output) {
  BASCULE_CO_ASSIGN(Approvals::Kept kept, co_await control.approvals().begin_alone(std::string(request->name), json::serialize(body), who, why));
  log::warn("done by one alone", {{"approval", kept.id}, {"request", request->name}, {"principal", who.name}, {"why", why}});
  ControlCall call{control, parts, who, {}, stop, output};
  co_return co_await carry_out(call, std::move(kept));
}

ControlAnswer approval_request(const std::string& what, ControlCall& call) {
  if (what == "approvals-list") co_return co_await list(call);
  if (what == "approvals-approve") co_return co_await approve(call);
  const std::string id = text_of(call.body, "id");
  if (what == "approvals-reject") {
    BASCULE_CO_ASSIGN(const Approvals::Kept kept, co_await call.control.approvals().reject(id, text_of(call.body, "why"), call.who));
    log::info("approval rejected", {{"approval", kept.id}, {"request", kept.record.request}, {"principal", call.who.name}});
    co_return approval_shown(call.control.approvals(), kept);
  }
  BASCULE_CO_ASSIGN(const Approvals::Kept kept, co_await call.control.approvals().get(id));
  co_return approval_shown(call.control.approvals(), kept);
}

}  // namespace bascule::app
