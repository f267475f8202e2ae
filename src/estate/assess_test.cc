// From inputs to conclusions, in memory.
#include "estate/assess.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <set>

#include "estate/access_log.h"
#include "estate/arm_template.h"
#include "estate/assessment_json.h"
#include "estate/facts.h"
#include "estate/gather_input.h"
#include "estate/summary.h"

namespace bascule::estate {
namespace {

namespace json = boost::json;

constexpr std::string_view kGroup = "/subscriptions/s/resourceGroups/g/providers/";

Assessment assessed(std::vector<std::string> inputs, AssessOptions options = {}) {
  Gatherer gatherer(Catalogue::builtin());
  for (std::string& input : inputs) gatherer.read_text("input", std::move(input));
  return assess(std::move(gatherer).finish(), options);
}

std::string row(std::string_view id, std::string_view more = "") {
  return R"({"id":")" + std::string(kGroup) + std::string(id) + R"(","type":"x")" + (more.empty() ? "" : ",") + std::string(more) + "}";
}
std::string refers(std::string_view to) { return R"("properties":{"to":")" + std::string(kGroup) + std::string(to) + "\"}"; }

std::map<std::string, Resource> by_name(const Assessment& assessment) {
  std::map<std::string, Resource> out;
  for (std::uint64_t i = 0; i < assessment.size(); ++i) out.emplace(assessment.resource(i).name, assessment.resource(i));
  return out;
}

TEST(Assess, WhatOthersDependOnGoesFirstAndCyclesGoTogether) {
  const auto assessment = assessed({"[" + row("A.B/c/one", refers("A.B/c/two")) + "," + row("A.B/c/two", refers("A.B/c/three/d/part")) + "," + row("A.B/c/three") + "," +
                                    row("A.B/c/left", refers("A.B/c/right")) + "," + row("A.B/c/right", refers("A.B/c/left")) + "," + row("A.B/c/late", refers("A.B/c/right")) + "," +
                                    row("A.B/c/three/d/child") + "," + row("A.B/c/lost", refers("A.B/c/elsewhere")) + "]"});
  const auto all = by_name(assessment);
  EXPECT_EQ(all.at("three").wave, 1U);
  EXPECT_EQ(all.at("three/child").wave, 1U) << "a child moves with its parent";
  EXPECT_EQ(all.at("two").wave, 2U) << "by what it refers to a part of";
  EXPECT_EQ(all.at("one").wave, 3U);
  EXPECT_EQ(all.at("left").wave, all.at("right").wave);
  EXPECT_NE(all.at("left").cycle, 0U);
  EXPECT_EQ(all.at("late").wave, all.at("right").wave + 1);
  ASSERT_EQ(assessment.cycles.size(), 1U);
  EXPECT_EQ(assessment.cycles[0].size, 2U);
  EXPECT_EQ(assessment.missing, 1U);
  EXPECT_EQ(assessment.missing_examples.at(0), std::string(kGroup) + "A.B/c/elsewhere");
}

TEST(Assess, ALongChainAndALargeCycleNeedNoDeepStack) {
  std::string chain = "[";
  for (int i = 0; i < 30'000; ++i) chain += (i ? "," : "") + row("A.B/c/n" + std::to_string(i), refers("A.B/c/n" + std::to_string(i + 1)));
  EXPECT_EQ(assessed({chain + "," + row("A.B/c/n30000") + "]"}).waves.size(), 30'001U);
  const auto cycle = assessed({chain + "," + row("A.B/c/n30000", refers("A.B/c/n0")) + "]"});
  EXPECT_EQ(cycle.waves.size(), 1U);
  EXPECT_EQ(cycle.cycles.at(0).size, 30'001U);
  EXPECT_EQ(cycle.cycles.at(0).members.size(), 50U);
}

TEST(Assess, BlockersMakeAKindWorseNeverBetter) {
  const auto all = by_name(assessed({"[" + row("Microsoft.Storage/storageAccounts/flat") + "," +
                                     row("Microsoft.Storage/storageAccounts/lake", R"("properties":{"isHnsEnabled":true})") + "," +
                                     row("Microsoft.Storage/storageAccounts/both", R"("properties":{"isHnsEnabled":true,"isSftpEnabled":true})") + "," +
                                     row("Microsoft.DocumentDB/databaseAccounts/mongo", R"("kind":"MongoDB")") + "," +
                                     row("Microsoft.Storage/storageAccounts/nested", R"("identity":{"type":"SystemAssigned, UserAssigned"})") + "]"}));
  EXPECT_EQ(all.at("flat").move, Move::unchanged);
  EXPECT_EQ(all.at("lake").move, Move::planned);
  EXPECT_NE(all.at("lake").reason.en.find("hierarchical"), std::string_view::npos);
  EXPECT_EQ(all.at("both").move, Move::rebuild);
  EXPECT_EQ(all.at("mongo").move, Move::rebuild);
  EXPECT_EQ(all.at("nested").blockers.at(0)->id, "managed-identity");
}

TEST(Assess, TerraformsBlocksAreListsAndAssociationsArePartOfTheirFirst) {
  const std::string state = R"({"format_version":"1.0","values":{"root_module":{"resources":[
    {"address":"azurerm_storage_account.a","mode":"managed","type":"azurerm_storage_account","name":"a","values":{"id":")" + std::string(kGroup) +
                            R"(Microsoft.Storage/storageAccounts/a","is_hns_enabled":false,"identity":[{"type":"SystemAssigned"}],"network_rules":[{"default_action":"Deny"}],
      "customer_managed_key":[],"account_replication_type":"GZRS"},"sensitive_values":{"network_rules":[{}]}},
    {"address":"azurerm_network_interface_security_group_association.x","mode":"managed","type":"azurerm_network_interface_security_group_association","name":"x","values":{"id":")" +
                            std::string(kGroup) + "Microsoft.Network/networkInterfaces/n|" + std::string(kGroup) + R"(Microsoft.Network/networkSecurityGroups/s",
      "network_security_group_id":")" + std::string(kGroup) + R"(Microsoft.Network/networkSecurityGroups/s"}},
    {"address":"azurerm_network_security_group.s","mode":"managed","type":"azurerm_network_security_group","name":"s","values":{"id":")" + std::string(kGroup) +
                            R"(Microsoft.Network/networkSecurityGroups/s"},"depends_on":["azurerm_storage_account.a"]},
    {"address":"data.azurerm_client_config.c","mode":"data","type":"azurerm_client_config","name":"c","values":{}},
    {"address":"random_id.r","mode":"managed","type":"random_id","name":"r","values":{}}]}}})";
  const auto assessment = assessed({state});
  const auto all = by_name(assessment);
  ASSERT_EQ(all.size(), 3U);
  std::set<std::string_view> seen;
  for (const Blocker* blocker : all.at("a").blockers) seen.insert(blocker->id);
  EXPECT_EQ(seen, (std::set<std::string_view>{"managed-identity", "network-rules", "geo-replication"}));
  EXPECT_EQ(all.at("a").wave, 1U);
  EXPECT_EQ(all.at("s").wave, 2U);
  EXPECT_EQ(all.at("n").wave, 3U);
  EXPECT_EQ(assessment.inputs[0].notes.at(0).id, "other-providers");
}

