// Control: what the other commands ask of whoever holds the data folder. The running server answers through
// DIR/admin.sock; without one, the command opens the folder and asks the same object itself.
//
// A request is a name and a JSON object; the answer is lines of JSON objects, the last of which has "exit": the command's
// exit code, and, where something went wrong, "error" and its "code". requests.cc is the table of what there is, who may
// ask it and what it takes; below, what the answers hold.
//   status                                            -> {version, uptime_seconds, ready, reason, addresses, …}
//   account-add     {name, keys: [Base64, Base64]}    -> {name}
//   account-list    {}                                -> {accounts: [{name, development}]}; account-list-keys: with keys
//   account-keys    {name}                            -> {name, keys}
//   account-rotate  {name, key: 1|2, value?}          -> {name, key, value}
//   account-show    {name}                            -> {name, development, settings}
//   account-set     {name, settings: {versioning: true, …}} -> the same
//   account-remove  {name}
//   lifecycle-set   {name, policy: "JSON"}            -> {name, set, policy, run?}
//   lifecycle-show  {name}                            -> the same
//   lifecycle-run   {name}                            -> {progress, container?}*, {name, run}
//   lifecycle-remove {name}                           -> {name}
//   immutability-…  {account, container, days?, appends?, tag?} -> what stands
//   token-create    {name, role, days?, fingerprint?} -> {id, …, token}
//   reload          {}                                -> {taken, problems, applied, need_restart, milliseconds}
//   approvals-approve {id, digest}                    -> {approval, result}
//   compact         {dry_run}                         -> {progress}*, {report}
//   backup-make     {to, whole, keep}                 -> {progress}*, {made, content}
//   backup-verify   {to, at?, extents?}               -> {progress}*, {backup, report, seconds}
//   check           {read}                            -> {progress}*, {finding}*, {report}
//   migrate         {from, account, containers, …}    -> {text}*
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/admin/approvals.h"
#include "app/admin/readiness.h"
#include "events/sink.h"
#include "runtime/random.h"

namespace bascule::app {

struct ControlCall;      // control_requests.h

// Exit codes, as --help documents them.
enum Exit : int {
  kDone = 0,
  kFailed = 1,        // it failed, or something was found wrong
  kUsage = 2,         // wrong arguments or configuration; a migration's source cannot be used
  kUnsupported = 3,   // not there yet; migrate --strict: something exists at the source that is never carried
  kHeld = 4,          // another process holds the data folder and does not answer
  kAwaits = 5,        // asked for; somebody else has to approve it (bascule approvals)
};

struct MetricSources;   // pages.h
class Reloader;         // app/reload.h

// Where answer lines go. False: the asker is gone, stop.
class ControlOutput {
 public:
  virtual ~ControlOutput() = default;
  virtual Task<bool> line(std::string json) = 0;
  // The last line; `status`: the HTTP status that says the same.
  virtual Task<void> last(std::string json, int status) {
    (void)status;
    (void)co_await line(std::move(json));
  }
};

class Control {
 public:
  struct Parts {
    Engine& engine;
    Clock& clock;
    Random& random;
    const Readiness* readiness = nullptr;       // with a server
    std::vector<std::string> addresses;
    bool encrypted = false;
    Instant started{};
    TwoPerson two_person = TwoPerson::automatic;
    const MetricSources* metrics = nullptr;     // with a server
    events::EventSink* events = nullptr;        // where acts are recorded; null: nowhere
  };
  explicit Control(Parts parts);  // the parts outlive it

  // Any loop; answers to the end. What the table does not allow `who` is refused. `stop` from anywhere ends what takes long.
  Task<void> handle(AdminPrincipal who, std::string what, std::string body, const std::atomic<bool>& stop, ControlOutput& output);

  Engine& engine() { return parts_.engine; }
  AdminTokens& tokens() { return tokens_; }
  events::EventSink* events() const { return parts_.events; }
  Approvals& approvals() { return approvals_; }
  static constexpr int kMostLong = 8;   // requests that answer in lines, at a time
  TwoPerson two_person() const { return two_person_; }
  void set_reloader(Reloader* reloader) { reloader_ = reloader; }   // any thread; null: nothing is reloaded
  Reloader* reloader() const { return reloader_; }
  void set_two_person(TwoPerson two) { two_person_ = two; }   // any thread

 private:
  struct Done {
    boost::json::object last;
    int exit = kDone, status = 200;
  };
  Task<Done> answer(AdminPrincipal who, std::string what, std::string text, const std::atomic<bool>& stop, ControlOutput& output);
  Task<Result<boost::json::object>> run(const ControlRequest* request, ControlCall& call);
  Task<Result<bool>> wait_for_approval(const ControlRequest* request, const AdminPrincipal& who, boost::json::object& body, Done& done);

  Parts parts_;
  std::atomic<TwoPerson> two_person_;
  std::atomic<int> long_{0};
  std::atomic<Reloader*> reloader_{nullptr};
  AdminTokens tokens_;
  Approvals approvals_;
};

}  // namespace bascule::app
