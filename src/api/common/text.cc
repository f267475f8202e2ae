#include "api/common/text.h"

#include <array>
#include <chrono>
#include <cstring>

namespace bascule::api {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

void put_two(char* to, unsigned value) {
  to[0] = static_cast<char>('0' + value / 10);
  to[1] = static_cast<char>('0' + value % 10);
}

// The date part of the last day asked for, per thread: listings and clocks ask for few different days.
struct DayText {
  std::int64_t day = INT64_MIN;
  char text[17];  // "Sun, 06 Nov 1994 "
};

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void append_http_date(std::string& out, WallTime t) {
  static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  thread_local DayText kept;
  const auto second = std::chrono::floor<std::chrono::seconds>(t);
  const auto day = std::chrono::floor<std::chrono::days>(second);
  if (kept.day != day.time_since_epoch().count()) {
    const std::chrono::year_month_day date(day);
    std::memcpy(kept.text, kDays[std::chrono::weekday(day).c_encoding()], 3);
    std::memcpy(kept.text + 3, ", ", 2);
    put_two(kept.text + 5, static_cast<unsigned>(date.day()));
    kept.text[7] = ' ';
    std::memcpy(kept.text + 8, kMonths[static_cast<unsigned>(date.month()) - 1], 3);
    kept.text[11] = ' ';
    const unsigned year = static_cast<unsigned>(static_cast<int>(date.year()));
    put_two(kept.text + 12, year / 100 % 100);
    put_two(kept.text + 14, year % 100);
    kept.text[16] = ' ';
    kept.day = day.time_since_epoch().count();
  }
  const unsigned in_day = static_cast<unsigned>((second - day).count());
  char time[12];
  put_two(time, in_day / 3600);
  time[2] = ':';
  put_two(time + 3, in_day / 60 % 60);
  time[5] = ':';
  put_two(time + 6, in_day % 60);
  std::memcpy(time + 8, " GMT", 4);
  out.append(kept.text, sizeof kept.text).append(time, sizeof time);
}

void append_etag(std::string& out, ops::ETag etag) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  char text[16];
  int at = 16;
  do {
    text[--at] = kDigits[etag & 15];
    etag >>= 4;
  } while (etag != 0);
  out.append("0x").append(text + at, static_cast<std::size_t>(16 - at));
}

std::optional<ops::ETag> parse_etag(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  if (!text.starts_with("0x") || text.size() < 3 || text.size() > 18 || text[2] == '0') return std::nullopt;
  ops::ETag value = 0;
  for (char c : text.substr(2)) {
    if (c >= '0' && c <= '9') value = value << 4 | static_cast<unsigned>(c - '0');
    else if (c >= 'A' && c <= 'F') value = value << 4 | static_cast<unsigned>(c - 'A' + 10);
    else return std::nullopt;
  }
  return value;
}

bool same_text(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

bool valid_utf8(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = p + text.size();
  while (p != end) {
    const unsigned c = *p++;
    if (c < 0x80) continue;
    const int more = c >= 0xC2 && c <= 0xDF ? 1 : c >= 0xE0 && c <= 0xEF ? 2 : c >= 0xF0 && c <= 0xF4 ? 3 : 0;
    if (more == 0 || end - p < more) return false;
    if ((c == 0xE0 && *p < 0xA0) || (c == 0xED && *p > 0x9F) || (c == 0xF0 && *p < 0x90) || (c == 0xF4 && *p > 0x8F))
      return false;
    for (int i = 0; i < more; ++i)
      if ((*p++ & 0xC0) != 0x80) return false;
  }
  return true;
}

}  // namespace bascule::api
