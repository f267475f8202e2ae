#include <array>
#include <bit>
#include <cstring>

#include "events/line.h"

namespace bascule::events {
namespace {

constexpr char kDigits[] = "0123456789abcdef";
constexpr std::string_view kCut = "\xE2\x80\xA6";  // …

constexpr std::uint64_t repeat(std::uint8_t byte) { return 0x0101010101010101u * byte; }
// Its high bits are set in bytes of `word` that are zero (and perhaps in some above such a one).
constexpr std::uint64_t zero_bytes(std::uint64_t word) { return (word - repeat(1)) & ~word & repeat(0x80); }

// Some byte of these eight needs a look: a control, a quote, a backslash, DEL, or no ASCII.
constexpr bool needs_care(std::uint64_t word) {
  return ((word & repeat(0x80)) | ((word - repeat(0x20)) & ~word & repeat(0x80)) | zero_bytes(word ^ repeat('"')) |
          zero_bytes(word ^ repeat('\\')) | zero_bytes(word ^ repeat(0x7F))) != 0;
}

// The length of the character at the beginning, and its code; 0 where the bytes are no UTF-8 (RFC 3629).
struct Decoded {
  std::size_t length = 0;
  std::uint32_t code = 0;
};
Decoded decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  std::size_t length = 0;
  std::uint32_t code = 0, least = 0;
  if (first < 0x80) return {1, first};
  if (first >= 0xC2 && first <= 0xDF) { length = 2; code = first & 0x1F; least = 0x80; }
  else if (first >= 0xE0 && first <= 0xEF) { length = 3; code = first & 0x0F; least = 0x800; }
  else if (first >= 0xF0 && first <= 0xF4) { length = 4; code = first & 0x07; least = 0x10000; }
  if (length == 0 || text.size() < length) return {};
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3F);
  }
  if (code < least || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {length, code};
}

char* write_unicode(char* out, std::uint32_t code) {
  std::memcpy(out, "\\u", 2);
  for (int i = 0; i < 4; ++i) out[2 + i] = kDigits[code >> (12 - 4 * i) & 15];
  return out + 6;
}

// One character's form: at most 6 bytes.
char* write_one(char* out, std::string_view text, std::size_t& length) {
  const Decoded c = decode(text);
  length = c.length ? c.length : 1;
  if (c.length == 0) return write_unicode(out, 0xFFFD);
  switch (c.code) {
    case '"': std::memcpy(out, "\\\"", 2); return out + 2;
    case '\\': std::memcpy(out, "\\\\", 2); return out + 2;
    case '\n': std::memcpy(out, "\\n", 2); return out + 2;
    case '\r': std::memcpy(out, "\\r", 2); return out + 2;
    case '\t': std::memcpy(out, "\\t", 2); return out + 2;
    default: break;
  }
  if (c.code < 0x20 || (c.code >= 0x7F && c.code < 0xA0)) return write_unicode(out, c.code);
  std::memcpy(out, text.data(), c.length);
  return out + c.length;
}

// Known parameters whose values name what was asked for. Whatever is not here is hidden: a signature, a token, a mistake.
constexpr auto kShown = std::to_array<std::string_view>({
    "comp", "restype", "snapshot", "versionid", "timeout", "prefix", "delimiter", "marker", "include", "maxresults", "blockid",
    "blocklisttype", "where", "prevsnapshot", "copyid", "deletetype", "showonly", "startfrom", "api-version", "resource",
    "sv", "sr", "sp", "st", "se", "spr", "sip", "si", "ss", "srt", "ses", "sdd", "skoid", "sktid", "skt", "ske", "sks", "skv",
    "saoid", "suoid", "scid", "skdutid", "sduoid", "rscc", "rscd", "rsce", "rscl", "rsct"});

bool same(std::string_view a, std::string_view lower) {
  if (a.size() != lower.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if ((a[i] >= 'A' && a[i] <= 'Z' ? a[i] + 32 : a[i]) != lower[i]) return false;
  return true;
}

// Where a name stands among the slots of kPlaces, if nothing else does; neither depends on the letters' case.
constexpr std::size_t kSlots = 256;
constexpr std::size_t slot_of(std::string_view name) {
  return ((name.front() | 0x20u) * 29 + (name.back() | 0x20u) * 7 + name.size()) % kSlots;
}
constexpr auto kPlaces = [] {   // 1 + the index in kShown; 0: free
  std::array<std::uint8_t, kSlots> places{};
  for (std::size_t i = 0; i < kShown.size(); ++i) {
    std::size_t slot = slot_of(kShown[i]);
    while (places[slot] != 0) slot = (slot + 1) % kSlots;
    places[slot] = static_cast<std::uint8_t>(i + 1);
  }
  return places;
}();

bool shown(std::string_view name) {
  for (std::size_t slot = slot_of(name); kPlaces[slot] != 0; slot = (slot + 1) % kSlots)
    if (same(name, kShown[kPlaces[slot] - 1])) return true;
  return false;
}

}  // namespace

char* write_escaped(char* out, std::string_view text, std::size_t limit) {
  char* const end = out + limit - kCut.size();   // room for the mark is always left
  const char* at = text.data();
  const char* const last = at + text.size();
  while (at != last) {
    if (last - at >= 8 && end - out >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, at, 8);
      if (!needs_care(word)) {
        std::memcpy(out, at, 8);
        at += 8;
        out += 8;
        continue;
      }
    }
    const unsigned char c = static_cast<unsigned char>(*at);
    if (out < end && c >= 0x20 && c < 0x7F && c != '"' && c != '\\') {
      *out++ = *at++;
      continue;
    }
    char one[8];
    std::size_t length = 0;
    const std::size_t size = static_cast<std::size_t>(write_one(one, {at, static_cast<std::size_t>(last - at)}, length) - one);
    if (end < out + size) {
      std::memcpy(out, kCut.data(), kCut.size());
      return out + kCut.size();
    }
    std::memcpy(out, one, size);
    out += size;
    at += length;
  }
  return out;
}

char* write_query(char* out, std::string_view query, std::size_t limit) {
  char* const begin = out;
  const auto left = [&] { return limit - static_cast<std::size_t>(out - begin); };
  while (!query.empty()) {
    if (left() < 64) return write_escaped(out, kCut, 8);
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    if (equals == std::string_view::npos && !shown(name.empty() ? std::string_view("-") : name)) {
      // A word without a value may be anything, even a token whose name was forgotten.
      if (!pair.empty()) {
        std::memcpy(out, "XXXXX", 5);
        out += 5;
      }
    } else if (equals == std::string_view::npos || (!name.empty() && shown(name))) {
      out = write_escaped(out, pair, left() - 16);
    } else {
      out = write_escaped(out, name, std::min<std::size_t>(32, left() - 16));
      std::memcpy(out, "=XXXXX", 6);
      out += 6;
    }
    if (!query.empty()) *out++ = '&';
  }
  return out;
}

}  // namespace bascule::events
