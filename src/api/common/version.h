// x-ms-version: the protocol version whose behaviour a request asks for. Every well-formed date from 2009-09-19 on is
// accepted, newer than we know included, so that a newer SDK never breaks against this server (AZURE.md, "Addressing").
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace bascule::api {

class Version {
 public:
  constexpr Version() = default;
  constexpr Version(int year, int month, int day)
      : value_(static_cast<std::uint32_t>(year * 10000 + month * 100 + day)) {}
  constexpr auto operator<=>(const Version&) const = default;

  // Nothing unless the text is a calendar-like YYYY-MM-DD not before 2009-09-19.
  static std::optional<Version> parse(std::string_view text);

 private:
  std::uint32_t value_ = 2009'09'19;
};

inline constexpr std::string_view kDefaultVersionText = "2009-09-19";

}  // namespace bascule::api
