#include <boost/json/serialize.hpp>
#include <cstdio>

#include "app/admin/control_requests.h"
#include "app/commands/ask.h"
#include "app/commands/commands.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

int list(const Config& config, const ScopeArguments& arguments) {
  const Asked asked = ask(config, "scope-list", {{"account", arguments.account}}, Folder::must_be_there, {});
  if (asked.exit != kDone) return asked.exit;
  const json::value* scopes = asked.last.if_contains("scopes");
  if (!scopes || !scopes->is_array()) return complain("the server's answer makes no sense", kFailed);
  if (arguments.json) {
    std::printf("%s\n", json::serialize(json::object{{"scopes", *scopes}}).c_str());
    return kDone;
  }
  for (const json::value& value : scopes->as_array()) {
    const json::object& scope = value.as_object();
    std::printf("%s%s\n", text_of(scope, "name").c_str(), flag_of(scope, "destroyed") ? "  (its key was destroyed)" : flag_of(scope, "enabled") ? "" : "  (disabled)");
  }
  return kDone;
}

}  // namespace

int run_scope(const Config& config, const ScopeArguments& arguments) {
  using What = ScopeArguments::What;
  if (arguments.what == What::list) return list(config, arguments);
  const bool add = arguments.what == What::add, destroy = arguments.what == What::destroy;
  const bool enabled = arguments.what != What::disable && !destroy;
  json::object body{{"account", arguments.account}, {"name", arguments.name}};
  if (!arguments.alone.empty()) body["alone"] = arguments.alone;
  const Asked asked = ask(config, destroy ? "scope-destroy" : add ? "scope-add" : enabled ? "scope-enable" : "scope-disable", body,
                          Folder::must_be_there, {});
  if (asked.exit != kDone) return asked.exit;
  if (arguments.json)
    std::printf("%s\n", json::serialize(json::object{{"name", arguments.name}, {"enabled", enabled}}).c_str());
  else
    std::printf("encryption scope %s of account %s %s\n", arguments.name.c_str(), arguments.account.c_str(),
                destroy ? "has no key any more" : add ? "added" : enabled ? "enabled" : "disabled");
  return kDone;
}

}  // namespace bascule::app
