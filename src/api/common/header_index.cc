#include "api/common/header_index.h"

namespace bascule::api {
namespace {

constexpr std::size_t kCount = static_cast<std::size_t>(H::count_);

// In the order of H.
constexpr std::array<std::string_view, kCount> kNames = {
    "authorization", "host", "origin", "range", "content-type", "content-encoding", "content-language", "content-md5",
    "cache-control", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since",
    "x-ms-version", "x-ms-client-request-id", "x-ms-range", "x-ms-range-get-content-md5",
    "x-ms-range-get-content-crc64", "x-ms-content-crc64",
    "x-ms-blob-type", "x-ms-blob-content-type", "x-ms-blob-content-encoding", "x-ms-blob-content-language",
    "x-ms-blob-content-md5", "x-ms-blob-cache-control", "x-ms-blob-content-disposition", "x-ms-blob-content-length",
    "x-ms-blob-sequence-number", "x-ms-sequence-number-action",
    "x-ms-access-tier", "x-ms-access-tier-if-modified-since", "x-ms-access-tier-if-unmodified-since",
    "x-ms-delete-snapshots",
    "x-ms-lease-id", "x-ms-lease-action", "x-ms-lease-duration", "x-ms-lease-break-period", "x-ms-proposed-lease-id",
    "x-ms-blob-public-access",
    "x-ms-copy-source", "x-ms-copy-action", "x-ms-requires-sync", "x-ms-page-write", "x-ms-source-lease-id",
    "x-ms-source-if-match", "x-ms-source-if-none-match", "x-ms-source-if-modified-since",
    "x-ms-source-if-unmodified-since",
    "access-control-request-method", "access-control-request-headers",
    "x-ms-deleted-container-name", "x-ms-deleted-container-version", "x-ms-source-container-name",
    "x-ms-blob-condition-appendpos", "x-ms-blob-condition-maxsize", "x-ms-if-sequence-number-le",
    "x-ms-if-sequence-number-lt", "x-ms-if-sequence-number-eq", "x-ms-previous-snapshot-url",
    "x-ms-blob-if-match", "x-ms-blob-if-none-match", "x-ms-blob-if-modified-since", "x-ms-blob-if-unmodified-since",
    "x-ms-if-tags", "x-ms-source-if-tags", "x-ms-tags", "x-ms-encryption-key", "x-ms-encryption-key-sha256",
    "x-ms-encryption-algorithm", "x-ms-encryption-scope", "x-ms-source-encryption-key",
    "x-ms-source-encryption-key-sha256", "x-ms-source-encryption-algorithm",
    "x-ms-immutability-policy-until-date", "x-ms-immutability-policy-mode", "x-ms-legal-hold", "x-ms-expiry-option",
    "x-ms-expiry-time", "x-ms-structured-body", "x-ms-structured-content-length", "x-ms-copy-source-authorization",
    "x-ms-seal-blob", "x-ms-default-encryption-scope", "x-ms-deny-encryption-scope-override",
    "x-ms-copy-source-tag-option", "x-ms-rehydrate-priority",
    "x-ms-source-range", "x-ms-source-content-md5", "x-ms-source-content-crc64", "x-ms-copy-source-blob-properties", "x-ms-undelete-source"};

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

constexpr std::size_t kSlots = 256;
constexpr std::size_t slot_of(std::string_view text) {
  std::uint32_t hash = static_cast<std::uint32_t>(text.size());
  for (std::size_t back = 1; back <= 5 && back <= text.size(); ++back)
    hash = hash * 31 + static_cast<unsigned char>(lower(text[text.size() - back]));
  hash = hash * 31 + static_cast<unsigned char>(lower(text[text.size() / 2]));
  return (hash ^ (hash >> 8)) % kSlots;
}

// Open addressing; 0xFF = free.
constexpr std::array<std::uint8_t, kSlots> make_table() {
  std::array<std::uint8_t, kSlots> table{};
  table.fill(0xFF);
  for (std::size_t i = 0; i < kCount; ++i) {
    std::size_t slot = slot_of(kNames[i]);
    while (table[slot] != 0xFF) slot = (slot + 1) % kSlots;
    table[slot] = static_cast<std::uint8_t>(i);
  }
  return table;
}
constexpr auto kTable = make_table();

bool same_lower(std::string_view lower_name, std::string_view sent) {
  if (lower_name.size() != sent.size()) return false;
  for (std::size_t i = 0; i < sent.size(); ++i)
    if (lower(sent[i]) != lower_name[i]) return false;
  return true;
}

constexpr std::string_view kMetaPrefix = "x-ms-meta-";

}  // namespace

std::string_view name(H header) { return kNames[static_cast<std::size_t>(header)]; }

HeaderIndex::HeaderIndex(const http::Request& request) : request_(&request) {
  at_.fill(kNone);
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    const std::string_view sent = request.headers[i].name;
    if (sent.empty()) continue;
    bool found = false;
    for (std::size_t slot = slot_of(sent); kTable[slot] != 0xFF; slot = (slot + 1) % kSlots) {
      const std::size_t known = kTable[slot];
      if (!same_lower(kNames[known], sent)) continue;
      if (at_[known] == kNone) {
        at_[known] = static_cast<std::uint16_t>(i);
      } else {
        repeated_[known] = true;
        if (kNames[known].starts_with("x-ms-") && request.headers[at_[known]].value != request.headers[i].value)
          contradiction_ = static_cast<H>(known);
      }
      found = true;
      break;
    }
    if (!found && !has_metadata_ && sent.size() >= kMetaPrefix.size())
      has_metadata_ = same_lower(kMetaPrefix, sent.substr(0, kMetaPrefix.size()));
  }
}

}  // namespace bascule::api
