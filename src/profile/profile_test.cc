#include "profile/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "profile/country.h"
#include "profile/evaluate.h"

namespace bascule::profile {
namespace {

using ::testing::HasSubstr;

TEST(Country, Groups) {
  EXPECT_TRUE(is_country("FR") && is_country("ZW") && is_country("AD") && is_country("GB"));
  EXPECT_FALSE(is_country("EU") || is_country("UK") || is_country("fr") || is_country("") || is_country("FRA") || is_country("XX"));
  EXPECT_TRUE(in_eu("HR") && !in_eu("CH") && !in_eu("GB") && !in_eu("NO") && in_eea("NO") && in_eea("DE") && !in_eea("CH"));
  EXPECT_TRUE(matches_country("EU", "PL") && !matches_country("EU", "NO") && matches_country("EEA", "NO") && matches_country("any", "US") &&
              matches_country("CH", "CH") && !matches_country("CH", "FR"));
  EXPECT_EQ(country_name("CH").fr, "Suisse");
  EXPECT_EQ(country_name("ZW").en, "ZW");
}

// Every fact that is shipped names its source and its date, and every region's endpoint can be formed.
TEST(Shipped, EveryFileIsWhole) {
  ASSERT_EQ(shipped_profiles().size(), profile_files().size());
  for (const EmbeddedFile& file : profile_files()) {
    const auto profile = parse_profile(file.text, std::string(file.name));
    ASSERT_TRUE(profile) << profile.error().message;
    EXPECT_EQ(profile->id + ".toml", file.name);
    for (const FactKind& kind : kinds()) {
      const Fact& fact = profile->fact(kind.id);
      EXPECT_TRUE(days_between(fact.date, "2026-11-23")) << profile->id << " " << kind.name;
      if (fact.known) EXPECT_FALSE(fact.source.empty()) << profile->id << " " << kind.name;
      EXPECT_EQ(fact.known && kind.type != FactType::countries, !value_text(kind, fact).empty() && kind.type != FactType::countries)
          << profile->id << " " << kind.name;
    }
    for (const Region& region : profile->regions) {
      EXPECT_TRUE(is_country(region.country)) << profile->id << " " << region.id;
      EXPECT_FALSE(region.source.empty() || region.date.empty()) << profile->id << " " << region.id;
      const auto address = endpoint(*profile, region, "abc12");
      const bool given = profile->fact(FactId::endpoint).known || !region.endpoint.empty();
      EXPECT_EQ(address.has_value(), given) << profile->id << " " << region.id;
      if (address) {
        EXPECT_TRUE(address->starts_with("https://")) << *address;
        EXPECT_EQ(address->find_first_of("{} /", 8), std::string::npos) << *address;
      }
    }
    for (const Qualification& q : profile->qualifications) EXPECT_FALSE(q.source.empty() || q.date.empty()) << profile->id << " " << q.name;
    for (const Source& source : profile->sources) EXPECT_TRUE(source.url.empty() || source.url.starts_with("https://")) << source.url;
    // Who it is must be known of all but the generic one.
    if (profile->id == "generic") continue;
    EXPECT_TRUE(profile->fact(FactId::operator_name).known && profile->fact(FactId::seat).known) << profile->id;
    EXPECT_FALSE(profile->regions.empty()) << profile->id;
  }
}

TEST(Shipped, AreThoseThatWereAskedFor) {
  std::set<std::string_view> ids;
  for (const Profile& profile : shipped_profiles()) ids.insert(profile.id);
  for (const char* id : {"ovhcloud", "scaleway", "ionos", "aruba", "exoscale", "otc", "stackit", "infomaniak", "hetzner", "clevercloud", "upcloud",
                         "outscale", "s3ns", "generic", "bleu", "azure"})
    EXPECT_TRUE(ids.contains(id)) << id;
  EXPECT_EQ(find_shipped("ovhcloud")->title, "OVHcloud");
  EXPECT_EQ(find_shipped("nobody"), nullptr);
}

TEST(Shipped, Endpoints) {
  const auto of = [](const char* id, std::string_view region, std::string_view service = {}) {
    const Profile* profile = find_shipped(id);
    for (const Region& each : profile->regions)
      if (each.id == region) return endpoint(*profile, each, service).value_or("none");
    return std::string("no region");
  };
  EXPECT_EQ(of("ovhcloud", "gra"), "https://s3.gra.io.cloud.ovh.net");
  EXPECT_EQ(of("aruba", "r1-cz"), "https://r1-cz.storage.forpsicloud.cz");
  EXPECT_EQ(of("clevercloud", "c2"), "https://cellar-c2.services.clever-cloud.com");
  EXPECT_EQ(of("upcloud", "europe-1", "a1b2"), "https://a1b2.upcloudobjects.com");
  EXPECT_EQ(of("upcloud", "europe-1"), "none");
}

struct Wrong {
  const char* text;
  const char* says;
};
TEST(File, SaysWhatIsWrongAndWhatIsAllowed) {
  const std::string head = "id = \"x\"\ntitle = \"X\"\nreviewed = 2026-11-23\n[sources]\ns = { title = \"S\", date = 2026-11-23 }\n";
  const Wrong cases[] = {
      {"[facts]\nseat = { value = \"XX\", from = \"s\" }", "x.toml:7: seat: \"XX\" is not allowed; allowed is a country's two letters"},
      {"[facts]\nseat = { value = \"FR\" }", "x.toml:7: seat: from is missing"},
      {"[facts]\nseat = { value = \"FR\", from = \"t\" }", "x.toml:7: from: there is no source \"t\""},
      {"[facts]\nseat = { from = \"s\" }", "either a value or unknown = true"},
      {"[facts]\nseat = { value = \"FR\", unknown = true, from = \"s\" }", "either a value or unknown = true"},
      {"[facts]\nprice = { value = 1, from = \"s\" }", "there is no \"price\"; allowed: operator, seat"},
      {"[facts]\nnon_eu_share_total = { value = 101, from = \"s\" }", "whole number from 0 to 100"},
      {"[facts]\nexit_egress = { value = \"cheap\", from = \"s\" }", "allowed: free, at-cost, charged"},
      {"[facts]\naddressing = { value = [\"path\", \"path\"], from = \"s\" }", "is there twice"},
      {"[facts]\nendpoint = { value = \"http://s3.example.org\", from = \"s\" }", "endpoint:"},
      {"[facts]\nendpoint = { value = \"https://s3.example.org/x\", from = \"s\" }", "endpoint:"},
      {"[facts]\nendpoint = { value = \"https://localhost\", from = \"s\" }", "endpoint:"},
      {"[[regions]]\nid = \"a\"\ncountry = \"FR\"", "a region needs id, country and from"},
      {"[[regions]]\nid = \"A b\"\ncountry = \"FR\"\nfrom = \"s\"", "id:"},
      {"[[regions]]\nid = \"a\"\ncountry = \"FR\"\nfrom = \"s\"\n[[regions]]\nid = \"a\"\ncountry = \"FR\"\nfrom = \"s\"", "is there twice"},
      {"[[qualifications]]\nname = \"Q\"\nstatus = \"maybe\"\nfrom = \"s\"", "allowed: held, in progress, not held"},
      {"[[qualifications]]\nname = \"Q\"\nfrom = \"s\"", "needs name, status and from"},
      {"[extra]", "there is no \"extra\""},
      {"facts = 3", "x.toml:"},
      {"[facts", "this is not TOML"},
  };
  for (const Wrong& each : cases) {
    const auto profile = parse_profile(head + each.text, "x.toml");
    ASSERT_FALSE(profile) << each.text;
    EXPECT_EQ(profile.error().code, Code::invalid_argument);
    EXPECT_THAT(profile.error().message, HasSubstr(each.says)) << each.text;
  }
  EXPECT_THAT(parse_profile("id = \"x\"", "x.toml").error().message, HasSubstr("begins with id, title and reviewed"));
  EXPECT_THAT(parse_profile(head.substr(0, head.find("reviewed")) + "reviewed = 2026-02-30\n", "x.toml").error().message, HasSubstr("x.toml:3"));
}

TEST(File, WhatIsNotMentionedIsUnknownSinceTheReview) {
  const auto profile = parse_profile("id = \"x\"\ntitle = \"X\"\nreviewed = 2026-01-02\n", "x.toml");
  ASSERT_TRUE(profile);
  EXPECT_FALSE(profile->fact(FactId::seat).known);
  EXPECT_EQ(profile->fact(FactId::seat).date, "2026-01-02");
}

}  // namespace
}  // namespace bascule::profile
