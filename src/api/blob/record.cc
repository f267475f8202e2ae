#include "api/blob/record.h"

#include <array>

#include "api/common/text.h"

namespace bascule::api::blob {
namespace {

using enum auth::Operation;

constexpr std::string_view kRead = "StorageRead", kWrite = "StorageWrite", kDelete = "StorageDelete";

// Names: "Storage Analytics logged operations and status messages"; where it has none (newer operations), the name of the
// operation in the REST reference, without spaces.
struct Row {
  auth::Operation operation;
  LoggedOperation logged;
};
constexpr auto kRows = std::to_array<Row>({
    {list_containers, {"ListContainers", kRead}},
    {get_service_properties, {"GetBlobServiceProperties", kRead}},
    {set_service_properties, {"SetBlobServiceProperties", kWrite}},
    {get_service_stats, {"GetBlobServiceStats", kRead}},
    {preflight, {"BlobPreflightRequest", kRead}},
    {get_account_information, {"GetAccountInformation", kRead}},
    {get_user_delegation_key, {"GetUserDelegationKey", kRead}},
    {find_blobs_by_tags, {"FindBlobsByTags", kRead}},
    {batch, {"BlobBatch", kWrite}},
    {create_container, {"CreateContainer", kWrite}},
    {get_container_properties, {"GetContainerProperties", kRead}},
    {get_container_metadata, {"GetContainerMetadata", kRead}},
    {set_container_metadata, {"SetContainerMetadata", kWrite}},
    {get_container_acl, {"GetContainerACL", kRead}},
    {set_container_acl, {"SetContainerACL", kWrite}},
    {delete_container, {"DeleteContainer", kDelete}},
    {restore_container, {"RestoreContainer", kWrite}},
    {rename_container, {"RenameContainer", kWrite}},
    {lease_container, {"LeaseContainer", kWrite}},
    {break_container_lease, {"BreakContainerLease", kWrite}},
    {list_blobs, {"ListBlobs", kRead}},
    {container_batch, {"BlobBatch", kWrite}},
    {container_find_by_tags, {"FindBlobsByTags", kRead}},
    {get_container_account_information, {"GetAccountInformation", kRead}},
    {get_blob, {"GetBlob", kRead, true}},
    {get_blob_properties, {"GetBlobProperties", kRead}},
    {get_blob_metadata, {"GetBlobMetadata", kRead}},
    {set_blob_metadata, {"SetBlobMetadata", kWrite}},
    {set_blob_headers, {"SetBlobProperties", kWrite}},
    {delete_blob, {"DeleteBlob", kDelete}},
    {delete_blob_version, {"DeleteBlob", kDelete}},
    {permanently_delete_blob, {"DeleteBlob", kDelete}},
    {undelete_blob, {"UndeleteBlob", kWrite}},
    {lease_blob, {"LeaseBlob", kWrite}},
    {break_blob_lease, {"BreakBlobLease", kWrite}},
    {snapshot_blob, {"SnapshotBlob", kWrite}},
    {copy_blob, {"CopyBlob", kWrite, true}},
    {copy_blob_from_url, {"CopyBlobFromURL", kWrite, true}},
    {abort_copy, {"AbortCopyBlob", kWrite}},
    {set_blob_tier, {"SetBlobTier", kWrite}},
    {get_blob_tags, {"GetBlobTags", kRead}},
    {set_blob_tags, {"SetBlobTags", kWrite}},
    {set_blob_expiry, {"SetBlobExpiry", kWrite}},
    {set_immutability_policy, {"SetBlobImmutabilityPolicy", kWrite}},
    {delete_immutability_policy, {"DeleteBlobImmutabilityPolicy", kDelete}},
    {set_legal_hold, {"SetBlobLegalHold", kWrite}},
    {query_blob, {"QueryBlobContents", kRead, true}},
    {get_blob_account_information, {"GetAccountInformation", kRead}},
    {put_blob, {"PutBlob", kWrite, true}},
    {put_blob_from_url, {"PutBlobFromURL", kWrite, true}},
    {put_block, {"PutBlock", kWrite, true}},
    {put_block_from_url, {"PutBlockFromURL", kWrite, true}},
    {put_block_list, {"PutBlockList", kWrite}},
    {get_block_list, {"GetBlockList", kRead}},
    {get_uncommitted_block_list, {"GetBlockList", kRead}},
    {create_append_blob, {"PutBlob", kWrite}},
    {append_block, {"AppendBlock", kWrite, true}},
    {append_block_from_url, {"AppendBlockFromURL", kWrite, true}},
    {seal_append_blob, {"AppendBlobSeal", kWrite}},
    {create_page_blob, {"PutBlob", kWrite}},
    {put_page, {"PutPage", kWrite, true}},
    {clear_page, {"ClearPage", kWrite}},
    {put_page_from_url, {"PutPageFromURL", kWrite, true}},
    {get_page_ranges, {"GetPageRegions", kRead}},
    {set_page_blob_properties, {"SetBlobProperties", kWrite}},
    {incremental_copy, {"IncrementalCopyBlob", kWrite, true}},
});
static_assert(kRows.size() == static_cast<std::size_t>(count_));
consteval bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i)
    if (static_cast<std::size_t>(kRows[i].operation) != i) return false;
  return true;
}
static_assert(in_order(), "one row for each operation, in the enumeration's order");

struct LeaseNames {
  std::string_view action, blob, container;
};
constexpr LeaseNames kLeases[] = {{"acquire", "AcquireBlobLease", "AcquireContainerLease"},
                                  {"renew", "RenewBlobLease", "RenewContainerLease"},
                                  {"change", "ChangeBlobLease", "ChangeContainerLease"},
                                  {"release", "ReleaseBlobLease", "ReleaseContainerLease"},
                                  {"break", "BreakBlobLease", "BreakContainerLease"}};

