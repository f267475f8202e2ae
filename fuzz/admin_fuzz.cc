// The admin API's requests: method, path, query, content type and body, a line each, the body the rest. Whatever comes, they
// are routed or refused with a status; what is routed and fits the table goes back to the same.
#include <boost/json/serialize.hpp>

#include "app/admin/rest.h"
#include "fuzz.h"

namespace {

using namespace bascule;
using namespace bascule::app;

// One of each kind; the real table's handlers are not linked here.
constexpr ControlRequest kTable[] = {
    {.name = "list", .roles = Role::auditor, .method = "GET", .path = "/v1/accounts", .members = "deep:flag most:count like:text"},
    {.name = "add", .method = "POST", .path = "/v1/accounts", .members = "!name:text keys:texts"},
    {.name = "set", .method = "PATCH", .path = "/v1/accounts/{name}", .members = "name:text !settings:object"},
    {.name = "rotate", .method = "POST", .path = "/v1/accounts/{name}/keys/{key}", .members = "name:text key:count value:text"},
    {.name = "lock", .irreversible = true, .method = "POST", .path = "/v1/accounts/{account}/containers/{container}/lock",
     .members = "account:text container:text !days:count @file:text"},
};

std::string_view line(std::string_view& rest) {
  const std::string_view one = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(one.size() + 1, rest.size()));
  return one;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::text(data, size);
  RestRequest request{.method = line(rest)};
  request.path = line(rest);
  request.query = line(rest);
  request.content_type = line(rest);
  request.body = rest;
  const auto routed = route(kTable, request);
  if (!routed) {
    fuzz::must(routed.error().status >= 400 && routed.error().status < 500, "a refusal without a status");
    fuzz::must(!routed.error().message.empty(), "a refusal without a word");
    return 0;
  }
  const ControlRequest& row = *routed->request;
  fuzz::must(row.method == request.method, "another method's row");
  for (const RequestMember& member : members_of(row)) {
    const auto* value = routed->body.if_contains(boost::json::string_view(member.name.data(), member.name.size()));
    if (!member.in_path) continue;
    fuzz::must(value != nullptr, "a part of the path is lost");
    if (!value->is_string()) continue;
    const std::string_view text(value->get_string().data(), value->get_string().size());
    fuzz::must(!text.empty() && text != ".." && text.find('/') == std::string_view::npos && text.find('\0') == std::string_view::npos,
               "a part of the path names another place");
  }
  if (!check_members(row, routed->body, Role::owner)) return 0;
  const auto form = rest_form(row, routed->body);
  fuzz::must(form.has_value(), "what was routed cannot be sent");
  const std::string_view target = form->target;
  const std::size_t mark = std::min(target.find('?'), target.size());
  const auto again = route(kTable, {.method = row.method, .path = target.substr(0, mark), .query = target.substr(std::min(mark + 1, target.size())),
                                    .content_type = "application/json", .body = form->body});
  fuzz::must(again.has_value() && again->request == &row, "what was sent is not routed");
  fuzz::must(boost::json::value(again->body) == boost::json::value(routed->body), "what was sent is something else");
  return 0;
}
