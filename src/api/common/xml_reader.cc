#include "api/common/xml_reader.h"

#include <algorithm>
#include <pugixml.hpp>

namespace bascule::api {
namespace {

std::string_view trim(std::string_view text) {
  constexpr std::string_view kWhite = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kWhite);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhite) - first + 1);
}

// False beyond a limit.
bool convert(const pugi::xml_node& from, XmlNode& into, bool keep_space, std::size_t depth_left, std::size_t& nodes_left) {
  if (depth_left == 0 || nodes_left == 0) return false;
  --nodes_left;
  into.name = from.name();
  into.offset = from.offset_debug();
  into.text = keep_space ? from.child_value() : trim(from.child_value());
  for (const pugi::xml_node& child : from.children()) {
    if (child.type() != pugi::node_element) continue;
    if (!convert(child, into.children.emplace_back(), keep_space, depth_left - 1, nodes_left)) return false;
  }
  return true;
}

}  // namespace

std::unexpected<Problem> bad_xml_at(std::string_view document, std::ptrdiff_t offset, std::string_view reason) {
  const auto before = document.substr(0, static_cast<std::size_t>(std::max<std::ptrdiff_t>(offset, 0)));
  const auto line = std::ranges::count(before, '\n') + 1;
  const std::size_t last_line = before.rfind('\n');
  const std::size_t column = before.size() - (last_line == std::string_view::npos ? 0 : last_line + 1) + 1;
  return refuse({Fault::invalid_xml_document,
                 {{"LineNumber", std::to_string(line)},
                  {"LinePosition", std::to_string(column)},
                  {"Reason", std::string(reason)}}});
}

std::unexpected<Problem> bad_node(const XmlNode& node) {
  return refuse({Fault::invalid_xml_node_value, {{"XmlNodeName", node.name}, {"XmlNodeValue", node.text}}});
}
std::unexpected<Problem> unsupported_node(const XmlNode& node) {
  return refuse({Fault::unsupported_xml_node, {{"XmlNodeName", node.name}}});
}
Parsed<const XmlNode*> required_child(const XmlNode& node, std::string_view name) {
  if (const XmlNode* child = node.child(name)) return child;
  return refuse({Fault::missing_required_xml_node, {{"XmlNodeName", std::string(name)}}});
}

const XmlNode* XmlNode::child(std::string_view child_name) const {
  const auto found = std::ranges::find(children, child_name, &XmlNode::name);
  return found == children.end() ? nullptr : &*found;
}

Parsed<XmlNode> parse_xml(std::string_view document, const XmlLimits& limits) {
  pugi::xml_document tree;
  unsigned form = pugi::parse_default | pugi::parse_doctype | pugi::parse_fragment;
  if (limits.keep_space) form |= pugi::parse_ws_pcdata_single;
  const auto result = tree.load_buffer(document.data(), document.size(), form);
  if (!result) return bad_xml_at(document, result.offset, result.description());
  std::size_t roots = 0;
  for (const pugi::xml_node& child : tree.children()) {
    if (child.type() == pugi::node_doctype) return bad_xml();
    if (child.type() == pugi::node_pcdata && !trim(child.value()).empty()) return bad_xml();
    roots += child.type() == pugi::node_element;
  }
  if (roots != 1) return bad_xml();
  XmlNode root;
  std::size_t nodes_left = limits.nodes;
  if (!convert(tree.document_element(), root, limits.keep_space, limits.depth, nodes_left)) return bad_xml();
  return root;
}

}  // namespace bascule::api
