// The admin API's form of the requests, there and back; and what is refused.
#include "app/admin/rest.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "app/admin/openapi.h"

namespace bascule::app {
namespace {

namespace json = boost::json;

int status_of(std::string_view method, std::string_view path, std::string_view query = "", std::string_view body = "",
              std::string_view type = "application/json") {
  const auto routed = route(control_requests(), {.method = method, .path = path, .query = query, .content_type = type, .body = body});
  return routed ? 200 : routed.error().status;
}

json::value example(const RequestMember& member) {
  using Type = RequestMember::Type;
  switch (member.type) {
    case Type::text: return json::value("a b/ö&=%2F?" + std::string(member.name));
    case Type::flag: return true;
    case Type::count: return std::uint64_t{7};
    case Type::object: return json::object{{"a", 1}};
    case Type::texts: break;
  }
  return json::array{"x", "y"};
}

TEST(Rest, EveryRequestGoesThereAndBack) {
  for (const ControlRequest& request : control_requests()) {
    json::object members;
    for (const RequestMember& member : members_of(request)) {
      json::value value = example(member);
      if (member.in_path && value.is_string()) value = "a b&= " + std::string(member.name);   // a path's part holds no slash
      members[json::string_view(member.name.data(), member.name.size())] = value;
    }
    ASSERT_TRUE(check_members(request, members, Role::owner)) << request.name;
    const auto form = rest_form(request, members);
    ASSERT_TRUE(form) << request.name;
    const std::string_view target = form->target;
    const std::size_t mark = std::min(target.find('?'), target.size());
    const auto routed = route(control_requests(), {.method = request.method, .path = target.substr(0, mark),
                                                   .query = target.substr(std::min(mark + 1, target.size())),
                                                   .content_type = "application/json; charset=utf-8", .body = form->body});
    ASSERT_TRUE(routed) << request.name << " " << target << " " << routed.error().message;
    EXPECT_EQ(routed->request, &request);
    EXPECT_EQ(json::value(routed->body), json::value(members)) << request.name;
  }
}

TEST(Rest, RefusesWhatIsNoRequest) {
  EXPECT_EQ(status_of("GET", "/v1/accounts"), 200);
  for (const char* path : {"", "/", "/v1", "/v1/", "/v2/accounts", "/v1/accounts/", "//v1/accounts", "/v1//accounts", "/v1/accounts/a/keys/",
                           "/v1/Accounts", "v1/accounts", "/v1/accounts/a/b/c", "/v1/./accounts", "/v1/x/../accounts", "/v1/%61ccounts",
                           "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18"})
    EXPECT_EQ(status_of("GET", path), 404) << path;
  // Parts of the path that would mean another place.
  for (const char* part : {"..", ".", "%2e%2e", "%2E", "a%2fb", "a%5cb", "a%00b", "a%0ab", "%", "%zz", "a%7f"})
    EXPECT_EQ(status_of("GET", "/v1/accounts/" + std::string(part)), 400) << part;
  EXPECT_EQ(status_of("GET", "/v1/accounts/" + std::string(1025, 'a')), 400);
  EXPECT_EQ(status_of("POST", "/v1/accounts/a/keys/one"), 400);
  EXPECT_EQ(status_of("POST", "/v1/accounts/a/keys/-1"), 400);
  EXPECT_EQ(status_of("POST", "/v1/accounts/a/keys/99999999999999999999"), 400);

  for (const char* method : {"PUT", "HEAD", "OPTIONS", "get", "TRACE", ""}) EXPECT_EQ(status_of(method, "/v1/accounts"), 405) << method;
  EXPECT_EQ(find_route(control_requests(), "PUT", "/v1/accounts").error().allow, "GET, POST");

  EXPECT_EQ(status_of("GET", "/v1/accounts", "show=1"), 400);           // a query that is not known
  EXPECT_EQ(status_of("GET", "/v1/accounts/a", "name=b"), 400);         // in the path already
  EXPECT_EQ(status_of("GET", "/v1/accounts", "", "{}"), 400);           // a body where there is none to be
  EXPECT_EQ(status_of("POST", "/v1/accounts", "name=a"), 400);          // a query where there is a body
  EXPECT_EQ(status_of("POST", "/v1/accounts", "", R"({"name":"a"})"), 200);
  EXPECT_EQ(status_of("POST", "/v1/accounts", "", R"({"name":"a"})", "text/plain"), 415);   // what a browser's form may send
  EXPECT_EQ(status_of("POST", "/v1/accounts", "", R"({"name":"a"})", ""), 415);
  for (const char* body : {"[]", "1", "{", "{\"a\":1}x", "\xff", "null"}) EXPECT_EQ(status_of("POST", "/v1/accounts", "", body), 400) << body;
  EXPECT_EQ(status_of("POST", "/v1/accounts", "", std::string(100, '[') + std::string(100, ']')), 400);
  EXPECT_EQ(status_of("POST", "/v1/accounts", "", std::string(kMostRequestBody + 1, ' ')), 413);
  EXPECT_EQ(status_of("PATCH", "/v1/accounts/a", "", R"({"name":"b","settings":{}})"), 400);
}

TEST(Rest, ItsDescriptionNamesEveryRequest) {
  const json::value document = json::parse(openapi_document());
  const json::object& paths = document.at("paths").as_object();
  const json::object& schemas = document.at("components").at("schemas").as_object();
  for (const ControlRequest& request : control_requests()) {
    std::string method(request.method);
    for (char& c : method) c = static_cast<char>(c | 0x20);
    const auto path = paths.if_contains(json::string_view(request.path.data(), request.path.size()));
    ASSERT_TRUE(path && path->as_object().contains(method)) << request.name;
    const std::string text = json::serialize(path->at(method));
    for (const RequestMember& member : members_of(request))
      EXPECT_EQ(text.find('"' + std::string(member.name) + '"') != std::string::npos, !member.owner_only) << request.name << " " << member.name;
    std::string_view answer = request.answer;
    if (answer.ends_with('*')) answer.remove_suffix(1);
    EXPECT_TRUE(schemas.contains(json::string_view(answer.data(), answer.size()))) << request.name << ": there is no schema " << answer;
  }
}

}  // namespace
}  // namespace bascule::app
