// Request bodies in XML, read into a small tree under limits: no document types, no entities of one's own.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "api/common/fault.h"

namespace bascule::api {

struct XmlNode {
  std::string name;
  std::string text;  // its own character data, white space at both ends removed (keep_space: as it stands)
  std::vector<XmlNode> children;
  std::ptrdiff_t offset = 0;  // of its name in the document

  const XmlNode* child(std::string_view child_name) const;  // the first of that name, or null
};

struct XmlLimits {
  std::size_t depth = 8;
  std::size_t nodes = 60'000;
  bool keep_space = false;  // of elements without children
};

// The document's root; InvalidXmlDocument where it has none, is not well formed, holds a document type or is beyond a
// limit. The caller has bounded the size.
Parsed<XmlNode> parse_xml(std::string_view document, const XmlLimits& limits = {});

// InvalidXmlDocument that names a place and the reason.
[[nodiscard]] std::unexpected<Problem> bad_xml_at(std::string_view document, std::ptrdiff_t offset, std::string_view reason);
[[nodiscard]] std::unexpected<Problem> bad_node(const XmlNode& node);          // InvalidXmlNodeValue
[[nodiscard]] std::unexpected<Problem> unsupported_node(const XmlNode& node);  // UnsupportedXmlNode
Parsed<const XmlNode*> required_child(const XmlNode& node, std::string_view name);   // or MissingRequiredXmlNode

}  // namespace bascule::api
