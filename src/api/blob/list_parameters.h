// What listings and searches share of their parameters.
#pragma once
#include "api/blob/call.h"

namespace bascule::api::blob {

// Below 1: 400; above 5,000: 5,000; nothing: 5,000.
Parsed<std::size_t> max_results(const std::string* text);

std::string service_endpoint(const Call& call);  // http://host/ or http://host/account/

}  // namespace bascule::api::blob
