// What listings and searches share of their parameters.
#pragma once
#include "api/blob/call.h"

namespace bascule::api::blob {

// ?maxresults=: below 1: 400; above `most`, or nothing: `most`.
Parsed<std::size_t> max_results(const Target& target, std::size_t most = 5000);

std::string service_endpoint(const Call& call);  // http://host/ or http://host/account/

}  // namespace bascule::api::blob
