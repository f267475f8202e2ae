#include "jobs/lifecycle_policy.h"

#include <gtest/gtest.h>

namespace bascule::jobs {
namespace {

std::string rule(const std::string& actions, const std::string& filters = R"("blobTypes": ["blockBlob"])", const std::string& more = "") {
  return R"({"rules": [{"name": "r", "type": "Lifecycle", "definition": {"filters": {)" + filters + R"(}, "actions": {)" + actions + "}}" +
         more + "}]}";
}
const std::string kDelete = R"("baseBlob": {"delete": {"daysAfterModificationGreaterThan": 10}})";

LifecyclePolicy parsed(const std::string& text) {
  auto policy = parse_lifecycle_policy(text);
  EXPECT_TRUE(policy) << policy.error().message;
  return policy ? *policy : LifecyclePolicy();
}

TEST(LifecyclePolicy, The_documented_example) {
  const LifecyclePolicy policy = parsed(R"({"rules": [
    {"enabled": true, "name": "sample-rule", "type": "Lifecycle", "definition": {
      "actions": {
        "version": {"delete": {"daysAfterCreationGreaterThan": 90}},
        "baseBlob": {"tierToCool": {"daysAfterModificationGreaterThan": 30},
                     "tierToArchive": {"daysAfterModificationGreaterThan": 90, "daysAfterLastTierChangeGreaterThan": 7},
                     "delete": {"daysAfterModificationGreaterThan": 2555}}},
      "filters": {"blobTypes": ["blockBlob"], "prefixMatch": ["sample-container/blob1"],
                  "blobIndexMatch": [{"name": "Project", "op": "==", "value": "Contoso"}]}}}]})");
  ASSERT_EQ(policy.rules.size(), 1u);
  EXPECT_TRUE(policy.any_enabled());
  EXPECT_EQ(policy.rules[0].tags, (std::vector<std::pair<std::string, std::string>>{{"Project", "Contoso"}}));
  EXPECT_TRUE(concerns(policy, "sample-container"));
  EXPECT_FALSE(concerns(policy, "sample"));
  EXPECT_FALSE(concerns(policy, "other"));
}

TEST(LifecyclePolicy, What_is_wrong_is_named_with_its_place) {
  const struct { std::string text; const char* says; } cases[] = {
      {"{", "not JSON"},
      {"[]", "an object is expected"},
      {R"({"rules": []})", "1 to 100 rules"},
      {R"({"rule": []})", "there is no 'rule'"},
      {R"({"rules": [{"name": "a b", "type": "Lifecycle", "definition": {}}]})", "rules[0].name"},
      {R"({"rules": [{"name": "a", "type": "Other", "definition": {}}]})", "rules[0].type"},
      {R"({"rules": [{"name": "a", "type": "Lifecycle"}]})", "rules[0].definition"},
      {R"({"rules": [{"name": "a", "type": "Lifecycle", "definition": {"actions": {}}}]})", "filters"},
      {rule(""), "at least one action"},
      {rule(kDelete, R"("blobTypes": [])"), "at least one of blockBlob"},
      {rule(kDelete, R"("blobTypes": ["pageBlob"])"), "blobTypes"},
      {rule(kDelete, R"("prefixMatch": ["a"])"), "blobTypes"},
      {rule(kDelete, R"("blobTypes": ["blockBlob"], "prefixMatch": ["/a"])"), "prefixMatch"},
      {rule(kDelete, R"("blobTypes": ["blockBlob"], "prefixMatch": ["1","2","3","4","5","6","7","8","9","10","11"])"), "at most 10"},
      {rule(kDelete, R"("blobTypes": ["blockBlob"], "blobIndexMatch": [{"name": "a", "op": ">", "value": "b"}])"), "only == is allowed"},
      {rule(kDelete, R"("blobTypes": ["blockBlob"])", R"(, "enabled": "yes")"), "rules[0].enabled"},
      {rule(R"("baseBlob": {"delete": {}})"), "baseBlob.delete"},
      {rule(R"("baseBlob": {"delete": {"daysAfterModificationGreaterThan": -1}})"), "from 0 to 100000"},
      {rule(R"("baseBlob": {"delete": {"daysAfterModificationGreaterThan": "9"}})"), "from 0 to 100000"},
      {rule(R"("baseBlob": {"delete": {"daysAfterModificationGreaterThan": 1, "daysAfterCreationGreaterThan": 1}})"), "only one of"},
      {rule(R"("baseBlob": {"delete": {"daysAfterModificationGreaterThan": 1, "daysAfterLastTierChangeGreaterThan": 1}})"), "tierToArchive only"},
      {rule(R"("baseBlob": {"tierToWarm": {"daysAfterModificationGreaterThan": 1}})"), "there is no 'tierToWarm'"},
      {rule(R"("snapshot": {"delete": {"daysAfterModificationGreaterThan": 1}})"), "daysAfterCreationGreaterThan only"},
      {rule(R"("version": {"delete": {}})"), "daysAfterCreationGreaterThan is needed"},
      {rule(R"("version": {"enableAutoTierToHotFromCool": true})"), "there is no 'enableAutoTierToHotFromCool'"},
      {rule(R"("baseBlob": {"enableAutoTierToHotFromCool": true, "tierToCool": {"daysAfterModificationGreaterThan": 1}})"), "daysAfterLastAccessTimeGreaterThan"},
      {rule(R"("baseBlob": {"tierToCool": {"daysAfterModificationGreaterThan": 1}})", R"("blobTypes": ["appendBlob"])"), "append blobs"},
  };
  for (const auto& one : cases) {
    const auto policy = parse_lifecycle_policy(one.text);
    ASSERT_FALSE(policy) << one.text;
    EXPECT_EQ(policy.error().code, Code::invalid_argument);
    EXPECT_NE(policy.error().message.find(one.says), std::string::npos) << policy.error().message;
  }
  const std::string one = rule(kDelete), inner = one.substr(11, one.size() - 13);
  EXPECT_NE(parse_lifecycle_policy("{\"rules\": [" + inner + "," + inner + "]}").error().message.find("two rules"), std::string::npos);
}

