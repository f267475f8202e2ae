#include "api/common/ranges.h"

#include <charconv>

#include "api/common/since.h"
#include "api/common/text.h"

namespace bascule::api {
namespace {
std::optional<std::uint64_t> offset(std::string_view digits) {
  if (digits.empty() || digits.front() < '0' || digits.front() > '9') return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || value > INT64_MAX) return std::nullopt;
  return value;
}
}  // namespace

std::optional<ops::ByteRange> parse_byte_range(std::string_view text, Version version) {
  constexpr std::string_view kUnit = "bytes=";
  if (text.size() <= kUnit.size() || !same_text(text.substr(0, kUnit.size()), kUnit)) return std::nullopt;
  text.remove_prefix(kUnit.size());
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = offset(text.substr(0, dash));
  if (!first) return std::nullopt;
  ops::ByteRange range{*first, std::nullopt};
  if (dash + 1 == text.size()) return version >= since::kOpenRanges ? std::optional(range) : std::nullopt;
  range.last = offset(text.substr(dash + 1));
  if (!range.last || *range.last < range.first) return std::nullopt;
  return range;
}

std::optional<ops::ByteRange> parse_range(const HeaderIndex& headers, Version version) {
  if (const auto text = headers.find(H::ms_range)) return parse_byte_range(*text, version);
  if (const auto text = headers.find(H::range)) return parse_byte_range(*text, version);
  return std::nullopt;
}

}  // namespace bascule::api
