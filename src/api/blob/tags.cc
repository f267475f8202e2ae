// Set Blob Tags, Get Blob Tags, Find Blobs by Tags.
#include "api/common/since.h"
#include "api/common/tags.h"

#include "api/blob/call.h"
#include "api/blob/guards.h"
#include "api/blob/list_parameters.h"
#include "api/blob/list_xml.h"
#include "api/blob/reply.h"
#include "api/common/tag_expression.h"
#include "api/common/text.h"
#include "api/common/xml_writer.h"

namespace bascule::api::blob {
namespace {

constexpr std::size_t kTagsBytes = 64 * 1024;             // of Set Blob Tags' body

Parsed<> known_to(const Call& call, Version version) {
  if (call.version < version) return bad_query("comp", call.target.get("comp"));
  return {};
}

std::string found_xml(const ops::TagPage& page, const Call& call, std::string_view where) {
  std::string xml(kXmlStart);
  xml.reserve(512 + page.items.size() * 300);
  xml += "<EnumerationResults ServiceEndpoint=\"";
  append_attribute(xml, service_endpoint(call));
  xml += "\">";
  if (const std::string* marker = call.target.find("marker")) append_element(xml, "Marker", *marker);
  append_element(xml, "Where", where);
  if (const std::string* most = call.target.find("maxresults")) append_element(xml, "MaxResults", *most);
  xml += page.items.empty() ? "<Blobs />" : "<Blobs>";
  for (const auto& found : page.items) {
    xml += "<Blob>";
    append_name(xml, found.blob);
    append_element(xml, "ContainerName", found.container);
    if (call.version >= since::kTagSets) append_tags(xml, found.tags);
    else append_element(xml, "TagValue", found.tags.front().second);
    xml += "</Blob>";
  }
  if (!page.items.empty()) xml += "</Blobs>";
  append_element(xml, "NextMarker", page.next.empty() ? std::string() : encode_marker(page.next));
  return xml += "</EnumerationResults>";
}

Task<Answer> find(Call& call, std::optional<std::string> container) {
  const Target& target = call.target;
  const std::string* where = target.find("where");
  if (!where) co_return refuse({Fault::missing_required_query_parameter, {{"QueryParameterName", "where"}}});
  ops::FindByTags find;
  BASCULE_CO_ASSIGN(find.search, parse_tag_search(*where, container.has_value()));
  BASCULE_CO_ASSIGN(find.limit, max_results(target));
  if (container) find.search.container = std::move(container);
  if (const std::string_view marker = target.get("marker"); !marker.empty()) {
    auto start = decode_marker(marker);
    if (!start) co_return bad_query("marker", marker);
    find.start = std::move(*start);
  }
  BASCULE_CO_ASSIGN(const ops::TagPage page, co_await call.ops().find_by_tags(target.account, std::move(find)));
  Reply reply(call, 200);
  reply.add("Content-Type", "application/xml");
  reply.common();
  co_return co_await reply.send_xml(found_xml(page, call, *where));
}

}  // namespace

Task<Answer> set_blob_tags(Call& call) {
  BASCULE_CO_TRY(known_to(call, since::kTags));
  BASCULE_CO_ASSIGN(ops::Conditions conditions, parse_tag_conditions(call.headers));
  BASCULE_CO_ASSIGN(const std::string document, co_await read_document(call, kTagsBytes));
  BASCULE_CO_ASSIGN(ops::Tags tags, parse_tags_document(document));
  BASCULE_CO_TRY(co_await call.ops().set_blob_tags(call.blob(), std::move(tags), std::move(conditions)));
  Reply reply(call, 204);
  reply.common();
  co_return co_await reply.send();
}

Task<Answer> get_blob_tags(Call& call) {
  BASCULE_CO_TRY(known_to(call, since::kTags));
  BASCULE_CO_ASSIGN(ops::Conditions conditions, parse_tag_conditions(call.headers));
  BASCULE_CO_ASSIGN(const ops::Tags tags, co_await call.ops().get_blob_tags(call.blob(), std::move(conditions)));
  Reply reply(call, 200);
  reply.add("Content-Type", "application/xml");
  reply.common();
  std::string xml(kXmlStart);
  append_tags(xml, tags);
  const Bytes body = as_bytes(xml);
  (void)co_await call.exchange.respond(std::move(reply.response()), {&body, 1});
  co_return Answer();
}

Task<Answer> find_blobs_by_tags(Call& call) {
  BASCULE_CO_TRY(known_to(call, since::kTags));
  co_return co_await find(call, std::nullopt);
}

Task<Answer> find_blobs_by_tags_in_container(Call& call) {
  BASCULE_CO_TRY(known_to(call, since::kFindInContainer));
  BASCULE_CO_TRY(co_await call.ops().get_container(call.container()));
  co_return co_await find(call, call.target.container);
}

}  // namespace bascule::api::blob
