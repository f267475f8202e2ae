// Numbers, dates and ETags appended to text without a detour: answers and listings are made of them.
#pragma once
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "ops/types.h"

namespace bascule::api {

inline void append_decimal(std::string& out, std::uint64_t value) {
  char digits[20];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}
inline std::string decimal(std::uint64_t value) {
  std::string out;
  append_decimal(out, value);
  return out;
}
std::optional<std::int64_t> parse_integer(std::string_view text);  // decimal, optional '-', nothing around it

void append_http_date(std::string& out, WallTime t);  // Sun, 06 Nov 1994 08:49:37 GMT
void append_etag(std::string& out, ops::ETag etag);   // 0x8DCB2E5A3F6C1D0, without quotes

// The ETag in one of our own texts, bare or in double quotes; nothing for anything else (a weak one included).
std::optional<ops::ETag> parse_etag(std::string_view text);

bool same_text(std::string_view a, std::string_view b);  // without regard to ASCII case
bool valid_utf8(std::string_view text);                  // shortest forms only, no surrogates

}  // namespace bascule::api
