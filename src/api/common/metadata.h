// x-ms-meta-*: names are C# identifiers, unique without case, given back as sent; repeated ones are joined by commas.
// Source: "Setting and retrieving properties and metadata for Blob service resources".
#pragma once
#include "api/common/fault.h"
#include "api/common/header_index.h"
#include "ops/types.h"

namespace bascule::api {

inline constexpr std::size_t kMaxMetadataBytes = 8 * 1024;  // names and values together

Parsed<ops::Metadata> parse_metadata(const HeaderIndex& headers);

// What another server says of its content: pairs that could not have been set here are left out.
ops::Metadata acceptable_metadata(ops::Metadata metadata);

}  // namespace bascule::api
