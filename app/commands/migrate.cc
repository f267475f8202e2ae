#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "app/admin/control_requests.h"
#include "app/commands/ask.h"
#include "app/commands/commands.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

Result<std::string> source_of(const MigrateArguments& arguments) {
  if (!arguments.from.empty()) return arguments.from;
  if (arguments.from_file != "-") return read_secret_file(arguments.from_file);
  std::string line;
  if (!std::getline(std::cin, line) || line.empty())
    return fail(Code::invalid_argument, "standard input is empty; expected is a connection string or a SAS URL");
  return line;
}

}  // namespace

int run_migrate(const Config& config, const MigrateArguments& arguments) {
  auto from = source_of(arguments);
  if (!from) return complain(from.error());
  json::object body{{"from", *from}, {"account", arguments.account}, {"ca_file", arguments.ca_file}, {"sabotage", arguments.sabotage},
                    {"dry_run", arguments.dry_run}, {"strict", arguments.strict}};
  body["style"] = arguments.json ? "json" : ::isatty(STDOUT_FILENO) == 1 ? "line" : "plain";
  json::array containers;
  for (const std::string& container : arguments.containers) containers.emplace_back(container);
  body["containers"] = std::move(containers);
  if (arguments.blobs_at_once) body["blobs_at_once"] = *arguments.blobs_at_once;
  if (arguments.streams_at_once) body["streams_at_once"] = *arguments.streams_at_once;
  const Asked asked = ask(config, "migrate", body, Folder::may_be_made, [](const json::object& line) {
    const std::string text = text_of(line, "text");
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
  });
  return asked.exit;
}

}  // namespace bascule::app
