#include "base/time.h"

#include <gtest/gtest.h>

namespace bascule {
namespace {

WallTime at_unix(std::int64_t seconds, std::int64_t ticks = 0) {
  return WallTime(std::chrono::seconds(seconds) + Ticks(ticks));
}

TEST(HttpDate, ThreeForms) {
  const WallTime t = at_unix(784'111'777);
  EXPECT_EQ(format_http_date(t), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), t);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), t);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994"), t);
  EXPECT_EQ(parse_http_date("Fri, 17 May 2024 09:59:40 GMT"), at_unix(1'715'939'980));
}

TEST(HttpDate, Refuses) {
  for (const char* text : {"", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT ",
                           "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
                           "Sun, 6 Nov 1994 08:49:37 GMT", "2024-01-01T00:00:00Z"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

TEST(Iso8601, Formats) {
  const WallTime t = at_unix(1'715'939'980, 8'005'090);
  EXPECT_EQ(format_iso8601(t), "2024-05-17T09:59:40.8005090Z");
  EXPECT_EQ(format_iso8601_seconds(t), "2024-05-17T09:59:40Z");
  EXPECT_EQ(format_iso8601(at_unix(-1, 9'999'999)), "1969-12-31T23:59:59.9999999Z");
}

TEST(Iso8601, Parses) {
  EXPECT_EQ(parse_iso8601("2024-05-17"), at_unix(1'715'904'000));
  EXPECT_EQ(parse_iso8601("2024-05-17T09:59Z"), at_unix(1'715'939'940));
  EXPECT_EQ(parse_iso8601("2024-05-17T09:59:40Z"), at_unix(1'715'939'980));
  EXPECT_EQ(parse_iso8601("2024-05-17T09:59:40.8Z"), at_unix(1'715'939'980, 8'000'000));
  EXPECT_EQ(parse_iso8601("2024-05-17T09:59:40.8005090Z"), at_unix(1'715'939'980, 8'005'090));
  EXPECT_EQ(parse_iso8601("2024-05-17T11:59:40+02:00"), at_unix(1'715'939'980));
  EXPECT_EQ(parse_iso8601("2024-05-17T04:29:40-05:30"), at_unix(1'715'939'980));
}

TEST(Iso8601, Refuses) {
  for (const char* text : {"", "2024", "2024-05", "2024-05-17T", "2024-05-17T09Z", "2024-05-17T09:59",
                           "2024-05-17T09:59:40", "2024-05-17T09:59:40.Z", "2024-05-17T09:59:40.12345678Z",
                           "2024-13-17", "2024-02-30", "2024-05-17T24:00Z", "2024-05-17T09:59:60Z",
                           "2024-05-17T09:59:40Zx", "2024-05-17 09:59:40Z", "2024-05-17T09:59:40+2:00", "0000-01-01",
                           "2024-05-17T09:59:40+15:00"}) {
    EXPECT_FALSE(parse_iso8601(text)) << text;
  }
}

TEST(DotNetTicks, Epoch) {
  EXPECT_EQ(to_dotnet_ticks(at_unix(0)), 621'355'968'000'000'000u);
}

}  // namespace
}  // namespace bascule
