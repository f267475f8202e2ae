#include "api/blob/errors.h"

#include <array>

#include "api/common/xml_writer.h"

#include "ops/reason.h"

namespace bascule::api::blob {
namespace {

struct Row {
  Fault fault;
  int status;
  std::string_view code, text;
};

// Texts as seen on the real service where AZURE-ANSWERS has them, else as documented ("Common REST API error codes",
// "Blob service error codes").
constexpr Row kRows[] = {
    {Fault::invalid_header_value, 400, "InvalidHeaderValue",
     "The value for one of the HTTP headers is not in the correct format."},
    {Fault::missing_required_header, 400, "MissingRequiredHeader",
     "An HTTP header that's mandatory for this request is not specified."},
    {Fault::unsupported_header, 400, "UnsupportedHeader",
     "One of the HTTP headers specified in the request is not supported."},
    {Fault::missing_content_length_header, 411, "MissingContentLengthHeader",
     "The Content-Length header was not specified."},
    {Fault::invalid_query_parameter_value, 400, "InvalidQueryParameterValue",
     "Value for one of the query parameters specified in the request URI is invalid."},
    {Fault::out_of_range_query_parameter_value, 400, "OutOfRangeQueryParameterValue",
     "One of the query parameters specified in the request URI is outside the permissible range."},
    {Fault::missing_required_query_parameter, 400, "MissingRequiredQueryParameter",
     "A query parameter that's mandatory for this request is not specified."},
    {Fault::invalid_uri, 400, "InvalidUri", "The requested URI does not represent any resource on the server."},
    {Fault::invalid_resource_name, 400, "InvalidResourceName",
     "The specifed resource name contains invalid characters."},  // the service's own spelling
    {Fault::out_of_range_input, 400, "OutOfRangeInput",
     "The specified resource name length is not within the permissible limits."},
    {Fault::invalid_input, 400, "InvalidInput", "One of the request inputs is not valid."},
    {Fault::invalid_xml_document, 400, "InvalidXmlDocument", "XML specified is not syntactically valid."},
    {Fault::invalid_xml_node_value, 400, "InvalidXmlNodeValue",
     "The value provided for one of the XML nodes in the request body was not in the correct format."},
    {Fault::missing_required_xml_node, 400, "MissingRequiredXmlNode",
     "An XML node that's required for this request is not specified in the request body."},
    {Fault::unsupported_xml_node, 400, "UnsupportedXmlNode",
     "One of the XML nodes specified in the request body is not supported."},
    {Fault::query_expression, 400, "ErrorProcessingQueryExpression", "Syntax error!"},
    {Fault::invalid_md5, 400, "InvalidMd5",
     "The MD5 value specified in the request is invalid. MD5 value must be 128 bits and base64 encoded."},
    {Fault::invalid_http_verb, 400, "InvalidHttpVerb",
     "The HTTP verb specified was not recognized by the server."},
    {Fault::unsupported_http_verb, 405, "UnsupportedHttpVerb",
     "The resource doesn't support specified Http Verb."},
    {Fault::request_body_too_large, 413, "RequestBodyTooLarge",
     "The request body is too large and exceeds the maximum permissible limit."},
    {Fault::not_implemented, 501, "NotImplemented",
     "The requested operation is not implemented on the specified resource."},
    {Fault::feature_version_mismatch, 409, "FeatureVersionMismatch",
     "Stored access policy contains a permission that is not supported by this version."},
    {Fault::multiple_condition_headers_not_supported, 400, "MultipleConditionHeadersNotSupported",
     "Multiple condition headers are not supported."},
    {Fault::unsatisfiable_condition, 400, "UnsatisfiableCondition",
     "The request includes an unsatisfiable condition for this operation."},
    {Fault::invalid_metadata, 400, "InvalidMetadata",
     "The metadata specified is invalid. It has characters that are not permitted."},
    {Fault::empty_metadata_key, 400, "EmptyMetadataKey",
     "The key for one of the metadata key-value pairs is empty."},
    {Fault::metadata_too_large, 400, "MetadataTooLarge",
     "The size of the specified metadata exceeds the maximum size permitted."},
    {Fault::both_crc64_and_md5_header_present, 400, "BothCrc64AndMd5HeaderPresent",
     "Both x-ms-content-crc64 header and content-md5 header are present."},
    {Fault::both_crc64_and_md5_range_header_present, 400, "BothCrc64AndMd5RangeHeaderPresent",
     "Both x-ms-range-get-content-crc64 header and x-ms-range-get-content-md5 header are present."},
    {Fault::md5_mismatch, 400, "Md5Mismatch",
     "The MD5 value specified in the request did not match with the MD5 value calculated by the server."},
    {Fault::crc64_mismatch, 400, "Crc64Mismatch",
     "The CRC64 value specified in the request did not match with the CRC64 value calculated by the server."},

    {Fault::resource_not_found, 404, "ResourceNotFound", "The specified resource does not exist."},
    {Fault::insufficient_account_permissions, 403, "InsufficientAccountPermissions",
     "Write operations are not allowed."},
    {Fault::container_not_found, 404, "ContainerNotFound", "The specified container does not exist."},
    {Fault::container_already_exists, 409, "ContainerAlreadyExists", "The specified container already exists."},
    {Fault::container_being_deleted, 409, "ContainerBeingDeleted",
     "The specified container is being deleted. Try operation later."},
    {Fault::cors_preflight_failure, 403, "CorsPreflightFailure",
     "CORS not enabled or no matching rule found for this request."},

    {Fault::public_access_not_permitted, 409, "PublicAccessNotPermitted",
     "Public access is not permitted on this storage account."},
    {Fault::blob_not_found, 404, "BlobNotFound", "The specified blob does not exist."},
    {Fault::blob_already_exists, 409, "BlobAlreadyExists", "The specified blob already exists."},
    {Fault::unauthorized_blob_overwrite, 403, "UnauthorizedBlobOverwrite",
     "This request is not authorized to perform blob overwrites."},
    {Fault::invalid_blob_type, 409, "InvalidBlobType", "The blob type is invalid for this operation."},
    {Fault::invalid_range, 416, "InvalidRange",
     "The range specified is invalid for the current size of the resource."},
    {Fault::condition_not_met, 412, "ConditionNotMet",
     "The condition specified using HTTP conditional header(s) is not met."},
    {Fault::not_modified, 304, "ConditionNotMet",
     "The condition specified using HTTP conditional header(s) is not met."},
    {Fault::source_condition_not_met, 412, "SourceConditionNotMet",
     "The source condition specified using HTTP conditional header(s) is not met."},
    {Fault::target_condition_not_met, 412, "TargetConditionNotMet",
     "The target condition specified using HTTP conditional header(s) is not met."},
    {Fault::invalid_block_id, 400, "InvalidBlockId",
     "The specified block ID is invalid. The block ID must be Base64-encoded."},
    {Fault::invalid_block_list, 400, "InvalidBlockList", "The specified block list is invalid."},
    {Fault::invalid_blob_or_block, 400, "InvalidBlobOrBlock", "The specified blob or block content is invalid."},
    {Fault::block_count_exceeds_limit, 409, "BlockCountExceedsLimit",
     "The uncommitted block count cannot exceed the maximum limit of 100,000 blocks."},
    {Fault::block_list_too_long, 400, "BlockListTooLong",
     "The block list may not contain more than 50,000 blocks."},
    {Fault::blob_access_tier_not_supported, 409, "BlobAccessTierNotSupportedForAccountType",
     "The access tier is not supported for this account type."},
    {Fault::blob_archived, 409, "BlobArchived", "This operation is not permitted on an archived blob."},
    {Fault::blob_being_rehydrated, 409, "BlobBeingRehydrated",
     "This operation is not permitted because the blob is being rehydrated."},
    {Fault::blob_immutable_due_to_legal_hold, 409, "BlobImmutableDueToLegalHold",
     "This operation is not permitted as the blob is immutable due to one or more legal holds."},
    {Fault::blob_immutable_due_to_policy, 409, "BlobImmutableDueToPolicy",
     "This operation is not permitted as the blob is immutable due to a policy."},
    {Fault::immutability_policy_delete_on_locked_policy, 409, "ImmutabilityPolicyDeleteOnLockedPolicy",
     "The immutability policy is locked and cannot be deleted."},
    {Fault::container_has_legal_hold, 409, "ContainerHasLegalHold",
     "The requested operation is not allowed as the container has one or more legal holds."},
    {Fault::container_keeps_versions, 409, "ContainerImmutableStorageWithVersioningEnabled",
     "The requested operation is not allowed as the container has a immutable storage with versioning enabled."},
    {Fault::container_immutability_policy_locked, 409, "ContainerImmutabilityPolicyLocked",
     "The requested operation is not allowed as the container has a locked immutability policy."},
    {Fault::blob_operation_not_supported, 409, "BlobOperationNotSupported",
     "The operation is not supported in this scenario."},
    {Fault::tier_not_supported_for_blob_type, 400, "AccessTierNotSupportedForBlobType",
     "The access tier is not supported for this blob type."},
    {Fault::invalid_tag, 400, "InvalidTag",
     "The tags specified are invalid. It contains characters that are not permitted."},
    {Fault::empty_tag_name, 400, "EmptyTagName", "The name of one of the tag key-value pairs is empty."},
    {Fault::duplicate_tag_names, 400, "DuplicateTagNames", "The tags specified contain duplicate names."},
    {Fault::tags_too_large, 400, "TagsTooLarge", "The tags specified exceed the maximum permissible limit."},
    {Fault::both_user_tags_and_source_tags, 409, "BothUserTagsAndSourceTagsCopyPresentException",
     "x-ms-tags header must not be present with x-ms-copy-source-tag-option as COPY."},
    {Fault::permanent_delete_is_off, 409, "PermanentDeleteIsOff",
     "Permanent delete is off on the storage account."},
    {Fault::lease_id_missing, 412, "LeaseIdMissing",
     "There is currently a lease on the blob and no lease ID was specified in the request."},
    {Fault::lease_id_mismatch_with_blob_operation, 412, "LeaseIdMismatchWithBlobOperation",
     "The lease ID specified did not match the lease ID for the blob."},
    {Fault::lease_id_mismatch_with_lease_operation, 409, "LeaseIdMismatchWithLeaseOperation",
     "The lease ID specified did not match the lease ID for the blob."},
    {Fault::lease_not_present_with_blob_operation, 412, "LeaseNotPresentWithBlobOperation",
     "There is currently no lease on the blob."},
    {Fault::lease_not_present_with_container_operation, 412, "LeaseNotPresentWithContainerOperation",
     "There is currently no lease on the container."},
    {Fault::lease_not_present_with_lease_operation, 409, "LeaseNotPresentWithLeaseOperation",
     "There is currently no lease on the blob."},
    {Fault::lease_already_present, 409, "LeaseAlreadyPresent", "There is already a lease present."},
    {Fault::lease_lost, 412, "LeaseLost", "A lease ID was specified, but the lease for the blob has expired."},
    {Fault::lease_is_breaking_and_cannot_be_acquired, 409, "LeaseIsBreakingAndCannotBeAcquired",
     "The lease ID matched, but the lease is currently in breaking state and cannot be acquired until it is broken."},
    {Fault::lease_is_breaking_and_cannot_be_changed, 409, "LeaseIsBreakingAndCannotBeChanged",
     "The lease ID matched, but the lease is currently in breaking state and cannot be changed."},
    {Fault::lease_is_broken_and_cannot_be_renewed, 409, "LeaseIsBrokenAndCannotBeRenewed",
     "The lease ID matched, but the lease has been broken explicitly and cannot be renewed."},
    {Fault::infinite_lease_duration_required, 412, "InfiniteLeaseDurationRequired",
     "The lease ID matched, but the specified lease must be an infinite-duration lease."},
    {Fault::cannot_verify_copy_source, 404, "CannotVerifyCopySource",
     "Could not verify the copy source within the specified time."},
    {Fault::no_pending_copy_operation, 409, "NoPendingCopyOperation",
     "There is currently no pending copy operation."},
    {Fault::blob_uses_customer_specified_encryption, 409, "BlobUsesCustomerSpecifiedEncryption",
     "The blob is encrypted with customer specified encryption, but it was not provided in the request."},
    {Fault::blob_does_not_use_customer_specified_encryption, 409, "BlobDoesNotUseCustomerSpecifiedEncryption",
     "The blob is not encrypted with customer specified encryption, but one was provided in the request."},
    {Fault::blob_customer_specified_encryption_mismatch, 409, "BlobCustomerSpecifiedEncryptionMismatch",
     "The given customer specified encryption does not match the encryption used to encrypt the blob."},
    {Fault::request_forbidden_by_container_encryption_policy, 403, "RequestForbiddenByContainerEncryptionPolicy",
     "The request is forbidden by the container encryption policy."},
    {Fault::encryption_scope_not_found, 404, "EncryptionScopeNotFound", "The specified encryption scope does not exist."},
    {Fault::encryption_scope_disabled, 403, "EncryptionScopeDisabled", "The specified encryption scope is disabled."},
    {Fault::customer_key_over_http, 400, "InvalidHeaderValue",
     "A customer-provided key is taken over HTTPS alone."},
    {Fault::exceeds_max_batch_request_count, 400, "ExceedsMaxBatchRequestCount",
     "The batch operation exceeds maximum number of allowed subrequests."},
    {Fault::all_batch_subrequests_should_be_same_api, 400, "AllBatchSubRequestsShouldBeSameApi",
     "All batch subrequests should be the same api."},

    {Fault::pending_copy_operation, 409, "PendingCopyOperation", "There is currently a pending copy operation."},
    {Fault::copy_id_mismatch, 409, "CopyIdMismatch",
     "The specified copy ID did not match the copy ID for the pending copy operation."},
    {Fault::copy_across_accounts, 409, "CopyAcrossAccountsNotSupported",
     "The copy source account and destination account must be the same."},
    {Fault::invalid_source_blob_type, 409, "InvalidSourceBlobType", "The copy source blob type is invalid for this operation."},
    {Fault::append_position_condition_not_met, 412, "AppendPositionConditionNotMet",
     "The append position condition specified was not met."},
    {Fault::max_blob_size_condition_not_met, 412, "MaxBlobSizeConditionNotMet",
     "The max blob size condition specified was not met."},
    {Fault::committed_block_count_exceeds_limit, 409, "BlockCountExceedsLimit",
     "The committed block count cannot exceed the maximum limit of 50,000 blocks."},
    {Fault::blob_is_sealed, 409, "BlobIsSealed",
     "The specified blob is sealed and its contents can't be modified unless the blob is re-created after a delete."},
    {Fault::invalid_page_range, 416, "InvalidPageRange", "The page range specified is invalid."},
    {Fault::sequence_number_condition_not_met, 412, "SequenceNumberConditionNotMet",
     "The sequence number condition specified was not met."},
    {Fault::sequence_number_increment_too_large, 409, "SequenceNumberIncrementTooLarge",
     "The sequence number increment cannot be performed because it would result in overflow of the sequence number."},
    {Fault::invalid_version_for_page_blob, 400, "InvalidVersionForPageBlobOperation",
     "All operations on page blobs require at least version 2009-09-19."},
    {Fault::append_blob_needs_version, 409, "FeatureVersionMismatch",
     "The operation for AppendBlob requires at least version 2015-02-21."},
    {Fault::previous_snapshot_not_found, 409, "PreviousSnapshotNotFound", "The previous snapshot is not found."},
    {Fault::previous_snapshot_cannot_be_newer, 400, "PreviousSnapshotCannotBeNewer",
     "The prevsnapshot query parameter value cannot be newer than snapshot query parameter value."},
    {Fault::blob_overwritten, 409, "BlobOverwritten", "The blob has been recreated since the previous snapshot was taken."},
    {Fault::incremental_copy_blob_mismatch, 409, "IncrementalCopyBlobMismatch",
     "The specified source blob is different than the copy source of the existing incremental copy blob."},
    {Fault::incremental_copy_of_earlier_snapshot, 409, "IncrementalCopyOfEarlierVersionSnapshotNotAllowed",
     "The specified snapshot is earlier than the last snapshot copied into the incremental copy blob."},
    {Fault::incremental_copy_source_must_be_snapshot, 409, "IncrementalCopySourceMustBeSnapshot",
     "The source for incremental copy request must be a snapshot."},
    {Fault::operation_not_allowed_on_incremental_copy_blob, 409, "OperationNotAllowedOnIncrementalCopyBlob",
     "The specified operation is not allowed on an incremental copy blob."},
    {Fault::snapshots_present, 409, "SnapshotsPresent",
     "This operation is not permitted because the blob has snapshots."},
    {Fault::operation_not_allowed_on_root_blob, 403, "OperationNotAllowedOnRootBlob",
     "The specified operation is not allowed on root blob."},
    {Fault::blob_snapshot_not_soft_deleted, 409, "BlobSnapshotNotSoftDeleted",
     "The specified blob snapshot or version is not soft deleted."},

    {Fault::server_busy, 503, "ServerBusy",
     "The server is currently unable to receive requests. Please retry your request."},
    {Fault::operation_timed_out, 500, "OperationTimedOut",
     "The operation could not be completed within the permitted time."},
    {Fault::internal_error, 500, "InternalError",
     "The server encountered an internal error. Please retry the request."},
};

constexpr std::size_t kFaults = static_cast<std::size_t>(Fault::count_);

constexpr std::array<ErrorAnswer, kFaults> make_table() {
  std::array<ErrorAnswer, kFaults> table{};
  for (const Row& row : kRows) table[static_cast<std::size_t>(row.fault)] = {row.status, row.code, row.text};
  return table;
}
constexpr auto kTable = make_table();

constexpr bool complete() {
  for (std::size_t i = 1; i < kFaults; ++i)  // 0 is none
    if (kTable[i].code.empty()) return false;
  return true;
}
static_assert(complete(), "every Fault needs its row");

// The same refusals where the operation names a container.
constexpr Row kContainerRows[] = {
    {Fault::lease_id_missing, 412, "LeaseIdMissing",
     "There is currently a lease on the container and no lease ID was specified in the request."},
    {Fault::lease_id_mismatch_with_blob_operation, 412, "LeaseIdMismatchWithContainerOperation",
     "The lease ID specified did not match the lease ID for the container."},
    {Fault::lease_id_mismatch_with_lease_operation, 409, "LeaseIdMismatchWithLeaseOperation",
     "The lease ID specified did not match the lease ID for the container."},
    {Fault::lease_not_present_with_blob_operation, 412, "LeaseNotPresentWithContainerOperation",
     "There is currently no lease on the container."},
    {Fault::lease_not_present_with_lease_operation, 409, "LeaseNotPresentWithLeaseOperation",
     "There is currently no lease on the container."},
    {Fault::lease_lost, 412, "LeaseLost", "A lease ID was specified, but the lease for the container has expired."},
};

Fault fault_of_reason(ops::Reason reason) {
  switch (reason) {
    using enum ops::Reason;
    case none: return Fault::internal_error;
    case account_not_found: return Fault::resource_not_found;
    case container_not_found:
    case source_container_not_found: return Fault::container_not_found;
    case container_exists: return Fault::container_already_exists;
    case container_being_deleted: return Fault::container_being_deleted;
    case blob_not_found:
    case source_not_found: return Fault::blob_not_found;
    case blob_exists: return Fault::blob_already_exists;
    case blob_type_mismatch: return Fault::invalid_blob_type;
    case condition_not_met: return Fault::condition_not_met;
    case not_modified: return Fault::not_modified;
    case source_condition_not_met: return Fault::source_condition_not_met;
    case target_condition_not_met: return Fault::target_condition_not_met;
    case invalid_range: return Fault::invalid_range;
    case lease_id_missing: return Fault::lease_id_missing;
    case lease_mismatch_data: return Fault::lease_id_mismatch_with_blob_operation;
    case lease_mismatch_action: return Fault::lease_id_mismatch_with_lease_operation;
    case lease_not_present_data: return Fault::lease_not_present_with_blob_operation;
    case lease_not_present_action: return Fault::lease_not_present_with_lease_operation;
    case lease_already_present: return Fault::lease_already_present;
    case lease_lost: return Fault::lease_lost;
    case lease_breaking_acquire: return Fault::lease_is_breaking_and_cannot_be_acquired;
    case lease_breaking_change: return Fault::lease_is_breaking_and_cannot_be_changed;
    case lease_broken_renew: return Fault::lease_is_broken_and_cannot_be_renewed;
    case lease_infinite_required: return Fault::infinite_lease_duration_required;
    case invalid_block_list: return Fault::invalid_block_list;
    case invalid_block_id_length: return Fault::invalid_blob_or_block;
    case block_count_exceeded: return Fault::block_count_exceeds_limit;
    case md5_mismatch: return Fault::md5_mismatch;
    case crc64_mismatch: return Fault::crc64_mismatch;
    case body_incomplete: return Fault::invalid_input;
    case blob_archived: return Fault::blob_archived;
    case blob_being_rehydrated: return Fault::blob_being_rehydrated;
    case tier_not_for_type: return Fault::tier_not_supported_for_blob_type;
    case blob_under_legal_hold: return Fault::blob_immutable_due_to_legal_hold;
    case blob_under_policy:
    case policy_locked: return Fault::blob_immutable_due_to_policy;
    case policy_locked_delete: return Fault::immutability_policy_delete_on_locked_policy;
    case immutability_in_the_past: return Fault::invalid_header_value;
    case container_has_legal_hold: return Fault::container_has_legal_hold;
    case container_keeps_versions: return Fault::container_keeps_versions;
    case container_under_policy: return Fault::container_immutability_policy_locked;
    case no_version_immutability: return Fault::blob_operation_not_supported;
    case expiry_in_the_past: return Fault::invalid_header_value;
    case no_pending_copy: return Fault::no_pending_copy_operation;
    case copy_pending: return Fault::pending_copy_operation;
    case copy_id_mismatch: return Fault::copy_id_mismatch;
    case append_position_mismatch: return Fault::append_position_condition_not_met;
    case max_size_exceeded: return Fault::max_blob_size_condition_not_met;
    case committed_blocks_exceeded: return Fault::committed_block_count_exceeds_limit;
    case blob_sealed: return Fault::blob_is_sealed;
    case invalid_page_range: return Fault::invalid_page_range;
    case sequence_number_mismatch: return Fault::sequence_number_condition_not_met;
    case sequence_number_overflow: return Fault::sequence_number_increment_too_large;
    case previous_snapshot_not_found: return Fault::previous_snapshot_not_found;
    case previous_snapshot_newer: return Fault::previous_snapshot_cannot_be_newer;
    case blob_overwritten: return Fault::blob_overwritten;
    case source_type_mismatch: return Fault::invalid_source_blob_type;
    case incremental_copy_mismatch: return Fault::incremental_copy_blob_mismatch;
    case incremental_copy_earlier: return Fault::incremental_copy_of_earlier_snapshot;
    case incremental_copy_blob: return Fault::operation_not_allowed_on_incremental_copy_blob;
    case encryption_key_missing: return Fault::blob_uses_customer_specified_encryption;
    case encryption_key_unused: return Fault::blob_does_not_use_customer_specified_encryption;
    case encryption_mismatch: return Fault::blob_customer_specified_encryption_mismatch;
    case encryption_forbidden: return Fault::request_forbidden_by_container_encryption_policy;
    case encryption_scope_not_found: return Fault::encryption_scope_not_found;
    case encryption_scope_disabled: return Fault::encryption_scope_disabled;
    case snapshots_present: return Fault::snapshots_present;
    case only_on_root_blob: return Fault::operation_not_allowed_on_root_blob;
    case permanent_delete_off: return Fault::permanent_delete_is_off;
    case not_soft_deleted: return Fault::blob_snapshot_not_soft_deleted;
  }
  return Fault::internal_error;
}

}  // namespace

ErrorAnswer answer_of(Fault fault, Subject subject) {
  if (subject == Subject::container)
    for (const Row& row : kContainerRows)
      if (row.fault == fault) return {row.status, row.code, row.text};
  return kTable[static_cast<std::size_t>(fault)];
}

Fault fault_of(const Error& error) {
  switch (error.code) {
    case Code::refused: return fault_of_reason(ops::reason_of(error));
    case Code::invalid_argument: return Fault::invalid_input;
    case Code::not_found: return Fault::resource_not_found;
    case Code::unsupported: return Fault::not_implemented;
    case Code::timeout: return Fault::operation_timed_out;
    case Code::overloaded:
    case Code::exhausted:    // a full disk or quota: the client may retry, the operator sees the log
    case Code::unavailable:  // a provider that is away
    case Code::conflict: return Fault::server_busy;
    case Code::already_exists:
    case Code::permission_denied:  // the provider refuses us, not the client
    case Code::cancelled:
    case Code::corrupt:
    case Code::internal: return Fault::internal_error;
  }
  return Fault::internal_error;
}

Worded word(Problem problem, Subject subject) {
  Fault fault = problem.fault;
  if (problem.error) {
    fault = fault_of(*problem.error);
    if (fault == Fault::invalid_range && !problem.error->message.empty())
      problem.headers.push_back({"Content-Range", "bytes */" + problem.error->message});
  }
  Worded worded{problem.status, std::move(problem.code), std::move(problem.text), std::move(problem.extras),
                std::move(problem.headers)};
  if (fault == Fault::none && worded.code.empty()) fault = Fault::internal_error;
  if (fault != Fault::none) {
    const ErrorAnswer answer = answer_of(fault, subject);
    if (worded.status == 0) worded.status = answer.status;
    if (worded.code.empty()) worded.code = answer.code;
    if (worded.text.empty()) worded.text = answer.text;
  }
  return worded;
}

Problem problem_of(auth::AuthFailure failure) {
  Problem problem(Fault::none);
  problem.status = failure.status;
  problem.code = std::move(failure.code);
  problem.text = std::move(failure.message);
  for (auto& [name, value] : failure.extras) problem.extras.push_back({std::move(name), std::move(value)});
  if (!failure.www_authenticate.empty())
    problem.headers.push_back({"WWW-Authenticate", std::move(failure.www_authenticate)});
  return problem;
}

std::string error_body(const Worded& error, std::string_view request_id, WallTime now) {
  std::string body;
  body.reserve(512);
  body.append(kXmlStart).append("<Error><Code>").append(error.code).append("</Code><Message>");
  append_text(body, error.text);
  body.append("\nRequestId:").append(request_id).append("\nTime:").append(format_iso8601(now)).append("</Message>");
  for (const Element& extra : error.extras) append_element(body, extra.name, extra.value);
  body.append("</Error>");
  return body;
}

}  // namespace bascule::api::blob
