// bascule immutability: retention and legal holds of a container.
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "app/admin/control_requests.h"
#include "app/commands/ask.h"
#include "app/commands/commands.h"

namespace bascule::app {
namespace json = boost::json;

namespace {

json::object body_of_container(const json::object& body) { return {{"account", body.at("account")}, {"container", body.at("container")}}; }

}  // namespace

int run_immutability(const Config& config, const ImmutabilityArguments& arguments) {
  const std::size_t slash = arguments.container.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == arguments.container.size())
    return complain("a container is named ACCOUNT/CONTAINER, not '" + arguments.container + "'", kUsage);
  json::object body{{"account", arguments.container.substr(0, slash)},
                    {"container", arguments.container.substr(slash + 1)}};
  if (arguments.action == "retain") {
    body["days"] = arguments.days;
    if (!arguments.appends.empty()) body["appends"] = arguments.appends;
  }
  if (!arguments.tag.empty()) body["tag"] = arguments.tag;
  if (!arguments.alone.empty()) body["alone"] = arguments.alone;
  if (arguments.action == "lock") {   // what is locked, and approved, is what stands now
    const Asked shown = ask(config, "immutability-show", body_of_container(body), Folder::must_be_there, {});
    if (shown.exit != kDone) return shown.exit;
    body["days"] = number_of(shown.last, "retention_days", 0);
  }
  const Asked asked = ask(config, "immutability-" + arguments.action, body, Folder::must_be_there, {});
  if (asked.exit != kDone) return asked.exit;
  json::object out = asked.last;
  out.erase("exit");
  if (arguments.json) {
    std::printf("%s\n", json::serialize(out).c_str());
    return kDone;
  }
  std::printf("container %s\n", text_of(out, "container").c_str());
  const std::uint64_t days = number_of(out, "retention_days", 0);
  if (days == 0) std::printf("  retention       none\n");
  else std::printf("  retention       %llu days after a blob's last write, %s\n", static_cast<unsigned long long>(days),
                   flag_of(out, "locked") ? "locked" : "unlocked");
  if (days != 0) std::printf("  may be appended %s\n", text_of(out, "protected_append_writes").c_str());
  std::printf("  version-level   %s\n", flag_of(out, "version_level") ? "on" : "off");
  std::string holds;
  for (const std::string& hold : texts_of(out, "legal_holds")) holds += (holds.empty() ? "" : ", ") + hold;
  std::printf("  legal holds     %s\n", holds.empty() ? "none" : holds.c_str());
  return kDone;
}

}  // namespace bascule::app
