// The block list's two XML forms: what Put Block List takes and what Get Block List gives.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "api/common/fault.h"
#include "ops/operations.h"

namespace bascule::api::blob {

inline constexpr std::size_t kMaxBlocks = 50'000;
inline constexpr std::size_t kMaxBlockIdBytes = 64;
inline constexpr std::string_view kDefaultContentType = "application/octet-stream";

// <BlockList> of Committed, Uncommitted and Latest, in the document's order.
Parsed<std::vector<ops::BlockListEntry>> parse_block_list(std::string_view document);

struct BlockListParts {
  bool committed = true, uncommitted = false;
};
std::string block_list_xml(const ops::BlockList& list, BlockListParts parts);

}  // namespace bascule::api::blob
