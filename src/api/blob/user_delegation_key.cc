// Get User Delegation Key: what signs a SAS in the name of whoever asks. Source: "Get User Delegation Key"; AZURE-ANSWERS.
#include "api/blob/call.h"
#include "api/blob/errors.h"
#include "api/blob/guards.h"
#include "api/blob/reply.h"
#include "api/common/since.h"
#include "api/common/xml_reader.h"
#include "api/common/xml_writer.h"
#include "auth/delegation.h"
#include "auth/roles.h"
#include "base/log.h"

namespace bascule::api::blob {
namespace {

constexpr std::size_t kMostKeyInfoBytes = 4 * 1024;
constexpr std::size_t kMostTenantBytes = 256;

struct KeyInfo {
  WallTime start{}, expiry{};
  std::string user_tenant;
};

// Keys count in whole seconds.
Parsed<WallTime> parse_time(const XmlNode& node) {
  const auto time = parse_iso8601(node.text);
  if (!time) return bad_node(node);
  return std::chrono::floor<std::chrono::seconds>(*time);
}

Parsed<KeyInfo> parse_key_info(std::string_view document, WallTime now, const Version& version) {
  BASCULE_ASSIGN(const XmlNode root, parse_xml(document, {.depth = 3, .nodes = 10}));
  if (root.name != "KeyInfo") return bad_xml_at(document, root.offset, "KeyInfo was expected");
  for (const XmlNode& child : root.children)
    if (child.name != "Start" && child.name != "Expiry" && (child.name != "DelegatedUserTid" || version < since::kBoundUsers))
      return unsupported_node(child);
  KeyInfo info;
  info.start = std::chrono::floor<std::chrono::seconds>(now);
  if (const XmlNode* start = root.child("Start"); start && !start->text.empty()) {
    BASCULE_ASSIGN(info.start, parse_time(*start));
    if (info.start > now + auth::kLongestDelegation) return bad_node(*start);
  }
  BASCULE_ASSIGN(const XmlNode* expiry, required_child(root, "Expiry"));
  BASCULE_ASSIGN(info.expiry, parse_time(*expiry));
  if (info.expiry <= info.start || info.expiry <= now || info.expiry > now + auth::kLongestDelegation) return bad_node(*expiry);
  if (const XmlNode* tenant = root.child("DelegatedUserTid")) {
    if (tenant->text.size() > kMostTenantBytes) return bad_node(*tenant);
    info.user_tenant = tenant->text;
  }
  return info;
}

}  // namespace

Task<Answer> get_user_delegation_key(Call& call) {
  const auth::Principal& principal = call.authorised.principal;
  if (principal.kind != auth::PrincipalKind::bearer)
    co_return refuse(problem_of(auth::failures::authentication_failed("Only authentication scheme Bearer is supported")));
  if (call.version < since::kUserDelegation) co_return refuse(Fault::feature_version_mismatch);
  BASCULE_CO_ASSIGN(const std::string document, co_await read_document(call, kMostKeyInfoBytes));
  BASCULE_CO_ASSIGN(const KeyInfo info, parse_key_info(document, call.now(), call.version));

  const auth::Identity& identity = *principal.identity;
  auto noted = co_await call.ops().note_delegation(call.target.account, auth::holder_of(principal.account->access.get(), identity, info.expiry));
  if (!noted) co_return refuse(noted.error());
  const auto account = call.ops().account(call.target.account);
  const std::string start = format_iso8601_seconds(info.start), expiry = format_iso8601_seconds(info.expiry);
  const auto value = account && account->access && account->access->secret
                         ? auth::delegation_key(*account->access->secret, {account->name, identity.object_id, identity.tenant, start, expiry,
                                                                           "b", call.version_text, info.user_tenant})
                         : std::nullopt;
  if (!value) co_return refuse(Fault::resource_not_found);   // the account has gone meanwhile

  std::string xml(kXmlStart);
  xml += "<UserDelegationKey>";
  append_element(xml, "SignedOid", identity.object_id);
  append_element(xml, "SignedTid", identity.tenant);
  append_element(xml, "SignedStart", start);
  append_element(xml, "SignedExpiry", expiry);
  append_element(xml, "SignedService", "b");
  append_element(xml, "SignedVersion", call.version_text);
  if (!info.user_tenant.empty()) append_element(xml, "SignedDelegatedUserTid", info.user_tenant);
  append_element(xml, "Value", to_base64(*value));
  xml += "</UserDelegationKey>";
  log::info("user delegation key", {{"request_id", call.request_id}, {"account", account->name}, {"tenant", identity.tenant},
                                    {"object_id", identity.object_id}, {"until", expiry}});
  Reply reply(call, 200);
  reply.add("Content-Type", "application/xml");
  reply.common();
  co_return co_await reply.send_xml(xml);
}

}  // namespace bascule::api::blob
