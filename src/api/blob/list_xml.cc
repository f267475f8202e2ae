#include "api/blob/list_xml.h"

#include <algorithm>

#include "api/blob/blob_headers.h"
#include "api/blob/container_headers.h"
#include "api/blob/encryption.h"
#include "api/common/since.h"
#include "api/common/tags.h"
#include "api/common/text.h"
#include "api/common/xml_writer.h"
#include "base/bytes.h"

namespace bascule::api::blob {
namespace {

constexpr std::size_t kBytesPerBlob = 900;

// A constant opening tag, text, and its end.
void put(std::string& xml, std::string_view open, std::string_view text, std::string_view close) {
  xml.append(open);
  append_text(xml, text);
  xml.append(close);
}

void echo_requested(std::string& xml, const ListEcho& echo) {
  if (echo.prefix) append_element(xml, "Prefix", *echo.prefix);
  if (echo.marker) append_element(xml, "Marker", *echo.marker);
  if (echo.max_results) append_element(xml, "MaxResults", *echo.max_results);
  if (echo.delimiter) append_element(xml, "Delimiter", *echo.delimiter);
}

void append_metadata(std::string& xml, const ops::Metadata& metadata) {
  if (metadata.empty()) {
    xml += "<Metadata />";
    return;
  }
  xml += "<Metadata>";
  for (const auto& [name, value] : metadata) append_element(xml, name, value);
  xml += "</Metadata>";
}

void append_date(std::string& xml, std::string_view open, WallTime time, std::string_view close) {
  xml.append(open);
  append_http_date(xml, time);
  xml.append(close);
}

// Present and empty where unset.
void append_header(std::string& xml, std::string_view element, const std::string& value) {
  append_element(xml, element, value);
}

void append_lease(std::string& xml, const ops::LeaseView& lease, Version version) {
  if (lease.state == ops::LeaseState::available && version >= since::kLeaseStates) {  // nearly always
    xml += "<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>";
    return;
  }
  put(xml, "<LeaseStatus>", lease_status_text(lease), "</LeaseStatus>");
  if (version < since::kLeaseStates) return;
  put(xml, "<LeaseState>", lease_state_text(lease), "</LeaseState>");
  if (lease.state == ops::LeaseState::leased)
    put(xml, "<LeaseDuration>", lease.infinite ? "infinite" : "fixed", "</LeaseDuration>");
}

void append_tier(std::string& xml, const ops::BlobView& blob, Version version) {
  if (version < since::kAccessTiers || blob.type == ops::BlobType::append) return;
  if (blob.tier.empty()) {
    xml += "<AccessTier>Hot</AccessTier><AccessTierInferred>true</AccessTierInferred>";
    return;
  }
  put(xml, "<AccessTier>", blob.tier, "</AccessTier>");
  if (!blob.rehydrating_to.empty()) {
    put(xml, "<ArchiveStatus>", archive_status(blob), "</ArchiveStatus>");
    put(xml, "<RehydratePriority>", blob.rehydrate_high ? "High" : "Standard", "</RehydratePriority>");
  }
  if (blob.tier_changed != WallTime())
    append_date(xml, "<AccessTierChangeTime>", blob.tier_changed, "</AccessTierChangeTime>");
}

void append_copy(std::string& xml, const ops::CopyView& copy) {
  put(xml, "<CopyId>", copy.id, "</CopyId>");
  put(xml, "<CopySource>", copy.source, "</CopySource>");
  put(xml, "<CopyStatus>", copy.status, "</CopyStatus><CopyProgress>");
  append_decimal(xml, copy.copied_bytes);
  xml += '/';
  append_decimal(xml, copy.total_bytes);
  xml += "</CopyProgress>";
  if (copy.completed != WallTime())
    append_date(xml, "<CopyCompletionTime>", copy.completed, "</CopyCompletionTime>");
}

void append_uncommitted_properties(std::string& xml, const ops::BlobView& blob, Version version) {
  put(xml, "<Properties><Content-Length>0</Content-Length><BlobType>", blob_type_text(blob.type), "</BlobType>");
  append_tier(xml, blob, version);
  append_lease(xml, blob.lease, version);
  if (version >= since::kServerEncrypted) xml += "<ServerEncrypted>false</ServerEncrypted>";
  xml += "</Properties>";
}

void append_properties(std::string& xml, const ops::BlobView& blob, const BlobListForm& form) {
  const Version version = form.version;
  xml += "<Properties>";
  if (version >= since::kCreationTime) append_date(xml, "<Creation-Time>", blob.created, "</Creation-Time>");
  append_date(xml, "<Last-Modified>", blob.last_modified, "</Last-Modified><Etag>");
  append_etag(xml, blob.etag);
  xml += "</Etag><Content-Length>";
  append_decimal(xml, blob.size_bytes);
  xml += "</Content-Length>";
  const ops::ContentHeaders& headers = blob.headers;
  append_header(xml, "Content-Type", headers.type);
  append_header(xml, "Content-Encoding", headers.encoding);
  append_header(xml, "Content-Language", headers.language);
  if (version >= since::kCrc64) xml += "<Content-CRC64 />";
  if (headers.md5) xml.append("<Content-MD5>").append(to_base64(*headers.md5)).append("</Content-MD5>");
  else xml += "<Content-MD5 />";
  append_header(xml, "Cache-Control", headers.cache_control);
  if (version >= since::kContentDisposition) append_header(xml, "Content-Disposition", headers.disposition);
  if (blob.type == ops::BlobType::page)
    append_element(xml, "x-ms-blob-sequence-number", decimal(blob.sequence_number));
  if (blob.last_access != WallTime() && version >= since::kLastAccess)
    append_date(xml, "<LastAccessTime>", blob.last_access, "</LastAccessTime>");
  put(xml, "<BlobType>", blob_type_text(blob.type), "</BlobType>");
  append_tier(xml, blob, version);
  const bool deleted = blob.deleted != WallTime();
  if (!blob.past() && !deleted) append_lease(xml, blob.lease, version);
  else if (!blob.past()) xml += "<LeaseStatus />";
  if (blob.copy && form.copy) append_copy(xml, *blob.copy);
  if (blob.incremental && version >= since::kIncrementalCopies) {
    xml += "<IncrementalCopy>true</IncrementalCopy>";
    if (form.copy && blob.copy_snapshot != WallTime())
      xml.append("<CopyDestinationSnapshot>").append(format_iso8601(blob.copy_snapshot)).append("</CopyDestinationSnapshot>");
  }
  if (version >= since::kServerEncrypted) xml += "<ServerEncrypted>true</ServerEncrypted>";
  if (blob.key_sha256) append_element(xml, "CustomerProvidedKeySha256", to_base64(*blob.key_sha256));
  if (!blob.encryption_scope.empty()) append_element(xml, "EncryptionScope", blob.encryption_scope);
  if (blob.sealed && version >= since::kSealing) xml += "<Sealed>true</Sealed>";
  if (form.immutability && blob.immutability.until != WallTime()) {
    append_date(xml, "<ImmutabilityPolicyUntilDate>", blob.immutability.until, "</ImmutabilityPolicyUntilDate>");
    put(xml, "<ImmutabilityPolicyMode>", policy_mode_text(blob.immutability.locked), "</ImmutabilityPolicyMode>");
  }
  if (form.legal_hold && blob.immutability.legal_hold) xml += "<LegalHold>true</LegalHold>";
  if (deleted) {
    append_date(xml, "<DeletedTime>", blob.deleted, "</DeletedTime><RemainingRetentionDays>");
    append_decimal(xml, blob.remaining_days);
    xml += "</RemainingRetentionDays>";
  }
  if (blob.expires != WallTime() && version >= since::kExpiry)
    append_date(xml, "<Expiry-Time>", blob.expires, "</Expiry-Time>");
  if (!blob.tags.empty() && version >= since::kTags) {
    xml += "<TagCount>";
    append_decimal(xml, blob.tags.size());
    xml += "</TagCount>";
  }
  xml += "</Properties>";
}

// Which of the name's states it is.
void append_place(std::string& xml, const ops::BlobView& blob, Version version) {
  if (blob.snapshot != WallTime()) xml.append("<Snapshot>").append(format_iso8601(blob.snapshot)).append("</Snapshot>");
  if (blob.version != WallTime() && version >= since::kVersioning) {
    xml.append("<VersionId>").append(format_iso8601(blob.version)).append("</VersionId>");
    if (blob.current_version) xml += "<IsCurrentVersion>true</IsCurrentVersion>";
  }
  if (blob.deleted != WallTime()) xml += "<Deleted>true</Deleted>";
  if (blob.versions_only) xml += "<HasVersionsOnly>true</HasVersionsOnly>";
}

void append_blob(std::string& xml, const ops::BlobView& blob, const BlobListForm& form) {
  xml += "<Blob>";
  append_name(xml, blob.name);
  if (form.version < since::kEndpointLists) {
    xml.append("<Url>").append(form.service_endpoint).append(form.container).append(1, '/');
    append_percent_encoded(xml, blob.name, true);
    xml += "</Url>";
  }
  append_place(xml, blob, form.version);
  if (blob.committed) append_properties(xml, blob, form);
  else append_uncommitted_properties(xml, blob, form.version);
  if (form.metadata && blob.metadata_sealed) xml += "<Metadata Encrypted=\"true\" />";
  else if (form.metadata) append_metadata(xml, blob.metadata);
  if (form.tags && !blob.tags.empty()) append_tags(xml, blob.tags);
  if (form.version >= since::kOrMetadata) xml += "<OrMetadata />";
  xml += "</Blob>";
}

}  // namespace

std::string blob_list_xml(const ops::BlobPage& page, const BlobListForm& form) {
  std::string xml;
  xml.reserve(1024 + page.items.size() * kBytesPerBlob);
  xml.append(kXmlStart).append("<EnumerationResults ");
  if (form.version >= since::kEndpointLists) {
    xml += "ServiceEndpoint=\"";
    append_attribute(xml, form.service_endpoint);
    xml += "\" ContainerName=\"";
    append_attribute(xml, form.container);
  } else {
    xml += "ContainerName=\"";
    append_attribute(xml, form.service_endpoint + form.container);
  }
  xml += "\">";
  echo_requested(xml, form.echo);
  xml += page.items.empty() ? "<Blobs />" : "<Blobs>";
  for (const ops::ListItem& item : page.items) {
    if (!item.is_prefix) {
      append_blob(xml, item.blob, form);
      continue;
    }
    xml += "<BlobPrefix>";
    append_name(xml, item.blob.name);
    xml += "</BlobPrefix>";
  }
  if (!page.items.empty()) xml += "</Blobs>";
  append_element(xml, "NextMarker", page.next.empty() ? std::string() : encode_marker(page.next));
  return xml += "</EnumerationResults>";
}

std::string container_list_xml(const ops::ContainerPage& page, const ContainerListForm& form) {
  const Version version = form.version;
  std::string xml;
  xml.reserve(1024 + page.items.size() * kBytesPerBlob);
  xml.append(kXmlStart).append(version >= since::kEndpointLists ? "<EnumerationResults ServiceEndpoint=\""
                                                        : "<EnumerationResults AccountName=\"");
  append_attribute(xml, form.service_endpoint);
  xml += "\">";
  echo_requested(xml, form.echo);
  xml += page.items.empty() ? "<Containers />" : "<Containers>";
  for (const ops::ContainerView& container : page.items) {
    xml += "<Container>";
    append_element(xml, "Name", container.name);
    if (container.deleted) {
      xml += "<Deleted>true</Deleted>";
      append_element(xml, "Version", container.deleted->version);
    }
    if (version < since::kEndpointLists)
      xml.append("<Url>").append(form.service_endpoint).append(container.name).append("</Url>");
    append_date(xml, "<Properties><Last-Modified>", container.last_modified, "</Last-Modified><Etag>\"");
    append_etag(xml, container.etag);
    xml += "\"</Etag>";
    if (container.deleted) xml += "<LeaseStatus>unlocked</LeaseStatus><LeaseState>expired</LeaseState>";
    else append_lease(xml, container.lease, version);
    if (version >= since::kPublicAccessShown && container.public_access != ops::PublicAccess::none)
      put(xml, "<PublicAccess>", public_access_text(container.public_access), "</PublicAccess>");
    if (version >= since::kEncryptionScopes) {
      append_element(xml, "DefaultEncryptionScope", default_scope_text(container));
      append_element(xml, "DenyEncryptionScopeOverride", container.deny_encryption_scope_override ? "true" : "false");
    }
    if (version >= since::kImmutabilityShown)
      xml.append("<HasImmutabilityPolicy>").append(container.has_retention ? "true" : "false").append("</HasImmutabilityPolicy><HasLegalHold>")
          .append(container.has_legal_hold ? "true" : "false").append("</HasLegalHold>");
    if (version >= since::kVersionLevelImmutabilityShown)
      put(xml, "<ImmutableStorageWithVersioningEnabled>", container.version_immutability ? "true" : "false",
          "</ImmutableStorageWithVersioningEnabled>");
    if (container.deleted) {
      append_date(xml, "<DeletedTime>", container.deleted->deleted, "</DeletedTime><RemainingRetentionDays>");
      append_decimal(xml, container.deleted->remaining_days);
      xml += "</RemainingRetentionDays>";
    }
    xml += "</Properties>";
    if (form.metadata) append_metadata(xml, container.metadata);
    xml += "</Container>";
  }
  if (!page.items.empty()) xml += "</Containers>";
  append_element(xml, "NextMarker", page.next.empty() ? std::string() : "/" + form.account + "/" + page.next);
  return xml += "</EnumerationResults>";
}

// "2!LENGTH!BASE64" with '-' for '=' (the service's own look), and without what a query would have to escape.
constexpr std::string_view kBase64Marks = "=+/", kMarkerMarks = "-_.";

void exchange_marks(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t i = 0; i < from.size(); ++i) std::ranges::replace(text, from[i], to[i]);
}

std::string encode_marker(std::string_view next) {
  std::string text = to_base64(as_bytes(next));
  exchange_marks(text, kBase64Marks, kMarkerMarks);
  return "2!" + std::to_string(text.size()) + "!" + text;
}

std::optional<std::string> decode_marker(std::string_view marker) {
  if (!marker.starts_with("2!")) return std::nullopt;
  marker.remove_prefix(2);
  const std::size_t bang = marker.find('!');
  if (bang == std::string_view::npos) return std::nullopt;
  const auto length = parse_integer(marker.substr(0, bang));
  std::string text(marker.substr(bang + 1));
  if (!length || *length != static_cast<std::int64_t>(text.size())) return std::nullopt;
  exchange_marks(text, kMarkerMarks, kBase64Marks);
  auto name = from_base64(text);
  // A name; behind a NUL the place among its past states (ops/list.cc).
  if (!name || name->empty() || !valid_utf8(std::string_view(*name).substr(0, name->find('\0')))) return std::nullopt;
  return name;
}

}  // namespace bascule::api::blob
