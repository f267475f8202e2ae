#include "api/blob/block_list.h"

#include "api/common/text.h"
#include "api/common/xml_reader.h"
#include "api/common/xml_writer.h"
#include "base/bytes.h"

namespace bascule::api::blob {
namespace {

void append_blocks(std::string& xml, std::string_view element, const std::vector<ops::BlockInfo>& blocks) {
  if (blocks.empty()) {
    append_element(xml, element, {});
    return;
  }
  xml.append(1, '<').append(element).append(1, '>');
  for (const ops::BlockInfo& block : blocks) {
    xml.append("<Block><Name>").append(to_base64(as_bytes(block.block_id))).append("</Name><Size>");
    append_decimal(xml, block.size_bytes);
    xml.append("</Size></Block>");
  }
  xml.append("</").append(element).append(1, '>');
}

}  // namespace

Parsed<std::vector<ops::BlockListEntry>> parse_block_list(std::string_view document) {
  using From = ops::BlockListEntry::From;
  // One more than is allowed, so that a list too long is told from a document too large.
  BASCULE_ASSIGN(const XmlNode root, parse_xml(document, {.depth = 3, .nodes = 2 * kMaxBlocks}));
  if (root.name != "BlockList" || !root.text.empty()) return bad_xml();
  if (root.children.size() > kMaxBlocks) return refuse(Fault::block_list_too_long);
  std::vector<ops::BlockListEntry> entries;
  entries.reserve(root.children.size());
  for (const XmlNode& node : root.children) {
    ops::BlockListEntry& entry = entries.emplace_back();
    if (node.name == "Latest") entry.from = From::latest;
    else if (node.name == "Uncommitted") entry.from = From::uncommitted;
    else if (node.name == "Committed") entry.from = From::committed;
    else return bad_xml();
    auto id = from_base64(node.text);
    if (!id || id->empty() || id->size() > kMaxBlockIdBytes) return refuse(Fault::invalid_block_id);
    entry.block_id = std::move(*id);
  }
  return entries;
}

std::string block_list_xml(const ops::BlockList& list, BlockListParts parts) {
  std::string xml(kXmlStart);
  xml.reserve(xml.size() + 64 + 160 * (list.committed.size() * parts.committed +
                                       list.uncommitted.size() * parts.uncommitted));
  xml += "<BlockList>";
  if (parts.committed) append_blocks(xml, "CommittedBlocks", list.committed);
  if (parts.uncommitted) append_blocks(xml, "UncommittedBlocks", list.uncommitted);
  return xml += "</BlockList>";
}

}  // namespace bascule::api::blob
