#include "api/blob/page_list.h"

#include "api/common/text.h"
#include "api/common/xml_writer.h"

namespace bascule::api::blob {

std::string page_list_xml(const ops::PageRanges& ranges) {
  std::string xml(kXmlStart);
  xml.reserve(xml.size() + 64 + ranges.ranges.size() * 96);
  xml += "<PageList>";
  for (const ops::PageRange& range : ranges.ranges) {
    xml += range.cleared ? "<ClearRange><Start>" : "<PageRange><Start>";
    append_decimal(xml, range.first);
    xml += "</Start><End>";
    append_decimal(xml, range.last);
    xml += range.cleared ? "</End></ClearRange>" : "</End></PageRange>";
  }
  if (ranges.next) append_element(xml, "NextMarker", "0!" + decimal(*ranges.next));
  return xml += "</PageList>";
}

std::optional<std::uint64_t> parse_page_marker(std::string_view marker) {
  if (!marker.starts_with("0!")) return std::nullopt;
  const auto offset = parse_integer(marker.substr(2));
  if (!offset || *offset < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*offset);
}

}  // namespace bascule::api::blob
