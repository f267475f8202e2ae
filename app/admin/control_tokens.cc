// The admin API's tokens, asked for.
#include <boost/json/array.hpp>

#include "app/admin/control_requests.h"
#include "base/log.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

json::string view(std::string_view text) { return json::string(text.data(), text.size()); }

json::object shown(const AdminTokens::Kept& kept, WallTime now) {
  const auto& r = kept.record;
  json::object out{{"id", kept.id},
                   {"name", r.name},
                   {"role", view(name(static_cast<Role>(r.role)))},
                   {"made", format_iso8601_seconds(r.made)},
                   {"made_by", r.made_by},
                   {"expires", format_iso8601_seconds(r.expires)},
                   {"live", is_live(r, now)}};
  if (r.revoked != WallTime()) {
    out["revoked"] = format_iso8601_seconds(r.revoked);
    out["revoked_by"] = r.revoked_by;
  }
  return out;
}

Result<Role> role_of(const std::string& text) {
  for (const Role role : {Role::operator_, Role::key_officer, Role::auditor})
    if (text == name(role)) return role;
  return fail(Code::invalid_argument, "a role is operator, key-officer or auditor");
}

Task<Result<json::object>> create(ControlCall& call) {
  BASCULE_CO_ASSIGN(const Role role, role_of(text_of(call.body, "role")));
  const std::uint64_t days = std::min<std::uint64_t>(number_of(call.body, "days", kTokenDays), kMostTokenDays + 1);
  BASCULE_CO_ASSIGN(const AdminTokens::Made made,
                    co_await call.control.tokens().make({.name = text_of(call.body, "name"), .role = role, .days = static_cast<std::uint32_t>(days),
                                                         .fingerprint = text_of(call.body, "fingerprint")},
                                                        call.who.name));
  log::info("admin token made", {{"token", made.kept.id}, {"name", made.kept.record.name}, {"role", name(role)}, {"by", call.who.name}});
  json::object out = shown(made.kept, call.parts.clock.wall());
  if (!made.token.empty()) out["token"] = made.token;
  co_return out;
}

}  // namespace

ControlAnswer token_request(const std::string& what, ControlCall& call) {
  AdminTokens& tokens = call.control.tokens();
  const WallTime now = call.parts.clock.wall();
  if (what == "token-create") co_return co_await create(call);
  if (what == "token-revoke") {
    BASCULE_CO_ASSIGN(const AdminTokens::Kept kept, co_await tokens.revoke(text_of(call.body, "id"), call.who.name));
    log::info("admin token revoked", {{"token", kept.id}, {"name", kept.record.name}, {"by", call.who.name}});
    co_return shown(kept, now);
  }
  if (what == "whoami") {
    json::object out{{"name", call.who.name}, {"role", view(name(call.who.role))}, {"via", call.who.via}};
    if (call.who.token_id.empty()) co_return out;
    BASCULE_CO_ASSIGN(const AdminTokens::Kept kept, co_await tokens.get(call.who.token_id));
    out["token"] = kept.id;
    out["expires"] = format_iso8601_seconds(kept.record.expires);
    co_return out;
  }
  BASCULE_CO_ASSIGN(const auto kept, co_await tokens.list());
  json::array all;
  for (const AdminTokens::Kept& one : kept) all.emplace_back(shown(one, now));
  co_return json::object{{"tokens", std::move(all)}};
}

}  // namespace bascule::app
