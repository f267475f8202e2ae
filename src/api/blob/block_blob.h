// What the ways of writing a block blob share: bodies that come with the request, and those that come from a URL.
#pragma once
#include "api/blob/call.h"

namespace bascule::api::blob {

// ?blockid=, decoded.
Parsed<std::string> block_id_of(const Target& target);

// Refused because the credential may create only, and something is there: 403 UnauthorizedBlobOverwrite.
bool overwrites(const Call& call, const Error& error);

}  // namespace bascule::api::blob
