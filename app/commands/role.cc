#include <boost/json/serialize.hpp>
#include <cstdio>

#include "app/admin/control_requests.h"
#include "app/commands/ask.h"
#include "app/commands/commands.h"
#include "app/identity.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

void print(const json::object& one) {
  std::printf("%s  %-29s  %s %s  %s  (tenant %s)%s%s\n", text_of(one, "id").c_str(), text_of(one, "role").c_str(), text_of(one, "kind").c_str(),
              printable(text_of(one, "assignee")).c_str(), printable(text_of(one, "scope")).c_str(), printable(text_of(one, "tenant")).c_str(),
              one.contains("note") ? "  " : "", printable(text_of(one, "note")).c_str());
}

int list(const Config& config, const RoleArguments& arguments) {
  json::object body{{"account", arguments.account}};
  if (!arguments.assignee.empty()) body["assignee"] = arguments.assignee;
  const Asked asked = ask(config, "role-list", body, Folder::must_be_there, {});
  if (asked.exit != kDone) return asked.exit;
  const json::value* assignments = asked.last.if_contains("assignments");
  if (!assignments || !assignments->is_array()) return complain("the server's answer makes no sense", kFailed);
  if (arguments.json) {
    std::printf("%s\n", json::serialize(json::object{{"assignments", *assignments}}).c_str());
    return kDone;
  }
  for (const json::value& one : assignments->as_array()) print(one.as_object());
  return kDone;
}

}  // namespace

int run_role(const Config& config, const RoleArguments& arguments) {
  using What = RoleArguments::What;
  if (arguments.what == What::list) return list(config, arguments);
  json::object body{{"account", arguments.account}};
  if (arguments.what == What::assign) {
    const std::string tenant = arguments.tenant.empty() ? only_tenant(config) : arguments.tenant;
    if (tenant.empty())
      return complain("which tenant? --tenant names the one of identity.issuers whose directory knows " + arguments.assignee, kUsage);
    body["tenant"] = tenant;
    body["role"] = arguments.role;
    body["kind"] = arguments.kind;
    body["assignee"] = arguments.assignee;
    if (!arguments.container.empty()) body["container"] = arguments.container;
    if (!arguments.prefix.empty()) body["prefix"] = arguments.prefix;
    if (!arguments.note.empty()) body["note"] = arguments.note;
  } else {
    body["id"] = arguments.id;
  }
  const char* request = arguments.what == What::assign ? "role-assign" : arguments.what == What::remove ? "role-remove" : "role-show";
  const Asked asked = ask(config, request, body, Folder::must_be_there, {});
  if (asked.exit != kDone) return asked.exit;
  if (arguments.json) {
    print_answer(asked.last);
    return kDone;
  }
  if (arguments.what != What::show) std::printf("%s ", arguments.what == What::assign ? "assigned" : "removed");
  print(asked.last);
  return kDone;
}

}  // namespace bascule::app
