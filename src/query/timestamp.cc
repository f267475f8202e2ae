#include "query/timestamp.h"

#include <fmt/format.h>

#include <array>
#include <chrono>

#include "query/text.h"

namespace bascule::query {
namespace {

using namespace std::chrono;
constexpr std::int64_t kMinute = 60'000, kHour = 60 * kMinute, kDay = 24 * kHour;
constexpr int kMostYear = 9999;

struct Fields {
  year_month_day date;
  std::int64_t of_day;   // milliseconds
};

Fields fields_of(const Timestamp& t) {
  const milliseconds local(t.milliseconds + t.offset_minutes * kMinute);
  const auto day = floor<days>(sys_time<milliseconds>(local));
  return {year_month_day(day), (sys_time<milliseconds>(local) - day).count()};
}

std::optional<Timestamp> made(year_month_day date, std::int64_t of_day, std::int16_t offset) {
  if (!date.ok() || int(date.year()) < 1 || int(date.year()) > kMostYear) return std::nullopt;
  const std::int64_t local = duration_cast<milliseconds>(sys_days(date).time_since_epoch()).count() + of_day;
  return Timestamp{local - offset * kMinute, offset};
}

// Reads exactly `digits` digits.
std::optional<int> number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}
bool skip(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// hh:mm[:ss[.f…]], in milliseconds.
std::optional<std::int64_t> parse_of_day(std::string_view& text) {
  const auto hour = number(text, 2);
  if (!hour || *hour > 23 || !skip(text, ':')) return std::nullopt;
  const auto minute = number(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  std::int64_t of_day = *hour * kHour + *minute * kMinute;
  if (!skip(text, ':')) return of_day;
  const auto second = number(text, 2);
  if (!second || *second > 59) return std::nullopt;
  of_day += *second * 1000;
  if (!skip(text, '.')) return of_day;
  std::int64_t scale = 100;
  std::size_t digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1), ++digits, scale /= 10)
    of_day += (text.front() - '0') * scale;
  if (digits == 0) return std::nullopt;
  return of_day;
}

std::optional<std::int16_t> parse_offset(std::string_view& text) {
  if (text.empty() || skip(text, 'Z') || skip(text, 'z')) return 0;
  const int sign = skip(text, '+') ? 1 : skip(text, '-') ? -1 : 0;
  if (sign == 0) return std::nullopt;
  const auto hours = number(text, 2);
  if (!hours || *hours > 14 || !skip(text, ':')) return std::nullopt;
  const auto minutes = number(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  return static_cast<std::int16_t>(sign * (*hours * 60 + *minutes));
}

constexpr std::array<std::string_view, 12> kMonths{"January", "February", "March",     "April",   "May",      "June",
                                                   "July",    "August",   "September", "October", "November", "December"};

std::string offset_text(int offset, std::size_t letters, bool zulu) {
  if (zulu && offset == 0) return "Z";
  const char sign = offset < 0 ? '-' : '+';
  const int size = offset < 0 ? -offset : offset;
  if (letters == 1) return size % 60 ? fmt::format("{}{:02}{:02}", sign, size / 60, size % 60) : fmt::format("{}{:02}", sign, size / 60);
  return fmt::format("{}{:02}{}{:02}", sign, size / 60, letters % 2 ? ":" : "", size % 60);
}

}  // namespace

std::optional<DatePart> parse_date_part(std::string_view name) {
  constexpr std::string_view kNames[] = {"year", "month", "day", "hour", "minute", "second", "timezone_hour", "timezone_minute"};
  for (std::size_t i = 0; i < std::size(kNames); ++i)
    if (same(name, kNames[i])) return static_cast<DatePart>(i);
  return std::nullopt;
}

std::optional<Timestamp> parse_timestamp(std::string_view text) {
  const auto y = number(text, 4);
  if (!y) return std::nullopt;
  int m = 1, d = 1;
  std::int64_t of_day = 0;
  if (skip(text, '-')) {
    const auto month = number(text, 2);
    if (!month) return std::nullopt;
    m = *month;
    if (skip(text, '-')) {
      const auto day = number(text, 2);
      if (!day) return std::nullopt;
      d = *day;
    }
  }
  std::int16_t offset = 0;
  if (skip(text, 'T') || skip(text, 't') || skip(text, ' ')) {
    if (!text.empty() && text.front() >= '0' && text.front() <= '9') {
      const auto read = parse_of_day(text);
      if (!read) return std::nullopt;
      of_day = *read;
    }
    const auto read = parse_offset(text);
    if (!read) return std::nullopt;
    offset = *read;
  }
  if (!text.empty()) return std::nullopt;
  return made(year(*y) / m / d, of_day, offset);
}

std::string text_of(const Timestamp& t) {
  const Fields f = fields_of(t);
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", int(f.date.year()), unsigned(f.date.month()),
                                 unsigned(f.date.day()), f.of_day / kHour, f.of_day % kHour / kMinute, f.of_day % kMinute / 1000);
  if (f.of_day % 1000) text += fmt::format(".{:03}", f.of_day % 1000);
  return text + offset_text(t.offset_minutes, 3, true);
}

