// Role assignments: what `bascule role` asks for.
#include <algorithm>
#include <boost/json/array.hpp>

#include "api/common/target.h"
#include "app/admin/control_requests.h"
#include "base/log.h"
#include "catalog/access.h"

namespace bascule::app {
namespace json = boost::json;
namespace {

using catalog::Assignee;
using catalog::RoleAssignment;

json::object describe(const RoleAssignment& a) {
  json::object one{{"id", a.id()}, {"role", std::string(name(a.role))}, {"assignee", a.assignee},
                   {"kind", std::string(name(a.kind))}, {"tenant", a.tenant}, {"created", format_iso8601_seconds(a.created)}};
  one["scope"] = a.container.empty() ? "/" : "/" + a.container + (a.prefix.empty() ? "" : "/" + a.prefix);
  if (!a.container.empty()) one["container"] = a.container;
  if (!a.prefix.empty()) one["prefix"] = a.prefix;
  if (!a.note.empty()) one["note"] = a.note;
  return one;
}

Result<RoleAssignment> parse(const json::object& body) {
  RoleAssignment a;
  const auto role = catalog::parse_role(text_of(body, "role"));
  if (!role) return fail(Code::invalid_argument, "which role? allowed are reader, contributor, owner and delegator");
  a.role = *role;
  const std::string kind = text_of(body, "kind");
  if (kind == "group") a.kind = Assignee::group;
  else if (kind == "role") a.kind = Assignee::app_role;
  else if (kind != "principal") return fail(Code::invalid_argument, "assigned to whom? allowed are principal, group and role");
  a.assignee = text_of(body, "assignee");
  a.tenant = text_of(body, "tenant");
  a.container = text_of(body, "container");
  if (!a.container.empty() && !api::check_container_name(a.container))
    return fail(Code::invalid_argument, "'" + a.container + "' cannot be a container's name");
  a.prefix = text_of(body, "prefix");
  std::ranges::replace(a.prefix, '\\', '/');   // as in blobs' names
  a.note = text_of(body, "note");
  return a;
}

}  // namespace

ControlAnswer role_request(const std::string& what, ControlCall& call) {
  ops::Service& service = call.parts.engine.service();
  const std::string account = text_of(call.body, "account"), id = text_of(call.body, "id");
  const auto known = service.account(account);
  if (!known) co_return fail(Code::not_found, "there is no account " + account);
  if (what == "role-assign") {
    BASCULE_CO_ASSIGN(const RoleAssignment assignment, parse(call.body));
    BASCULE_CO_TRY(co_await service.add_role(account, assignment));
    log::info("role assigned", {{"account", account}, {"role", name(assignment.role)}, {"assignee", assignment.assignee},
                                {"tenant", assignment.tenant}, {"container", assignment.container}, {"prefix", assignment.prefix}});
    const auto now = service.account(account);   // with the time at which it was made
    if (now && now->access)
      for (const RoleAssignment& made : now->access->assignments)
        if (made.id() == assignment.id()) co_return describe(made);
    co_return describe(assignment);
  }
  if (what == "role-remove") {
    BASCULE_CO_ASSIGN(const RoleAssignment assignment, co_await service.remove_role(account, id));
    log::info("role removed", {{"account", account}, {"role", name(assignment.role)}, {"assignee", assignment.assignee},
                               {"tenant", assignment.tenant}});
    co_return describe(assignment);
  }
  const std::string wanted = text_of(call.body, "assignee");
  json::array assignments;
  if (known->access) {
    for (const RoleAssignment& assignment : known->access->assignments) {
      if (!wanted.empty() && assignment.assignee != wanted) continue;
      if (what == "role-show" && assignment.id() != id) continue;
      assignments.emplace_back(describe(assignment));
    }
  }
  if (what == "role-list") co_return json::object{{"assignments", std::move(assignments)}};
  if (what != "role-show") co_return fail(Code::unsupported, "there is no request " + what);
  if (assignments.empty()) co_return fail(Code::not_found, "account " + account + " has no role assignment " + id);
  co_return std::move(assignments.front().as_object());
}

}  // namespace bascule::app
