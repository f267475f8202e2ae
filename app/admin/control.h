// Control: what the other commands ask of whoever holds the data folder. The running server answers through
// DIR/admin.sock; without one, the command opens the folder and asks the same object itself.
//
// A request is a name and a JSON object; the answer is lines of JSON objects, the last of which has "exit": the command's
// exit code, and, where that is not 0, "error".
//   status                                            -> {version, uptime_seconds, ready, reason, addresses, …}
//   account-add     {name, keys: [Base64, Base64]}    -> {name}
//   account-list    {show_keys}                       -> {accounts: [{name, development, keys?}]}
//   account-keys    {name}                            -> {name, keys}
//   account-rotate  {name, key: 1|2, value?}          -> {name, key, value}
//   account-show    {name}                            -> {name, development, settings}
//   account-set     {name, settings: {versioning: true, …}} -> the same
//   account-remove  {name}
//   lifecycle-set   {name, policy: "JSON"}            -> {name, set, policy, run?}
//   lifecycle-show  {name}                            -> the same
//   lifecycle-run   {name}                            -> {progress, container?}*, {name, run}
//   lifecycle-remove {name}                           -> {name}
//   immutability    {account, container, action, days?, appends?, tag?} -> what stands
//   compact         {dry_run}                         -> {progress}*, {report}
//   check           {read}                            -> {progress}*, {finding}*, {report}
//   migrate         {from, account, containers, …}    -> {text}*
#pragma once
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/admin/readiness.h"
#include "runtime/random.h"

namespace bascule::app {

// Exit codes, as --help documents them.
enum Exit : int {
  kDone = 0,
  kFailed = 1,        // it failed, or something was found wrong
  kUsage = 2,         // wrong arguments or configuration; a migration's source cannot be used
  kUnsupported = 3,   // not there yet; migrate --strict: something exists at the source that is never carried
  kHeld = 4,          // another process holds the data folder and does not answer
};

// Where answer lines go. False: the asker is gone, stop.
class ControlOutput {
 public:
  virtual ~ControlOutput() = default;
  virtual Task<bool> line(std::string json) = 0;
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
  };
  explicit Control(Parts parts) : parts_(std::move(parts)) {}  // the parts outlive it

  // Any loop; answers to the end. `stop` from anywhere ends what takes long.
  Task<void> handle(std::string what, std::string body, const std::atomic<bool>& stop, ControlOutput& output);

  Engine& engine() { return parts_.engine; }

 private:
  Parts parts_;
};

}  // namespace bascule::app