TEST(LifecyclePolicy, Kept_without_envelope_and_white_space) {
  const std::string plain = *normalised_lifecycle_policy(rule(kDelete));
  EXPECT_EQ(plain.find(' '), std::string::npos);
  EXPECT_EQ(*normalised_lifecycle_policy("{\"policy\": " + rule(kDelete) + "}"), plain);
  EXPECT_EQ(*normalised_lifecycle_policy("{\"properties\": {\"policy\": " + rule(kDelete) + "}}"), plain);
  EXPECT_EQ(*normalised_lifecycle_policy(plain), plain);
}

class LifecycleDecision : public ::testing::Test {
 protected:
  static constexpr WallTime kNow{std::chrono::days(20'000)};
  ops::BlobView view{.name = "logs/1", .last_modified = kNow - std::chrono::days(20), .created = kNow - std::chrono::days(40), .tier = ""};
  std::vector<std::pair<std::string, std::string>> tags{{"a", "b"}, {"c", "d"}};
  LifecycleBlob blob{.container = "box", .view = &view, .created = kNow - std::chrono::days(40), .tags = &tags};

  std::string decision(const std::string& text, WallTime tracking_since = kNow) {
    const auto action = lifecycle_action(parsed(text), blob, kNow, tracking_since);
    return action ? std::string(name(*action)) : "-";
  }
};

TEST_F(LifecycleDecision, By_age) {
  const auto by = [&](const char* condition, double days) {
    return decision(rule("\"baseBlob\": {\"delete\": {\"" + std::string(condition) + "\": " + std::to_string(days) + "}}"));
  };
  EXPECT_EQ(by("daysAfterModificationGreaterThan", 19.9), "delete");
  EXPECT_EQ(by("daysAfterModificationGreaterThan", 20), "-");   // exceeded, not reached
  EXPECT_EQ(by("daysAfterCreationGreaterThan", 39), "delete");
  EXPECT_EQ(by("daysAfterCreationGreaterThan", 41), "-");
  EXPECT_EQ(by("daysAfterLastAccessTimeGreaterThan", 1), "-");  // not known: since tracking began, which is now
  blob.last_access = kNow - std::chrono::days(5);
  EXPECT_EQ(by("daysAfterLastAccessTimeGreaterThan", 4), "delete");
  EXPECT_EQ(by("daysAfterLastAccessTimeGreaterThan", 6), "-");
  view.last_modified = kNow - std::chrono::days(2);             // a write is an access
  EXPECT_EQ(by("daysAfterLastAccessTimeGreaterThan", 4), "-");
}

TEST_F(LifecycleDecision, The_cheapest_action_wins_and_tiers_only_cool) {
  const std::string all = rule(R"("baseBlob": {"tierToCool": {"daysAfterModificationGreaterThan": 5}, "tierToCold": {"daysAfterModificationGreaterThan": 15},
      "tierToArchive": {"daysAfterModificationGreaterThan": 18, "daysAfterLastTierChangeGreaterThan": 7}, "delete": {"daysAfterModificationGreaterThan": 30}})");
  EXPECT_EQ(decision(all), "tierToArchive");
  view.tier_changed = kNow - std::chrono::days(3);
  EXPECT_EQ(decision(all), "tierToCold");
  view.tier = "Cold";
  EXPECT_EQ(decision(all), "-");
  view.tier_changed = kNow - std::chrono::days(8);
  EXPECT_EQ(decision(all), "tierToArchive");
  view.tier = "Archive";
  EXPECT_EQ(decision(all), "-");
  view.last_modified = kNow - std::chrono::days(31);
  EXPECT_EQ(decision(all), "delete");
  view.tier = "Cool";
  EXPECT_EQ(decision(rule(R"("baseBlob": {"tierToHot": {"daysAfterModificationGreaterThan": 1}})")), "tierToHot");
}

TEST_F(LifecycleDecision, Filters) {
  EXPECT_EQ(decision(rule(kDelete, R"("blobTypes": ["blockBlob"], "prefixMatch": ["box/logs", "x"])")), "delete");
  EXPECT_EQ(decision(rule(kDelete, R"("blobTypes": ["blockBlob"], "prefixMatch": ["box/Logs"])")), "-");
  EXPECT_EQ(decision(rule(kDelete, R"("blobTypes": ["blockBlob"], "prefixMatch": ["bo"])")), "delete");
  EXPECT_EQ(decision(rule(kDelete, R"("blobTypes": ["appendBlob"])")), "-");
  const auto tagged = [](const char* value) {
    return rule(kDelete, R"("blobTypes": ["blockBlob"], "blobIndexMatch": [{"name": "a", "op": "==", "value": "b"}, {"name": "c", "op": "==", "value": ")" +
                             std::string(value) + "\"}]");
  };
  EXPECT_EQ(decision(tagged("d")), "delete");
  EXPECT_EQ(decision(tagged("e")), "-");
  EXPECT_EQ(decision(rule(kDelete, R"("blobTypes": ["blockBlob"])", R"(, "enabled": false)")), "-");
  view.type = ops::BlobType::append;
  EXPECT_EQ(decision(rule(kDelete)), "-");
  EXPECT_EQ(decision(rule(kDelete, R"("blobTypes": ["appendBlob"])")), "delete");
}

