#include "base/log.h"

#include <gtest/gtest.h>

namespace bascule::log {
namespace {

TEST(Log, Logfmt) {
  EXPECT_EQ(format_line(false, "T", Level::info, "request",
                        {{"method", "GET"}, {"status", 200}, {"bytes", 5u}, {"ratio", 0.5}, {"ok", true}, {"path", "a b"}}),
            R"(time=T level=info event=request method=GET status=200 bytes=5 ratio=0.5 ok=true path="a b")");
}

TEST(Log, Json) {
  EXPECT_EQ(format_line(true, "T", Level::warn, "x", {{"n", -1}, {"s", std::string("q\"\\")}, {"b", false}}),
            R"({"time":"T","level":"warn","event":"x","n":-1,"s":"q\"\\","b":false})");
}

TEST(Log, NothingForgesALine) {
  EXPECT_EQ(format_line(false, "T", Level::error, "x", {{"s", "a\nlevel=info\r\x01"}, {"e", ""}}),
            R"(time=T level=error event=x s="a\nlevel=info\r\u0001" e="")");
}

TEST(Log, Threshold) {
  EXPECT_FALSE(enabled(Level::debug));
  setup({.level = Level::off});
  EXPECT_FALSE(enabled(Level::error));
  setup({.level = Level::debug});
  EXPECT_TRUE(enabled(Level::debug));
  setup({});
  EXPECT_EQ(parse_level("warn"), Level::warn);
  EXPECT_FALSE(parse_level("loud"));
}

TEST(Log, OneLinePerEvent) {
  testing::internal::CaptureStderr();
  info("started", {{"port", 10000}});
  debug("hidden");
  const std::string out = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(out.ends_with("level=info event=started port=10000\n")) << out;
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1);
}

}  // namespace
}  // namespace bascule::log
