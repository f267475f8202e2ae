// Get and Set Container ACL: public access and stored access policies.
#include <algorithm>

#include "api/blob/call.h"
#include "api/blob/container_headers.h"
#include "api/blob/guards.h"
#include "api/blob/reply.h"
#include "api/common/since.h"
#include "api/common/xml_reader.h"
#include "api/common/xml_writer.h"

namespace bascule::api::blob {
namespace {

constexpr std::size_t kMaxPolicies = 5;
constexpr std::size_t kMaxPolicyIdBytes = 64;
constexpr std::string_view kPermissions = "racwdxyltfmeopi";  // "Create a service SAS"; in any order

Parsed<std::optional<WallTime>> parse_time(const XmlNode& node) {
  if (node.text.empty()) return std::optional<WallTime>();
  const auto time = parse_iso8601(node.text);
  if (!time) return bad_xml();
  return time;
}

Parsed<ops::StoredPolicy> parse_policy(const XmlNode& node) {
  if (node.name != "SignedIdentifier") return bad_xml();
  ops::StoredPolicy policy;
  for (const XmlNode& child : node.children) {
    if (child.name == "Id") {
      policy.id = child.text;
      continue;
    }
    if (child.name != "AccessPolicy") return bad_xml();
    for (const XmlNode& field : child.children) {
      if (field.name == "Start") {
        BASCULE_ASSIGN(policy.start, parse_time(field));
        policy.start_text = field.text;
      } else if (field.name == "Expiry") {
        BASCULE_ASSIGN(policy.expiry, parse_time(field));
        policy.expiry_text = field.text;
      } else if (field.name == "Permission") {
        policy.permission = field.text;
        policy.has_permission = !field.text.empty();
      } else {
        return bad_xml();
      }
    }
  }
  if (policy.permission.find_first_not_of(kPermissions) != std::string::npos) return bad_xml();
  if (policy.id.empty() || policy.id.size() > kMaxPolicyIdBytes) return bad_xml();
  return policy;
}

}  // namespace

Parsed<std::vector<ops::StoredPolicy>> parse_policies(std::string_view document) {
  std::vector<ops::StoredPolicy> policies;
  if (document.empty()) return policies;
  BASCULE_ASSIGN(const XmlNode root, parse_xml(document));
  if (root.name != "SignedIdentifiers" || root.children.size() > kMaxPolicies) return bad_xml();
  for (const XmlNode& node : root.children) {
    BASCULE_ASSIGN(ops::StoredPolicy policy, parse_policy(node));
    if (std::ranges::find(policies, policy.id, &ops::StoredPolicy::id) != policies.end()) return bad_xml();
    policies.push_back(std::move(policy));
  }
  return policies;
}

std::string policies_xml(const std::vector<ops::StoredPolicy>& policies) {
  std::string xml(kXmlStart);
  if (policies.empty()) return xml + "<SignedIdentifiers />";
  xml += "<SignedIdentifiers>";
  for (const ops::StoredPolicy& policy : policies) {
    xml += "<SignedIdentifier>";
    append_element(xml, "Id", policy.id);
    if (policy.start || policy.expiry || policy.has_permission) {  // left out where nothing is set
      xml += "<AccessPolicy>";
      if (policy.start) append_element(xml, "Start", format_iso8601(*policy.start));
      if (policy.expiry) append_element(xml, "Expiry", format_iso8601(*policy.expiry));
      if (policy.has_permission) append_element(xml, "Permission", policy.permission);
      xml += "</AccessPolicy>";
    }
    xml += "</SignedIdentifier>";
  }
  return xml + "</SignedIdentifiers>";
}

Task<Answer> get_container_acl(Call& call) {
  BASCULE_CO_ASSIGN(ops::Conditions conditions, container_conditions(call));
  BASCULE_CO_ASSIGN(const ops::ContainerView view,
                    co_await call.ops().get_container(call.container(), std::move(conditions.lease_id)));
  const auto newer = [](const ops::StoredPolicy& policy) { return policy.permission.find_first_of("ac") != std::string::npos; };
  if (call.version < since::kAddAndCreate && std::ranges::any_of(view.policies, newer))
    co_return refuse(Fault::feature_version_mismatch);
  Reply reply(call, 200);
  reply.add("Content-Type", "application/xml");
  reply.modified(view.last_modified, view.etag);
  reply.common();
  if (view.public_access != ops::PublicAccess::none)
    reply.add("x-ms-blob-public-access", std::string(public_access_text(view.public_access)));
  co_return co_await reply.send_xml(policies_xml(view.policies));
}

Task<Answer> set_container_acl(Call& call) {
  BASCULE_CO_ASSIGN(ops::Conditions conditions, container_conditions(call));
  BASCULE_CO_ASSIGN(const ops::PublicAccess access, parse_public_access(call));
  BASCULE_CO_ASSIGN(const std::string document, co_await read_document(call, call.service.options().acl_bytes));
  BASCULE_CO_ASSIGN(std::vector<ops::StoredPolicy> policies, parse_policies(document));
  BASCULE_CO_ASSIGN(const ops::ContainerView view,
                    co_await call.ops().set_container_acl(call.container(), access, std::move(policies),
                                                          std::move(conditions)));
  Reply reply(call, 200);
  reply.modified(view.last_modified, view.etag);
  reply.common();
  co_return co_await reply.send();
}

}  // namespace bascule::api::blob
