// Range and x-ms-range ("Specifying the range header for Blob service operations").
#pragma once
#include <optional>

#include "api/common/fault.h"
#include "api/common/header_index.h"
#include "api/common/version.h"
#include "ops/operations.h"

namespace bascule::api {

// x-ms-range beats Range. The forms are "bytes=first-last" and, from 2011-08-18, "bytes=first-". Other forms (suffixes,
// several ranges, other units) are ignored, as RFC 9110 allows and as the service does with x-ms-range too.
std::optional<ops::ByteRange> parse_range(const HeaderIndex& headers, Version version);

std::optional<ops::ByteRange> parse_byte_range(std::string_view text, Version version);

}  // namespace bascule::api
