// Content-Range (RFC 9110 section 14.4) of a 206: "bytes FIRST-LAST/TOTAL", where TOTAL may be "*".
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace bascule::provider::s3 {

struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // inclusive, not before first
  std::optional<std::uint64_t> total;  // beyond last
};

// Nothing where it is malformed.
std::optional<ContentRange> parse_content_range(std::string_view text);

// Digits alone, at least one, below 2^64.
std::optional<std::uint64_t> parse_decimal(std::string_view text);

}  // namespace bascule::provider::s3
