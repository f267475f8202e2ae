// Encryption scopes: what `bascule scope` asks for.
#include <boost/json/array.hpp>

#include "app/admin/control_requests.h"
#include "base/log.h"
#include "ops/key_destruction.h"

namespace bascule::app {
namespace json = boost::json;

Task<Result<json::object>> scope_request(const std::string& what, ControlCall& call) {
  ops::Service& service = call.parts.engine.service();
  const std::string account = text_of(call.body, "account"), name = text_of(call.body, "name");
  if (what == "scope-list") {
    const auto known = service.account(account);
    if (!known) co_return fail(Code::not_found, "there is no account " + account);
    json::array scopes;
    for (const auto& scope : known->settings.encryption_scopes)
      scopes.emplace_back(json::object{{"name", scope.name}, {"enabled", scope.enabled}, {"created", format_iso8601(scope.created)},
                                       {"changed", format_iso8601(scope.changed)}});
    for (std::size_t i = 0; i < scopes.size(); ++i) {
      BASCULE_CO_ASSIGN(const bool destroyed, co_await ops::is_destroyed(call.parts.engine.catalog(), known->settings.encryption_scopes[i].id));
      if (destroyed) scopes[i].get_object()["destroyed"] = true;
    }
    co_return json::object{{"scopes", std::move(scopes)}};
  }
  if (what == "scope-destroy") {
    BASCULE_CO_TRY(co_await ops::destroy_scope_key(service, account, name, call.who.name));
    log::warn("encryption scope's key destroyed", {{"account", account}, {"scope", name}, {"principal", call.who.name}});
    co_return json::object{{"name", name}, {"enabled", false}, {"destroyed", true}};
  }
  if (what == "scope-enable") {
    const auto known = service.account(account);
    const auto* scope = known ? known->settings.encryption_scope(name) : nullptr;
    if (scope) {
      BASCULE_CO_ASSIGN(const bool destroyed, co_await ops::is_destroyed(call.parts.engine.catalog(), scope->id));
      if (destroyed) co_return fail(Code::refused, "the key of encryption scope " + name + " was destroyed");
    }
  }
  const bool add = what == "scope-add", disable = what == "scope-disable";
  if (!add && !disable && what != "scope-enable")
    co_return fail(Code::unsupported, "the running server does not know the request '" + what + "'; is it an older version?");
  BASCULE_CO_TRY(co_await service.put_encryption_scope(account, name, !disable, add));
  log::info(add ? "encryption scope added" : disable ? "encryption scope disabled" : "encryption scope enabled",
            {{"account", account}, {"scope", name}});
  co_return json::object{{"name", name}, {"enabled", !disable}};
}

}  // namespace bascule::app
