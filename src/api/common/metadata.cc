#include "api/common/metadata.h"

#include <algorithm>

#include "api/common/text.h"

namespace bascule::api {
namespace {
constexpr std::string_view kPrefix = "x-ms-meta-";

bool is_identifier(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}
}  // namespace

Parsed<ops::Metadata> parse_metadata(const HeaderIndex& headers) {
  ops::Metadata metadata;
  if (!headers.has_metadata()) return metadata;
  std::size_t total_bytes = 0;
  for (const http::HeaderView& header : headers.request().headers) {
    if (header.name.size() < kPrefix.size() || !same_text(header.name.substr(0, kPrefix.size()), kPrefix)) continue;
    const std::string_view name = header.name.substr(kPrefix.size());
    if (name.empty()) return refuse(Fault::empty_metadata_key);
    if (!is_identifier(name)) return refuse(Fault::invalid_metadata);
    total_bytes += name.size() + header.value.size();
    if (total_bytes > kMaxMetadataBytes) return refuse(Fault::metadata_too_large);
    const auto same = std::ranges::find_if(metadata, [&](const auto& entry) { return same_text(entry.first, name); });
    if (same == metadata.end()) metadata.emplace_back(name, header.value);
    else same->second.append(1, ',').append(header.value);
  }
  return metadata;
}

ops::Metadata acceptable_metadata(ops::Metadata metadata) {
  ops::Metadata kept;
  std::size_t total_bytes = 0;
  for (auto& [name, value] : metadata) {
    const bool twice = std::ranges::any_of(kept, [&](const auto& entry) { return same_text(entry.first, name); });
    if (name.empty() || !is_identifier(name) || twice || total_bytes + name.size() + value.size() > kMaxMetadataBytes) continue;
    total_bytes += name.size() + value.size();
    kept.emplace_back(std::move(name), std::move(value));
  }
  return kept;
}

}  // namespace bascule::api
