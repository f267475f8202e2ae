// config check, config show: what a server would make of its configuration.
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>

#include "app/admin/control.h"
#include "app/check_config.h"
#include "app/commands/ask.h"
#include "app/commands/commands.h"

namespace bascule::app {
namespace {

namespace json = boost::json;

// Else all that could be found is about defaults that nobody meant.
bool was_read(const Config& config, const std::vector<Error>& problems) {
  for (const Error& problem : problems)
    if (config.file().empty() || problem.message.contains("this is not TOML")) return false;
  return true;
}

std::string counted(std::size_t n, const char* what) { return std::to_string(n) + " " + what + (n == 1 ? "" : "s"); }

}  // namespace

int run_config_check(const ReadConfig& read, const ConfigArguments& arguments) {
  std::vector<Error> problems;
  const Config config = read(problems);
  std::vector<Finding> findings;
  for (const Error& problem : problems) findings.push_back({true, "", problem.message});
  for (const auto& [name, error] : config.unread_secrets()) findings.push_back({true, name, error.message});
  if (was_read(config, problems))
    for (Finding& finding : check_config(config, system_clock().wall())) {
      bool said = false;   // what follows from a value that was refused, or a secret that is missed by who needs it, too
      for (const Finding& before : findings)
        said = said || before.message.ends_with(finding.message) || (!finding.setting.empty() && before.setting.empty() && before.message.contains(finding.setting));
      if (!said) findings.push_back(std::move(finding));
    }
  std::size_t errors = 0;
  for (const Finding& finding : findings) errors += finding.error;
  const int exit = errors ? kUsage : kDone;
  if (arguments.json) {
    json::array list;
    for (const Finding& finding : findings)
      list.push_back({{"severity", finding.error ? "error" : "warning"}, {"setting", finding.setting}, {"message", finding.message}});
    const json::object out{{"file", config.file()}, {"findings", std::move(list)}, {"exit", exit}};
    std::printf("%s\n", json::serialize(out).c_str());
    return exit;
  }
  for (const Finding& finding : findings) std::printf("%s: %s\n", finding.error ? "error" : "warning", finding.message.c_str());
  const std::string where = config.file().empty() ? std::string("no configuration file") : config.file();
  if (findings.empty()) std::printf("%s: nothing is wrong\n", where.c_str());
  else std::printf("%s: %s, %s\n", where.c_str(), counted(errors, "error").c_str(), counted(findings.size() - errors, "warning").c_str());
  return exit;
}

int run_config_show(const Config& config, const ConfigArguments& arguments) {
  if (arguments.json) {
    json::array list;
    for (const Setting& s : settings())
      if (!arguments.changed || config.is_set(s.name))
        list.push_back({{"name", json::string_view(s.name.data(), s.name.size())}, {"value", config.shown(s)}, {"source", config.source(s.name)},
                        {"reload", s.live ? "live" : "restart"}, {"secret", s.secret}});
    std::printf("%s\n", json::serialize(json::object{{"file", config.file()}, {"settings", std::move(list)}}).c_str());
    return kDone;
  }
  std::size_t width = 0;
  for (const Setting& s : settings()) width = std::max(width, s.name.size());
  for (const Setting& s : settings()) {
    if (arguments.changed && !config.is_set(s.name)) continue;
    std::printf("%-*s = %-30s  # %s; %s\n", static_cast<int>(width), std::string(s.name).c_str(), config.shown(s).c_str(),
                config.source(s.name).c_str(), s.live ? "live" : "restart");
  }
  return kDone;
}

int run_reload(const Config& config, const ConfigArguments& arguments) {
  const Asked asked = ask(config, "reload", {}, Folder::must_be_there, {});
  if (arguments.json && !asked.last.empty()) std::printf("%s\n", json::serialize(asked.last).c_str());
  if (arguments.json || !asked.error.empty()) return asked.exit;
  const auto each = [&](const char* member, const auto& say) {
    if (const json::value* list = asked.last.if_contains(member); list && list->is_array())
      for (const json::value& one : list->as_array()) say(one.is_string() ? std::string(one.as_string().c_str()) : std::string());
  };
  each("problems", [](const std::string& problem) { complain(problem, kUsage); });
  if (asked.exit != kDone) {
    std::fprintf(stderr, "The server keeps the configuration that it has.\n");
    return asked.exit;
  }
  std::printf("The configuration was read again.\n");
  each("applied", [](const std::string& name) { std::printf("  in force: %s\n", name.c_str()); });
  each("need_restart", [](const std::string& name) { std::printf("  needs a restart: %s\n", name.c_str()); });
  return kDone;
}

}  // namespace bascule::app
