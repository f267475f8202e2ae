// The headers of a blob, and of a lease, as Get Blob and Get Blob Properties give them (AZURE-ANSWERS 6).
#pragma once
#include "api/blob/call.h"
#include "api/blob/reply.h"

namespace bascule::api::blob {

std::string_view lease_status_text(const ops::LeaseView& lease);
std::string_view lease_state_text(const ops::LeaseView& lease);
void add_lease(Reply& reply, const ops::LeaseView& lease, Version version);
std::string_view blob_type_text(ops::BlobType type);

void add_immutability(Reply& reply, const ops::ImmutabilityView& view);
std::string_view policy_mode_text(bool locked);          // in lower case, as the service answers it
std::string archive_status(const ops::BlobView& blob);   // of one on its way back

// Cache-Control, Content-Type, -Encoding, -Language, each overridden by the SAS where it says so. `md5` goes out as
// Content-MD5 where given.
void add_content_headers(Reply& reply, const Call& call, const ops::BlobView& blob,
                         const std::optional<ops::Md5Value>& md5);

// Everything after x-ms-version. `ranged`: the blob's own MD5 goes into x-ms-blob-content-md5. `head`: tiers also
// before 2026-10-06.
struct PropertyForm {
  bool ranged = false;
  bool head = false;
};
void add_properties(Reply& reply, const Call& call, const ops::BlobView& blob, PropertyForm form);

}  // namespace bascule::api::blob
