#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <cstdio>
#include <filesystem>
#include <future>
#include <iostream>

#include "app/admin/control_requests.h"
#include "app/commands/ask.h"
#include "app/commands/azure_account.h"
#include "app/commands/commands.h"
#include "app/commands/files.h"
#include "migrate/azure_source.h"
#include "runtime/loops.h"

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

Task<void> look_once(migrate::Source& source, std::string container, std::promise<Result<void>>& answer) {
  if (!container.empty()) {
    auto page = co_await source.list_blobs(container, "", false);
    answer.set_value(page ? Result<void>{} : fail(page.error().code, "container " + container + ": " + page.error().message));
    co_return;
  }
  auto page = co_await source.list_containers("");
  answer.set_value(page ? Result<void>{} : fail(page.error()));
}

// Does the source answer? Asked before a data folder is made for it: what cannot begin changes nothing.
Result<void> try_source(const migrate::Connection& connection, const MigrateArguments& arguments) {
  Loops loops(1);
  const auto client = http::make_client({.ca_file = arguments.ca_file}, system_clock());
  const auto source = migrate::make_azure_source(connection, *client, system_clock(), system_random());
  std::promise<Result<void>> answer;
  auto answered = answer.get_future();
  const std::string container = !connection.container.empty() || arguments.containers.empty() ? connection.container
                                                                                               : arguments.containers[0];
  spawn(loops[0], look_once(*source, container, answer));
  Result<void> result = answered.get();
  loops.stop();
  return result;
}

bool is_empty(const std::string& folder) {
  std::error_code error;
  return !std::filesystem::exists(folder, error) || std::filesystem::is_empty(folder, error);
}

// A script reads JSON to the end: a run that could not begin says so there too.
int refuse(const MigrateArguments& arguments, const std::string& message, int exit) {
  if (!arguments.json) return exit;
  std::printf("%s\n", json::serialize(json::object{{"event", "error"}, {"message", message}, {"exit_code", exit}}).c_str());
  std::fflush(stdout);
  return exit;
}

// What the source's account is set to, as Azure's tools say: told before anything is carried, and changed nowhere.
void tell_settings(const MigrateArguments& arguments, const AzureAccount& azure) {
  if (arguments.json) {
    json::array left;
    for (const std::string& one : azure.not_carried) left.emplace_back(one);
    std::printf("%s\n", json::serialize(json::object{{"event", "account"}, {"name", azure.name}, {"settings", azure.settings},
                                                     {"not_carried", std::move(left)}}).c_str());
  } else {
    std::printf("The source's account%s is set to (`bascule account set --from-azure %s` takes it over):\n",
                azure.name.empty() ? "" : (" " + azure.name).c_str(), arguments.account_json.c_str());
    for (const auto& one : azure.settings) {
      const std::string name(one.key().data(), one.key().size());
      std::printf("  %-34s %s\n", name.c_str(), json::serialize(one.value()).c_str());
    }
    for (const std::string& one : azure.not_carried) std::printf("  no counterpart: %s\n", one.c_str());
  }
  std::fflush(stdout);
}

}  // namespace

int run_migrate(const Config& config, const MigrateArguments& arguments) {
  auto from = source_of(arguments);
  if (!from) return refuse(arguments, from.error().message, complain(from.error()));
  const auto connection = migrate::parse_connection(*from);
  if (!connection) return refuse(arguments, connection.error().message, complain(connection.error().message, kUsage));
  if (!asks_elsewhere(config) && is_empty(config.text("data"))) {
    if (const auto tried = try_source(*connection, arguments); !tried)
      return refuse(arguments, tried.error().message, complain(tried.error().message, kUsage));
  }
  if (!arguments.account_json.empty()) {
    const auto text = read_text(arguments.account_json, 4 << 20);
    if (!text) return refuse(arguments, text.error().message, complain(text.error().message, kUsage));
    const auto azure = read_azure_account(*text);
    if (!azure) return refuse(arguments, azure.error().message, complain(arguments.account_json + ": " + azure.error().message, kUsage));
    tell_settings(arguments, *azure);
  }
  json::object body{{"from", *from}, {"account", arguments.account}, {"dry_run", arguments.dry_run}, {"strict", arguments.strict}};
  if (!arguments.ca_file.empty()) body["ca_file"] = arguments.ca_file;
  if (!arguments.sabotage.empty()) body["sabotage"] = arguments.sabotage;
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
  return asked.error.empty() ? asked.exit : refuse(arguments, asked.error, asked.exit);
}

}  // namespace bascule::app
