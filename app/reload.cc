#include "app/reload.h"

#include <algorithm>

#include "app/process.h"
#include "base/log.h"

namespace bascule::app {
namespace {

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string out;
  for (const std::string& word : words) out.append(out.empty() ? "" : between).append(word);
  return out;
}

// systemd.service(5), Type=notify: the manager waits for READY=1 after RELOADING=1.
void say_reloading() {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
  notify_service_manager("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(micros));
}

// Whether there is TLS, and whether a file of secrets is a file, is decided at the start.
bool changes_kind(const Setting& setting, const Config& running, const Config& fresh) {
  return (setting.name == "server.certificate" || setting.name == "server.key") &&
         running.text(setting.name).empty() != fresh.text(setting.name).empty();
}

}  // namespace

Reloader::Outcome Reloader::attempt() {
  Outcome outcome;
  std::vector<Error> problems;
  const Config read = read_(problems);
  for (const auto& [name, error] : read.unread_secrets()) problems.push_back(error);
  for (const Error& problem : problems) outcome.problems.push_back(problem.message);
  if (!outcome.problems.empty()) return outcome;

  // What comes into force: the running configuration with what may change.
  std::vector<const Setting*> live;
  for (const Setting* setting : running_.differences(read)) {
    const bool now = setting->live && !changes_kind(*setting, running_, read);
    if (now) live.push_back(setting);
    (now ? outcome.applied : outcome.need_restart).emplace_back(setting->name);
  }
  Config coming = running_;
  coming.adopt(read, live);
  std::vector<Commit> commits;
  for (const Part& part : parts_) {
    auto commit = part.prepare(coming);
    if (commit) commits.push_back(std::move(*commit));
    else outcome.problems.push_back(part.name + ": " + commit.error().message);
  }
  if (!outcome.problems.empty()) {
    outcome.applied.clear();
    outcome.need_restart.clear();
    return outcome;
  }
  for (const Commit& commit : commits)
    if (commit) commit();
  running_ = std::move(coming);
  outcome.taken = true;
  return outcome;
}

Reloader::Outcome Reloader::reload() {
  const std::lock_guard lock(mutex_);
  say_reloading();
  const Instant begun = clock_.now();
  Outcome outcome = attempt();
  if (!outcome.taken && refused_) refused_();
  outcome.took = clock_.now() - begun;
  const std::string problems = joined(outcome.problems, "; "), applied = joined(outcome.applied, ", "), restart = joined(outcome.need_restart, ", ");
  if (outcome.taken) {
    log::info("configuration reloaded", {{"applied", applied.empty() ? "nothing changed" : applied}, {"need_restart", restart},
                                         {"milliseconds", std::chrono::duration_cast<std::chrono::milliseconds>(outcome.took).count()}});
  } else {
    for (const std::string& problem : outcome.problems) log::error("configuration not reloaded", {{"error", problem}, {"kept", "the one in use"}});
  }
  if (events_ && events_->enabled()) {
    const events::Detail details[] = {{"Applied", applied}, {"NeedRestart", restart}};
    events_->record(events::ServiceEvent{.time = clock_.wall(), .operation = outcome.taken ? "ConfigurationReloaded" : "ConfigurationRefused",
                                         .outcome = outcome.taken ? events::Outcome::allowed : events::Outcome::failed, .reason = problems,
                                         .details = outcome.taken ? std::span<const events::Detail>(details) : std::span<const events::Detail>()});
  }
  const std::string status = !outcome.taken ? "configuration refused, the old one is in use: " + problems
                             : restart.empty() ? std::string("configuration reloaded")
                                               : "configuration reloaded; a restart is needed for " + restart;
  std::string line = status.substr(0, 1000);
  std::ranges::replace(line, '\n', ' ');
  notify_service_manager("READY=1\nSTATUS=" + line);
  return outcome;
}

}  // namespace bascule::app
