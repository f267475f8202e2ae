#include "base/time.h"

#include <array>
#include <cstring>

namespace bascule {
namespace {

using std::chrono::days;
using std::chrono::hh_mm_ss;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::weekday;
using std::chrono::year_month_day;

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> kLongDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Fields {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  std::int64_t ticks = 0;  // below a second
};

Fields split(WallTime t) {
  const auto day = std::chrono::floor<days>(t);
  const year_month_day date(day);
  const hh_mm_ss<Ticks> time(t - day);
  return {static_cast<int>(date.year()),           static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),       static_cast<int>(time.hours().count()),
          static_cast<int>(time.minutes().count()), static_cast<int>(time.seconds().count()),
          time.subseconds().count()};
}

// Fixed forms, digit by digit: listings hold several of them a name.
class Writer {
 public:
  void text(std::string_view t) {
    std::memcpy(at_, t.data(), t.size());
    at_ += t.size();
  }
  void digits(unsigned value, std::size_t count) {
    for (std::size_t i = count; i-- > 0; value /= 10) at_[i] = static_cast<char>('0' + value % 10);
    at_ += count;
  }
  void date(const Fields& f) {
    digits(static_cast<unsigned>(f.year), 4);
    text("-");
    digits(f.month, 2);
    text("-");
    digits(f.day, 2);
  }
  void clock(const Fields& f) {
    digits(static_cast<unsigned>(f.hour), 2);
    text(":");
    digits(static_cast<unsigned>(f.minute), 2);
    text(":");
    digits(static_cast<unsigned>(f.second), 2);
  }
  std::string done() const { return {text_.data(), static_cast<std::size_t>(at_ - text_.data())}; }

 private:
  std::array<char, 40> text_;
  char* at_ = text_.data();
};

// Years outside 1..9999 have no text form in any of the formats here. A leap second (60) counts as the next second.
std::optional<WallTime> join(const Fields& f, bool leap_second_allowed) {
  const year_month_day date{std::chrono::year(f.year), std::chrono::month(f.month), std::chrono::day(f.day)};
  if (f.year < 1 || f.year > 9999 || !date.ok()) return std::nullopt;
  if (f.hour > 23 || f.minute > 59 || f.second > (leap_second_allowed ? 60 : 59)) return std::nullopt;
  return WallTime(sys_days(date).time_since_epoch() + hours(f.hour) + minutes(f.minute) + seconds(f.second) +
                  Ticks(f.ticks));
}

// Consumes text from the left; once something does not fit, `ok` stays false.
struct Reader {
  std::string_view rest;
  bool ok = true;

  bool peek(char c) const { return !rest.empty() && rest.front() == c; }
  bool take(char c) {
    if (!peek(c)) return false;
    rest.remove_prefix(1);
    return true;
  }
  void expect(std::string_view text) {
    if (!rest.starts_with(text)) { ok = false; return; }
    rest.remove_prefix(text.size());
  }
  int digits(std::size_t count) {
    if (rest.size() < count) { ok = false; return 0; }
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest[i] < '0' || rest[i] > '9') { ok = false; return 0; }
      value = value * 10 + (rest[i] - '0');
    }
    rest.remove_prefix(count);
    return value;
  }
  template <std::size_t N> int one_of(const std::array<std::string_view, N>& words) {
    for (std::size_t i = 0; i < N; ++i) {
      if (rest.starts_with(words[i])) {
        rest.remove_prefix(words[i].size());
        return static_cast<int>(i);
      }
    }
    ok = false;
    return 0;
  }
  bool done() const { return ok && rest.empty(); }
};

