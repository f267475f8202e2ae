#include "estate/visible.h"

#include <fmt/format.h>

#include <cstdint>

namespace bascule::estate {
namespace {

struct Point {
  char32_t value = 0;
  std::size_t size_bytes = 0;   // 0: no UTF-8
};

// One code point, as strict as RFC 3629: shortest form, no surrogates, at most U+10FFFF.
Point decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return {};
  char32_t value = first & (0xff >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = value << 6 | (byte(i) & 0x3f);
  }
  const bool shortest = (size == 2 && value >= 0x80) || (size == 3 && value >= 0x800) || (size == 4 && value >= 0x10000);
  if (!shortest || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return {};
  return {value, size};
}

bool is_space(char32_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// What a reader cannot see, or what turns what they see around.
bool hidden(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) ||
         (c >= 0xe000 && c <= 0xf8ff) || (c >= 0xe0000 && c <= 0xe0fff) || c >= 0xf0000 || (c & 0xfffe) == 0xfffe ||
         (c >= 0xfdd0 && c <= 0xfdef);
}

}  // namespace

std::string visible(std::string_view text, std::size_t most) {
  std::string out;
  out.reserve(std::min(text.size(), most) + 16);
  for (std::size_t at = 0; at < text.size();) {
    if (out.size() >= most) return out + fmt::format("… ({} bytes)", text.size());
    const Point point = decode(text.substr(at));
    if (point.size_bytes == 0) {
      out += "\ufffd";
      ++at;
      continue;
    }
    if (is_space(point.value)) {
      if (!out.ends_with(' ')) out += ' ';
    } else if (hidden(point.value)) {
      out += fmt::format("[U+{:04X}]", static_cast<std::uint32_t>(point.value));
    } else {
      out += text.substr(at, point.size_bytes);
    }
    at += point.size_bytes;
  }
  return out;
}

std::size_t display_columns(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<std::uint8_t>(c) & 0xc0) != 0x80;
  return count;
}

}  // namespace bascule::estate
