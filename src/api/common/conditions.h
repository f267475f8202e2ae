// Conditional headers, for the blob or container that a request names and for the source of a copy.
// Sources: "Specifying conditional headers for Blob service operations"; AZURE-DETAILS 4, 13, 14.
#pragma once
#include "api/common/fault.h"
#include "api/common/header_index.h"
#include "api/common/version.h"
#include "ops/types.h"

namespace bascule::api {

enum class ConditionUse {
  read,   // Get Blob, Get Blob Properties: from 2013-08-15 any combination and several ETags
  other,  // one pair at most, one ETag
};

// Also x-ms-lease-id. A date that is none is ignored, as the real service does.
Parsed<ops::Conditions> parse_conditions(const HeaderIndex& headers, Version version, ConditionUse use);
Parsed<ops::Conditions> parse_source_conditions(const HeaderIndex& headers);

// Of Get and Set Blob Tags: x-ms-blob-if-*, x-ms-if-tags, x-ms-lease-id. The plain ones are not theirs.
Parsed<ops::Conditions> parse_tag_conditions(const HeaderIndex& headers);

// x-ms-lease-id or x-ms-proposed-lease-id as a lower-case GUID.
Parsed<std::optional<std::string>> parse_lease_id(const HeaderIndex& headers, H header);

}  // namespace bascule::api
