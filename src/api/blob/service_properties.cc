// What clients ask of the service itself: its properties, statistics, the account's kind, CORS preflight.
#include "api/blob/call.h"
#include "api/blob/cors.h"
#include "api/blob/guards.h"
#include "api/blob/properties_xml.h"
#include "api/blob/reply.h"
#include "api/common/since.h"
#include "api/common/text.h"
#include "api/common/xml_writer.h"

namespace bascule::api::blob {
namespace {

constexpr std::size_t kMostPropertiesBytes = 64 * 1024;

Task<Parsed<>> make_if_missing(Call& call, std::string container) {
  const auto made = co_await call.ops().create_container({call.target.account, std::move(container)}, {}, ops::PublicAccess::none);
  if (!made && ops::reason_of(made.error()) != ops::Reason::container_exists) co_return refuse(made.error());
  co_return Parsed<>();
}

}  // namespace

Task<Answer> get_service_properties(Call& call) {
  Reply reply(call, 200);
  reply.add("Content-Type", "application/xml");
  reply.common();
  co_return co_await reply.send_xml(properties_xml(call.authorised.principal.account->settings, call.version));
}

Task<Answer> set_service_properties(Call& call) {
  BASCULE_CO_ASSIGN(const std::string document, co_await read_document(call, kMostPropertiesBytes));
  BASCULE_CO_ASSIGN(const PropertyChanges changes, parse_properties(document, call.version));
  // The site's container, and the log's, are there as soon as the setting says so.
  if (changes.website && changes.website->enabled) BASCULE_CO_TRY(co_await make_if_missing(call, "$web"));
  if (changes.logging && (changes.logging->reads || changes.logging->writes || changes.logging->deletes))
    BASCULE_CO_TRY(co_await make_if_missing(call, "$logs"));
  BASCULE_CO_TRY(co_await call.ops().change_settings(call.target.account, [&changes](ops::AccountSettings& settings) {
    changes.apply(settings);
    return Result<void>();
  }));
  Reply reply(call, 202);
  reply.common();
  co_return co_await reply.send();
}

// Only the secondary's address has them. It serves the same data as the primary, so that it is never behind.
Task<Answer> get_service_stats(Call& call) {
  if (!call.target.secondary) co_return bad_query("comp", "stats");
  Reply reply(call, 200);
  reply.add("Content-Type", "application/xml");
  reply.common();
  co_return co_await reply.send_xml(std::string(kXmlStart) +
                                    "<StorageServiceStats><GeoReplication><Status>live</Status><LastSyncTime>" +
                                    http_date(call.now()) + "</LastSyncTime></GeoReplication></StorageServiceStats>");
}

Task<Answer> get_account_information(Call& call) {
  Reply reply(call, 200);
  reply.common();
  reply.add("x-ms-sku-name", "Standard_LRS");
  reply.add("x-ms-account-kind", "StorageV2");
  if (call.version >= since::kHierarchyShown) reply.add("x-ms-is-hns-enabled", "false");
  co_return co_await reply.send();
}

// Evaluated against the account's rules alone: whether there is such a container or blob does not matter.
Task<Answer> preflight(Call& call) {
  const std::string_view origin = call.headers.get(H::origin), method = call.headers.get(H::access_control_request_method);
  for (const auto& [header, value] : {std::pair("Origin", origin), std::pair("Access-Control-Request-Method", method)}) {
    if (!value.empty()) continue;
    Problem problem(Fault::invalid_header_value,
                    {{"MessageDetails", "Invalid required CORS header " + std::string(header)}});
    problem.text = "A required CORS header is not present.";
    co_return refuse(std::move(problem));
  }
  const auto account = call.ops().account(call.target.account);
  const CorsRule* rule = account ? find_cors_rule(account->settings.cors, origin, method) : nullptr;
  const std::string_view headers = call.headers.get(H::access_control_request_headers);
  if (!rule || !allows_headers(*rule, headers))
    co_return refuse({Fault::cors_preflight_failure, {{"MessageDetails", "No CORS rules matches this request"}}});
  Reply reply(call, 200);
  reply.common();
  reply.add("Access-Control-Allow-Origin", std::string(origin));
  reply.add("Access-Control-Allow-Methods", std::string(method));
  reply.add_if("Access-Control-Allow-Headers", std::string(headers));
  reply.add("Access-Control-Max-Age", decimal(rule->max_age_seconds));
  reply.add("Access-Control-Allow-Credentials", "true");
  co_return co_await reply.send();
}

}  // namespace bascule::api::blob
