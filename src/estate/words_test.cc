#include "estate/words.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "estate/label.h"
#include "estate/words_table.h"

namespace bascule::estate {
namespace {

TEST(Words, TableIsInOrderAndWhole) {
  const auto table = words_table();
  EXPECT_TRUE(std::ranges::is_sorted(table, {}, &Entry::key));
  std::set<std::string_view> keys;
  for (const Entry& entry : table) {
    EXPECT_TRUE(keys.insert(entry.key).second) << entry.key << " is there twice";
    EXPECT_FALSE(entry.words.en.empty()) << entry.key;
    EXPECT_FALSE(entry.words.fr.empty()) << entry.key;
    // The same places in both languages.
    for (const char* place : {"{0}", "{1}", "{2}", "{3}"})
      EXPECT_EQ(entry.words.en.find(place) == std::string_view::npos, entry.words.fr.find(place) == std::string_view::npos) << entry.key;
  }
}

TEST(Words, PlacesAreFilledOnceAndUnknownKeysShow) {
  EXPECT_EQ(say(Language::en, "label.declared.by", {"{1}", "2026-11-23"}), "declared: {1}, 2026-11-23");
  EXPECT_EQ(say(Language::fr, "no.such.key"), "??key??");
}

TEST(Words, Numbers) {
  EXPECT_EQ(number(Language::en, 0), "0");
  EXPECT_EQ(number(Language::en, 1234567), "1,234,567");
  EXPECT_EQ(number(Language::fr, 1234567), "1\u202f234\u202f567");
  EXPECT_EQ(number(Language::en, 999), "999");
  EXPECT_EQ(decimal(Language::fr, 1234.5, 1), "1\u202f234,5");
  EXPECT_EQ(decimal(Language::en, -0.25, 2), "\u22120.25");
  EXPECT_EQ(decimal(Language::en, 1.0 / 0.0, 2), "unknown");
  EXPECT_EQ(bytes(Language::en, 0), "0\u00a0B");
  EXPECT_EQ(bytes(Language::en, 1536), "1.5\u00a0KiB");
  EXPECT_EQ(bytes(Language::fr, 3ULL << 40), "3,0\u00a0Tio");
  EXPECT_EQ(money(Language::fr, 1234.5, "EUR"), "1\u202f234,50\u00a0EUR");
}

TEST(Words, Durations) {
  EXPECT_EQ(duration(Language::en, 1), "1\u00a0second");
  EXPECT_EQ(duration(Language::en, 0), "0\u00a0seconds");
  EXPECT_EQ(duration(Language::fr, 0), "0\u00a0seconde");
  EXPECT_EQ(duration(Language::en, 86400 * 3 + 4 * 3600), "3\u00a0days 4\u00a0hours");
  EXPECT_EQ(duration(Language::en, 3599.9), "1\u00a0hour");
  EXPECT_EQ(duration(Language::fr, 90), "1\u00a0minute 30\u00a0secondes");
  EXPECT_EQ(duration(Language::en, -1), "unknown");
}

TEST(Label, SaysHowItIsKnown) {
  EXPECT_EQ(words(Label::declared("https://example.org/terms", "2026-11-23"), Language::en), "declared: https://example.org/terms, 2026-11-23");
  EXPECT_EQ(words(Label::enforced("rule.toml"), Language::fr), "imposé ici\u00a0: rule.toml");
  EXPECT_EQ(words(Label::measured("bascule check", "2026-11-23T05:00:00Z"), Language::en), "measured here: bascule check, 2026-11-23T05:00:00Z");
  EXPECT_EQ(words(Label::unknown(), Language::fr), "inconnu");
  EXPECT_EQ(words(Label::unknown("", "2026-11-23"), Language::en), "unknown: looked for, 2026-11-23");
}

}  // namespace
}  // namespace bascule::estate
