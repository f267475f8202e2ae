// List Containers and List Blobs: their parameters.
#include <algorithm>
#include <span>

#include "api/blob/call.h"
#include "api/blob/container_headers.h"
#include "api/blob/guards.h"
#include "api/blob/list_parameters.h"
#include "api/blob/list_xml.h"
#include "api/blob/reply.h"
#include "api/common/since.h"
#include "api/common/text.h"

namespace bascule::api::blob {
namespace {

// Which of `known` the comma-separated include names, as bits; an unknown one is refused.
Parsed<unsigned> parse_include(const std::string* text, std::span<const std::string_view> known) {
  unsigned found = 0;
  if (!text) return found;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    const std::string_view one = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    if (one.empty()) continue;
    const auto at = std::ranges::find_if(known, [&](std::string_view k) { return same_text(k, one); });
    if (at == known.end()) return bad_query("include", *text);
    found |= 1U << (at - known.begin());
  }
  return found;
}

// The bits of parse_include, in the order of the names.
constexpr std::string_view kBlobIncludes[] = {"metadata", "copy", "uncommittedblobs", "snapshots", "deleted", "tags",
                                              "versions", "deletedwithversions", "immutabilitypolicy", "legalhold",
                                              "permissions"};
constexpr unsigned kMetadata = 1, kCopy = 2, kUncommitted = 4, kSnapshots = 8, kDeleted = 16, kTags = 32, kVersions = 64,
                   kDeletedWithVersions = 128, kImmutability = 256, kLegalHold = 512;
constexpr std::string_view kContainerIncludes[] = {"metadata", "deleted", "system"};
constexpr unsigned kDeletedContainers = 2, kSystemContainers = 4;

// Where a container listing goes on: "/account/name", or the name alone.
std::string container_start(const Target& target, std::string_view marker) {
  const std::string lead = "/" + target.account + "/";
  return std::string(marker.starts_with(lead) ? marker.substr(lead.size()) : marker);
}

ListEcho echo_of(const Target& target) {
  return {target.find("prefix"), target.find("marker"), target.find("maxresults"), nullptr};
}

}  // namespace

Parsed<std::size_t> max_results(const Target& target, std::size_t most) {
  const std::string* text = target.find("maxresults");
  if (!text) return most;
  const auto value = parse_integer(*text);
  if (!value) return bad_query("maxresults", *text);
  if (*value < 1)
    return refuse({Fault::out_of_range_query_parameter_value,
                   {{"QueryParameterName", "maxresults"},
                    {"QueryParameterValue", *text},
                    {"MinimumAllowed", "1"},
                    {"MaximumAllowed", decimal(most)}}});
  return std::min(static_cast<std::size_t>(*value), most);
}

std::string service_endpoint(const Call& call) {
  std::string url = call.request.encrypted ? "https://" : "http://";
  url.append(call.target.host).append(1, '/');
  if (call.target.path_style) url.append(call.target.account).append(call.target.secondary ? "-secondary/" : "/");
  return url;
}

Task<Answer> list_containers(Call& call) {
  const Target& target = call.target;
  ops::ListContainers list;
  list.prefix = target.get("prefix");
  BASCULE_CO_ASSIGN(list.limit, max_results(target));
  BASCULE_CO_ASSIGN(const unsigned include, parse_include(target.find("include"), kContainerIncludes));
  list.start = container_start(target, target.get("marker"));
  list.deleted = (include & kDeletedContainers) != 0;
  list.system = (include & kSystemContainers) != 0;

  ContainerListForm form{call.version, service_endpoint(call), target.account, echo_of(target),
                         (include & kMetadata) != 0};
  BASCULE_CO_ASSIGN(const ops::ContainerPage page,
                    co_await call.ops().list_containers(target.account, std::move(list)));
  Reply reply(call, 200);
  reply.add("Content-Type", "application/xml");
  reply.common();
  co_return co_await reply.send_xml(container_list_xml(page, form));
}

Task<Answer> list_blobs(Call& call) {
  const Target& target = call.target;
  BASCULE_CO_TRY(container_conditions(call));
  ops::ListBlobs list;
  list.prefix = target.get("prefix");
  list.delimiter = target.get("delimiter");
  BASCULE_CO_ASSIGN(list.limit, max_results(target));
  BASCULE_CO_ASSIGN(const unsigned include, parse_include(target.find("include"), kBlobIncludes));
  if ((include & kSnapshots) != 0 && !list.delimiter.empty() && call.version < since::kSnapshotsByHierarchy)
    co_return bad_query("include", target.get("include"));
  if ((include & kTags) != 0) BASCULE_CO_TRY(require_tag_permission(call));
  list.uncommitted = (include & kUncommitted) != 0;
  list.snapshots = (include & kSnapshots) != 0;
  list.versions = (include & kVersions) != 0;
  list.deleted = (include & kDeleted) != 0;
  list.deleted_with_versions = (include & kDeletedWithVersions) != 0;
  list.metadata = (include & kMetadata) != 0;
  // Directories, files or what is deleted alone: only where the namespace is hierarchical.
  if (const std::string_view only = target.get("showonly"); !only.empty()) co_return bad_query("showonly", only);
  if (const std::string_view marker = target.get("marker"); !marker.empty()) {
    auto start = decode_marker(marker);
    if (!start) co_return bad_query("marker", marker);
    list.start = std::move(*start);
  } else if (call.version >= since::kStartFrom) {
    list.start = target.get("startFrom");
  }
  if (call.version >= since::kEndBefore) list.end = target.get("endBefore");

  BlobListForm form{.version = call.version, .service_endpoint = service_endpoint(call),
                    .container = target.container, .echo = echo_of(target),
                    .metadata = (include & kMetadata) != 0, .copy = (include & kCopy) != 0,
                    .tags = (include & kTags) != 0, .immutability = (include & kImmutability) != 0,
                    .legal_hold = (include & kLegalHold) != 0};
  form.echo.delimiter = target.find("delimiter");
  BASCULE_CO_ASSIGN(const ops::BlobPage page, co_await call.ops().list_blobs(call.container(), std::move(list)));
  Reply reply(call, 200);
  reply.add("Content-Type", "application/xml");
  reply.common();
  co_return co_await reply.send_xml(blob_list_xml(page, form));
}

}  // namespace bascule::api::blob
