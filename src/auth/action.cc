#include "auth/action.h"

#include <array>

namespace bascule::auth {
namespace {

using enum Operation;
constexpr std::string_view kAny = "racwdxyltfmeopiu";  // Get Account Information: whatever was granted
constexpr auto kBlob = AnonymousAccess::blob;
constexpr auto kContainer = AnonymousAccess::container;

// "Create an account SAS", table of operations; "Create a service SAS", tables of permissions. Get and Set Container ACL
// accept no SAS; a service SAS reaches nothing of a container but its listing (AZURE-DETAILS 26).
constexpr std::array kActions = {
    Action{list_containers, "list_containers", "s", "l", "", ""},
    Action{get_service_properties, "get_service_properties", "s", "r", "", ""},
    Action{set_service_properties, "set_service_properties", "s", "w", "", ""},
    Action{get_service_stats, "get_service_stats", "s", "r", "", ""},
    Action{preflight, "preflight", "sco", kAny, kAny, kAny, false, AnonymousAccess::always},
    Action{get_account_information, "get_account_information", "sco", kAny, "", ""},
    Action{get_user_delegation_key, "get_user_delegation_key", "", "", "", ""},  // bearer tokens only
    Action{find_blobs_by_tags, "find_blobs_by_tags", "o", "f", "", ""},
    Action{batch, "batch", "o", kAny, "", ""},  // every part is authorised on its own

    Action{create_container, "create_container", "c", "cw", "", ""},
    Action{get_container_properties, "get_container_properties", "c", "r", "", "", false, kContainer},
    Action{get_container_metadata, "get_container_metadata", "c", "r", "", "", false, kContainer},
    Action{set_container_metadata, "set_container_metadata", "c", "w", "", ""},
    Action{get_container_acl, "get_container_acl", "", "", "", ""},
    Action{set_container_acl, "set_container_acl", "", "", "", ""},
    Action{delete_container, "delete_container", "c", "d", "", ""},
    Action{restore_container, "restore_container", "c", "w", "", ""},
    Action{rename_container, "rename_container", "c", "w", "", ""},
    Action{lease_container, "lease_container", "c", "w", "", ""},
    Action{break_container_lease, "break_container_lease", "c", "wd", "", ""},
    Action{list_blobs, "list_blobs", "c", "l", "l", "", false, kContainer},
    Action{container_batch, "container_batch", "o", kAny, kAny, ""},
    Action{container_find_by_tags, "container_find_by_tags", "o", "f", "f", ""},
    Action{get_container_account_information, "get_container_account_information", "sco", kAny, kAny, ""},

    Action{get_blob, "get_blob", "o", "r", "r", "r", false, kBlob},
    Action{get_blob_properties, "get_blob_properties", "o", "r", "r", "r", false, kBlob},
    Action{get_blob_metadata, "get_blob_metadata", "o", "r", "r", "r", false, kBlob},
    Action{set_blob_metadata, "set_blob_metadata", "o", "w", "w", "w"},
    Action{set_blob_headers, "set_blob_headers", "o", "w", "w", "w"},
    Action{delete_blob, "delete_blob", "o", "d", "d", "d"},
    Action{delete_blob_version, "delete_blob_version", "o", "x", "x", "x"},
    Action{permanently_delete_blob, "permanently_delete_blob", "o", "y", "y", "y"},
    Action{undelete_blob, "undelete_blob", "c", "w", "w", "w"},
    Action{lease_blob, "lease_blob", "o", "w", "w", "w"},
    Action{break_blob_lease, "break_blob_lease", "o", "wd", "wd", "wd"},
    Action{snapshot_blob, "snapshot_blob", "o", "cw", "cw", "cw"},
    Action{copy_blob, "copy_blob", "o", "wc", "wc", "wc", true},
    Action{copy_blob_from_url, "copy_blob_from_url", "o", "wc", "wc", "wc", true},
    Action{abort_copy, "abort_copy", "o", "w", "w", "w"},
    Action{set_blob_tier, "set_blob_tier", "o", "w", "w", "w"},
    Action{get_blob_tags, "get_blob_tags", "o", "t", "t", "t"},
    Action{set_blob_tags, "set_blob_tags", "o", "t", "t", "t"},
    Action{set_blob_expiry, "set_blob_expiry", "o", "w", "w", "w"},
    Action{set_immutability_policy, "set_immutability_policy", "o", "i", "i", "i"},
    Action{delete_immutability_policy, "delete_immutability_policy", "o", "i", "i", "i"},
    Action{set_legal_hold, "set_legal_hold", "o", "i", "i", "i"},
    Action{query_blob, "query_blob", "o", "r", "r", "r"},
    Action{get_blob_account_information, "get_blob_account_information", "sco", kAny, kAny, kAny},

    Action{put_blob, "put_blob", "o", "wc", "wc", "wc", true},
    Action{put_blob_from_url, "put_blob_from_url", "o", "wc", "wc", "wc", true},
    Action{put_block, "put_block", "o", "wc", "wc", "wc", true},
    Action{put_block_from_url, "put_block_from_url", "o", "wc", "wc", "wc", true},
    Action{put_block_list, "put_block_list", "o", "wc", "wc", "wc", true},
    Action{get_block_list, "get_block_list", "o", "r", "r", "r", false, kBlob},
    Action{get_uncommitted_block_list, "get_uncommitted_block_list", "o", "r", "r", "r"},

    Action{create_append_blob, "create_append_blob", "o", "wc", "wc", "wc", true},
    Action{append_block, "append_block", "o", "aw", "aw", "aw"},
    Action{append_block_from_url, "append_block_from_url", "o", "aw", "aw", "aw"},
    Action{seal_append_blob, "seal_append_blob", "o", "w", "w", "w"},

    Action{create_page_blob, "create_page_blob", "o", "wc", "wc", "wc", true},
    Action{put_page, "put_page", "o", "w", "w", "w"},
    Action{clear_page, "clear_page", "o", "w", "w", "w"},
    Action{put_page_from_url, "put_page_from_url", "o", "w", "w", "w"},
    Action{get_page_ranges, "get_page_ranges", "o", "r", "r", "r", false, kBlob},
    Action{set_page_blob_properties, "set_page_blob_properties", "o", "w", "w", "w"},
    Action{incremental_copy, "incremental_copy", "o", "wc", "wc", "wc", true},
};

static_assert(kActions.size() == static_cast<std::size_t>(count_));
consteval bool in_order() {
  for (std::size_t i = 0; i < kActions.size(); ++i)
    if (static_cast<std::size_t>(kActions[i].operation) != i) return false;
  return true;
}
static_assert(in_order(), "one row for each operation, in the enumeration's order");

// Before `since` these letters were the whole rule (AZURE-DETAILS 19, 28).
struct Earlier {
  Operation operation;
  std::string_view since, letters;
};
constexpr Earlier kEarlier[] = {
    {put_block, "2026-04-06", "w"},
    {put_block_from_url, "2026-04-06", "w"},
    {put_block_list, "2026-04-06", "w"},
    {break_container_lease, "2017-07-29", "w"},
    {break_blob_lease, "2017-07-29", "w"},
};

}  // namespace

const Action& action_of(Operation operation) { return kActions[static_cast<std::size_t>(operation)]; }

std::string_view allowing_letters(Operation operation, SasKind kind, std::string_view version) {
  const Action& action = action_of(operation);
  const std::string_view letters = kind == SasKind::account     ? action.account_letters
                                   : kind == SasKind::container ? action.container_letters
                                                                : action.blob_letters;
  if (letters.empty()) return letters;
  for (const Earlier& rule : kEarlier)
    if (rule.operation == operation && version < rule.since) return rule.letters;
  return letters;
}

}  // namespace bascule::auth
