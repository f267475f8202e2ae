#include "estate/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "estate/page/compare_page.h"

namespace bascule::estate {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Comparison compared(const std::string& rule, std::vector<const profile::Profile*> own = {}) {
  CompareInput input{.made = "2026-11-23T05:00:00Z", .program_version = "0.1.0", .rule = {}, .rule_file = {}, .own = std::move(own)};
  if (!rule.empty()) {
    auto parsed = profile::parse_rule(rule, "rule.toml");
    EXPECT_TRUE(parsed) << parsed.error().message;
    input.rule = *parsed;
    input.rule_file = "rule.toml";
  }
  return compare(std::move(input));
}

std::vector<std::string> order(const Comparison& comparison) {
  std::vector<std::string> out;
  for (const ComparedProvider& provider : comparison.providers)
    for (const ComparedPlace& place : provider.places) out.push_back(provider.profile->title + "/" + (place.region != nullptr ? place.region->id : ""));
  return out;
}

TEST(Compare, NeverRanks) {
  const auto plain = order(compared(""));
  EXPECT_TRUE(std::ranges::is_sorted(plain, [](std::string a, std::string b) {
    for (std::string* text : {&a, &b})
      for (char& c : *text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return a < b;
  }));
  EXPECT_EQ(order(compared("seat = [\"FR\"]")), plain);
  EXPECT_EQ(order(compared("seat = [\"US\"]\nunknown = \"undecided\"")), plain);
  EXPECT_EQ(order(compared("data_countries = [\"CH\"]\nqualifications_any = [\"SecNumCloud\"]")), plain);
  // Nor do the words.
  for (const Language language : {Language::en, Language::fr}) {
    const Comparison comparison = compared("seat = [\"EU\"]");
    for (const std::string& text : {compare_text(comparison, language), compare_page(comparison, language)})
      for (const char* word : {"best", "winner is", "recommended", " rank", "meilleur", "recommandé", "classement"}) EXPECT_THAT(text, Not(HasSubstr(word)));
  }
}

TEST(Compare, CountsAddUp) {
  const Comparison comparison = compared("seat = [\"EU\"]\ndata_countries = [\"EU\"]\nunknown = \"undecided\"");
  using enum profile::Outcome;
  EXPECT_EQ(comparison.count(allowed) + comparison.count(refused) + comparison.count(undecided), comparison.places());
  EXPECT_GT(comparison.count(allowed), 0U);
  EXPECT_GT(comparison.count(refused), 0U);
  EXPECT_GT(comparison.count(undecided), 0U);   // the generic one
}

TEST(Compare, AProfileOfOnesOwnTakesThePlaceOfAShippedOne) {
  const auto own = profile::parse_profile("id = \"hetzner\"\ntitle = \"Ours\"\nreviewed = 2026-11-01\n", "own");
  ASSERT_TRUE(own);
  const Comparison comparison = compared("", {&*own});
  EXPECT_EQ(comparison.providers.size(), profile::shipped_profiles().size());
  const auto found = std::ranges::find(comparison.providers, "hetzner", [](const ComparedProvider& p) { return p.profile->id; });
  ASSERT_NE(found, comparison.providers.end());
  EXPECT_EQ(found->profile->title, "Ours");
  EXPECT_EQ(found->places.size(), 1U);   // its place is not known
}

TEST(Compare, SetDemandsLookAtAllAllowedPlaces) {
  const Comparison comparison = compared("seat = [\"EU\"]\ndistinct_operators = 2\ndistinct_countries = 50");
  ASSERT_EQ(comparison.set.size(), 2U);
  EXPECT_EQ(comparison.set[0].outcome, profile::Outcome::allowed);
  EXPECT_EQ(comparison.set[1].outcome, profile::Outcome::refused);
}

TEST(Compare, JsonGivesNoLevelAndLabelsEverything) {
  const auto json = boost::json::parse(compare_json(compared("seat = [\"EU\"]"))).as_object();
  for (const auto& provider : json.at("providers").as_array()) {
    EXPECT_TRUE(provider.at("evidence").at("level").is_null());
    for (const auto& [fact, value] : provider.at("facts").as_object()) {
      const std::string_view known = value.at("label").at("known").as_string();
      EXPECT_EQ(known == "unknown", value.at("value").is_null()) << fact;
      EXPECT_FALSE(value.at("label").at("date").as_string().empty()) << fact;
    }
    for (const auto& place : provider.at("places").as_array())
      EXPECT_EQ(place.at("decided_by").is_null(), place.at("outcome").as_string() == "allowed");
  }
  EXPECT_EQ(json.at("framework").at("statement").as_string(), "self-assessment, not a certification");
}

TEST(Compare, EveryWordIsThere) {
  for (const Language language : {Language::en, Language::fr}) {
    for (const char* rule : {"", "seat = [\"EU\"]",
                             "title = \"T\"\nunknown = \"undecided\"\ndata_countries = [\"EU\"]\nseat = [\"EEA\"]\ncontrol = [\"any\"]\ncontrol_reviewed_days = 1\n"
                             "non_eu_share_largest = 24\nnon_eu_share_total = 39\ntechnology = [\"EU\"]\nresale = [\"EU\"]\npresence = [\"CH\"]\n"
                             "qualifications_all = [\"SecNumCloud\"]\nqualifications_any = [\"ISO 27001\", \"C5\"]\nservices = [\"postgresql\"]\n"
                             "exit_egress = [\"free\"]\nexit_notice_days = 60\ndistinct_operators = 2\ndistinct_countries = 2"}) {
      const Comparison comparison = compared(rule);
      EXPECT_THAT(compare_text(comparison, language), Not(HasSubstr("??")));
      EXPECT_THAT(compare_page(comparison, language), Not(HasSubstr("??")));
    }
  }
}

TEST(Compare, TextIsATable) {
  const std::string text = compare_text(compared("title = \"Records\"\nseat = [\"EU\"]"), Language::en);
  EXPECT_THAT(text, HasSubstr("Under the rule “Records”"));
  EXPECT_THAT(text, HasSubstr("Seat"));
  EXPECT_THAT(text, HasSubstr("Seat: Switzerland; demanded: EU [declared 20"));
}

}  // namespace
}  // namespace bascule::estate
