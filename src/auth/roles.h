// What Azure's storage roles allow, and where: the answer to "may this bearer do that". Sources: "Authorize with Microsoft
// Entra ID" (permissions for calling blob data operations), "Azure built-in roles for Storage" (the actions of each role).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "auth/action.h"
#include "auth/principal.h"
#include "auth/request.h"
#include "catalog/access.h"

namespace bascule::auth {

// Azure's actions, under Microsoft.Storage/storageAccounts/blobServices/.
enum DataAction : std::uint32_t {
  kServiceRead = 1u << 0,             // read
  kServiceWrite = 1u << 1,            // write
  kServiceInfo = 1u << 2,             // getInfo/action
  kDelegate = 1u << 3,                // generateUserDelegationKey/action
  kContainersRead = 1u << 4,          // containers/read
  kContainersWrite = 1u << 5,         // containers/write
  kContainersDelete = 1u << 6,        // containers/delete
  kContainersGetAcl = 1u << 7,        // containers/getAcl/action
  kContainersSetAcl = 1u << 8,        // containers/setAcl/action
  kBlobsRead = 1u << 9,               // containers/blobs/read
  kBlobsWrite = 1u << 10,             // containers/blobs/write
  kBlobsAdd = 1u << 11,               // containers/blobs/add/action
  kBlobsDelete = 1u << 12,            // containers/blobs/delete
  kBlobsDeleteVersion = 1u << 13,     // containers/blobs/deleteBlobVersion/action
  kBlobsPermanentDelete = 1u << 14,   // containers/blobs/permanentDelete/action
  kBlobsFilter = 1u << 15,            // containers/blobs/filter/action
  kTagsRead = 1u << 16,               // containers/blobs/tags/read
  kTagsWrite = 1u << 17,              // containers/blobs/tags/write
  kBlobsSuperUser = 1u << 18,         // containers/blobs/immutableStorage/runAsSuperUser/action
  kBlobsMove = 1u << 19,              // containers/blobs/move/action
};
std::uint32_t actions_of(catalog::Role role);

// Where a role must be held for an operation to be allowed.
enum class RoleScope : std::uint8_t {
  account,     // for the whole account
  container,   // that, or for the container
  listing,     // that, or for a prefix that the listing's own begins with
  blob,        // that, or for a prefix that the blob's name begins with
};

struct RoleRule {
  Operation operation;
  RoleScope scope;
  std::uint32_t any_of;   // DataActions; 0: no role ever (preflight needs none)
};
const RoleRule& role_rule(Operation operation);

// All that the identity may do where the request points, by the account's assignments: DataActions.
std::uint32_t granted(const catalog::AccountAccess* access, const Identity& identity, const AuthRequest& request, RoleScope scope);
// The same for a principal of whom groups and application roles are known as of its latest user delegation key.
std::uint32_t granted(const catalog::AccountAccess* access, std::string_view tenant, std::string_view object_id,
                      const AuthRequest& request, RoleScope scope);

// The letters of a SAS that say as much as these actions: what the protocol asks of a principal's permissions.
std::string letters_of(std::uint32_t actions);

// What of an identity's groups and roles is named in the account's assignments: what a user delegation key remembers.
catalog::DelegationHolder holder_of(const catalog::AccountAccess* access, const Identity& identity, WallTime until);

}  // namespace bascule::auth