TEST_F(LifecycleDecision, What_is_read_again_is_hot_again) {
  const std::string base = R"("baseBlob": {"enableAutoTierToHotFromCool": true, "tierToCool": {"daysAfterLastAccessTimeGreaterThan": 5})";
  const std::string heats = rule(base + "}"), archives = rule(base + R"(, "tierToArchive": {"daysAfterModificationGreaterThan": 10}})");
  view.tier = "Cool";
  view.tier_changed = kNow - std::chrono::days(3);
  EXPECT_EQ(decision(heats), "-");                              // not known whether it was read
  blob.last_access = kNow - std::chrono::days(4);
  EXPECT_EQ(decision(heats), "-");                              // before it was cooled
  blob.last_access = kNow - std::chrono::days(2);
  EXPECT_EQ(decision(heats), "tierToHot");
  EXPECT_EQ(decision(archives), "tierToArchive");
  EXPECT_EQ(decision(rule(R"("baseBlob": {"tierToCool": {"daysAfterLastAccessTimeGreaterThan": 5}})")), "-");
  view.tier = "Cold";
  EXPECT_EQ(decision(heats), "-");
  view.tier = "Cool";
  blob.subject = LifecycleSubject::version;
  EXPECT_EQ(decision(heats), "-");
}

TEST_F(LifecycleDecision, Each_state_by_its_own_actions) {
  const std::string both = rule(kDelete + R"(, "snapshot": {"delete": {"daysAfterCreationGreaterThan": 50}}, "version": {"tierToCool": {"daysAfterCreationGreaterThan": 3}})");
  EXPECT_EQ(decision(both), "delete");
  blob.subject = LifecycleSubject::snapshot;
  EXPECT_EQ(decision(both), "-");
  blob.subject = LifecycleSubject::version;
  EXPECT_EQ(decision(both), "tierToCool");
}

}  // namespace
}  // namespace bascule::jobs
