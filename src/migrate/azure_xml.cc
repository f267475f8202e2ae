#include "migrate/azure_xml.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <pugixml.hpp>

#include "base/bytes.h"
#include "http/url.h"

namespace bascule::migrate {
namespace {

// Text is kept as it stands: names may begin and end with spaces.
constexpr unsigned kFlags = pugi::parse_escapes | pugi::parse_cdata | pugi::parse_ws_pcdata_single;

Result<pugi::xml_node> load(pugi::xml_document& document, std::string& body, const char* root) {
  if (!document.load_buffer_inplace(body.data(), body.size(), kFlags, pugi::encoding_utf8))
    return fail(Code::unavailable, "the source's answer is not well-formed XML");
  const pugi::xml_node node = document.child(root);
  if (!node) return fail(Code::unavailable, "the source's answer is not the list that was asked for");
  return node;
}

std::uint64_t number(const char* text) {
  std::uint64_t value = 0;
  std::from_chars(text, text + std::strlen(text), value);
  return value;
}

bool is(const char* text, const char* wanted) { return std::strcmp(text, wanted) == 0; }

// Names that XML cannot carry come percent-encoded.
std::string name_of(const pugi::xml_node& node) {
  const char* text = node.child_value();
  if (is(node.attribute("Encoded").value(), "true")) return http::percent_decode(text).value_or(text);
  return text;
}

ops::Metadata metadata_of(const pugi::xml_node& node) {
  ops::Metadata metadata;
  for (const pugi::xml_node& entry : node.children())
    if (entry.type() == pugi::node_element) metadata.emplace_back(entry.name(), entry.child_value());
  return metadata;
}

ops::PublicAccess access_of(std::string_view text) {
  return text == "container" ? ops::PublicAccess::container : text == "blob" ? ops::PublicAccess::blob : ops::PublicAccess::none;
}

WallTime http_date(const char* text) { return parse_http_date(text).value_or(WallTime()); }

ops::Tags tags_of(const pugi::xml_node& set) {
  ops::Tags tags;
  for (const pugi::xml_node& tag : set.children("Tag")) tags.emplace_back(tag.child_value("Key"), tag.child_value("Value"));
  std::ranges::sort(tags);
  return tags;
}

ops::KeepUntil& policy(SourceBlob& blob) { return blob.keep.policy ? *blob.keep.policy : blob.keep.policy.emplace(); }

// One pass over the children: a listing has some twenty of them a blob.
void read_properties(const pugi::xml_node& properties, SourceBlob& blob) {
  bool inferred = false, encrypted = false;
  for (pugi::xml_node node = properties.first_child(); node; node = node.next_sibling()) {
    const std::string_view name = node.name();
    const char* value = node.child_value();
    if (*value == '\0') continue;
    if (name == "Etag") blob.etag = *value == '"' ? std::string(value) : '"' + std::string(value) + '"';
    else if (name == "Content-Length") blob.size_bytes = number(value);
    else if (name == "Content-Type") blob.headers.type = value;
    else if (name == "Content-Encoding") blob.headers.encoding = value;
    else if (name == "Content-Language") blob.headers.language = value;
    else if (name == "Content-MD5") blob.headers.md5 = md5_of(value);
    else if (name == "Cache-Control") blob.headers.cache_control = value;
    else if (name == "Content-Disposition") blob.headers.disposition = value;
    else if (name == "BlobType")
      blob.type = is(value, "AppendBlob") ? ops::BlobType::append : is(value, "PageBlob") ? ops::BlobType::page : ops::BlobType::block;
    else if (name == "AccessTier") blob.tier = value;
    else if (name == "AccessTierInferred") inferred = is(value, "true");
    else if (name == "ServerEncrypted") encrypted = is(value, "true");
    else if (name == "LeaseStatus") blob.leased = is(value, "locked");
    else if (name == "CopyId") blob.copied = true;
    else if (name == "TagCount") blob.tag_count = static_cast<int>(number(value));
    else if (name == "EncryptionScope") blob.encryption_scope = value;
    else if (name == "CustomerProvidedKeySha256") blob.customer_key = true;
    else if (name == "ImmutabilityPolicyUntilDate") policy(blob).until = http_date(value);
    else if (name == "ImmutabilityPolicyMode") policy(blob).locked = (is(value, "locked") || is(value, "Locked"));
    else if (name == "LegalHold") blob.keep.legal_hold = is(value, "true");
    else if (name == "Creation-Time") blob.created = http_date(value);
    else if (name == "Last-Modified") blob.last_modified = http_date(value);
    else if (name == "AccessTierChangeTime") blob.tier_changed = http_date(value);
    else if (name == "Expiry-Time") blob.expires = http_date(value);
    else if (name == "Sealed") blob.sealed = is(value, "true");
    else if (name == "x-ms-blob-sequence-number") blob.sequence_number = number(value);
  }
  if (inferred) blob.tier.clear();
  // Uncommitted blocks only: Azure gives no ETag then; its emulator gives one, but nothing that a committed blob has.
  blob.committed = !blob.etag.empty() && (encrypted || blob.size_bytes > 0 || !blob.headers.type.empty() || blob.type != ops::BlobType::block);
}

SourceBlob read_blob(const pugi::xml_node& node, bool with_versions) {
  SourceBlob blob;
  bool current = false;
  for (pugi::xml_node child = node.first_child(); child; child = child.next_sibling()) {
    const std::string_view name = child.name();
    if (name == "Name") blob.name = name_of(child);
    else if (name == "Properties") read_properties(child, blob);
    else if (name == "Metadata") {
      blob.customer_key = blob.customer_key || is(child.attribute("Encrypted").value(), "true");
      blob.metadata = metadata_of(child);
    } else if (name == "Snapshot") blob.snapshot = child.child_value();
    else if (name == "Tags") blob.tags = tags_of(child.child("TagSet"));
    else if (name == "VersionId") blob.version_id = child.child_value();
    else if (name == "IsCurrentVersion") current = is(child.child_value(), "true");
    else if (name == "Deleted") blob.deleted = is(child.child_value(), "true");
    else if (name == "HasVersionsOnly") blob.deleted = blob.deleted || is(child.child_value(), "true");
  }
  if (with_versions && !blob.version_id.empty()) blob.is_current = current;
  blob.tag_count = std::max(blob.tag_count, static_cast<int>(blob.tags.size()));
  return blob;
}

std::unexpected<Error> nameless(std::string_view what) {
  return fail(Code::unavailable, "the source's listing has a " + std::string(what) + " without a name");
}

}  // namespace

std::optional<ops::Md5Value> md5_of(std::string_view base64) {
  const auto raw = from_base64(base64);
  ops::Md5Value value;
  if (!raw || raw->size() != value.size()) return std::nullopt;
  std::memcpy(value.data(), raw->data(), value.size());
  return value;
}

Result<SourceContainerPage> parse_container_list(std::string body) {
  pugi::xml_document document;
  BASCULE_ASSIGN(const pugi::xml_node root, load(document, body, "EnumerationResults"));
  SourceContainerPage page;
  for (const pugi::xml_node& node : root.child("Containers").children("Container")) {
    if (is(node.child_value("Deleted"), "true")) continue;
    SourceContainer container;
    container.name = name_of(node.child("Name"));
    if (container.name.empty()) return nameless("container");
    const pugi::xml_node properties = node.child("Properties");
    container.public_access = access_of(properties.child_value("PublicAccess"));
    container.leased = is(properties.child_value("LeaseStatus"), "locked");
    container.immutable = is(properties.child_value("HasImmutabilityPolicy"), "true");
    container.legal_hold = is(properties.child_value("HasLegalHold"), "true");
    container.version_immutability = is(properties.child_value("ImmutableStorageWithVersioningEnabled"), "true");
    if (const char* scope = properties.child_value("DefaultEncryptionScope"); !is(scope, "$account-encryption-key"))
      container.default_encryption_scope = scope;
    container.metadata = metadata_of(node.child("Metadata"));
    page.items.push_back(std::move(container));
  }
  page.next = root.child_value("NextMarker");
  return page;
}

Result<SourceBlobPage> parse_blob_list(std::string body, bool with_versions) {
  pugi::xml_document document;
  BASCULE_ASSIGN(const pugi::xml_node root, load(document, body, "EnumerationResults"));
  SourceBlobPage page;
  for (pugi::xml_node node = root.child("Blobs").first_child(); node; node = node.next_sibling())
    if (is(node.name(), "Blob")) {
      page.items.push_back(read_blob(node, with_versions));
      if (page.items.back().name.empty()) return nameless("blob");
    }
  page.next = root.child_value("NextMarker");
  return page;
}

Result<SourceBlockList> parse_block_list(std::string body) {
  pugi::xml_document document;
  BASCULE_ASSIGN(const pugi::xml_node root, load(document, body, "BlockList"));
  SourceBlockList list;
  for (const pugi::xml_node& node : root.child("CommittedBlocks").children("Block")) {
    auto id = from_base64(node.child_value("Name"));
    if (!id || id->empty()) return fail(Code::unavailable, "the source's block list names a block that is not Base64");
    list.committed.push_back({std::move(*id), number(node.child_value("Size"))});
  }
  for (const pugi::xml_node& node : root.child("UncommittedBlocks").children("Block")) list.uncommitted += !node.empty();
  return list;
}

Result<ops::Tags> parse_tags(std::string body) {
  pugi::xml_document document;
  BASCULE_ASSIGN(const pugi::xml_node root, load(document, body, "Tags"));
  return tags_of(root.child("TagSet"));
}

Result<std::vector<ops::StoredPolicy>> parse_policies(std::string body) {
  pugi::xml_document document;
  BASCULE_ASSIGN(const pugi::xml_node root, load(document, body, "SignedIdentifiers"));
  std::vector<ops::StoredPolicy> policies;
  for (const pugi::xml_node& node : root.children("SignedIdentifier")) {
    ops::StoredPolicy policy;
    policy.id = node.child_value("Id");
    const pugi::xml_node access = node.child("AccessPolicy");
    policy.start_text = access.child_value("Start");
    policy.expiry_text = access.child_value("Expiry");
    policy.permission = access.child_value("Permission");
    policy.has_permission = !policy.permission.empty();
    if (!policy.start_text.empty()) policy.start = parse_iso8601(policy.start_text);
    if (!policy.expiry_text.empty()) policy.expiry = parse_iso8601(policy.expiry_text);
    policies.push_back(std::move(policy));
  }
  return policies;
}

}  // namespace bascule::migrate
