#include "estate/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "estate/words_table.h"

namespace bascule::estate {
namespace {

const Entry* find(std::string_view key) {
  // The table is in the order of its keys (words_test sees to it).
  const auto table = words_table();
  const auto at = std::ranges::lower_bound(table, key, {}, &Entry::key);
  return at != table.end() && at->key == key ? &*at : nullptr;
}

// Groups of three digits, with a comma or a narrow no-break space between.
std::string grouped(Language language, std::string digits) {
  const std::string_view between = language == Language::fr ? "\u202f" : ",";
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, between);
  }
  return digits;
}

}  // namespace

std::optional<Language> parse_language(std::string_view text) {
  if (text == "en") return Language::en;
  if (text == "fr") return Language::fr;
  return std::nullopt;
}

std::string_view name(Language language) { return language == Language::fr ? "fr" : "en"; }

bool has_words(std::string_view key) { return find(key) != nullptr; }

std::string_view say(Language language, std::string_view key) {
  const Entry* entry = find(key);
  return entry != nullptr ? entry->words.in(language) : std::string_view("??key??");
}

std::string say(Language language, std::string_view key, std::initializer_list<std::string_view> values) {
  const std::string_view text = say(language, key);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool place = text[i] == '{' && i + 2 < text.size() && text[i + 2] == '}' && text[i + 1] >= '0' && text[i + 1] <= '9';
    const std::size_t index = place ? static_cast<std::size_t>(text[i + 1] - '0') : 0;
    if (!place || index >= values.size()) {
      out += text[i];
      continue;
    }
    out += *(values.begin() + index);
    i += 2;
  }
  return out;
}

std::string number(Language language, std::uint64_t value) { return grouped(language, std::to_string(value)); }

std::string decimal(Language language, double value, int digits) {
  if (!std::isfinite(value)) return std::string(say(language, "label.unknown"));
  std::string text = fmt::format("{:.{}f}", std::abs(value), digits);
  const std::size_t point = text.find('.');
  std::string out = grouped(language, text.substr(0, point));
  if (point != std::string::npos) out += (language == Language::fr ? "," : ".") + text.substr(point + 1);
  return std::signbit(value) && value != 0 ? "\u2212" + out : out;
}

std::string bytes(Language language, std::uint64_t size_bytes) {
  static constexpr std::array<Words, 6> kUnits = {{{"B", "o"}, {"KiB", "Kio"}, {"MiB", "Mio"}, {"GiB", "Gio"}, {"TiB", "Tio"}, {"PiB", "Pio"}}};
  double value = static_cast<double>(size_bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  const int digits = unit == 0 || value >= 100 ? 0 : 1;
  return decimal(language, value, digits) + "\u00a0" + std::string(kUnits[unit].in(language));
}

std::string duration(Language language, double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return std::string(say(language, "label.unknown"));
  struct Unit {
    double seconds;
    Words one, many;
  };
  static constexpr std::array<Unit, 5> kUnits = {{{365.25 * 86400, {"year", "an"}, {"years", "ans"}},
                                                  {86400, {"day", "jour"}, {"days", "jours"}},
                                                  {3600, {"hour", "heure"}, {"hours", "heures"}},
                                                  {60, {"minute", "minute"}, {"minutes", "minutes"}},
                                                  {1, {"second", "seconde"}, {"seconds", "secondes"}}}};
  // The two largest units that are not zero, the second rounded.
  for (std::size_t i = 0; i < kUnits.size(); ++i) {
    if (seconds < kUnits[i].seconds && i + 1 < kUnits.size()) continue;
    const bool last = i + 1 == kUnits.size();
    const double whole = last ? std::round(seconds) : std::floor(seconds / kUnits[i].seconds);
    const double rest = last ? 0 : std::round((seconds - whole * kUnits[i].seconds) / kUnits[i + 1].seconds);
    if (!last && rest * kUnits[i + 1].seconds >= kUnits[i].seconds)   // 59 minutes 60 seconds
      return duration(language, (whole + 1) * kUnits[i].seconds);
    const auto text = [&](double value, const Unit& unit) {
      return number(language, static_cast<std::uint64_t>(std::min(value, 1e18))) + "\u00a0" +
             std::string((value < 2 && (language == Language::fr || value == 1) ? unit.one : unit.many).in(language));
    };
    std::string out = text(whole, kUnits[i]);
    if (rest > 0) out += " " + text(rest, kUnits[i + 1]);
    return out;
  }
  return {};
}

std::string money(Language language, double amount, std::string_view currency) {
  const std::string value = decimal(language, amount, 2);
  return language == Language::fr ? value + "\u00a0" + std::string(currency) : std::string(currency) + "\u00a0" + value;
}

}  // namespace bascule::estate
