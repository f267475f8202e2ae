#include "api/common/xml_writer.h"

#include <array>
#include <cstdint>

#include "api/common/text.h"

namespace bascule::api {
namespace {

enum : std::uint8_t { kPlain = 0, kEscape = 1, kControl = 2, kHigh = 3, kQuote = 4 };

// What a byte of UTF-8 text asks for. 0xEF may begin U+FFFE or U+FFFF.
constexpr std::array<std::uint8_t, 256> make_kinds() {
  std::array<std::uint8_t, 256> kinds{};
  for (int c = 0; c < 0x20; ++c) kinds[static_cast<std::size_t>(c)] = kControl;
  kinds['\t'] = kinds['\n'] = kQuote;
  kinds['\r'] = kinds['&'] = kinds['<'] = kinds['>'] = kEscape;
  kinds['"'] = kQuote;
  kinds[0xEF] = kHigh;
  return kinds;
}
constexpr auto kKinds = make_kinds();

std::uint8_t kind_of(char c) { return kKinds[static_cast<unsigned char>(c)]; }

bool is_noncharacter(std::string_view at) {
  return at.size() >= 3 && at[1] == '\xBF' && (at[2] == '\xBE' || at[2] == '\xBF');
}

std::string_view entity(char c) {
  switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '\r': return "&#xD;";
    case '\n': return "&#xA;";
    case '\t': return "&#x9;";
    default: return "&quot;";
  }
}

bool all_ascii(std::string_view text) {
  unsigned char bits = 0;
  for (char c : text) bits |= static_cast<unsigned char>(c);
  return bits < 0x80;
}

std::string from_latin1(std::string_view text) {
  std::string utf8;
  utf8.reserve(text.size() * 2);
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) utf8 += c;
    else (utf8 += static_cast<char>(0xC0 | byte >> 6)) += static_cast<char>(0x80 | (byte & 0x3F));
  }
  return utf8;
}

void append_escaped(std::string& out, std::string_view text, bool attribute) {
  if (!all_ascii(text) && !valid_utf8(text)) {
    append_escaped(out, from_latin1(text), attribute);
    return;
  }
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::uint8_t kind = kind_of(text[i]);
    if (kind == kPlain || (kind == kQuote && !attribute)) continue;
    std::size_t skip = 1;
    if (kind == kHigh) {
      if (!is_noncharacter(text.substr(i))) continue;
      skip = 3;
    }
    out.append(text.substr(from, i - from));
    if (kind == kEscape || kind == kQuote) out.append(entity(text[i]));
    i += skip - 1;
    from = i + 1;
  }
  out.append(text.substr(from));
}

}  // namespace

void append_text(std::string& out, std::string_view text) { append_escaped(out, text, false); }
void append_attribute(std::string& out, std::string_view text) { append_escaped(out, text, true); }

void append_element(std::string& out, std::string_view name, std::string_view text) {
  out.append(1, '<').append(name);
  if (text.empty()) {
    out.append(" />");
    return;
  }
  out.append(1, '>');
  append_text(out, text);
  out.append("</").append(name).append(1, '>');
}

bool xml_can_carry(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::uint8_t kind = kind_of(text[i]);
    if (kind == kControl || (kind == kHigh && is_noncharacter(text.substr(i)))) return false;
  }
  return true;
}

void append_name(std::string& out, std::string_view name) {
  if (xml_can_carry(name)) {
    out.append("<Name>");
    append_text(out, name);
  } else {
    out.append("<Name Encoded=\"true\">");
    append_percent_encoded(out, name, false);
  }
  out.append("</Name>");
}

void append_percent_encoded(std::string& out, std::string_view text, bool keep_slash) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  for (char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~' || (c == '/' && keep_slash);
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
}

}  // namespace bascule::api
