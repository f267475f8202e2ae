// Why a rule of the storage protocol refused an operation (Error{Code::refused, reason}). Free of any one protocol's
// spelling: each api/*/errors.cc maps these to its status, code and text.
#pragma once
#include <cstdint>

#include "base/result.h"

namespace bascule::ops {

enum class Reason : std::uint16_t {
  none = 0,
  account_not_found,
  container_not_found,
  container_exists,
  container_being_deleted,
  blob_not_found,
  blob_exists,                 // If-None-Match: * on a blob that is there
  blob_type_mismatch,          // the blob is of another type and stays so until deleted
  condition_not_met,           // a conditional header of a write or a read (412)
  not_modified,                // a conditional header of a read (304)
  source_condition_not_met,
  target_condition_not_met,    // conditions of a copy's destination
  source_not_found,            // a copy's source blob
  source_container_not_found,
  invalid_range,               // starts at or past the end; message: the size in decimal
  lease_id_missing,            // leased, and the write names no lease
  lease_mismatch_data,         // the lease id of a read or write is not the blob's
  lease_mismatch_action,       // the same on renew, change, release
  lease_not_present_data,      // a lease id where nothing is or was leased
  lease_not_present_action,
  lease_already_present,
  lease_lost,                  // the lease named has ended
  lease_breaking_acquire,
  lease_breaking_change,
  lease_broken_renew,
  lease_infinite_required,     // an asynchronous copy's destination
  invalid_block_list,          // names a block that is not there
  invalid_block_id_length,     // block ids of one blob must have one length
  block_count_exceeded,        // 100,000 uncommitted blocks
  md5_mismatch,                // message: Base64 of what was computed
  crc64_mismatch,              // message: Base64 of what was computed (8 bytes, little endian)
  body_incomplete,             // fewer bytes than announced
  no_pending_copy,
  copy_pending,                // a write while a copy onto the blob is pending
  copy_id_mismatch,            // another copy is pending than the one that is to be aborted
  append_position_mismatch,    // x-ms-blob-condition-appendpos
  max_size_exceeded,           // x-ms-blob-condition-maxsize
  committed_blocks_exceeded,   // 50,000 blocks of an append blob
  blob_sealed,
  invalid_page_range,          // reaches beyond the page blob's end
  sequence_number_mismatch,    // a condition on a page blob's sequence number
  sequence_number_overflow,    // it cannot be incremented
  previous_snapshot_not_found, // of a difference between page blobs
  previous_snapshot_newer,
  blob_overwritten,            // since the previous snapshot was taken
  source_type_mismatch,        // a copy's source is of a type that it is not for
  incremental_copy_mismatch,   // the target is no incremental copy, or one of another blob
  incremental_copy_earlier,    // a snapshot earlier than the last that was copied
  incremental_copy_blob,       // what is not allowed on the target of incremental copies
  blob_archived,               // its content cannot be had or changed until it is brought back
  blob_being_rehydrated,       // it is being brought back
  tier_not_for_type,           // tiers are for block blobs
  expiry_in_the_past,
  encryption_key_missing,      // sealed under a customer-provided key, and none came
  encryption_key_unused,       // not sealed under one, and one came
  encryption_mismatch,         // sealed under another key or scope
  encryption_forbidden,        // the container lets no blob choose its scope
  encryption_scope_not_found,
  encryption_scope_disabled,
  snapshots_present,           // a blob that has snapshots is deleted with them or not at all
  only_on_root_blob,           // the current version is deleted by the blob's name alone
  permanent_delete_off,        // the account does not allow it
  not_soft_deleted,            // only what was deleted softly can be deleted for good
  blob_under_legal_hold,       // nothing changes or removes it while the hold stands
  blob_under_policy,           // nor while its retention lasts
  container_has_legal_hold,    // with blobs in it, it stays
  container_under_policy,
  container_keeps_versions,
  immutability_in_the_past,    // a policy's end
  policy_locked,               // a locked policy only grows
  policy_locked_delete,        // and is never taken away
  no_version_immutability,     // the container has no policies of single versions
};

[[nodiscard]] inline std::unexpected<Error> refuse(Reason reason, std::string message = {}) {
  return std::unexpected(Error{Code::refused, static_cast<std::uint16_t>(reason), std::move(message)});
}
inline Reason reason_of(const Error& error) {
  return error.code == Code::refused ? static_cast<Reason>(error.reason) : Reason::none;
}

}  // namespace bascule::ops
