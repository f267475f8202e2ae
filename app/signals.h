// Signals as events, for serve: SIGTERM and SIGINT ask to stop (the second ends the program at once), SIGHUP to reload.
#pragma once
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace bascule::app {

// Make one before any other thread: the signals are blocked in all threads that come after, and taken by one of its own.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  enum class Event { none, reload, stop };
  // Waits for the next event, at most so long. Once stop came, it is stop for ever.
  Event wait(std::chrono::milliseconds limit);
  bool stopping();

  // While it lives, even the first stop ends the program at once, with status 0: for a start that waits for a provider
  // that is away, and that may be interrupted anywhere.
  class EndAtOnce {
   public:
    explicit EndAtOnce(Signals& signals) : signals_(signals) { signals_.set_end_at_once(true); }
    ~EndAtOnce() { signals_.set_end_at_once(false); }
    EndAtOnce(const EndAtOnce&) = delete;
    EndAtOnce& operator=(const EndAtOnce&) = delete;

   private:
    Signals& signals_;
  };

 private:
  void run();
  void set_end_at_once(bool on);
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false, reload_ = false, quit_ = false, end_at_once_ = false;
  std::thread thread_;
};

}  // namespace bascule::app
