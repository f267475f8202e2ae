#include "profile/rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profile/evaluate.h"

namespace bascule::profile {
namespace {

using ::testing::HasSubstr;

constexpr const char* kToday = "2026-11-23";

Rule rule(const std::string& text) {
  auto parsed = parse_rule(text, "rule.toml");
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed ? *parsed : Rule{};
}

// A provider made for the purpose: all facts known and within the EU.
Profile profile(const std::string& more = {}) {
  auto parsed = parse_profile(
      "id = \"x\"\ntitle = \"X\"\nreviewed = 2026-11-01\n[sources]\ns = { title = \"S\", url = \"https://example.org/s\", date = 2026-11-01 }\n"
      "old = { title = \"O\", date = 2024-01-01 }\n[facts]\n"
      "operator = { value = \"X SA\", from = \"s\" }\nseat = { value = \"FR\", from = \"s\" }\nparent = { value = \"P\", from = \"s\" }\n"
      "technology_countries = { value = [\"FR\", \"US\"], from = \"s\" }\nreseller_countries = { value = [], from = \"s\" }\n"
      "services = { value = [\"object-storage\", \"postgresql\"], from = \"s\" }\nnon_eu_share_largest = { value = 24, from = \"s\" }\n"
      "control = { value = \"FR\", from = \"old\" }\nexit_egress = { value = \"free\", from = \"s\" }\nexit_notice_days = { value = 30, from = \"s\" }\n" +
          more +
          "\n[[regions]]\nid = \"a\"\ncountry = \"FR\"\nfrom = \"s\"\n[[regions]]\nid = \"b\"\ncountry = \"CH\"\nfrom = \"s\"\n"
          "[[qualifications]]\nname = \"ISO 27001\"\nstatus = \"held\"\nobject_storage = true\nfrom = \"s\"\n"
          "[[qualifications]]\nname = \"SecNumCloud\"\nstatus = \"held\"\nobject_storage = false\nscope = \"virtual machines\"\nfrom = \"s\"\n"
          "[[qualifications]]\nname = \"C5\"\nstatus = \"held\"\nfrom = \"s\"\n"
          "[[qualifications]]\nname = \"HDS\"\nstatus = \"in progress\"\nfrom = \"s\"\n",
      "x.toml");
  EXPECT_TRUE(parsed) << parsed.error().message;
  return *parsed;
}

Outcome outcome(const std::string& text, std::size_t region = 0) {
  const Profile of = profile();
  return evaluate(of, &of.regions[region], rule(text), kToday).outcome;
}

struct Row {
  const char* rule;
  Outcome outcome;
};
TEST(Evaluate, EachDemand) {
  using enum Outcome;
  const Row rows[] = {
      {"data_countries = [\"EU\"]", allowed},
      {"data_countries = [\"DE\", \"CH\"]", refused},
      {"seat = [\"EU\"]", allowed},
      {"seat = [\"DE\"]", refused},
      {"control = [\"EU\"]", allowed},
      {"control = [\"any\"]", allowed},
      {"control_reviewed_days = 2000", allowed},
      {"control_reviewed_days = 365", refused},
      {"non_eu_share_largest = 24", allowed},
      {"non_eu_share_largest = 23", refused},
      {"non_eu_share_total = 39", refused},   // unknown
      {"unknown = \"undecided\"\nnon_eu_share_total = 39", undecided},
      {"technology = [\"EU\"]", refused},
      {"technology = [\"EU\", \"US\"]", allowed},
      {"resale = [\"EU\"]", allowed},          // none is resold
      {"presence = [\"CH\"]", refused},        // unknown
      {"unknown = \"undecided\"\npresence = [\"CH\"]", undecided},
      {"qualifications_all = [\"ISO 27001\"]", allowed},
      {"qualifications_all = [\"ISO 27001\", \"SecNumCloud\"]", refused},   // held, and not for the object storage
      {"qualifications_any = [\"SecNumCloud\", \"ISO 27001\"]", allowed},
      {"qualifications_any = [\"HDS\"]", refused},
      {"unknown = \"undecided\"\nqualifications_any = [\"HDS\", \"C5\"]", undecided},   // C5: whether it covers is not known
      {"unknown = \"undecided\"\nqualifications_all = [\"ISO 27017\"]", undecided},     // not mentioned
      {"services = [\"postgresql\"]", allowed},
      {"unknown = \"undecided\"\nservices = [\"redis\"]", undecided},   // not found is not the same as not offered
      {"services = [\"redis\"]", refused},
      {"exit_egress = [\"free\", \"at-cost\"]", allowed},
      {"exit_egress = [\"at-cost\"]", refused},
      {"exit_notice_days = 30", allowed},
      {"exit_notice_days = 29", refused},
      {"distinct_operators = 5", allowed},   // a demand on sets, not on one place
  };
  for (const Row& row : rows) EXPECT_EQ(outcome(row.rule), row.outcome) << row.rule;
  EXPECT_EQ(outcome("data_countries = [\"EU\"]", 1), Outcome::refused);
  EXPECT_EQ(outcome("data_countries = [\"EU\", \"CH\"]", 1), Outcome::allowed);
}

TEST(Evaluate, TheFactThatDecides) {
  const Profile of = profile();
  // Unknown first in the order, broken later: what is known decides.
  const Verdict verdict = evaluate(of, of.regions.data(), rule("non_eu_share_total = 39\ntechnology = [\"EU\"]\nseat = [\"EU\"]"), kToday);
  ASSERT_TRUE(verdict.deciding);
  const Check& check = verdict.checks[*verdict.deciding];
  EXPECT_EQ(verdict.outcome, Outcome::refused);
  EXPECT_EQ(check.demand, Demand::technology);
  EXPECT_EQ(check.found, "FR, US");
  EXPECT_EQ(check.demanded, "EU");
  EXPECT_EQ(check.source, "S (https://example.org/s)");
  EXPECT_EQ(check.date, "2026-11-01");
  EXPECT_FALSE(check.unknown);
  // An undecided one names the unknown fact, and when it was looked for.
  const Verdict unknown = evaluate(of, of.regions.data(), rule("unknown = \"undecided\"\nnon_eu_share_total = 39"), kToday);
  ASSERT_TRUE(unknown.deciding);
  EXPECT_EQ(unknown.checks[*unknown.deciding].date, "2026-11-01");
  EXPECT_TRUE(unknown.checks[*unknown.deciding].unknown);
  EXPECT_FALSE(evaluate(of, of.regions.data(), rule("seat = [\"EU\"]"), kToday).deciding);
}

TEST(Evaluate, AKnownBreachRefusesWhateverIsUnknown) {
  EXPECT_EQ(outcome("unknown = \"undecided\"\nnon_eu_share_total = 39\nseat = [\"DE\"]"), Outcome::refused);
}

TEST(Evaluate, WithoutARegionTheCountryIsUnknown) {
  const Profile of = profile();
  EXPECT_EQ(evaluate(of, nullptr, rule("data_countries = [\"EU\"]"), kToday).outcome, Outcome::refused);
  EXPECT_EQ(evaluate(of, nullptr, rule("unknown = \"undecided\"\ndata_countries = [\"EU\"]"), kToday).outcome, Outcome::undecided);
}

TEST(Evaluate, WhatIsSaidOfTheRegionGoesBeforeTheProvider) {
  Profile of = profile();   // the provider's: FR, US
  of.regions[0].technology_countries = std::vector<std::string>{"FR"};
  EXPECT_EQ(evaluate(of, of.regions.data(), rule("technology = [\"EU\"]"), kToday).outcome, Outcome::allowed);
  EXPECT_EQ(evaluate(of, &of.regions[1], rule("technology = [\"EU\"]"), kToday).outcome, Outcome::refused);
  of.regions[0].technology_countries->push_back("CN");
  EXPECT_EQ(evaluate(of, of.regions.data(), rule("technology = [\"EU\", \"US\"]"), kToday).outcome, Outcome::refused);
}

TEST(Evaluate, AReviewInTheFutureOrADateThatIsNone) {
  const Profile of = profile();
  EXPECT_EQ(evaluate(of, of.regions.data(), rule("control_reviewed_days = 1"), "not a date").outcome, Outcome::refused);
  EXPECT_EQ(days_between("2024-02-28", "2024-03-01"), 2);
  EXPECT_EQ(days_between("2026-11-23", "2026-11-22"), -1);
  EXPECT_FALSE(days_between("2026-13-01", "2026-11-22"));
  EXPECT_FALSE(days_between("2026-1-1", "2026-11-22"));
}

TEST(EvaluateSet, CountsOperatorsByParentAndCountries) {
  const Profile of = profile();
  Profile sister = of;
  sister.id = "y";
  sister.facts[static_cast<std::size_t>(FactId::operator_name)].text = "Y SA";
  Profile other = sister;
  other.facts[static_cast<std::size_t>(FactId::parent)].text = "none";
  const Rule two = rule("distinct_operators = 2\ndistinct_countries = 2");
  const auto outcomes = [&](std::vector<Place> places) {
    std::vector<Outcome> out;
    for (const Check& check : evaluate_set(places, two)) out.push_back(check.outcome);
    return out;
  };
  using enum Outcome;
  EXPECT_EQ(outcomes({{&of, of.regions.data()}, {&sister, &sister.regions[1]}}), (std::vector{refused, allowed}));   // one parent
  EXPECT_EQ(outcomes({{&of, of.regions.data()}, {&other, &other.regions[1]}}), (std::vector{allowed, allowed}));
  EXPECT_EQ(outcomes({{&of, of.regions.data()}, {&other, other.regions.data()}}), (std::vector{allowed, refused}));
  EXPECT_EQ(outcomes({}), (std::vector{refused, refused}));
  EXPECT_TRUE(evaluate_set({}, rule("seat = [\"EU\"]")).empty());
}

struct Wrong {
  const char* text;
  const char* says;
};
TEST(RuleFile, SaysWhatIsWrongAndWhatIsAllowed) {
  const Wrong cases[] = {
      {"seat = [\"France\"]", "rule.toml:1: seat: \"France\" is not allowed; allowed is \"EU\", \"EEA\", \"any\" or a country's two letters"},
      {"\nseat = \"EU\"", "rule.toml:2: seat: allowed is a list of"},
      {"seat = []", "nothing can meet"},
      {"seats = [\"EU\"]", "there is no \"seats\"; allowed: title, unknown, data_countries, seat"},
      {"unknown = \"allow\"\nseat = [\"EU\"]", "allowed: \"refuse\", \"undecided\""},
      {"non_eu_share_total = \"39\"", "whole number from 0 to 100"},
      {"non_eu_share_total = -1", "whole number from 0 to 100"},
      {"services = [\"sql\"]", "allowed is \"block-storage\""},
      {"exit_egress = [\"cheap\"]", "\"free\", \"at-cost\", \"charged\""},
      {"distinct_operators = 0", "whole number from 1 to 100"},
      {"seat = [\"EU\", \"EU\"]", "is there twice"},
      {"title = \"t\"", "the rule demands nothing"},
      {"", "the rule demands nothing"},
      {"seat = [", "this is not TOML"},
      {"[section]\nseat = [\"EU\"]", "there is no \"section\""},
  };
  for (const Wrong& each : cases) {
    const auto parsed = parse_rule(each.text, "rule.toml");
    ASSERT_FALSE(parsed) << each.text;
    EXPECT_EQ(parsed.error().code, Code::invalid_argument);
    EXPECT_THAT(parsed.error().message, HasSubstr(each.says)) << each.text;
  }
  EXPECT_THAT(parse_rule(std::string(kMostRuleBytes + 1, '#'), "r").error().message, HasSubstr("at most"));
  EXPECT_THAT(parse_rule("seat = " + std::string(100000, '['), "r").error().message, HasSubstr("nested too deeply"));
}

TEST(RuleFile, ReadsWhatItWrites) {
  const Rule all = rule(
      "title = \"a \\\"b\\\" \\u0001 é\"\nunknown = \"undecided\"\ndata_countries = [\"EU\", \"CH\"]\nseat = [\"EU\"]\ncontrol = [\"EEA\"]\n"
      "control_reviewed_days = 365\nnon_eu_share_largest = 24\nnon_eu_share_total = 39\ntechnology = [\"EU\"]\nresale = [\"any\"]\npresence = [\"CH\"]\n"
      "qualifications_all = [\"a \\\\ b\"]\nqualifications_any = [\"x\"]\nservices = [\"redis\"]\nexit_egress = [\"free\"]\nexit_notice_days = 60\n"
      "distinct_operators = 2\ndistinct_countries = 3\n");
  EXPECT_EQ(rule(rule_text(all)), all) << rule_text(all);
  for (std::size_t i = 0; i < kDemands; ++i) EXPECT_TRUE(all.demands(static_cast<Demand>(i))) << name(static_cast<Demand>(i));
}

}  // namespace
}  // namespace bascule::profile
