// bascule lifecycle set, show, run, remove.
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "app/admin/control_requests.h"
#include "app/commands/ask.h"
#include "app/commands/commands.h"
#include "app/commands/files.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

constexpr std::size_t kMostBytes = 1024 * 1024;   // as it is written; what is kept is smaller

std::string counts(const json::object& run) {
  const auto count = [&](const char* name) { return std::to_string(number_of(run, name, 0)) + " " + name; };
  return count("looked") + ", " + count("deleted") + ", " + count("moved") + ", " + count("refused") + ", " + count("failed");
}

void print_run(const json::object& run) {
  const std::string finished = text_of(run, "finished");
  std::printf("run started %s, %s: %s\n", text_of(run, "started").c_str(),
              finished.empty() ? "under way" : ("finished " + finished).c_str(), counts(run).c_str());
}

void print(const json::object& answer) {
  std::printf("policy of account %s, set %s:\n%s\n", text_of(answer, "name").c_str(), text_of(answer, "set").c_str(),
              json::serialize(answer.at("policy")).c_str());
  if (const json::value* run = answer.if_contains("run"); run && run->is_object()) print_run(run->get_object());
  else std::printf("not run yet\n");
}

}  // namespace

int run_lifecycle(const Config& config, const LifecycleArguments& arguments) {
  using What = LifecycleArguments::What;
  json::object body{{"name", arguments.name}};
  const char* what = arguments.what == What::set ? "lifecycle-set" : arguments.what == What::run ? "lifecycle-run"
                     : arguments.what == What::remove ? "lifecycle-remove" : "lifecycle-show";
  if (arguments.what == What::set) {
    auto policy = read_text(arguments.file, kMostBytes);
    if (!policy) return complain(policy.error());
    body["policy"] = *policy;
  }
  const OnLine on_line = [&](const json::object& line) {
    const json::value* progress = line.if_contains("progress");
    if (!progress || !progress->is_object()) return;
    if (arguments.json) std::printf("%s\n", json::serialize(line).c_str());
    else std::printf("%s: %s\n", text_of(line, "container").c_str(), counts(progress->get_object()).c_str());
    std::fflush(stdout);
  };
  const Asked asked = ask(config, what, body, Folder::must_be_there, on_line);
  if (asked.last.empty() || !asked.error.empty()) return asked.exit;
  if (arguments.json) {
    json::object out = asked.last;
    out.erase("exit");
    std::printf("%s\n", json::serialize(out).c_str());
  } else if (arguments.what == What::remove) {
    std::printf("account %s has no lifecycle policy any more\n", arguments.name.c_str());
  } else if (arguments.what == What::run) {
    print_run(asked.last.at("run").as_object());
  } else {
    print(asked.last);
  }
  return asked.exit;
}

}  // namespace bascule::app