events::Credential credential_of(auth::PrincipalKind kind) {
  switch (kind) {
    case auth::PrincipalKind::shared_key: return events::Credential::account_key;
    case auth::PrincipalKind::account_sas: return events::Credential::account_sas;
    case auth::PrincipalKind::service_sas: return events::Credential::service_sas;
    case auth::PrincipalKind::anonymous: return events::Credential::anonymous;
    case auth::PrincipalKind::bearer: return events::Credential::bearer;
    case auth::PrincipalKind::user_delegation_sas: return events::Credential::user_delegation_sas;
  }
  return events::Credential::none;
}

// What was shown, where it was not accepted.
events::Credential shown_credential(const Call& call, bool sas) {
  const std::string_view authorization = call.headers.get(H::authorization);
  if (authorization.size() > 7 && same_text(authorization.substr(0, 7), "Bearer ")) return events::Credential::bearer;
  if (!authorization.empty()) return events::Credential::account_key;
  if (!sas) return events::Credential::anonymous;
  if (call.target.find("skoid")) return events::Credential::user_delegation_sas;
  return call.target.find("ss") || call.target.find("srt") ? events::Credential::account_sas : events::Credential::service_sas;
}

events::SasIds sas_ids(const Target& target) {
  const std::string* authorised = target.find("saoid");
  if (!authorised) authorised = target.find("suoid");
  return {.identifier = target.get("si"), .key_object = target.get("skoid"), .key_tenant = target.get("sktid"),
          .authorised_object = authorised ? std::string_view(*authorised) : std::string_view(), .correlation = target.get("scid"),
          .expiry = target.get("se"), .permissions = target.get("sp")};
}

void fill_requester(const Call& call, events::AccessEvent& e) {
  const auth::Principal& principal = call.authorised.principal;
  const bool sas = !call.target.query.empty() && call.target.find("sig");
  e.credential = principal.account ? credential_of(principal.kind) : shown_credential(call, sas);
  if (sas) e.sas = sas_ids(call.target);
  if (const auth::Identity* who = principal.identity.get())
    e.requester = {who->object_id, who->name, who->issuer, who->tenant, who->client_id};
}

}  // namespace

LoggedOperation logged_operation(auth::Operation operation, std::string_view lease_action) {
  LoggedOperation logged = kRows[static_cast<std::size_t>(operation)].logged;
  if (operation != auth::Operation::lease_blob && operation != auth::Operation::lease_container) return logged;
  for (const LeaseNames& names : kLeases)
    if (same_text(lease_action, names.action)) logged.name = operation == auth::Operation::lease_blob ? names.blob : names.container;
  return logged;
}

void record(events::EventSink& sink, const Call& call, const ObservedExchange& observed, Begun begun) {
  events::AccessEvent e;
  e.time = begun.wall;
  e.took = call.service.clock().now() - begun.at;
  bool content = false;
  if (call.routed) {
    const bool lease = *call.routed == auth::Operation::lease_blob || *call.routed == auth::Operation::lease_container;
    const LoggedOperation logged = logged_operation(*call.routed, lease ? call.headers.get(H::lease_action) : std::string_view());
    e.operation = logged.name;
    e.category = logged.category;
    content = logged.content;
  } else {
    e.operation = "Unknown";
    e.category = call.request.method == "GET" || call.head() ? kRead : call.request.method == "DELETE" ? kDelete : kWrite;
  }
  e.version = call.version_text;
  e.status = observed.status();
  e.error_code = observed.error_code().empty() ? std::string_view(call.error_code) : observed.error_code();
  const bool authorised = call.authorised.principal.account != nullptr;
  if (observed.was_cut() || e.status == 0) e.outcome = events::Outcome::cut;
  else if (call.denied) e.outcome = events::Outcome::denied;
  else if (e.status < 400) e.outcome = events::Outcome::allowed;
  else e.outcome = authorised ? events::Outcome::failed : events::Outcome::rejected;
  e.reason = call.denied_for;
  fill_requester(call, e);
  e.account = call.target.account;
  e.container = call.target.container;
  e.blob = call.target.blob;
  e.host = call.headers.get(H::host);
  e.path = call.request.path;
  e.query = call.request.query;
  e.encrypted = call.request.encrypted;
  e.tls_version = call.request.tls_version;
  e.caller_address = call.request.peer_address;
  e.caller_port = call.request.peer_port;
  e.request_id = call.request_id;
  e.client_request_id = call.headers.get(H::client_request_id);
  if (call.batch) e.batch_request_id = call.batch->request_id;
  for (const http::HeaderView& header : call.request.headers) {
    if (header.name.size() == 10 && same_text(header.name, "user-agent")) e.user_agent = header.value;
    else if (header.name.size() == 7 && same_text(header.name, "referer")) e.referrer = header.value;
  }
  e.request_bytes = observed.body_bytes_read();
  e.response_bytes = observed.bytes_out();
  e.customer_key_sha256 = observed.customer_key_sha256();
  e.encryption_scope = observed.encryption_scope();
  if (authorised && !call.target.container.empty()) {
    const ops::ServedBy by = call.ops().served_by(call.target.account, call.target.container);
    e.container_key = by.container_key;
    e.root_key = by.root_key;
    e.root_key_version = by.root_key_version;
    if (content && e.status != 0 && e.status < 300) e.provider = by.provider;
  }
  sink.record(e);
}

}  // namespace bascule::api::blob