void read_clock(Reader& in, Fields& f) {
  f.hour = in.digits(2);
  in.expect(":");
  f.minute = in.digits(2);
  in.expect(":");
  f.second = in.digits(2);
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<WallTime> parse_imf_fixdate(std::string_view text) {
  Reader in{text};
  Fields f;
  in.one_of(kDays);
  in.expect(", ");
  f.day = static_cast<unsigned>(in.digits(2));
  in.expect(" ");
  f.month = static_cast<unsigned>(in.one_of(kMonths) + 1);
  in.expect(" ");
  f.year = in.digits(4);
  in.expect(" ");
  read_clock(in, f);
  in.expect(" GMT");
  return in.done() ? join(f, true) : std::nullopt;
}

// "Sunday, 06-Nov-94 08:49:37 GMT". RFC 9110 reads a year more than 50 years ahead as one of the past century; a fixed
// pivot at 70 gives the same for every date that a file can have and does not depend on today.
std::optional<WallTime> parse_rfc850(std::string_view text) {
  Reader in{text};
  Fields f;
  in.one_of(kLongDays);
  in.expect(", ");
  f.day = static_cast<unsigned>(in.digits(2));
  in.expect("-");
  f.month = static_cast<unsigned>(in.one_of(kMonths) + 1);
  in.expect("-");
  const int year = in.digits(2);
  f.year = year + (year < 70 ? 2000 : 1900);
  in.expect(" ");
  read_clock(in, f);
  in.expect(" GMT");
  return in.done() ? join(f, true) : std::nullopt;
}

// "Sun Nov  6 08:49:37 1994"
std::optional<WallTime> parse_asctime(std::string_view text) {
  Reader in{text};
  Fields f;
  in.one_of(kDays);
  in.expect(" ");
  f.month = static_cast<unsigned>(in.one_of(kMonths) + 1);
  in.expect(" ");
  f.day = static_cast<unsigned>(in.take(' ') ? in.digits(1) : in.digits(2));
  in.expect(" ");
  read_clock(in, f);
  in.expect(" ");
  f.year = in.digits(4);
  return in.done() ? join(f, true) : std::nullopt;
}

}  // namespace

std::string format_http_date(WallTime t) {
  const Fields f = split(t);
  Writer out;
  out.text(kDays[weekday(std::chrono::floor<days>(t)).c_encoding()]);
  out.text(", ");
  out.digits(f.day, 2);
  out.text(" ");
  out.text(kMonths[f.month - 1]);
  out.text(" ");
  out.digits(static_cast<unsigned>(f.year), 4);
  out.text(" ");
  out.clock(f);
  out.text(" GMT");
  return out.done();
}

std::optional<WallTime> parse_http_date(std::string_view text) {
  if (auto t = parse_imf_fixdate(text)) return t;
  if (auto t = parse_rfc850(text)) return t;
  return parse_asctime(text);
}

std::string format_iso8601(WallTime t) {
  const Fields f = split(t);
  Writer out;
  out.date(f);
  out.text("T");
  out.clock(f);
  out.text(".");
  out.digits(static_cast<unsigned>(f.ticks), 7);
  out.text("Z");
  return out.done();
}

std::string format_iso8601_seconds(WallTime t) {
  const Fields f = split(t);
  Writer out;
  out.date(f);
  out.text("T");
  out.clock(f);
  out.text("Z");
  return out.done();
}

std::optional<WallTime> parse_iso8601(std::string_view text) {
  Reader in{text};
  Fields f;
  f.year = in.digits(4);
  in.expect("-");
  f.month = static_cast<unsigned>(in.digits(2));
  in.expect("-");
  f.day = static_cast<unsigned>(in.digits(2));
  if (in.done()) return join(f, false);

  in.expect("T");
  f.hour = in.digits(2);
  in.expect(":");
  f.minute = in.digits(2);
  if (in.take(':')) {
    f.second = in.digits(2);
    if (in.take('.')) {
      int count = 0;
      while (count < 7 && !in.rest.empty() && in.rest.front() >= '0' && in.rest.front() <= '9') {
        f.ticks = f.ticks * 10 + in.digits(1);
        ++count;
      }
      if (count == 0) return std::nullopt;
      for (; count < 7; ++count) f.ticks *= 10;
    }
  }
  if (!in.ok) return std::nullopt;
  minutes offset{0};
  if (!in.take('Z')) {
    const bool west = in.peek('-');
    if (!in.take('+') && !in.take('-')) return std::nullopt;
    const int offset_hours = in.digits(2);
    in.expect(":");
    const int offset_minutes = in.digits(2);
    if (!in.ok || offset_hours > 14 || offset_minutes > 59) return std::nullopt;
    offset = hours(offset_hours) + minutes(offset_minutes);
    if (west) offset = -offset;
  }
  if (!in.done()) return std::nullopt;
  const auto local = join(f, false);
  if (!local) return std::nullopt;
  return *local - offset;
}

}  // namespace bascule