TEST(Assess, ATemplatesResourceJoinsTheOneThatHasAGroup) {
  const std::string body = R"({"contentVersion":"1","parameters":{},"resources":[{"type":"Microsoft.Compute/disks","apiVersion":"1","name":"d","location":"x"}]})";
  EXPECT_EQ(assessed({body, "[" + row("Microsoft.Compute/disks/d") + "]"}).size(), 1U);
  EXPECT_EQ(assessed({body, "[" + row("Microsoft.Compute/disks/e") + "]"}).size(), 2U);
  EXPECT_EQ(assessed({body, "[" + row("Microsoft.Compute/disks/d") + R"(,{"id":"/subscriptions/s/resourceGroups/h/providers/Microsoft.Compute/disks/d"}])"}).size(), 3U)
      << "which of two it is, nobody knows";
}

TEST(Assess, MeasuredSizesGoBeforeDeclaredOnes) {
  const std::string metric = R"({"value":[{"id":")" + std::string(kGroup) +
                             R"(Microsoft.Storage/storageAccounts/a/providers/Microsoft.Insights/metrics/UsedCapacity","timeseries":[{"data":[{"average":5},{"average":7}]}]}]})";
  const std::string cost = "ResourceId,CostInBillingCurrency,BillingCurrency,Date,MeterCategory,MeterName,Quantity,UnitOfMeasure\n" + std::string(kGroup) +
                           "Microsoft.Storage/storageAccounts/a,1.5,EUR,10/01/2026,Storage,Hot LRS Data Stored,2,1 GB/Month\n" + std::string(kGroup) +
                           "Microsoft.Storage/storageAccounts/a,0.5,EUR,10/31/2026,Bandwidth,Standard Data Transfer Out,3,1 GB\n";
  const auto from_cost = assessed({cost});
  EXPECT_EQ(from_cost.resource(0).size_bytes, 2ULL << 30);
  EXPECT_EQ(from_cost.resource(0).cost->amount, 2);
  EXPECT_EQ(from_cost.egress_month_bytes.value, 3.0 * (1 << 30));
  EXPECT_EQ(assessed({cost, metric}).resource(0).size_bytes, 7U);
  EXPECT_EQ(assessed({metric, cost}).resource(0).size_bytes, 7U);
  EXPECT_EQ(assessed({cost, cost}).charged.at(0).amount, 2) << "the same export twice";
  const auto nothing = assessed({"[" + row("Microsoft.Storage/storageAccounts/a") + "]"});
  EXPECT_EQ(nothing.size_unknown, 1U);
  EXPECT_EQ(nothing.egress_bytes.label.known, Known::unknown);
}

