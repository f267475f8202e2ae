#include "api/common/tags.h"

#include <algorithm>

#include "api/common/tag_expression.h"
#include "api/common/xml_reader.h"
#include "api/common/xml_writer.h"
#include "http/url.h"

namespace bascule::api {
namespace {

Parsed<ops::Tags> checked(ops::Tags tags) {
  if (tags.size() > kMaxTags) return refuse(Fault::tags_too_large);
  for (const auto& [key, value] : tags) {
    if (key.empty()) return refuse(Fault::empty_tag_name);
    if (key.size() > kMaxTagKey || value.size() > kMaxTagValue) return refuse(Fault::tags_too_large);
    if (!is_tag_text(key) || !is_tag_text(value)) return refuse(Fault::invalid_tag);
  }
  std::ranges::sort(tags);
  if (std::ranges::adjacent_find(tags, {}, &std::pair<std::string, std::string>::first) != tags.end())
    return refuse(Fault::duplicate_tag_names);
  return tags;
}

}  // namespace

Parsed<ops::Tags> parse_tags_header(const HeaderIndex& headers) {
  ops::Tags tags;
  std::string_view rest = headers.get(H::tags);
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    const std::size_t equals = one.find('=');
    auto key = http::percent_decode(one.substr(0, equals), true);
    auto value = equals == std::string_view::npos ? std::optional<std::string>("")
                                                  : http::percent_decode(one.substr(equals + 1), true);
    if (!key || !value) return bad_header(name(H::tags), headers.get(H::tags));
    tags.emplace_back(std::move(*key), std::move(*value));
  }
  return checked(std::move(tags));
}

Parsed<ops::Tags> parse_tags_document(std::string_view document) {
  BASCULE_ASSIGN(const XmlNode root, parse_xml(document, {.depth = 4, .nodes = 1000, .keep_space = true}));
  const XmlNode* set = root.child("TagSet");
  if (root.name != "Tags" || root.children.size() != 1 || !set) return bad_xml();
  ops::Tags tags;
  for (const XmlNode& tag : set->children) {
    const XmlNode* key = tag.child("Key");
    const XmlNode* value = tag.child("Value");
    if (tag.name != "Tag" || !key || !value || tag.children.size() != 2) return bad_xml();
    tags.emplace_back(key->text, value->text);
  }
  return checked(std::move(tags));
}

void append_tags(std::string& xml, const ops::Tags& tags) {
  if (tags.empty()) {
    xml += "<Tags><TagSet /></Tags>";
    return;
  }
  xml += "<Tags><TagSet>";
  for (const auto& [key, value] : tags) {
    xml += "<Tag>";
    append_element(xml, "Key", key);
    append_element(xml, "Value", value);
    xml += "</Tag>";
  }
  xml += "</TagSet></Tags>";
}

}  // namespace bascule::api
