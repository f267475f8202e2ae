// One request on its way through the blob service, and the form of its handlers. Internal to api/blob.
#pragma once
#include <string>
#include <string_view>

#include "api/blob/service.h"
#include "api/common/conditions.h"
#include "api/common/fault.h"
#include "api/common/header_index.h"
#include "api/common/target.h"
#include "api/common/version.h"
#include "auth/authorise.h"

namespace bascule::api::blob {

// Lives in the frame of BlobService::handle() until the answer is out; handlers hold a reference to it.
struct Call {
  BlobService& service;
  http::Exchange& exchange;
  const http::Request& request;
  HeaderIndex headers;
  std::string request_id;
  Target target;
  Version version;
  std::string version_text{kDefaultVersionText};  // echoed; "" where the request's own is none
  ops::At at;                        // ?snapshot=, ?versionid=: only where the operation takes them (history.cc)
  auth::Authorised authorised;
  std::string_view operation = "?";  // for the log
  std::optional<auth::Operation> routed;
  bool denied = false;               // authorisation refused it
  std::string_view denied_for;       // a constant word; "" = as the error's code says
  std::string error_code;            // of a refusal, also where its version does not say it in a header
  bool recordable = true;            // false: access events cannot be written, and the policy is to refuse
  const Call* batch = nullptr;       // a part of this batch, whose address, version and connection are its own too

  Call(BlobService& s, http::Exchange& e, std::string id)
      : service(s), exchange(e), request(e.request()), headers(request), request_id(std::move(id)) {}

  ops::Operations& ops() const { return service.operations(); }
  WallTime now() const { return service.clock().wall(); }
  bool head() const { return request.method == "HEAD"; }
  ops::ContainerRef container() const { return {target.account, target.container}; }
  ops::BlobRef blob() const { return {target.account, target.container, target.blob, at}; }
};

// What authorisation is asked of `target` for this call, but for the method and the headers. service.cc
auth::AuthRequest auth_request(const Call& call, const Target& target);

// Nothing: the answer is out (or the client has gone). A Problem: nothing has been sent yet, or the answer must be cut.
using Answer = Parsed<>;
using HandlerFunction = Task<Answer> (*)(Call& call);

// containers.cc
Task<Answer> create_container(Call& call);
Task<Answer> get_container_properties(Call& call);
Task<Answer> get_container_metadata(Call& call);
Task<Answer> set_container_metadata(Call& call);
Task<Answer> delete_container(Call& call);
Task<Answer> restore_container(Call& call);
Task<Answer> rename_container(Call& call);
// acl.cc
Task<Answer> get_container_acl(Call& call);
Task<Answer> set_container_acl(Call& call);
// lists.cc
Task<Answer> list_containers(Call& call);
Task<Answer> list_blobs(Call& call);
// service_properties.cc
Task<Answer> get_service_properties(Call& call);
Task<Answer> set_service_properties(Call& call);
Task<Answer> get_service_stats(Call& call);
Task<Answer> get_account_information(Call& call);
Task<Answer> preflight(Call& call);
// user_delegation_key.cc
Task<Answer> get_user_delegation_key(Call& call);
// query.cc
Task<Answer> query_blob(Call& call);
// read.cc
Task<Answer> get_blob(Call& call);
Task<Answer> head_blob(Call& call);
Task<Answer> get_blob_metadata(Call& call);
// history.cc
Task<Answer> delete_blob(Call& call);
Task<Answer> undelete_blob(Call& call);
Task<Answer> snapshot_blob(Call& call);
// blobs.cc
Task<Answer> set_blob_metadata(Call& call);
Task<Answer> set_blob_headers(Call& call);
Task<Answer> lease_blob(Call& call);
Task<Answer> lease_container(Call& call);
// block_blob.cc
Task<Answer> put_blob(Call& call);
Task<Answer> put_block(Call& call);
Task<Answer> put_block_list(Call& call);
Task<Answer> get_block_list(Call& call);
// batch.cc
Task<Answer> submit_batch(Call& call);
// from_url_spans.cc
Task<Answer> append_block_from_url(Call& call);
Task<Answer> put_page_from_url(Call& call);
// from_url.cc
Task<Answer> put_blob_from_url(Call& call);
Task<Answer> put_block_from_url(Call& call);
Task<Answer> copy_blob_from_url(Call& call);
// append_blob.cc
Task<Answer> create_append_blob(Call& call);
Task<Answer> append_block(Call& call);
Task<Answer> seal_append_blob(Call& call);
// page_blob.cc
Task<Answer> create_page_blob(Call& call);
Task<Answer> put_page(Call& call);
Task<Answer> set_page_properties(Call& call);
Task<Answer> get_page_ranges(Call& call);
// tags.cc
Task<Answer> set_blob_tags(Call& call);
Task<Answer> get_blob_tags(Call& call);
Task<Answer> find_blobs_by_tags(Call& call);
Task<Answer> find_blobs_by_tags_in_container(Call& call);
// immutability.cc
Task<Answer> set_immutability_policy(Call& call);
Task<Answer> delete_immutability_policy(Call& call);
Task<Answer> set_legal_hold(Call& call);
// tier.cc
Task<Answer> set_blob_tier(Call& call);
Task<Answer> set_blob_expiry(Call& call);
// copy.cc
Task<Answer> copy_blob(Call& call);
Task<Answer> abort_copy(Call& call);
Task<Answer> incremental_copy(Call& call);

}  // namespace bascule::api::blob
