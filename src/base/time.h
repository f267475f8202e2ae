// Wall-clock time in Azure's resolution, and its text forms.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bascule {

// 100 ns since 1970-01-01 UTC: what Azure's creation times, snapshots and version ids count in.
using Ticks = std::chrono::duration<std::int64_t, std::ratio<1, 10'000'000>>;
using WallTime = std::chrono::sys_time<Ticks>;

// .NET ticks (100 ns since 0001-01-01), from which Azure forms its ETags.
constexpr std::int64_t kDotNetEpochTicks = 621'355'968'000'000'000;
constexpr std::uint64_t to_dotnet_ticks(WallTime t) {
  return static_cast<std::uint64_t>(t.time_since_epoch().count() + kDotNetEpochTicks);
}

std::string format_http_date(WallTime t);                          // Sun, 06 Nov 1994 08:49:37 GMT
std::optional<WallTime> parse_http_date(std::string_view text);    // RFC 9110: IMF-fixdate, RFC 850, asctime
std::string format_iso8601(WallTime t);                            // 2024-05-17T09:59:40.8005090Z (seven decimals)
std::string format_iso8601_seconds(WallTime t);                    // 2024-05-17T09:59:40Z
// YYYY-MM-DD, YYYY-MM-DDThh:mmZ, YYYY-MM-DDThh:mm:ss[.f{1,7}]Z or +hh:mm / -hh:mm instead of Z
// (the forms that a SAS may carry: "Create a service SAS", "Specify DateTime values").
std::optional<WallTime> parse_iso8601(std::string_view text);

}  // namespace bascule
