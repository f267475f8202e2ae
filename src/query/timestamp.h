// Points in time as the query language has them: ISO 8601 (https://www.w3.org/TR/NOTE-datetime), milliseconds, with the
// offset from UTC that they were written with.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bascule::query {

struct Timestamp {
  std::int64_t milliseconds = 0;    // since 1970-01-01 UTC
  std::int16_t offset_minutes = 0;  // of the wall clock that it was read from
};

enum class DatePart : std::uint8_t { year, month, day, hour, minute, second, timezone_hour, timezone_minute };
std::optional<DatePart> parse_date_part(std::string_view name);   // in any case

// YYYY[-MM[-DD]][T[hh:mm[:ss[.f…]]][Z|+hh:mm|-hh:mm]], years 1 to 9999.
std::optional<Timestamp> parse_timestamp(std::string_view text);
std::string text_of(const Timestamp& timestamp);                   // 2017-01-02T03:04:05.006Z

// Nothing where the result is out of range. Months keep the day where the month has it, else its last.
std::optional<Timestamp> date_add(DatePart part, std::int64_t quantity, const Timestamp& to);
// The whole units from one to the other.
std::int64_t date_diff(DatePart part, const Timestamp& from, const Timestamp& to);
std::int64_t extract(DatePart part, const Timestamp& timestamp);
// The patterns of TO_STRING ("MMMM d, y"); nothing for a letter that it does not know. Text between ' stands as it is.
std::optional<std::string> format(const Timestamp& timestamp, std::string_view pattern);

}  // namespace bascule::query
