// Reading the configuration again while the server runs: all of it is taken, or none.
#pragma once
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "app/config.h"
#include "events/sink.h"

namespace bascule::app {

// Reads the sources of the running configuration anew.
using ReadConfig = std::function<Config(std::vector<Error>& problems)>;

class Reloader {
 public:
  // `running` is changed by reload(), and by nobody else meanwhile. All outlive it.
  Reloader(Config& running, ReadConfig read, events::EventSink* events, Clock& clock)
      : running_(running), read_(std::move(read)), events_(events), clock_(clock) {}

  // A part that settings with `live` belong to. `prepare` does all that can fail and changes nothing; what it returns
  // cannot fail. In the order of their adding; before the first reload().
  using Commit = std::function<void()>;
  using Prepare = std::function<Result<Commit>(const Config& fresh)>;
  void add(std::string name, Prepare prepare) { parts_.push_back({std::move(name), std::move(prepare)}); }

  // What SIGHUP does besides: called where the configuration is refused. logrotate, for one, has put a file aside by then.
  void when_refused(std::function<void()> what) { refused_ = std::move(what); }

  struct Outcome {
    bool taken = false;
    std::vector<std::string> problems;        // why it was not
    std::vector<std::string> applied;         // settings that changed and are in force
    std::vector<std::string> need_restart;    // settings that changed and are not
    Duration took{};
  };
  // Any thread, one at a time. Says what came of it: in the log, as an event, to the service manager.
  Outcome reload();
  // Waits for one that is under way: what it changes may be read without a lock from then on, where nobody asks for another.
  void settle() { const std::lock_guard lock(mutex_); }

 private:
  struct Part {
    std::string name;
    Prepare prepare;
  };
  Outcome attempt();

  Config& running_;
  const ReadConfig read_;
  events::EventSink* const events_;
  Clock& clock_;
  std::vector<Part> parts_;
  std::function<void()> refused_;
  std::mutex mutex_;
};

}  // namespace bascule::app
