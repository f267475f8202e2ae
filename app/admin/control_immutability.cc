// Retention and legal holds of a container, shown and changed: what Azure sets through its management plane.
#include "app/admin/control_requests.h"
#include "base/log.h"
#include "ops/immutability.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

using Rules = catalog::ContainerImmutability;

std::string_view name_of(Rules::Appends appends) {
  switch (appends) {
    case Rules::Appends::none: return "none";
    case Rules::Appends::append: return "append-blobs";
    case Rules::Appends::all: return "all";
  }
  return "none";
}
Result<Rules::Appends> appends_of(std::string_view text) {
  for (const auto appends : {Rules::Appends::none, Rules::Appends::append, Rules::Appends::all})
    if (text.empty() || text == name_of(appends)) return appends;
  return fail(Code::invalid_argument, "allowed to be appended: none, append-blobs or all");
}

json::object shown(const ops::ContainerRef& ref, const Rules& rules) {
  json::array holds;
  for (const auto& hold : rules.holds) holds.emplace_back(hold);
  return {{"container", ref.account + "/" + ref.container},
          {"retention_days", rules.days},
          {"locked", rules.locked},
          {"extensions", rules.extensions},
          {"protected_append_writes", std::string(name_of(rules.appends))},
          {"version_level", rules.versions},
          {"legal_holds", std::move(holds)}};
}

Result<void> apply(Rules& rules, const std::string& action, const json::object& body, WallTime now) {
  if (action == "retain") {
    BASCULE_ASSIGN(const auto appends, appends_of(text_of(body, "appends")));
    return ops::set_retention(rules, static_cast<std::uint32_t>(number_of(body, "days", 0)), appends);
  }
  if (action == "lock") {
    // Who approves it approves these days, whatever was set meanwhile.
    if (const std::uint64_t days = number_of(body, "days", 0); days != rules.days)
      return fail(Code::conflict, "the retention is of " + std::to_string(rules.days) + " days, not of " + std::to_string(days));
    return ops::lock_retention(rules);
  }
  if (action == "clear") return ops::clear_retention(rules);
  if (action == "hold") return ops::add_hold(rules, text_of(body, "tag"));
  if (action == "release") return ops::clear_hold(rules, text_of(body, "tag"));
  if (action == "version-level") return ops::enable_versions(rules, now);
  return fail(Code::invalid_argument, "there is no action '" + action + "'");
}

}  // namespace

ControlAnswer immutability_request(const std::string& what, ControlCall& call) {
  ops::Service& service = call.parts.engine.service();
  const ops::ContainerRef ref{text_of(call.body, "account"), text_of(call.body, "container")};
  const std::string action = what.substr(what.find('-') + 1);
  const auto account = service.account(ref.account);
  if (!account) co_return fail(Code::not_found, "there is no account " + ref.account);
  if (action == "version-level" && !account->settings.versioning)
    co_return fail(Code::conflict, "version-level retention needs versioning: bascule account set " + ref.account + " --versioning on");
  auto rules = action == "show" ? co_await service.container_immutability(ref)
                                : co_await service.change_container_immutability(ref, [&](Rules& r) { return apply(r, action, call.body, service.lawful_now()); });
  if (!rules && ops::reason_of(rules.error()) == ops::Reason::container_not_found)
    co_return fail(Code::not_found, "there is no container " + ref.account + "/" + ref.container);
  if (!rules) co_return fail(rules.error());
  if (action != "show")
    log::info("immutability changed", {{"account", ref.account}, {"container", ref.container}, {"action", action}});
  co_return shown(ref, *rules);
}

}  // namespace bascule::app
