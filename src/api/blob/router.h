// From method, address, query and headers to an operation: a table, in the order in which its rows are tried.
#pragma once
#include "api/blob/call.h"
#include "api/blob/errors.h"

namespace bascule::api::blob {

struct Route {
  auth::Operation operation;
  HandlerFunction handler;  // null: Azure has this operation, this server not yet (501 NotImplemented)
  Subject subject = Subject::blob;
  bool authorised = true;   // false: nothing to authorise (CORS preflight)
};

// The route, or why the request names no operation of the service.
Parsed<Route> find_route(std::string_view method, const Target& target, const HeaderIndex& headers);

}  // namespace bascule::api::blob
