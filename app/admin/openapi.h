// The admin API's description, OpenAPI 3.1: made from the table of requests and the schemas of their answers
// (admin_answers.json), so that it cannot say anything else than what is served. docs/admin-api.json is this text.
#pragma once
#include <string>
#include <string_view>

namespace bascule::app {

constexpr std::string_view kOpenApiPath = "/v1/openapi.json";
std::string openapi_document();

}  // namespace bascule::app
