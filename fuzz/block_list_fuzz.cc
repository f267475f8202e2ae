// XML bodies: the tree under its limits, and a block list.
#include "api/blob/block_list.h"
#include "api/common/xml_reader.h"
#include "fuzz.h"

namespace {

using namespace bascule;

std::size_t count(const api::XmlNode& node, std::size_t depth, std::size_t& deepest) {
  deepest = std::max(deepest, depth);
  std::size_t nodes = 1;
  for (const api::XmlNode& child : node.children) nodes += count(child, depth + 1, deepest);
  return nodes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view document = fuzz::text(data, size);
  api::XmlLimits limits;
  limits.nodes = 50;
  if (const auto root = api::parse_xml(document, limits)) {
    std::size_t deepest = 0;
    fuzz::must(count(*root, 1, deepest) <= limits.nodes, "more nodes than allowed");
    fuzz::must(deepest <= limits.depth, "deeper than allowed");
  }
  if (const auto list = api::blob::parse_block_list(document)) {
    fuzz::must(list->size() <= api::blob::kMaxBlocks, "more blocks than allowed");
  }
  return 0;
}
