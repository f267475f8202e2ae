#include "provider/s3/s3_xml.h"

#include <charconv>
#include <cstring>
#include <pugixml.hpp>
#include <string_view>

namespace bascule::provider::s3 {
namespace {

// Some servers prefix their elements with a namespace's name.
std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  const std::size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node child(const pugi::xml_node& parent, std::string_view name) {
  for (const pugi::xml_node& node : parent.children()) {
    if (local_name(node) == name) return node;
  }
  return {};
}

// At most `limit` bytes, control characters made spaces: the text goes into messages and logs.
std::string shown_text(const pugi::xml_node& parent, std::string_view name, std::size_t limit) {
  std::string text(child(parent, name).text().get());
  if (text.size() > limit) text.resize(limit);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

bool load(pugi::xml_document& document, std::string& body) {
  return static_cast<bool>(document.load_buffer_inplace(body.data(), body.size(), pugi::parse_default, pugi::encoding_utf8));
}

}  // namespace

ErrorDocument parse_error(std::string body) {
  ErrorDocument out;
  pugi::xml_document document;
  if (body.size() > kErrorLimitBytes || !load(document, body)) return out;
  pugi::xml_node error = child(document, "Error");
  if (!error) error = child(child(document, "ErrorResponse"), "Error");
  if (!error) return out;
  out.code = shown_text(error, "Code", 64);
  out.message = shown_text(error, "Message", 200);
  out.region = shown_text(error, "Region", 64);
  out.endpoint = shown_text(error, "Endpoint", 200);
  out.server_time = shown_text(error, "ServerTime", 40);
  out.request_id = shown_text(error, "RequestId", 80);
  return out;
}

Result<ListingPage> parse_listing(std::string body) {
  pugi::xml_document document;
  if (body.size() > kListingLimitBytes || !load(document, body)) {
    return fail(Code::unavailable, "the listing is not well-formed XML");
  }
  const pugi::xml_node result = child(document, "ListBucketResult");
  if (!result) return fail(Code::unavailable, "the answer to a listing is not a ListBucketResult");
  ListingPage page;
  const std::string_view truncated = child(result, "IsTruncated").text().get();
  if (truncated != "true" && truncated != "false") return fail(Code::unavailable, "the listing does not say IsTruncated");
  page.truncated = truncated == "true";
  for (const pugi::xml_node& node : result.children()) {
    if (local_name(node) != "Contents") continue;
    ListedObject object;
    object.key = child(node, "Key").text().get();
    const std::string_view size = child(node, "Size").text().get();
    const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), object.size_bytes);
    if (object.key.empty() || size.empty() || error != std::errc() || end != size.data() + size.size()) {
      return fail(Code::unavailable, "the listing holds an object without key or size");
    }
    page.objects.push_back(std::move(object));
  }
  return page;
}

}  // namespace bascule::provider::s3
