#include "auth/roles.h"

#include <algorithm>
#include <array>

namespace bascule::auth {
namespace {

using enum Operation;
using enum RoleScope;

constexpr std::uint32_t kReader = kContainersRead | kDelegate | kBlobsRead;
constexpr std::uint32_t kContributor =
    kReader | kContainersWrite | kContainersDelete | kBlobsWrite | kBlobsAdd | kBlobsDelete | kBlobsMove;
constexpr std::uint32_t kOwner = kContributor | kContainersGetAcl | kContainersSetAcl | kBlobsDeleteVersion |
                                 kBlobsPermanentDelete | kBlobsFilter | kTagsRead | kTagsWrite | kBlobsSuperUser;
constexpr std::uint32_t kCreate = kBlobsWrite | kBlobsAdd;   // every role that has the one has the other

// The account's services, statistics and kind are the management roles' on Azure, which no token of ours has. A rename, and
// a restore under another name, concern two containers: they need the role for both, which only the account's is.
constexpr std::array kRules = {
    RoleRule{list_containers, account, kContainersRead},
    RoleRule{get_service_properties, account, kServiceRead},
    RoleRule{set_service_properties, account, kServiceWrite},
    RoleRule{get_service_stats, account, kServiceRead},
    RoleRule{preflight, account, 0},
    RoleRule{get_account_information, account, kServiceInfo},
    RoleRule{get_user_delegation_key, account, kDelegate},
    RoleRule{find_blobs_by_tags, account, kBlobsFilter},
    RoleRule{batch, account, kContainersWrite},
    RoleRule{create_container, container, kContainersWrite},
    RoleRule{get_container_properties, container, kContainersRead},
    RoleRule{get_container_metadata, container, kContainersRead},
    RoleRule{set_container_metadata, container, kContainersWrite},
    RoleRule{get_container_acl, container, kContainersGetAcl},
    RoleRule{set_container_acl, container, kContainersSetAcl},
    RoleRule{delete_container, container, kContainersDelete},
    RoleRule{restore_container, account, kContainersWrite},
    RoleRule{rename_container, account, kContainersWrite},
    RoleRule{lease_container, container, kContainersWrite},
    RoleRule{break_container_lease, container, kContainersWrite},
    RoleRule{list_blobs, listing, kBlobsRead},
    RoleRule{container_batch, container, kContainersWrite},
    RoleRule{container_find_by_tags, container, kBlobsFilter},
    RoleRule{get_container_account_information, account, kServiceInfo},
    RoleRule{get_blob, blob, kBlobsRead},
    RoleRule{get_blob_properties, blob, kBlobsRead},
    RoleRule{get_blob_metadata, blob, kBlobsRead},
    RoleRule{set_blob_metadata, blob, kBlobsWrite},
    RoleRule{set_blob_headers, blob, kBlobsWrite},
    RoleRule{delete_blob, blob, kBlobsDelete},
    RoleRule{delete_blob_version, blob, kBlobsDeleteVersion},
    RoleRule{permanently_delete_blob, blob, kBlobsPermanentDelete},
    RoleRule{undelete_blob, blob, kBlobsWrite},
    RoleRule{lease_blob, blob, kBlobsWrite},
    RoleRule{break_blob_lease, blob, kBlobsWrite},
    RoleRule{snapshot_blob, blob, kCreate},
    RoleRule{copy_blob, blob, kCreate},
    RoleRule{copy_blob_from_url, blob, kCreate},
    RoleRule{abort_copy, blob, kBlobsWrite},
    RoleRule{set_blob_tier, blob, kBlobsWrite},
    RoleRule{get_blob_tags, blob, kTagsRead},
    RoleRule{set_blob_tags, blob, kTagsWrite},
    RoleRule{set_blob_expiry, blob, kBlobsWrite},
    RoleRule{set_immutability_policy, blob, kBlobsSuperUser},
    RoleRule{delete_immutability_policy, blob, kBlobsSuperUser},
    RoleRule{set_legal_hold, container, kContainersWrite},
    RoleRule{query_blob, blob, kBlobsRead},
    RoleRule{get_blob_account_information, account, kServiceInfo},
    RoleRule{put_blob, blob, kCreate},
    RoleRule{put_blob_from_url, blob, kCreate},
    RoleRule{put_block, blob, kBlobsWrite},
    RoleRule{put_block_from_url, blob, kBlobsWrite},
    RoleRule{put_block_list, blob, kBlobsWrite},
    RoleRule{get_block_list, blob, kBlobsRead},
    RoleRule{get_uncommitted_block_list, blob, kBlobsRead},
    RoleRule{create_append_blob, blob, kCreate},
    RoleRule{append_block, blob, kCreate},
    RoleRule{append_block_from_url, blob, kCreate},
    RoleRule{seal_append_blob, blob, kBlobsWrite},
    RoleRule{create_page_blob, blob, kCreate},
    RoleRule{put_page, blob, kBlobsWrite},
    RoleRule{clear_page, blob, kBlobsWrite},
    RoleRule{put_page_from_url, blob, kBlobsWrite},
    RoleRule{get_page_ranges, blob, kBlobsRead},
    RoleRule{set_page_blob_properties, blob, kBlobsWrite},
    RoleRule{incremental_copy, blob, kBlobsWrite},
};
static_assert(kRules.size() == static_cast<std::size_t>(count_));
consteval bool in_order() {
  for (std::size_t i = 0; i < kRules.size(); ++i)
    if (static_cast<std::size_t>(kRules[i].operation) != i) return false;
  return true;
}
static_assert(in_order(), "one row for each operation, in the enumeration's order");

// What the request points at, as far as assignments are concerned.
struct Place {
  std::string_view container, name;   // name: of the blob, or the listing's prefix
  RoleScope scope;
};

Place place_of(const AuthRequest& request, RoleScope scope) {
  Place place{request.container, request.blob, scope};
  if (scope == listing) {
    const std::string* prefix = find_parameter(*request.query, "prefix");
    place.name = prefix ? std::string_view(*prefix) : std::string_view();
  }
  return place;
}

bool covers(const catalog::RoleAssignment& assignment, const Place& place) {
  if (assignment.container.empty()) return true;
  if (place.scope == account || assignment.container != place.container) return false;
  if (assignment.prefix.empty()) return true;
  return place.scope != container && place.name.starts_with(assignment.prefix);
}

std::uint32_t collect(const catalog::AccountAccess& access, catalog::Assignee kind, std::string_view tenant,
                      std::string_view assignee, const Place& place) {
  std::uint32_t actions = 0;
  const auto [first, last] = access.of(kind, tenant, assignee);
  for (std::size_t i = first; i < last; ++i)
    if (covers(access.assignments[i], place)) actions |= actions_of(access.assignments[i].role);
  return actions;
}

std::uint32_t collect(const catalog::AccountAccess& access, std::string_view tenant, std::string_view object_id,
                      const std::vector<std::string>& groups, const std::vector<std::string>& roles, const Place& place) {
  std::uint32_t actions = collect(access, catalog::Assignee::principal, tenant, object_id, place);
  for (const std::string& group : groups) actions |= collect(access, catalog::Assignee::group, tenant, group, place);
  for (const std::string& role : roles) actions |= collect(access, catalog::Assignee::app_role, tenant, role, place);
  return actions;
}

}  // namespace

std::uint32_t actions_of(catalog::Role role) {
  switch (role) {
    case catalog::Role::reader: return kReader;
    case catalog::Role::contributor: return kContributor;
    case catalog::Role::owner: return kOwner;
    case catalog::Role::delegator: return kDelegate;
  }
  return 0;
}

const RoleRule& role_rule(Operation operation) { return kRules[static_cast<std::size_t>(operation)]; }

std::uint32_t granted(const catalog::AccountAccess* access, const Identity& identity, const AuthRequest& request, RoleScope scope) {
  if (!access || access->assignments.empty()) return 0;
  return collect(*access, identity.tenant, identity.object_id, identity.groups, identity.roles, place_of(request, scope));
}

std::uint32_t granted(const catalog::AccountAccess* access, std::string_view tenant, std::string_view object_id,
                      const AuthRequest& request, RoleScope scope) {
  static const std::vector<std::string> kNone;
  if (!access || access->assignments.empty()) return 0;
  const catalog::DelegationHolder* holder = access->holder(tenant, object_id);
  return collect(*access, tenant, object_id, holder ? holder->groups : kNone, holder ? holder->roles : kNone,
                 place_of(request, scope));
}

std::string letters_of(std::uint32_t actions) {
  struct Letter {
    char letter;
    std::uint32_t all_of;
  };
  static constexpr Letter kLetters[] = {
      {'r', kBlobsRead}, {'a', kBlobsAdd}, {'c', kBlobsAdd}, {'w', kBlobsWrite}, {'d', kBlobsDelete},
      {'x', kBlobsDeleteVersion}, {'y', kBlobsPermanentDelete}, {'l', kBlobsRead}, {'t', kTagsRead | kTagsWrite},
      {'m', kBlobsMove}, {'e', kBlobsRead}, {'i', kBlobsSuperUser},
  };
  std::string letters;
  for (const Letter& one : kLetters)
    if ((actions & one.all_of) == one.all_of) letters.push_back(one.letter);
  return letters;
}

catalog::DelegationHolder holder_of(const catalog::AccountAccess* access, const Identity& identity, WallTime until) {
  catalog::DelegationHolder holder;
  holder.tenant = identity.tenant;
  holder.object_id = identity.object_id;
  holder.until = until;
  if (!access) return holder;
  const auto named = [&](catalog::Assignee kind, const std::vector<std::string>& all, std::vector<std::string>& kept) {
    constexpr std::size_t kMostKept = 200;
    for (const std::string& one : all) {
      const auto [first, last] = access->of(kind, identity.tenant, one);
      if (first != last && kept.size() < kMostKept) kept.push_back(one);
    }
  };
  named(catalog::Assignee::group, identity.groups, holder.groups);
  named(catalog::Assignee::app_role, identity.roles, holder.roles);
  return holder;
}

}  // namespace bascule::auth