std::optional<Timestamp> date_add(DatePart part, std::int64_t quantity, const Timestamp& to) {
  constexpr std::int64_t kMost = std::int64_t{kMostYear} * 366 * 24 * 3600;   // seconds: more is out of range for certain
  if (quantity > kMost || quantity < -kMost) return std::nullopt;
  const Fields f = fields_of(to);
  if (part == DatePart::year || part == DatePart::month) {
    const std::int64_t count = int(f.date.year()) * 12 + unsigned(f.date.month()) - 1 + quantity * (part == DatePart::year ? 12 : 1);
    if (count < 12 || count >= (kMostYear + 1) * 12) return std::nullopt;
    const year_month in = year(static_cast<int>(count / 12)) / month(static_cast<unsigned>(count % 12 + 1));
    const auto last = (in / std::chrono::last).day();
    return made(in / std::min(f.date.day(), last), f.of_day, to.offset_minutes);
  }
  const std::int64_t unit = part == DatePart::day ? kDay : part == DatePart::hour ? kHour : part == DatePart::minute ? kMinute : 1000;
  if (part > DatePart::second) return std::nullopt;
  Timestamp sum = to;
  if (__builtin_mul_overflow(quantity, unit, &quantity) || __builtin_add_overflow(sum.milliseconds, quantity, &sum.milliseconds))
    return std::nullopt;
  const int y = int(fields_of(sum).date.year());
  if (y < 1 || y > kMostYear) return std::nullopt;
  return sum;
}

std::int64_t date_diff(DatePart part, const Timestamp& from, const Timestamp& to) {
  const std::int64_t apart = to.milliseconds - from.milliseconds;
  switch (part) {
    case DatePart::day: return apart / kDay;
    case DatePart::hour: return apart / kHour;
    case DatePart::minute: return apart / kMinute;
    case DatePart::second: return apart / 1000;
    default: break;
  }
  const Fields a = fields_of({from.milliseconds, 0}), b = fields_of({to.milliseconds, 0});
  std::int64_t months = (int(b.date.year()) - int(a.date.year())) * 12 + (static_cast<int>(unsigned(b.date.month())) - static_cast<int>(unsigned(a.date.month())));
  const auto rest = [](const Fields& f) { return unsigned(f.date.day()) * kDay + f.of_day; };
  if (months > 0 && rest(b) < rest(a)) --months;
  if (months < 0 && rest(b) > rest(a)) ++months;
  return part == DatePart::year ? months / 12 : months;
}

std::int64_t extract(DatePart part, const Timestamp& t) {
  const Fields f = fields_of(t);
  switch (part) {
    case DatePart::year: return int(f.date.year());
    case DatePart::month: return unsigned(f.date.month());
    case DatePart::day: return unsigned(f.date.day());
    case DatePart::hour: return f.of_day / kHour;
    case DatePart::minute: return f.of_day % kHour / kMinute;
    case DatePart::second: return f.of_day % kMinute / 1000;
    case DatePart::timezone_hour: return t.offset_minutes / 60;
    case DatePart::timezone_minute: return t.offset_minutes % 60;
  }
  return 0;
}

std::optional<std::string> format(const Timestamp& t, std::string_view pattern) {
  const Fields f = fields_of(t);
  const int y = int(f.date.year());
  const unsigned m = unsigned(f.date.month()), d = unsigned(f.date.day());
  const std::int64_t h = f.of_day / kHour, minute = f.of_day % kHour / kMinute, second = f.of_day % kMinute / 1000, ms = f.of_day % 1000;
  std::string out;
  const auto padded = [&out](std::int64_t value, std::size_t letters) {
    out += letters == 1 ? fmt::format("{}", value) : fmt::format("{:02}", value);
  };
  for (std::size_t at = 0; at < pattern.size();) {
    const char c = pattern[at];
    if (c == '\'') {
      const std::size_t end = pattern.find('\'', at + 1);
      if (end == std::string_view::npos) return std::nullopt;
      out += pattern.substr(at + 1, end - at - 1);
      at = end + 1;
      continue;
    }
    if (!is_letter(c)) {
      out += c;
      ++at;
      continue;
    }
    std::size_t letters = 1;
    while (at + letters < pattern.size() && pattern[at + letters] == c) ++letters;
    at += letters;
    switch (c) {
      case 'y': out += letters == 2 ? fmt::format("{:02}", y % 100) : fmt::format("{:04}", y); break;
      case 'M':
        if (letters <= 2) padded(m, letters);
        else out += letters == 3 ? kMonths[m - 1].substr(0, 3) : kMonths[m - 1];
        break;
      case 'd': padded(d, letters); break;
      case 'a': out += h < 12 ? "AM" : "PM"; break;
      case 'h': padded((h + 11) % 12 + 1, letters); break;
      case 'H': padded(h, letters); break;
      case 'm': padded(minute, letters); break;
      case 's': padded(second, letters); break;
      case 'S': out += letters == 1 ? fmt::format("{}", ms / 100) : letters == 2 ? fmt::format("{:02}", ms / 10) : fmt::format("{:03}", ms); break;
      case 'X': case 'x': out += offset_text(t.offset_minutes, letters, c == 'X'); break;
      default: return std::nullopt;
    }
  }
  return out;
}

}  // namespace bascule::query
