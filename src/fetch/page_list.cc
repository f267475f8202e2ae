#include "fetch/page_list.h"

#include <charconv>
#include <pugixml.hpp>

namespace bascule::fetch {
namespace {

bool number(const char* text, std::uint64_t& into) {
  const std::string_view all(text);
  const auto [end, error] = std::from_chars(all.data(), all.data() + all.size(), into);
  return error == std::errc() && end == all.data() + all.size();
}

}  // namespace

Result<PageList> parse_page_list(std::string body) {
  pugi::xml_document document;
  if (!document.load_buffer_inplace(body.data(), body.size(), pugi::parse_escapes | pugi::parse_cdata, pugi::encoding_utf8))
    return fail(Code::unavailable, "the source's answer is not well-formed XML");
  const pugi::xml_node root = document.child("PageList");
  if (!root) return fail(Code::unavailable, "the source's answer is no list of page ranges");
  PageList list;
  for (const pugi::xml_node& node : root.children()) {
    const std::string_view name = node.name();
    if (name != "PageRange" && name != "ClearRange") continue;
    ops::PageRange range{.cleared = name == "ClearRange"};
    const bool numbers = number(node.child_value("Start"), range.first) && number(node.child_value("End"), range.last);
    const bool in_order = list.ranges.empty() || range.first > list.ranges.back().last;
    if (!numbers || range.last < range.first || !in_order)
      return fail(Code::unavailable, "the source's list of page ranges is not in order");
    list.ranges.push_back(range);
  }
  list.next = root.child_value("NextMarker");
  return list;
}

}  // namespace bascule::fetch
