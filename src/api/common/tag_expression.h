// The expressions over blob tags: the condition of x-ms-if-tags, and the search of Find Blobs by Tags.
//
//   condition  = term { OR term }         term = factor { AND factor }
//   factor     = comparison | "(" condition ")"
//   comparison = key ( "=" | "<>" | ">" | ">=" | "<" | "<=" ) value
//   search     = clause { AND clause }    clause = comparison, without "<>" | "@container" "=" value
//   key        = [A-Za-z0-9_]+ | "…" with what a tag's key may hold      value = '…' with what a tag's value may hold
//
// Keywords in any case. A search names a key twice only to bound it from both sides, and at most 10 keys.
// Sources: "Manage and find Azure Blob data with blob index tags", "Find Blobs by Tags", "Specifying conditional headers".
#pragma once
#include "api/common/fault.h"
#include "api/common/header_index.h"
#include "ops/tag_filter.h"

namespace bascule::api {

inline constexpr std::size_t kMaxTags = 10, kMaxTagKey = 128, kMaxTagValue = 256;

bool is_tag_text(std::string_view text);  // letters, digits, space + - . / : = _

// Null where the header is not sent. InvalidHeaderValue where it is no condition.
Parsed<std::shared_ptr<const ops::TagFilter>> parse_tag_condition(const HeaderIndex& headers, H header);

// `in_container`: the request names one, so that the expression may not. InvalidQueryParameterValue with the place.
Parsed<ops::TagSearch> parse_tag_search(std::string_view where, bool in_container);

}  // namespace bascule::api
