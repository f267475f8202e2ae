// Azure Resource Manager ids: /subscriptions/S/resourceGroups/G/providers/Microsoft.X/type/name/subtype/name …
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace bascule::estate {

inline constexpr std::size_t kMostIdBytes = 2048;

// An id taken apart. scope + type + name say the same as the id; letters keep the case that they came in.
struct ArmId {
  std::string scope;   // "/subscriptions/S/resourceGroups/G"; the whole parent's id for an extension's; empty = not known
  std::string type;    // "Microsoft.X/type/subtype"
  std::string name;    // "name/subname": as many parts as the type has after its first

  // The id again. Without a scope it begins with "(group not known)".
  std::string text() const;
};

// Nothing where the text is no resource's id. A resource group's and a subscription's own ids are of the types
// Microsoft.Resources/resourceGroups and Microsoft.Resources/subscriptions.
std::optional<ArmId> parse_arm_id(std::string_view text);

// What stands before an id of which subscription and group are not known (a template's resourceId()).
inline constexpr std::string_view kGroupNotKnown = "(group not known)";

// The same for a value found in a resource's properties: stricter, so that an address with a query or a connection string
// is never taken for an id. Takes ids of a group that is not known, too.
std::optional<ArmId> parse_reference(std::string_view text);

// The parent of a child ("a/b" of "T/u/v"); nothing for a resource of its own.
std::optional<ArmId> parent_of(const ArmId& id);

// What a scope says: the subscription's id and the group's name; empty where it does not.
struct Scope {
  std::string_view subscription, resource_group;
};
Scope read_scope(std::string_view scope);

}  // namespace bascule::estate
