// What clients ask of the service itself: properties (the defaults, none of which can be changed yet), statistics, the
// account's kind, CORS preflight (no rules: refused).
#include <algorithm>

#include "api/blob/call.h"
#include "api/blob/reply.h"
#include "api/common/text.h"
#include "api/common/xml_writer.h"

namespace bascule::api::blob {
namespace {

constexpr std::string_view kNoRetention = "<RetentionPolicy><Enabled>false</Enabled></RetentionPolicy>";

std::string properties_xml(Version version) {
  std::string xml(kXmlStart);
  xml.append("<StorageServiceProperties><Logging><Version>1.0</Version><Read>false</Read><Write>false</Write>"
             "<Delete>false</Delete>").append(kNoRetention).append("</Logging>");
  if (version < Version(2013, 8, 15)) {
    xml.append("<Metrics><Version>1.0</Version><Enabled>false</Enabled>").append(kNoRetention).append("</Metrics>");
    return xml += "</StorageServiceProperties>";
  }
  for (std::string_view metrics : {"HourMetrics", "MinuteMetrics"})
    xml.append(1, '<').append(metrics).append("><Version>1.0</Version><Enabled>false</Enabled>").append(kNoRetention)
        .append("</").append(metrics).append(1, '>');
  xml += "<Cors />";
  if (version >= Version(2017, 7, 29)) {
    xml += "<DeleteRetentionPolicy><Enabled>false</Enabled>";
    if (version >= Version(2020, 2, 10)) xml += "<AllowPermanentDelete>false</AllowPermanentDelete>";
    xml += "</DeleteRetentionPolicy>";
  }
  if (version >= Version(2018, 3, 28)) xml += "<StaticWebsite><Enabled>false</Enabled></StaticWebsite>";
  return xml += "</StorageServiceProperties>";
}

}  // namespace

Task<Answer> get_service_properties(Call& call) {
  Reply reply(call, 200);
  reply.add("Content-Type", "application/xml");
  reply.common();
  co_return co_await reply.send_xml(properties_xml(call.version));
}

// Only the secondary's address has them; nothing is geo-replicated, and the answer says so.
Task<Answer> get_service_stats(Call& call) {
  if (!call.target.secondary) co_return bad_query("comp", "stats");
  Reply reply(call, 200);
  reply.add("Content-Type", "application/xml");
  reply.common();
  co_return co_await reply.send_xml(std::string(kXmlStart) +
                                    "<StorageServiceStats><GeoReplication><Status>unavailable</Status><LastSyncTime />"
                                    "</GeoReplication></StorageServiceStats>");
}

Task<Answer> get_account_information(Call& call) {
  Reply reply(call, 200);
  reply.common();
  reply.add("x-ms-sku-name", "Standard_LRS");
  reply.add("x-ms-account-kind", "StorageV2");
  if (call.version >= Version(2019, 7, 7)) reply.add("x-ms-is-hns-enabled", "false");
  co_return co_await reply.send();
}

Task<Answer> preflight(Call& call) {
  for (const std::string_view needed : {"Origin", "Access-Control-Request-Method"}) {
    const bool there = std::ranges::any_of(call.request.headers, [&](const http::HeaderView& header) {
      return same_text(header.name, needed) && !header.value.empty();
    });
    if (there) continue;
    Problem problem(Fault::invalid_header_value,
                    {{"MessageDetails", "Invalid required CORS header " + std::string(needed)}});
    problem.text = "A required CORS header is not present.";
    co_return refuse(std::move(problem));
  }
  co_return refuse({Fault::cors_preflight_failure, {{"MessageDetails", "No CORS rules matches this request"}}});
}

}  // namespace bascule::api::blob