TEST(Assess, BandwidthAndDatesAndDecimals) {
  EXPECT_EQ(parse_bandwidth("1Gbit/s"), 1e9);
  EXPECT_EQ(parse_bandwidth(" 2.5 Gbps "), 2.5e9);
  EXPECT_EQ(parse_bandwidth("100MB/s"), 8e8);
  for (const std::string_view wrong : {"", "fast", "1", "-1Gbit/s", "0Mbps", "1Gbit"}) EXPECT_FALSE(parse_bandwidth(wrong)) << wrong;
  EXPECT_EQ(read_date("10/1/2026"), "2026-10-01");
  EXPECT_EQ(read_date("20261031"), "2026-10-31");
  EXPECT_EQ(read_date("soon"), "");
  EXPECT_EQ(read_decimal("1,234.5"), 1234.5);
  EXPECT_EQ(read_decimal("1234,5"), 1234.5);
  EXPECT_EQ(read_decimal("-3E-05"), -3e-05);
  EXPECT_FALSE(read_decimal("much"));
  EXPECT_EQ(covered_months("2026-10-01", "2026-10-31"), 1);
  EXPECT_EQ(covered_months("2026-02-01", "2026-03-31"), 2);
  EXPECT_EQ(covered_months("2026-03-31", "2026-03-01"), 0);
}

