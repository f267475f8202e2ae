#include "api/blob/blob_headers.h"

#include "api/blob/encryption.h"
#include "api/common/since.h"
#include "api/common/text.h"

namespace bascule::api::blob {

std::string_view lease_status_text(const ops::LeaseView& lease) { return lease.locked() ? "locked" : "unlocked"; }

std::string_view lease_state_text(const ops::LeaseView& lease) {
  switch (lease.state) {
    case ops::LeaseState::available: return "available";
    case ops::LeaseState::leased: return "leased";
    case ops::LeaseState::expired: return "expired";
    case ops::LeaseState::breaking: return "breaking";
    case ops::LeaseState::broken: return "broken";
  }
  return "available";
}

std::string_view blob_type_text(ops::BlobType type) {
  switch (type) {
    case ops::BlobType::block: return "BlockBlob";
    case ops::BlobType::append: return "AppendBlob";
    case ops::BlobType::page: return "PageBlob";
  }
  return "BlockBlob";
}

std::string_view policy_mode_text(bool locked) { return locked ? "locked" : "unlocked"; }

void add_immutability(Reply& reply, const ops::ImmutabilityView& view) {
  if (view.until != WallTime()) {
    reply.add("x-ms-immutability-policy-until-date", http_date(view.until));
    reply.add("x-ms-immutability-policy-mode", std::string(policy_mode_text(view.locked)));
  }
  if (view.legal_hold) reply.add("x-ms-legal-hold", "true");
}

std::string archive_status(const ops::BlobView& blob) {
  std::string text = "rehydrate-pending-to-" + blob.rehydrating_to;
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

void add_content_headers(Reply& reply, const Call& call, const ops::BlobView& blob,
                         const std::optional<ops::Md5Value>& md5) {
  const ops::ContentHeaders& own = blob.headers;
  const auto& over = call.authorised.overrides;
  reply.add_if("Cache-Control", over.cache_control.value_or(own.cache_control));
  reply.add_if("Content-Type", over.content_type.value_or(own.type));
  reply.add_if("Content-Encoding", over.content_encoding.value_or(own.encoding));
  reply.add_if("Content-Language", over.content_language.value_or(own.language));
  if (md5) reply.add("Content-MD5", md5_text(*md5));
}

namespace {

void add_copy(Reply& reply, const ops::CopyView& copy) {
  reply.add("x-ms-copy-id", copy.id);
  reply.add("x-ms-copy-source", copy.source);
  reply.add("x-ms-copy-status", copy.status);
  reply.add_if("x-ms-copy-status-description", copy.description);
  reply.add("x-ms-copy-progress", decimal(copy.copied_bytes) + "/" + decimal(copy.total_bytes));
  if (copy.completed != WallTime()) reply.add("x-ms-copy-completion-time", http_date(copy.completed));
}

}  // namespace

void add_lease(Reply& reply, const ops::LeaseView& lease, Version version) {
  reply.add("x-ms-lease-status", std::string(lease_status_text(lease)));
  if (version < since::kLeaseStates) return;
  reply.add("x-ms-lease-state", std::string(lease_state_text(lease)));
  if (lease.state == ops::LeaseState::leased) reply.add("x-ms-lease-duration", lease.infinite ? "infinite" : "fixed");
}

void add_properties(Reply& reply, const Call& call, const ops::BlobView& blob, PropertyForm form) {
  const Version version = call.version;
  if (!blob.tags.empty() && version >= since::kTags) reply.add("x-ms-tag-count", decimal(blob.tags.size()));
  reply.version_id(blob.version);
  if (blob.current_version && version >= since::kVersioning) reply.add("x-ms-is-current-version", "true");
  reply.metadata(blob.metadata);
  if (version >= since::kCreationTime) reply.add("x-ms-creation-time", http_date(blob.created));
  if (form.ranged && blob.headers.md5 && version >= since::kWholeMd5OfRanges)
    reply.add("x-ms-blob-content-md5", md5_text(*blob.headers.md5));
  if (!blob.past()) add_lease(reply, blob.lease, version);
  reply.add("x-ms-blob-type", std::string(blob_type_text(blob.type)));
  if (blob.copy && version >= since::kCopyIds) add_copy(reply, *blob.copy);
  if (blob.incremental && form.head && version >= since::kIncrementalCopies) {
    reply.add("x-ms-incremental-copy", "true");
    if (blob.copy_snapshot != WallTime()) reply.add("x-ms-copy-destination-snapshot", format_iso8601(blob.copy_snapshot));
  }
  const auto& over = call.authorised.overrides;
  if (version >= since::kContentDisposition || over.content_disposition)
    reply.add_if("Content-Disposition", over.content_disposition.value_or(blob.headers.disposition));
  if (blob.type == ops::BlobType::page) reply.add("x-ms-blob-sequence-number", decimal(blob.sequence_number));
  if (blob.type == ops::BlobType::append) reply.add("x-ms-blob-committed-block-count", decimal(blob.committed_blocks));
  if (version >= since::kServerEncrypted) reply.add("x-ms-server-encrypted", "true");
  add_read_encryption(reply, blob);
  if (blob.sealed && version >= since::kSealing) reply.add("x-ms-blob-sealed", "true");
  if (blob.type != ops::BlobType::append && version >= (form.head ? since::kAccessTiers : since::kTierOnGet)) {
    reply.add("x-ms-access-tier", blob.tier.empty() ? "Hot" : blob.tier);
    if (blob.tier.empty()) reply.add("x-ms-access-tier-inferred", "true");
    else if (blob.tier_changed != WallTime()) reply.add("x-ms-access-tier-change-time", http_date(blob.tier_changed));
    if (!blob.rehydrating_to.empty()) {
      reply.add("x-ms-archive-status", archive_status(blob));
      reply.add("x-ms-rehydrate-priority", blob.rehydrate_high ? "High" : "Standard");
    }
  }
  if (blob.last_access != WallTime() && version >= since::kLastAccess) reply.add("x-ms-last-access-time", http_date(blob.last_access));
  if (version >= since::kStateImmutability) add_immutability(reply, blob.immutability);
  if (blob.expires != WallTime() && version >= since::kExpiry) reply.add("x-ms-expiry-time", http_date(blob.expires));
}

}  // namespace bascule::api::blob
