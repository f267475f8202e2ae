// Get Page Ranges' document, and the marker that stands in it.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "ops/operations.h"

namespace bascule::api::blob {

std::string page_list_xml(const ops::PageRanges& ranges);
std::optional<std::uint64_t> parse_page_marker(std::string_view marker);   // nothing: not one of ours

}  // namespace bascule::api::blob
