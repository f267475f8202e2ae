// What the estate commands say to people, in English and French: one table (words.cc), one key for each text, so that the
// terminal, the pages and their tests use the same words. Texts that belong to data (a mapping's reason, a factor's name)
// stay with that data, as Words.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace bascule::estate {

enum class Language : std::uint8_t { en, fr };

std::optional<Language> parse_language(std::string_view text);   // "en", "fr"
std::string_view name(Language language);

// A text of ours in both languages.
struct Words {
  std::string_view en, fr;
  std::string_view in(Language language) const { return language == Language::fr ? fr : en; }
};

// The text of a key, e.g. say(Language::fr, "label.unknown"). A key that is not in the table gives "??key??": a test renders
// everything and looks for that.
std::string_view say(Language language, std::string_view key);
bool has_words(std::string_view key);

// The same with {0}, {1} … replaced. Nothing is escaped here: whoever writes HTML does.
std::string say(Language language, std::string_view key, std::initializer_list<std::string_view> values);

// Numbers for people: 1,234,567 or 1 234 567 (with narrow no-break spaces); 1.5 or 1,5.
std::string number(Language language, std::uint64_t value);
std::string decimal(Language language, double value, int digits);
std::string bytes(Language language, std::uint64_t size_bytes);        // 1.5 TiB, 1,5 Tio
std::string duration(Language language, double seconds);               // 3 days 4 hours
std::string money(Language language, double amount, std::string_view currency);

}  // namespace bascule::estate
