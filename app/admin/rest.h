// The admin API's form of the requests: method, path, query and JSON body to and from a request's name and its members.
// Works on the table alone, whichever it is.
#pragma once
#include <boost/json/object.hpp>
#include <expected>
#include <string>
#include <string_view>

#include "app/admin/requests.h"

namespace bascule::app {

constexpr std::size_t kMostRequestBody = 1024 * 1024;

// What came over HTTP. Views of whoever holds them.
struct RestRequest {
  std::string_view method, path, query, content_type, body;
};
struct RestRefusal {
  int status = 400;
  Code code = Code::invalid_argument;
  std::string message;
  std::string allow;           // 405: the methods there are
};
struct Routed {
  const ControlRequest* request = nullptr;
  boost::json::object body;    // members from path, query and body; not yet checked against the table but for the path's types
};

// Which row it is, by method and path alone: to decide who may, before a body is read. Refused: 404, 405.
std::expected<const ControlRequest*, RestRefusal> find_route(std::span<const ControlRequest> table, std::string_view method, std::string_view path);
// The whole. Strict: a segment that is empty, ".", "..", or holds a slash or a control character when it is decoded, a
// member given twice, a body where there is none to be, or of another type than JSON, are refused.
std::expected<Routed, RestRefusal> route(std::span<const ControlRequest> table, const RestRequest& request);

// The way back: what a client sends for a row and its members.
struct RestForm {
  std::string target;          // path and query, encoded
  std::string body;            // "" = none
};
Result<RestForm> rest_form(const ControlRequest& request, const boost::json::object& members);

// How an error's code is written: "not_found".
std::string rest_code(Code code);
// The status that stands for an error.
int rest_status(Code code);

}  // namespace bascule::app
