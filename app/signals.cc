#include "app/signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace bascule::app {
namespace {

sigset_t ours() {
  sigset_t set;
  sigemptyset(&set);
  for (const int s : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&set, s);
  return set;
}

}  // namespace

Signals::Signals() {
  const sigset_t set = ours();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);   // a file that may not grow is a write that fails
  thread_ = std::thread([this] { run(); });
}

Signals::~Signals() {
  {
    const std::lock_guard lock(mutex_);
    quit_ = true;
  }
  pthread_kill(thread_.native_handle(), SIGUSR1);
  thread_.join();
}

void Signals::run() {
  const sigset_t set = ours();
  while (true) {
    int got = 0;
    if (sigwait(&set, &got) != 0) continue;
    const std::lock_guard lock(mutex_);
    if (got == SIGUSR1 && quit_) return;
    if (got == SIGHUP) reload_ = true;
    if (got == SIGTERM || got == SIGINT) {
      if (stop_) ::_exit(128 + got);  // the second: nothing acknowledged is lost by that
      if (end_at_once_) ::_exit(0);
      stop_ = true;
    }
    changed_.notify_all();
  }
}

Signals::Event Signals::wait(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, limit, [this] { return stop_ || reload_; });
  if (stop_) return Event::stop;
  if (!reload_) return Event::none;
  reload_ = false;
  return Event::reload;
}

void Signals::set_end_at_once(bool on) {
  const std::lock_guard lock(mutex_);
  if (on && stop_) ::_exit(0);
  end_at_once_ = on;
}

bool Signals::stopping() {
  const std::lock_guard lock(mutex_);
  return stop_;
}

}  // namespace bascule::app