TEST(Assess, WhatLooksLikeASecretIsHidden) {
  for (const std::string_view secret : {"sv=2024&sig=abcdefghijkl", "AccountName=a;AccountKey=abc", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.x", "postgres://user:hunter2@host/db",
                                        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="})
    EXPECT_TRUE(looks_secret(secret)) << secret;
  for (const std::string_view name : {"vm-production-westeurope-0001", "Application Insights Smart Detection", "azsdk-net-Storage.Blobs/12.21.2",
                                      "AzureBackup_vm-prod_3518437208883_2026-10-01", "b4751f633c2905da34c8626c564bffb67ecb219f", "MC_rg-kubernetes-production_aks-production-cluster_westeurope"})
    EXPECT_FALSE(looks_secret(name)) << name;
  EXPECT_EQ(clean_word("a\x1b[31m\xc2\x9b\xe2\x80\xaez", 80), "a [31m  z");
  EXPECT_EQ(clean_word("ééé", 3), "éé");
  EXPECT_LE(clean_word(std::string(100, '\x80'), 10).size(), 13U);
  EXPECT_EQ(short_user_agent("azsdk-python-storage-blob/12.23.0 Python/3.11.2 (Linux-6.1)"), "azsdk-python-storage-blob/12.23.0 Python/3.11.2");
  EXPECT_EQ(short_user_agent(""), "(none)");
}

TEST(Template, ExpressionsAreWorkedOutAsFarAsTheyGo) {
  const json::object parameters = json::parse(R"({"a":{"type":"string","defaultValue":"Acme"},"n":{"type":"int","defaultValue":2},
    "secret":{"type":"securestring","defaultValue":"x"},"list":{"type":"array","defaultValue":["p","q"]},"open":{"type":"string"}})").as_object();
  const json::object variables = json::parse(R"({"v":"[concat(parameters('a'),'-',parameters('n'))]","o":{"k":"deep"}})").as_object();
  const TemplateScope scope(&parameters, &variables);
  const std::pair<std::string_view, std::optional<std::string>> kCases[] = {
      {"plain", "plain"}, {"[[not an expression]", "[not an expression]"}, {"[parameters('a')]", "Acme"}, {"[toLower(variables('v'))]", "acme-2"},
      {"[format('{0}/{1}', 'x', parameters('n'))]", "x/2"}, {"[variables('o').k]", "deep"}, {"[parameters('list')[1]]", "q"},
      {"[if(equals(parameters('a'),'Acme'),'yes','no')]", "yes"}, {"[resourceId('A.B/c/d', 'e', 'f')]", "(group not known)/providers/A.B/c/e/d/f"},
      {"[resourceId('s', 'g', 'A.B/c', 'e')]", "/subscriptions/s/resourceGroups/g/providers/A.B/c/e"}, {"[concat('it''s')]", "it's"},
      {"[parameters('secret')]", std::nullopt}, {"[parameters('open')]", std::nullopt}, {"[uniqueString(resourceGroup().id)]", std::nullopt},
      {"[concat('a']", std::nullopt}, {"[reference('x').y]", std::nullopt}, {"[copyIndex()]", std::nullopt}};
  for (const auto& [expression, value] : kCases) EXPECT_EQ(scope.text(expression), value) << expression;
  EXPECT_EQ(scope.text("[concat('disk', copyIndex(1))]", 4), "disk5");
}

TEST(Assess, BothLanguagesSayEverythingAndTheJsonStandsForItself) {
  const auto assessment = assessed({"[" + row("Microsoft.Storage/storageAccounts/a", R"("location":"<b>")") + "]", "[{oops"}, {.made = "2026-11-23T00:00:00Z"});
  EXPECT_FALSE(assessment.complete);
  for (const Language language : {Language::en, Language::fr}) {
    std::string text;
    EXPECT_TRUE(write_json(assessment, language, [&](std::string_view part) { text += part; return true; }));
    EXPECT_EQ(text.find("<b>"), std::string::npos) << "safe within a page";
    EXPECT_EQ(json::parse(text).at("resources").as_array().size(), 1U);
    EXPECT_EQ(summary(assessment, language).find("??"), std::string::npos);
  }
  EXPECT_FALSE(write_json(assessment, Language::en, [](std::string_view) { return false; }));
}

}  // namespace
}  // namespace bascule::estate
