// The one table of what can be asked of Control: name, who may, what cannot be undone, where it lies in the admin API,
// and what it takes. Everything about access is decided here; a request without a row does not exist.
#pragma once
#include <boost/json/object.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/admin/principal.h"
#include "runtime/task.h"

namespace bascule::app {

struct ControlCall;
using RequestHandler = Task<Result<boost::json::object>> (*)(const std::string& what, ControlCall& call);

struct ControlRequest {
  std::string_view name;         // "account-add": what `what` is, in events too
  Roles roles;                   // who may, beside the owner
  bool irreversible = false;     // needs another's approval where admin.two_person asks for it; the owner may give "alone", a
                                 // reason, instead
  std::string_view method;       // in the admin API
  std::string_view path;         // "/v1/accounts/{name}/keys": members in braces come from the path
  // What it takes: "name:text", with types text, texts, flag, count, object; "!name:text" must be given; "@name:text" is
  // taken from the owner alone (a file of this host). Members in the path must be given anyway.
  std::string_view members;
  std::string_view answer;       // the schema of its answer in admin_answers.json; a trailing '*': lines may come before
  RequestHandler run;
  std::string_view help;         // one sentence
};

std::span<const ControlRequest> control_requests();
const ControlRequest* find_request(std::string_view name);

struct RequestMember {
  std::string_view name;
  enum class Type : std::uint8_t { text, texts, flag, count, object } type = Type::text;
  bool required = false, owner_only = false, in_path = false;
};
std::vector<RequestMember> members_of(const ControlRequest& request);

// invalid_argument: an unknown member, one of another type, one that is missing; permission_denied: one that only the owner
// may give.
Result<void> check_members(const ControlRequest& request, const boost::json::object& body, Role role);

}  // namespace bascule::app
