// What the operations on containers share.
#pragma once
#include "api/blob/call.h"

namespace bascule::api::blob {

std::string_view public_access_text(ops::PublicAccess access);  // "" for none
Parsed<ops::PublicAccess> parse_public_access(const Call& call);  // refused where the account forbids it
Parsed<ops::Conditions> container_conditions(const Call& call);

// acl.cc
Parsed<std::vector<ops::StoredPolicy>> parse_policies(std::string_view document);
std::string policies_xml(const std::vector<ops::StoredPolicy>& policies);

}  // namespace bascule::api::blob
