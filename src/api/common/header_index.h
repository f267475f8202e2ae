// The headers that the storage protocol knows, found in one pass over a request instead of one search for each.
#pragma once
#include <array>
#include <optional>
#include <string_view>

#include "http/message.h"

namespace bascule::api {

enum class H : std::uint8_t {
  authorization, host, origin, range, content_type, content_encoding, content_language, content_md5, cache_control,
  if_match, if_none_match, if_modified_since, if_unmodified_since,
  version, client_request_id, ms_range, range_get_content_md5, range_get_content_crc64, content_crc64,
  blob_type, blob_content_type, blob_content_encoding, blob_content_language, blob_content_md5, blob_cache_control,
  blob_content_disposition, blob_content_length, blob_sequence_number, sequence_number_action,
  access_tier, access_tier_if_modified_since, access_tier_if_unmodified_since, delete_snapshots,
  lease_id, lease_action, lease_duration, lease_break_period, proposed_lease_id, blob_public_access,
  copy_source, copy_action, requires_sync, page_write, source_lease_id, source_if_match, source_if_none_match,
  source_if_modified_since, source_if_unmodified_since,
  access_control_request_method, access_control_request_headers,
  deleted_container_name, deleted_container_version, source_container_name,
  append_position, append_max_size, sequence_at_most, sequence_below, sequence_equal, previous_snapshot_url,
  blob_if_match, blob_if_none_match, blob_if_modified_since, blob_if_unmodified_since,
  // those of features that are not there yet: refused, not ignored
  if_tags, source_if_tags, tags, encryption_key, encryption_key_sha256, encryption_algorithm, encryption_scope,
  source_encryption_key, source_encryption_key_sha256, source_encryption_algorithm, immutability_policy_until_date, immutability_policy_mode, legal_hold, expiry_option,
  expiry_time, structured_body, structured_content_length, copy_source_authorization, seal_blob,
  default_encryption_scope, deny_encryption_scope_override, copy_source_tag_option, rehydrate_priority,
  source_range, source_content_md5, source_content_crc64, copy_source_blob_properties,
  undelete_source,
  count_
};

std::string_view name(H header);  // in lower case, as Azure's documentation writes it

class HeaderIndex {
 public:
  explicit HeaderIndex(const http::Request& request);
  bool has(H header) const { return at_[index(header)] != kNone; }
  std::optional<std::string_view> find(H header) const {
    const auto at = at_[index(header)];
    if (at == kNone) return std::nullopt;
    return request_->headers[at].value;
  }
  std::string_view get(H header) const { return find(header).value_or(std::string_view()); }
  bool repeated(H header) const { return repeated_[index(header)]; }
  // An x-ms header sent twice with different values: what it asks for is not known.
  std::optional<H> contradiction() const {
    return contradiction_ == H::count_ ? std::nullopt : std::optional(contradiction_);
  }
  bool has_metadata() const { return has_metadata_; }  // any x-ms-meta-*
  const http::Request& request() const { return *request_; }

 private:
  static constexpr std::uint16_t kNone = 0xFFFF;
  static constexpr std::size_t index(H header) { return static_cast<std::size_t>(header); }
  const http::Request* request_;
  std::array<std::uint16_t, static_cast<std::size_t>(H::count_)> at_;
  std::array<bool, static_cast<std::size_t>(H::count_)> repeated_{};
  H contradiction_ = H::count_;
  bool has_metadata_ = false;
};

}  // namespace bascule::api
