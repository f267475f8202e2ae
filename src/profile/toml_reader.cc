#include "profile/toml_reader.h"

#include <fmt/format.h>

namespace bascule::profile {
namespace {

bool is_day(int year, int month, int day) {
  return std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                     std::chrono::day(static_cast<unsigned>(day)))
      .ok();
}

// toml++ takes nested arrays as deep as the stack allows; ours are never deep.
bool too_deep(std::string_view content) {
  int depth = 0;
  for (const char c : content) {
    if (c == '[' || c == '{') {
      if (++depth > 64) return true;
    } else if (c == ']' || c == '}') {
      depth = std::max(0, depth - 1);
    } else if (c == '\n') {
      depth = 0;
    }
  }
  return false;
}

}  // namespace

std::string quoted(std::string_view found) {
  constexpr std::size_t kMost = 60;
  std::string out = "\"";
  for (const char c : found.substr(0, kMost)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return out + (found.size() > kMost ? "…\"" : "\"");
}

std::optional<std::string> read_date(const toml::node& node) {
  if (const auto date = node.value_exact<toml::date>())
    return is_day(date->year, date->month, date->day) ? std::optional(fmt::format("{:04}-{:02}-{:02}", date->year, date->month, date->day))
                                                      : std::nullopt;
  return std::nullopt;
}

Result<toml::table> TomlReader::parse(std::string_view content, const std::string& shown) {
  if (too_deep(content)) return fail(Code::invalid_argument, shown + ": nested too deeply");
  try {
    return toml::parse(content);
  } catch (const toml::parse_error& error) {  // the library speaks in exceptions; ours end here
    std::string description(error.description());   // it quotes what it met
    std::ranges::replace_if(description, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    return fail(Code::invalid_argument, fmt::format("{}:{}: this is not TOML: {}", shown, error.source().begin.line, description));
  }
}

std::unexpected<Error> TomlReader::wrong(const toml::source_region& where, const std::string& message) const {
  return fail(Code::invalid_argument, fmt::format("{}:{}: {}", shown_, where.begin.line, message));
}

std::unexpected<Error> TomlReader::unknown_key(const toml::key& key, const std::vector<std::string_view>& allowed) const {
  return wrong(key.source(), fmt::format("there is no {}; allowed: {}", quoted(key.str()), fmt::join(allowed, ", ")));
}

Result<std::string> TomlReader::text(const toml::node& node, std::string_view what, std::size_t most) const {
  const auto found = node.value_exact<std::string_view>();
  if (!found || found->empty()) return wrong(node, fmt::format("{}: allowed is a text that is not empty", what));
  if (found->size() > most) return wrong(node, fmt::format("{}: {} bytes; allowed are at most {}", what, found->size(), most));
  return std::string(*found);
}

Result<std::int64_t> TomlReader::number(const toml::node& node, std::string_view what, std::int64_t least, std::int64_t most) const {
  const auto found = node.value_exact<std::int64_t>();
  if (!found || *found < least || *found > most)
    return wrong(node, fmt::format("{}: allowed is a whole number from {} to {}", what, least, most));
  return *found;
}

Result<std::string> TomlReader::date(const toml::node& node, std::string_view what) const {
  auto found = read_date(node);
  if (!found) return wrong(node, fmt::format("{}: allowed is a date, as 2026-11-23 without quotes", what));
  return std::move(*found);
}

Result<std::vector<std::string>> TomlReader::texts(const toml::node& node, std::string_view what,
                                                   const std::function<bool(std::string_view)>& good, std::string_view allowed) const {
  const toml::array* array = node.as_array();
  if (array == nullptr) return wrong(node, fmt::format("{}: allowed is a list of {}", what, allowed));
  if (array->size() > 500) return wrong(node, fmt::format("{}: {} items; allowed are at most 500", what, array->size()));
  std::vector<std::string> out;
  for (const toml::node& item : *array) {
    const auto found = item.value_exact<std::string_view>();
    if (!found || found->size() > 400 || !good(*found))
      return wrong(item, fmt::format("{}: {} is not allowed; allowed is {}", what, found ? quoted(*found) : "this", allowed));
    if (std::ranges::find(out, *found) != out.end()) return wrong(item, fmt::format("{}: {} is there twice", what, quoted(*found)));
    out.emplace_back(*found);
  }
  return out;
}

}  // namespace bascule::profile
