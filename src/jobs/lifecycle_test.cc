#include "jobs/lifecycle.h"

#include <gtest/gtest.h>

#include "jobs/testing.h"

namespace bascule::jobs {
namespace {

using namespace std::chrono_literals;
using ops::BlobRef;
using ops::testing::StringBody;

constexpr Duration kDay = std::chrono::hours(24);

std::string rule(const std::string& actions, const std::string& filters = R"("blobTypes": ["blockBlob"])") {
  return R"({"rules": [{"name": "r", "type": "Lifecycle", "definition": {"filters": {)" + filters + R"(}, "actions": {)" + actions + "}}}]}";
}
const std::string kDelete = R"("baseBlob": {"delete": {"daysAfterModificationGreaterThan": 10}})";

class LifecycleTest : public testing::JobsTest {
 protected:
  std::unique_ptr<Lifecycle> lifecycle;

  void SetUp() override {
    JobsTest::SetUp();
    make_containers({"a", "b", "$web"});
  }
  void on_open() override { lifecycle = std::make_unique<Lifecycle>(service()); }
  void crash() {
    world.crash(std::move(gateway), std::move(lifecycle));
    open();
  }
  static BlobRef blob(std::string name, std::string container = "a") { return {"acct", std::move(container), std::move(name)}; }
  void put(BlobRef ref) { ASSERT_TRUE(JobsTest::put(std::move(ref), "x")); }
  bool there(BlobRef ref) { return world.run(service().head_blob(ref, {})).has_value(); }
  void set(const std::string& policy) {
    auto done = world.run(lifecycle->set("acct", policy));
    ASSERT_TRUE(done) << done.error().message;
  }
  catalog::LifecycleRecord run() {
    auto record = world.run(lifecycle->begin("acct"));
    EXPECT_TRUE(record) << record.error().message;
    while (record && record->running()) record = world.run(lifecycle->step("acct"));
    EXPECT_TRUE(record) << record.error().message;
    return record ? *record : catalog::LifecycleRecord();
  }
};

TEST_F(LifecycleTest, Old_blobs_go_and_new_ones_and_the_sites_stay) {
  put(blob("old"));
  put(blob("old", "b"));
  put(blob("old", "$web"));
  wait(11 * kDay);
  put(blob("new"));
  set(rule(kDelete));
  const auto record = run();
  EXPECT_EQ(record.looked, 3u);
  EXPECT_EQ(record.deleted, 2u);
  EXPECT_EQ(record.refused + record.failed, 0u);
  EXPECT_FALSE(there(blob("old")));
  EXPECT_FALSE(there(blob("old", "b")));
  EXPECT_TRUE(there(blob("old", "$web")));
  EXPECT_TRUE(there(blob("new")));
}

TEST_F(LifecycleTest, Only_what_the_filters_name) {
  for (const char* name : {"logs/1", "logs/2", "other"}) put(blob(name));
  put(blob("logs/1", "b"));
  wait(11 * kDay);
  set(rule(kDelete, R"("blobTypes": ["blockBlob"], "prefixMatch": ["a/logs/1", "b"])"));
  EXPECT_EQ(run().deleted, 2u);
  EXPECT_FALSE(there(blob("logs/1")));
  EXPECT_TRUE(there(blob("logs/2")));
  EXPECT_FALSE(there(blob("logs/1", "b")));
}

TEST_F(LifecycleTest, Tiers_are_moved) {
  put(blob("x"));
  wait(11 * kDay);
  set(rule(R"("baseBlob": {"tierToCool": {"daysAfterModificationGreaterThan": 10}, "tierToCold": {"daysAfterModificationGreaterThan": 30}})"));
  EXPECT_EQ(run().moved, 1u);
  EXPECT_EQ(world.run(service().head_blob(blob("x"), {}))->tier, "Cool");
  EXPECT_EQ(run().moved, 0u);
  wait(20 * kDay);
  EXPECT_EQ(run().moved, 1u);
  EXPECT_EQ(world.run(service().head_blob(blob("x"), {}))->tier, "Cold");
}

TEST_F(LifecycleTest, A_base_goes_only_when_nothing_of_its_past_is_left) {
  put(blob("x"));
  ASSERT_TRUE(world.run(service().snapshot_blob(blob("x"), {}, {})));
  wait(11 * kDay);
  set(rule(kDelete));
  EXPECT_EQ(run().refused, 1u);
  EXPECT_TRUE(there(blob("x")));
  set(rule(kDelete + R"(, "snapshot": {"delete": {"daysAfterCreationGreaterThan": 10}})"));
  EXPECT_EQ(run().deleted, 2u);
  EXPECT_FALSE(there(blob("x")));
}

TEST_F(LifecycleTest, Versions_go_before_what_they_are_versions_of) {
  ASSERT_TRUE(world.run(service().change_settings("acct", [](ops::AccountSettings& s) -> Result<void> { s.versioning = true; return {}; })));
  for (int i = 0; i < 3; ++i) put(blob("x"));
  wait(11 * kDay);
  put(blob("x"));
  set(rule(R"("version": {"delete": {"daysAfterCreationGreaterThan": 10}})"));
  auto record = run();
  EXPECT_EQ(record.looked, 4u);
  EXPECT_EQ(record.deleted, 3u);
  EXPECT_TRUE(there(blob("x")));
  set(rule(kDelete + R"(, "version": {"delete": {"daysAfterCreationGreaterThan": 20}})"));
  wait(11 * kDay);
  EXPECT_EQ(run().deleted, 1u);   // what was there becomes a version,
  EXPECT_FALSE(there(blob("x")));
  EXPECT_EQ(world.run(service().list_blobs({"acct", "a"}, {.versions = true}))->items.size(), 1u);
  wait(11 * kDay);
  EXPECT_EQ(run().deleted, 1u);   // and goes with its own age
  EXPECT_EQ(world.run(service().list_blobs({"acct", "a"}, {.versions = true}))->items.size(), 0u);
}

TEST_F(LifecycleTest, By_tags_and_types) {
  ops::PutBlob tagged{.body = {.length_bytes = 1}, .tags = {{"keep", "no"}}};
  StringBody body("x");
  ASSERT_TRUE(world.run(service().put_blob(blob("tagged"), tagged, body)));
  put(blob("plain"));
  for (const auto type : {ops::BlobType::append, ops::BlobType::page})
    ASSERT_TRUE(world.run(service().create_blob(blob(type == ops::BlobType::page ? "page" : "append"), {.type = type, .size_bytes = type == ops::BlobType::page ? 512u : 0u})));
  wait(11 * kDay);
  set(rule(kDelete, R"("blobTypes": ["blockBlob"], "blobIndexMatch": [{"name": "keep", "op": "==", "value": "no"}])"));
  EXPECT_EQ(run().deleted, 1u);
  EXPECT_FALSE(there(blob("tagged")));
  set(rule(kDelete, R"("blobTypes": ["blockBlob", "appendBlob"])"));
  EXPECT_EQ(run().deleted, 2u);
  EXPECT_FALSE(there(blob("plain")));
  EXPECT_FALSE(there(blob("append")));
  EXPECT_TRUE(there(blob("page")));   // no rule names them
}

TEST_F(LifecycleTest, By_reads_and_hot_again_when_read) {
  ASSERT_TRUE(world.run(service().change_settings("acct", [](ops::AccountSettings& s) -> Result<void> { s.last_access_tracking = true; return {}; })));
  put(blob("read"));
  put(blob("unread"));
  set(rule(R"("baseBlob": {"enableAutoTierToHotFromCool": true, "tierToCool": {"daysAfterLastAccessTimeGreaterThan": 10}})"));
  const auto read = [&] {
    ASSERT_TRUE(world.run(ops::testing::read_all(service(), blob("read"))));
    wait(1s);   // noted beside the answer
  };
  const auto tier = [&](const char* name) { return world.run(service().head_blob(blob(name), {}))->tier; };
  wait(8 * kDay);
  read();
  wait(3 * kDay);
  EXPECT_EQ(run().moved, 1u);
  EXPECT_EQ(tier("read"), "");
  EXPECT_EQ(tier("unread"), "Cool");
  wait(8 * kDay);
  EXPECT_EQ(run().moved, 1u);
  EXPECT_EQ(tier("read"), "Cool");
  wait(1h);
  read();
  EXPECT_EQ(run().moved, 1u);
  EXPECT_EQ(tier("read"), "Hot");
  EXPECT_EQ(tier("unread"), "Cool");
}

TEST_F(LifecycleTest, What_is_deleted_can_be_brought_back_where_the_account_says_so) {
  ASSERT_TRUE(world.run(service().change_settings("acct", [](ops::AccountSettings& s) -> Result<void> { s.delete_retention_days = 7; return {}; })));
  put(blob("x"));
  wait(11 * kDay);
  set(rule(kDelete));
  EXPECT_EQ(run().deleted, 1u);
  EXPECT_FALSE(there(blob("x")));
  ASSERT_TRUE(world.run(service().undelete_blob(blob("x"))));
  EXPECT_TRUE(there(blob("x")));
}

TEST_F(LifecycleTest, What_a_lease_forbids_is_counted_and_left) {
  put(blob("x"));
  ASSERT_TRUE(world.run(service().lease_blob(blob("x"), {.kind = ops::LeaseAction::Kind::acquire, .proposed_id = "l", .duration_seconds = -1})));
  wait(11 * kDay);
  set(rule(kDelete));
  const auto record = run();
  EXPECT_EQ(record.refused, 1u);
  EXPECT_EQ(record.deleted, 0u);
  EXPECT_TRUE(there(blob("x")));
}

TEST_F(LifecycleTest, A_run_goes_on_in_the_next_life) {
  for (int i = 0; i < 1200; ++i) put(blob("x" + std::to_string(10'000 + i)));
  wait(11 * kDay);
  set(rule(kDelete));
  ASSERT_TRUE(world.run(lifecycle->begin("acct")));
  auto record = world.run(lifecycle->step("acct"));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->deleted, Lifecycle::kPageBlobs);
  crash();
  while (*world.run(lifecycle->pass()) && (*world.run(lifecycle->show("acct")))->running()) {}
  const auto last = *world.run(lifecycle->show("acct"));
  EXPECT_FALSE(last->running());
  EXPECT_EQ(last->deleted, 1200u);
  EXPECT_EQ(last->looked, 1200u);
  EXPECT_EQ(world.run(service().list_blobs({"acct", "a"}, {}))->items.size(), 0u);
}

TEST_F(LifecycleTest, A_new_policy_ends_the_run_under_way) {
  for (int i = 0; i < 600; ++i) put(blob("x" + std::to_string(10'000 + i)));
  wait(11 * kDay);
  set(rule(kDelete));
  ASSERT_TRUE(world.run(lifecycle->begin("acct")));
  ASSERT_TRUE(world.run(lifecycle->step("acct")));
  set(rule(R"("baseBlob": {"delete": {"daysAfterModificationGreaterThan": 100}})"));
  EXPECT_FALSE((*world.run(lifecycle->show("acct")))->running());
  EXPECT_EQ(run().deleted, 0u);
  EXPECT_EQ(world.run(service().list_blobs({"acct", "a"}, {}))->items.size(), 100u);
}

TEST_F(LifecycleTest, Once_a_day_by_itself) {
  const auto settle = [&] { while (*world.run(lifecycle->pass())) {} };
  settle();   // no policy: nothing to do
  put(blob("x"));
  set(rule(kDelete));
  settle();
  EXPECT_TRUE(there(blob("x")));
  const auto first = (*world.run(lifecycle->show("acct")))->started;
  wait(23h);
  settle();
  EXPECT_EQ((*world.run(lifecycle->show("acct")))->started, first);
  wait(11 * kDay);
  settle();
  EXPECT_FALSE(there(blob("x")));
  ASSERT_TRUE(world.run(lifecycle->set("acct", "")));
  EXPECT_FALSE(*world.run(lifecycle->show("acct")));
  EXPECT_EQ(world.run(lifecycle->begin("acct")).error().code, Code::not_found);
}

TEST_F(LifecycleTest, Containers_that_come_and_go_meanwhile) {
  put(blob("x"));
  put(blob("x", "b"));
  wait(11 * kDay);
  set(rule(kDelete));
  ASSERT_TRUE(world.run(lifecycle->begin("acct")));
  ASSERT_TRUE(world.run(service().delete_container({"acct", "a"}, {})));
  auto record = world.run(lifecycle->step("acct"));
  while (record && record->running()) record = world.run(lifecycle->step("acct"));
  ASSERT_TRUE(record);
  EXPECT_EQ(record->deleted, 1u);
  EXPECT_FALSE(there(blob("x", "b")));
}

TEST_F(LifecycleTest, What_is_wrong_is_not_kept) {
  EXPECT_EQ(world.run(lifecycle->set("acct", "{}")).error().code, Code::invalid_argument);
  EXPECT_EQ(world.run(lifecycle->set("nobody", rule(kDelete))).error().code, Code::not_found);
  EXPECT_FALSE(*world.run(lifecycle->show("acct")));
}

}  // namespace
}  // namespace bascule::jobs
