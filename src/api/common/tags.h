// A blob's tags on the wire: the header x-ms-tags, and the document of Set and Get Blob Tags.
// Source: "Set Blob Tags"; AZURE-DETAILS 57.
#pragma once
#include <string>
#include <string_view>

#include "api/common/fault.h"
#include "api/common/header_index.h"
#include "ops/tag_filter.h"

namespace bascule::api {

// "key=value&key=value", percent-encoded. None where the header is not sent, or empty.
Parsed<ops::Tags> parse_tags_header(const HeaderIndex& headers);

Parsed<ops::Tags> parse_tags_document(std::string_view document);

void append_tags(std::string& xml, const ops::Tags& tags);  // <Tags><TagSet>…</TagSet></Tags>

}  // namespace bascule::api
