// The operations that can be authorised, and the table of what allows each. A request that nothing positively allows is
// refused. Source: "Create an account SAS" (permissions by operation), "Create a service SAS" (permissions for a blob,
// a container), "Configure anonymous read access" in Microsoft's documentation.
#pragma once
#include <cstdint>
#include <string_view>

namespace bascule::auth {

enum class Operation : std::uint8_t {
  // service
  list_containers, get_service_properties, set_service_properties, get_service_stats, preflight,
  get_account_information, get_user_delegation_key, find_blobs_by_tags, batch,
  // container
  create_container, get_container_properties, get_container_metadata, set_container_metadata,
  get_container_acl, set_container_acl, delete_container, restore_container, rename_container,
  lease_container, break_container_lease, list_blobs, container_batch, container_find_by_tags,
  get_container_account_information,
  // any blob
  get_blob, get_blob_properties, get_blob_metadata, set_blob_metadata, set_blob_headers, delete_blob,
  delete_blob_version, permanently_delete_blob, undelete_blob, lease_blob, break_blob_lease, snapshot_blob,
  copy_blob, copy_blob_from_url, abort_copy, set_blob_tier, get_blob_tags, set_blob_tags, set_blob_expiry, set_immutability_policy,
  delete_immutability_policy, set_legal_hold, query_blob, get_blob_account_information,
  // block blobs
  put_blob, put_blob_from_url, put_block, put_block_from_url, put_block_list,
  get_block_list,              // committed blocks only
  get_uncommitted_block_list,  // blocklisttype=uncommitted or all
  // append blobs
  create_append_blob, append_block, append_block_from_url, seal_append_blob,
  // page blobs
  create_page_blob, put_page, clear_page, put_page_from_url, get_page_ranges, set_page_blob_properties,
  incremental_copy,
  count_  // how many there are
};

enum class AnonymousAccess : std::uint8_t {
  never,        // needs credentials
  container,    // where the container is public with its listing ("container")
  blob,         // where blobs are public ("blob" or "container")
  always,       // needs none
};

// What allows one operation. Letters: any one of them is enough; "" = that kind of credential never allows it.
struct Action {
  Operation operation;
  std::string_view name;              // for logs
  std::string_view resource_types;    // account SAS srt: any one of these
  std::string_view account_letters;   // account SAS sp
  std::string_view container_letters; // service SAS sp, sr=c and d
  std::string_view blob_letters;      // service SAS sp, sr=b, bs, bv
  bool create_is_partial = false;     // `c` alone may only make what is not there yet
  AnonymousAccess anonymous = AnonymousAccess::never;
};

const Action& action_of(Operation operation);

enum class SasKind : std::uint8_t { account, container, blob };

// The letters that allow `operation` to a SAS of that kind and version (`sv`), where the rules changed over time too.
// "" = no such SAS allows it.
std::string_view allowing_letters(Operation operation, SasKind kind, std::string_view version);

}  // namespace bascule::auth
