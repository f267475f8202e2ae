#include "estate/framework.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bascule::estate {
namespace {

using ::testing::HasSubstr;

TEST(Framework, ShippedOneIsWhole) {
  ASSERT_EQ(framework_files().size(), 1U);
  const auto framework = parse_framework(framework_files().front().text, "csf");
  ASSERT_TRUE(framework) << framework.error().message;
  EXPECT_EQ(framework->version, "1.2.1");
  EXPECT_EQ(framework->levels.size(), 5U);
  ASSERT_EQ(framework->objectives.size(), 8U);
  EXPECT_EQ(framework->factors(), 39U);
  int sum = 0;
  const int weights[] = {15, 10, 10, 15, 20, 15, 10, 5};   // section 5 of the framework
  const std::size_t factors[] = {6, 5, 4, 6, 5, 4, 5, 4};  // section 4
  for (std::size_t i = 0; i < 8; ++i) {
    const Objective& objective = framework->objectives[i];
    EXPECT_EQ(objective.id, "SOV-" + std::to_string(i + 1));
    EXPECT_EQ(objective.weight, weights[i]) << objective.id;
    EXPECT_EQ(objective.factors.size(), factors[i]) << objective.id;
    sum += objective.weight.value_or(0);
  }
  EXPECT_EQ(sum, 100);
  EXPECT_EQ(shipped_framework().factors(), 39U);
}

TEST(Framework, EvidenceIsWhatTheProfileSaysAndUnknownStaysUnknown) {
  const auto profile = profile::parse_profile(
      "id = \"x\"\ntitle = \"X\"\nreviewed = 2026-11-01\n[sources]\ns = { title = \"S\", date = 2026-11-02 }\n[facts]\n"
      "seat = { value = \"FR\", from = \"s\" }\nreseller_of = { value = \"none\", from = \"s\" }\n",
      "x");
  ASSERT_TRUE(profile);
  const auto rows = gather_evidence(shipped_framework(), *profile);
  ASSERT_EQ(rows.size(), 8U);
  EXPECT_EQ(rows[0].unknown, 5U);   // only the first factor has evidence: the seat
  ASSERT_EQ(rows[0].factors[0].evidence.size(), 1U);
  EXPECT_EQ(rows[0].factors[0].evidence[0].fact, "seat");
  EXPECT_EQ(rows[0].factors[0].evidence[0].value, "FR");
  EXPECT_EQ(rows[0].factors[0].evidence[0].source, "S");
  EXPECT_EQ(rows[0].factors[0].evidence[0].date, "2026-11-02");
  EXPECT_EQ(rows[7].unknown, 4U);
}

TEST(Framework, NoShippedProfileHasEvidenceForAll) {
  for (const profile::Profile& profile : profile::shipped_profiles()) {
    std::size_t unknown = 0;
    for (const ObjectiveEvidence& row : gather_evidence(shipped_framework(), profile)) unknown += row.unknown;
    EXPECT_GT(unknown, 0U) << profile.id;
  }
}

TEST(Framework, WrongFiles) {
  EXPECT_THAT(parse_framework("x = 1", "f").error().message, HasSubstr("f:1: there is no \"x\""));
  EXPECT_THAT(parse_framework("version = \"1\"", "f").error().message, HasSubstr("needs version, source, looked and objectives"));
  EXPECT_THAT(parse_framework("[[objectives]]\nid = \"A\"\nen = \"a\"\nfr = \"a\"\nfactors = [{ en = \"a\", fr = \"a\", facts = [\"price\"] }]", "f").error().message,
              HasSubstr("f:5"));
}

}  // namespace
}  // namespace bascule::estate
