// What an Azure storage request is refused for, before it is worded: the services' error codes, and a Problem that names
// one with its particulars. Each api/*/errors.cc holds the one table from these to status, code and text.
#pragma once
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/message.h"

namespace bascule::api {

enum class Fault : std::uint16_t {
  none,  // the Problem carries a use case's Error, or its own words
  // the request's form
  invalid_header_value, missing_required_header, unsupported_header, missing_content_length_header,
  invalid_query_parameter_value, out_of_range_query_parameter_value, missing_required_query_parameter,
  invalid_uri, invalid_resource_name, out_of_range_input, invalid_input, invalid_xml_document, invalid_xml_node_value,
  missing_required_xml_node, unsupported_xml_node, invalid_md5,
  invalid_http_verb, unsupported_http_verb, request_body_too_large, not_implemented, feature_version_mismatch,
  multiple_condition_headers_not_supported, unsatisfiable_condition,
  invalid_metadata, empty_metadata_key, metadata_too_large,
  both_crc64_and_md5_header_present, both_crc64_and_md5_range_header_present, md5_mismatch, crc64_mismatch,
  // accounts and containers
  resource_not_found, insufficient_account_permissions, container_not_found, container_already_exists,
  container_being_deleted, cors_preflight_failure, public_access_not_permitted,
  // blobs
  blob_not_found, blob_already_exists, unauthorized_blob_overwrite, invalid_blob_type, invalid_range,
  condition_not_met, not_modified, source_condition_not_met, target_condition_not_met,
  invalid_block_id, invalid_block_list, invalid_blob_or_block, block_count_exceeds_limit, block_list_too_long,
  permanent_delete_is_off, blob_access_tier_not_supported, blob_archived, blob_being_rehydrated, tier_not_supported_for_blob_type,
  blob_immutable_due_to_legal_hold, blob_immutable_due_to_policy, immutability_policy_delete_on_locked_policy,
  container_has_legal_hold, container_keeps_versions, container_immutability_policy_locked, blob_operation_not_supported,
  invalid_tag, empty_tag_name, duplicate_tag_names, tags_too_large, both_user_tags_and_source_tags,
  lease_id_missing, lease_id_mismatch_with_blob_operation, lease_id_mismatch_with_lease_operation,
  lease_not_present_with_blob_operation, lease_not_present_with_container_operation,
  lease_not_present_with_lease_operation, lease_already_present, lease_lost, lease_is_breaking_and_cannot_be_acquired,
  lease_is_breaking_and_cannot_be_changed, lease_is_broken_and_cannot_be_renewed, infinite_lease_duration_required,
  cannot_verify_copy_source, no_pending_copy_operation,
  pending_copy_operation, copy_id_mismatch, copy_across_accounts, invalid_source_blob_type,
  blob_uses_customer_specified_encryption, blob_does_not_use_customer_specified_encryption,
  blob_customer_specified_encryption_mismatch, request_forbidden_by_container_encryption_policy,
  encryption_scope_not_found, encryption_scope_disabled, customer_key_over_http,
  exceeds_max_batch_request_count, all_batch_subrequests_should_be_same_api,
  append_position_condition_not_met, max_blob_size_condition_not_met, committed_block_count_exceeds_limit, blob_is_sealed,
  invalid_page_range, sequence_number_condition_not_met, sequence_number_increment_too_large,
  invalid_version_for_page_blob, append_blob_needs_version, previous_snapshot_not_found, previous_snapshot_cannot_be_newer,
  blob_overwritten, incremental_copy_blob_mismatch, incremental_copy_of_earlier_snapshot, incremental_copy_source_must_be_snapshot,
  operation_not_allowed_on_incremental_copy_blob, query_expression,
  snapshots_present, operation_not_allowed_on_root_blob, blob_snapshot_not_soft_deleted,
  // ours
  server_busy, operation_timed_out, internal_error,
  count_
};

// An XML element that stands after Message in an error's body.
struct Element {
  std::string name;
  std::string value;
};

struct Problem {
  Fault fault = Fault::none;
  std::optional<Error> error;        // of a use case; the table words it
  int status = 0;                    // with code and text: instead of the table's
  std::string code, text;
  std::vector<Element> extras;
  std::vector<http::Header> headers;  // of this answer alone

  Problem(Fault f) : fault(f) {}                                            // NOLINT: converts, so that BASCULE_TRY works
  Problem(Error e) : error(std::move(e)) {}                                 // NOLINT
  Problem(Fault f, std::vector<Element> elements) : fault(f), extras(std::move(elements)) {}
};

template <class T = void>
using Parsed = std::expected<T, Problem>;

[[nodiscard]] inline std::unexpected<Problem> refuse(Problem problem) { return std::unexpected(std::move(problem)); }
[[nodiscard]] std::unexpected<Problem> bad_header(std::string_view name, std::string_view value);
[[nodiscard]] std::unexpected<Problem> missing_header(std::string_view name);
[[nodiscard]] std::unexpected<Problem> bad_query(std::string_view name, std::string_view value, std::string_view reason = {});
[[nodiscard]] std::unexpected<Problem> bad_xml();  // where the place in the document is not known

}  // namespace bascule::api
