#include "app/admin/control.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "app/admin/control_approvals.h"
#include "app/admin/control_events.h"
#include "app/admin/control_requests.h"
#include "app/admin/rest.h"
#include "base/log.h"

namespace bascule::app {
namespace json = boost::json;

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  const json::string* text = value ? value->if_string() : nullptr;
  return text ? std::string(text->data(), text->size()) : "";
}

bool flag_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  const bool* flag = value ? value->if_bool() : nullptr;
  return flag && *flag;
}

std::uint64_t number_of(const json::object& object, std::string_view key, std::uint64_t otherwise) {
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  if (value && value->is_int64() && value->get_int64() >= 0) return static_cast<std::uint64_t>(value->get_int64());
  return value && value->is_uint64() ? value->get_uint64() : otherwise;
}

std::vector<std::string> texts_of(const json::object& object, std::string_view key) {
  std::vector<std::string> texts;
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  if (const json::array* array = value ? value->if_array() : nullptr)
    for (const json::value& item : *array)
      if (const json::string* text = item.if_string()) texts.emplace_back(text->data(), text->size());
  return texts;
}

namespace {

int exit_of(const Error& error) {
  if (error.code == Code::invalid_argument) return kUsage;
  return error.code == Code::unsupported ? kUnsupported : kFailed;
}

// What is asked, if there is such a request, `who` may ask it and it is well formed.
Result<const ControlRequest*> permitted(const AdminPrincipal& who, const std::string& what, const std::string& text, json::object& body) {
  const ControlRequest* request = find_request(what);
  if (request == nullptr)
    return fail(Code::unsupported, "the running server does not know the request '" + what + "'; is it an older version?");
  if (!request->roles.has(who.role))
    return fail(Code::permission_denied, who.name + " is " + std::string(name(who.role)) + ", and may not ask for " + what);
  boost::system::error_code bad;
  json::value parsed = text.empty() ? json::value(json::object()) : json::parse(text, bad);
  if (bad || !parsed.is_object()) return fail(Code::invalid_argument, "the request is no JSON object");
  body = std::move(parsed.as_object());
  BASCULE_TRY(check_members(*request, body, who.role));
  return request;
}

}  // namespace

Control::Control(Parts parts)
    : parts_(std::move(parts)), two_person_(parts_.two_person), tokens_(parts_.engine.catalog(), parts_.clock, parts_.random),
      approvals_(parts_.engine.catalog(), tokens_, parts_.clock, parts_.random) {}

Task<Result<json::object>> Control::run(const ControlRequest* request, ControlCall& call) {
  const bool lines = request->answer.ends_with('*');
  if (!lines) co_return co_await request->run(std::string(request->name), call);
  Result<json::object> outcome = fail(Code::overloaded, "too many requests that take long are under way; try again later");
  if (++long_ <= kMostLong) outcome = co_await request->run(std::string(request->name), call);
  --long_;
  co_return outcome;
}

// True: it waits now, and `done` says so.
Task<Result<bool>> Control::wait_for_approval(const ControlRequest* request, const AdminPrincipal& who, json::object& body, Done& done) {
  BASCULE_CO_ASSIGN(const bool needed, co_await approvals_.needed(two_person_, request, who));
  if (!needed) co_return false;
  BASCULE_CO_ASSIGN(const Approvals::Kept kept, co_await approvals_.ask(std::string(request->name), json::serialize(body), who));
  log::info("approval asked for", {{"approval", kept.id}, {"request", request->name}, {"principal", who.name}});
  done.last["approval"] = approval_shown(approvals_, kept);
  done.exit = kAwaits;
  done.status = 202;
  co_return true;
}

Task<Control::Done> Control::answer(AdminPrincipal who, std::string what, std::string text, const std::atomic<bool>& stop, ControlOutput& output) {
  Done done;
  Result<json::object> outcome;
  json::object body;
  const auto request = permitted(who, what, text, body);
  if (!request) {
    outcome = fail(request.error());
    if (outcome.error().code == Code::permission_denied)
      log::warn("administration refused", {{"principal", who.name}, {"role", name(who.role)}, {"request", what}, {"via", who.via}});
  } else {
    const std::string alone = text_of(body, "alone");
    body.erase("alone");
    Result<bool> waits = false;
    if ((*request)->irreversible && alone.empty()) waits = co_await wait_for_approval(*request, who, body, done);
    if (waits && *waits) co_return done;
    if (!waits) outcome = fail(waits.error());
    else if (alone.empty()) {
      ControlCall call{*this, parts_, who, std::move(body), stop, output};
      outcome = co_await run(*request, call);
      done.exit = call.exit;
    } else {
      outcome = co_await alone_request(*this, parts_, *request, who, std::move(body), alone, stop, output);
    }
  }
  if (outcome) {
    done.last = std::move(*outcome);
    co_return done;
  }
  const Error& error = outcome.error();
  if (done.exit == kDone) done.exit = exit_of(error);
  done.status = rest_status(error.code);
  done.last["error"] = error.message;
  done.last["code"] = rest_code(error.code);
  co_return done;
}

namespace {

constexpr std::string_view kUnrecorded = "acts cannot be recorded now (events.when_unwritable = refuse), so none is carried out; `bascule status` and the log say why";

events::Outcome outcome_of(int exit, int status) {
  if (status == 403) return events::Outcome::denied;
  return exit == kDone ? events::Outcome::allowed : events::Outcome::failed;
}

// Of the request for approval that an act became; "" = none.
std::string approval_of(const json::object& last, int exit) {
  const json::value* approval = exit == kAwaits ? last.if_contains("approval") : nullptr;
  return approval && approval->is_object() ? text_of(approval->get_object(), "id") : "";
}

}  // namespace

Task<void> Control::handle(AdminPrincipal who, std::string what, std::string text, const std::atomic<bool>& stop, ControlOutput& output) {
  events::EventSink* const sink = parts_.events && parts_.events->enabled() && !is_look(what) ? parts_.events : nullptr;
  const WallTime time = parts_.clock.wall();
  const Instant begun = parts_.clock.now();
  Done done;
  if (sink && what != "reload" && !sink->admit()) {   // a reload may be what mends it
    done = {.last = {{"error", json::string_view(kUnrecorded.data(), kUnrecorded.size())}, {"code", rest_code(Code::overloaded)}}, .exit = kFailed,
            .status = rest_status(Code::overloaded)};
  } else {
    done = co_await answer(who, what, text, stop, output);
    if (sink) {
      const std::string error = done.exit == kAwaits ? std::string("it waits for another person's approval") : text_of(done.last, "error");
      const std::string approval = approval_of(done.last, done.exit);
      record_act(*sink, {.operation = what, .body = text, .caller = who.name, .role = name(who.role), .via = who.via, .address = who.address, .time = time,
                         .took = parts_.clock.now() - begun, .outcome = outcome_of(done.exit, done.status), .error = error, .approval = approval});
    }
  }
  done.last["exit"] = done.exit;
  co_await output.last(json::serialize(done.last), done.status);
}

}  // namespace bascule::app
