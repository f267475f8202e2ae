#include "app/commands/ask.h"

#include <signal.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <future>
#include <thread>

#include "app/admin/control_backup.h"
#include "app/admin/control_client.h"
#include "app/admin/control_requests.h"
#include "app/commands/commands.h"
#include "app/commands/own_act.h"
#include "app/process.h"
#include "base/log.h"
#include "events/recorder.h"
#include "runtime/loops.h"
#include "runtime/run.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

std::atomic<bool> stopped{false};

extern "C" void on_stop_signal(int) {
  if (stopped.exchange(true)) ::_exit(130);
}

void listen_to_signals() {
  struct sigaction action{};
  action.sa_handler = on_stop_signal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

// Hands each line on, and keeps the last.
class Lines {
 public:
  Lines(const OnLine& on_line, Asked& asked) : on_line_(on_line), asked_(asked) {}
  void take(std::string_view text) {
    boost::system::error_code bad;
    json::value value = json::parse(json::string_view(text.data(), text.size()), bad);
    if (bad || !value.is_object() || value.as_object().empty()) return;
    json::object& object = value.as_object();
    if (const json::value* exit = object.if_contains("exit"); exit && exit->is_int64()) {
      asked_.exit = static_cast<int>(exit->as_int64());
      asked_.last = std::move(object);
      complete_ = true;
    } else if (on_line_) {
      on_line_(object);
    }
  }
  bool complete() const { return complete_; }

 private:
  const OnLine& on_line_;
  Asked& asked_;
  bool complete_ = false;
};

class LinesOutput final : public ControlOutput {
 public:
  explicit LinesOutput(Lines& lines) : lines_(lines) {}
  Task<bool> line(std::string text) override {
    lines_.take(text);
    co_return !stopped;
  }

 private:
  Lines& lines_;
};

Task<void> handle(Control& control, AdminPrincipal who, std::string what, std::string body, LinesOutput& output, std::promise<void>& done) {
  co_await control.handle(std::move(who), std::move(what), std::move(body), stopped, output);
  done.set_value();
}

bool is_held(const Error& error) {
  return error.code == Code::unavailable && error.message.find("another process holds") != std::string::npos;
}

Result<void> ask_ourselves(const Config& config, const std::string& what, const std::string& body, Folder folder, Lines& lines) {
  BASCULE_ASSIGN(EngineOptions options, config.engine_options());
  options.allow_create = folder == Folder::may_be_made;
  if (!options.allow_create) options.development_account = false;
  const AdminPrincipal who = local_owner(::geteuid(), "folder");   // before root becomes somebody else
  BASCULE_TRY(become_owner_of(options.data));
  BASCULE_ASSIGN(auto events, open_command_events(config, what));
  Loops loops(2);
  BASCULE_ASSIGN(auto engine, Engine::open(options, system_clock(), system_random()));
  if (engine->created_key_file()) announce_key_file(engine->options());
  // What a crash left behind is known to the first who opens the folder after it: to us, now.
  if (!engine->died().empty() || what == "migrate") engine->start_jobs(loops[1]);
  Control control({.engine = *engine, .clock = system_clock(), .random = system_random(), .two_person = config.two_person(), .events = events.get()});
  LinesOutput output(lines);
  std::promise<void> done;
  auto finished = done.get_future();
  spawn(loops[0], handle(control, who, what, body, output, done));
  finished.wait();
  auto closed = engine->close();
  loops.stop();
  events->close();
  return closed;
}

Task<Result<void>> look_at_backups(BackupCall call, std::string what, LinesOutput& output, int& exit, std::string& error) {
  auto answer = co_await backup_look(what, std::move(call), exit);
  json::object last;
  if (answer) {
    last = std::move(*answer);
  } else {
    exit = answer.error().code == Code::invalid_argument ? kUsage : kFailed;
    last["error"] = error = answer.error().message;
  }
  last["exit"] = exit;
  (void)co_await output.line(json::serialize(last));
  co_return Result<void>{};
}

// Where there may be no catalog any more.
Result<void> ask_aside(const Config& config, const std::string& what, const std::string& body, Lines& lines) {
  BASCULE_ASSIGN(const EngineOptions options, config.engine_options());
  BASCULE_ASSIGN(OwnAct act, OwnAct::begin(config, what, body));   // before root becomes somebody else
  BASCULE_TRY(become_owner_of(options.data));
  Loop loop;
  BASCULE_ASSIGN(const Holdings holdings, open_holdings(options, loop, system_clock(), system_random()));
  LinesOutput output(lines);
  BackupCall call{options, holdings.content(system_clock(), system_random()), *holdings.workers, json::parse(body).as_object(), stopped, output};
  int exit = kDone;
  std::string error;
  auto looked = run(loop, look_at_backups(std::move(call), what, output, exit, error));
  act.end(exit, error);
  return looked;
}

Result<void> ask_folder(const Config& config, const ControlRequest& request, const json::object& members, Folder folder, Lines& lines) {
  const std::string what(request.name), body = json::serialize(members);
  // A server that is just starting holds the folder and does not answer yet: try for a while.
  for (int attempt = 0;; ++attempt) {
    auto asked = ask_socket(config.text("data"), request, members, [&](std::string_view line) { lines.take(line); }, stopped);
    if (asked || asked.error().code != Code::not_found) return asked;
    auto ours = folder == Folder::not_needed ? ask_aside(config, what, body, lines) : ask_ourselves(config, what, body, folder, lines);
    if (ours || !is_held(ours.error()) || attempt == 10 || stopped) return ours;
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
}

Result<void> ask_elsewhere(const Config& config, const ControlRequest& request, const json::object& members, Lines& lines) {
  AdminApiPlace place{.server = config.text("admin.server"), .token = config.text("admin.token"), .ca_file = config.text("admin.ca_file")};
  if (place.token.empty()) {
    if (config.text("admin.token_file").empty())
      return fail(Code::invalid_argument, "admin.server needs a token: --token-file FILE, or BASCULE_ADMIN_TOKEN in the environment");
    BASCULE_ASSIGN(place.token, read_secret_file(config.text("admin.token_file")));
  }
  return ask_api(place, request, members, [&](std::string_view line) { lines.take(line); }, stopped);
}

void say_waiting(const json::object& last) {
  const json::value* approval = last.if_contains("approval");
  if (approval == nullptr || !approval->is_object()) return;
  const std::string id = text_of(approval->get_object(), "id");
  std::fprintf(stderr,
               "bascule: this cannot be undone: somebody else has to approve it before %s\n"
               "  bascule approvals show %s\n"
               "  bascule approvals approve %s\n",
               printable(text_of(approval->get_object(), "expires")).c_str(), printable(id).c_str(), printable(id).c_str());
}

}  // namespace

Asked ask(const Config& config, const std::string& what, const json::object& body, Folder folder, const OnLine& on_line) {
  listen_to_signals();
  Asked asked;
  Lines lines(on_line, asked);
  const ControlRequest* request = find_request(what);
  Result<void> outcome = fail(Code::unsupported, "there is no request " + what);
  if (request != nullptr)
    outcome = asks_elsewhere(config) ? ask_elsewhere(config, *request, body, lines) : ask_folder(config, *request, body, folder, lines);
  if (outcome && !lines.complete()) outcome = fail(Code::unavailable, "the server went away in the middle of its answer");
  if (!outcome) {
    asked.error = outcome.error().message;
    asked.exit = is_held(outcome.error()) ? (complain(outcome.error()), kHeld) : complain(outcome.error());
    return asked;
  }
  if (const json::value* error = asked.last.if_contains("error"); error && error->is_string()) {
    asked.error.assign(error->as_string().data(), error->as_string().size());
    complain(asked.error, asked.exit);
  }
  if (asked.exit == kAwaits) say_waiting(asked.last);
  return asked;
}

void print_answer(json::object last) {
  last.erase("exit");
  std::printf("%s\n", json::serialize(last).c_str());
}

bool stop_asked() { return stopped; }

bool asks_elsewhere(const Config& config) { return !config.text("admin.server").empty(); }

}  // namespace bascule::app
