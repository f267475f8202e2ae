// What the check finds: each kind of damage is planted, named, counted, and hides nothing else.
#include "jobs/check.h"

#include <gtest/gtest.h>

#include "jobs/testing.h"
#include "jobs/walk.h"

namespace bascule::jobs {
namespace {

using ops::BlobRef;
using ops::testing::content;
using ops::testing::StringBody;
namespace keys = catalog::keys;

class CheckTest : public testing::JobsTest {
 protected:
  testing::Findings findings;
  CheckReport report;

  void SetUp() override {
    JobsTest::SetUp();
    make_containers({"a", "b"});
    for (const char* c : {"a", "b"})
      for (const char* name : {"one", "three", "two"}) ASSERT_TRUE(put(blob(name, c), content(30'000, c[0] + name[1])));
    ASSERT_TRUE(put_block(blob("up", "b"), "01", "uncommitted"));
    std::vector<std::string> ids;
    for (int i = 0; i < 1200; ++i) {   // three pages
      ids.push_back(std::to_string(10'000 + i));
      ASSERT_TRUE(put_block(blob("long", "b"), ids.back(), content(100, static_cast<std::uint64_t>(i))));
    }
    ASSERT_TRUE(put_list(blob("long", "b"), ids));
    Sweeper sweeper(service());
    sweep(sweeper);
    run();
    ASSERT_TRUE(report.good()) << findings.text();
    ASSERT_EQ(report.blobs, 7u);
    ASSERT_EQ(report.pieces, 1207u);
  }
  static BlobRef blob(std::string name, std::string container = "a") { return {"acct", std::move(container), std::move(name)}; }
  void run(CheckOptions options = {}) {
    findings.all.clear();
    auto done = world.run(check(service(), options, findings));
    ASSERT_TRUE(done) << done.error().message;
    report = *done;
    std::uint64_t missing = 0, damaged = 0;
    for (const auto& f : findings.all) missing += f.trouble == Trouble::missing, damaged += f.trouble == Trouble::damaged;
    EXPECT_EQ(missing, report.missing);
    EXPECT_EQ(damaged, report.damaged);
  }
  std::uint64_t cid(const char* container) {
    return world.run(gateway->catalog->get<catalog::MappingRecord>(keys::mapping("acct", container))).value()->record.cid;
  }
  // One bit of a stored value is flipped, as on a disk.
  void damage(const store::Entry& entry) {
    std::string value = entry.value;
    value[value.size() / 2] = static_cast<char>(value[value.size() / 2] ^ 1);
    replace({entry.key, entry.version, std::move(value)});
  }
  void replace(store::Entry by) {   // under the same version, as no commit would
    lose(by.key);
    store::Commit commit;
    commit.changes.push_back({by.key, by.version, by.value});
    ASSERT_TRUE(world.run(world.store->commit(std::move(commit))));
  }
  void damage(std::string key) {
    const auto found = stored(key);
    ASSERT_EQ(found.size(), 1u);
    damage(found[0]);
  }
  void lose(std::string key) {
    store::Commit commit;
    commit.changes.push_back({std::move(key), 0, {}});
    ASSERT_TRUE(world.run(world.store->commit(std::move(commit))));
  }
  std::string first_extent(const char* name, const char* container) {
    auto head = world.run(gateway->catalog->get<catalog::HeadRecord>(keys::head(cid(container), name)));
    return gateway->namer->name(extent::to_id16((*head)->record.manifest.entries[0].piece.extent));
  }
};

TEST_F(CheckTest, A_head_that_does_not_open_is_named_and_the_rest_is_checked) {
  const std::string key = keys::head(cid("a"), "three");
  damage(key);
  run();
  EXPECT_EQ(report.damaged, 1u) << findings.text();
  EXPECT_EQ(report.missing, 0u);
  EXPECT_EQ(findings.count(Trouble::damaged, "acct/a/three", key_text(key)), 1u) << findings.text();
  EXPECT_EQ(report.blobs, 7u);        // those behind it too
  EXPECT_EQ(report.pieces, 1206u);
}

TEST_F(CheckTest, Damage_behind_damage_is_found) {
  damage(keys::head(cid("a"), "one"));
  damage(keys::head(cid("b"), "two"));
  ASSERT_TRUE(world.run(world.memory_provider->remove(first_extent("two", "a"), kNoDeadline)));
  run();
  EXPECT_EQ(findings.count(Trouble::damaged, "acct/a/one"), 1u) << findings.text();
  EXPECT_EQ(findings.count(Trouble::damaged, "acct/b/two"), 1u) << findings.text();
  EXPECT_EQ(findings.count(Trouble::missing, "acct/a/two", "is missing at"), 1u) << findings.text();
  EXPECT_EQ(report.damaged, 2u);
  EXPECT_EQ(report.missing, 1u);
}

TEST_F(CheckTest, A_page_that_does_not_open_is_named_once_with_its_blob) {
  const auto pages = stored("P");
  ASSERT_EQ(pages.size(), 3u);
  damage(pages[1]);
  run();
  EXPECT_EQ(report.damaged, 1u) << findings.text();
  EXPECT_EQ(findings.count(Trouble::damaged, "acct/b/long", key_text(pages[1].key)), 1u) << findings.text();
  // The pages around it were looked at.
  ASSERT_TRUE(world.run(world.memory_provider->remove(
      gateway->namer->name(extent::to_id16(catalog::decode_page(world.run(gateway->catalog->scan(
          {.begin = pages[2].key, .end = pages[2].key + '\0'}))->at(0).value)->at(0).piece.extent)), kNoDeadline)));
  run();
  EXPECT_EQ(findings.count(Trouble::damaged, "acct/b/long", "; and 1 more"), 1u) << findings.text();
}

TEST_F(CheckTest, A_page_that_is_not_there_is_missing) {
  const auto pages = stored("P");
  lose(pages[1].key);
  run();
  EXPECT_EQ(report.missing, 1u) << findings.text();
  EXPECT_EQ(findings.count(Trouble::missing, "acct/b/long", "have no page"), 1u) << findings.text();
  lose(pages[2].key);
  run();
  EXPECT_EQ(findings.count(Trouble::missing, "acct/b/long", "its manifest covers"), 1u) << findings.text();
}

TEST_F(CheckTest, Every_table_is_opened) {
  // Something in each of them: a copied blob (R), a dropped manifest (D), an extent of which a part is dead (T).
  const auto many = [](ops::Service& service, int i, int& left) -> Task<void> {
    ops::PutBlob what{.body = {.length_bytes = 100}};
    StringBody body(std::string(100, 'x'));
    (void)co_await service.put_blob({"acct", "a", "t" + std::to_string(i)}, what, body);
    --left;
  };
  world.faults->set_options({.delay = 1});
  int left = 40;
  for (int i = 0; i < 40; ++i) spawn(world.loop, many(service(), i, left));
  while (left > 0) world.run(world.clock.sleep_for(std::chrono::milliseconds(10)));
  world.faults->set_options({});
  for (int i = 0; i < 40; i += 2) ASSERT_TRUE(world.run(service().delete_blob(blob("t" + std::to_string(i)), {})));
  ASSERT_TRUE(world.run(service().copy_blob(blob("copy", "b"), blob("long", "b"), {})));
  Sweeper sweeper(service());
  ASSERT_TRUE(put(blob("one"), "anew"));
  ASSERT_TRUE(world.run(sweeper.pass()));
  ASSERT_TRUE(world.run(service().delete_blob(blob("two"), {})));
  ASSERT_TRUE(world.run(service().change_settings("acct", [](ops::AccountSettings& settings) {
    settings.container_retention_days = 1;
    return Result<void>{};
  })));
  ASSERT_TRUE(world.run(service().create_container({"acct", "kept"}, {}, ops::PublicAccess::none)));
  ASSERT_TRUE(put(blob("b", "kept"), "kept"));
  ASSERT_TRUE(world.run(service().delete_container({"acct", "kept"}, {})));
  ASSERT_TRUE(world.run(service().change_settings("acct", [](ops::AccountSettings& s) -> Result<void> {
    s.delete_retention_days = 3;
    return {};
  })));
  ASSERT_TRUE(world.run(service().delete_blob(blob("t1"), {})));
  ASSERT_TRUE(world.run(service().snapshot_blob(blob("t3"), {}, {})));
  ASSERT_TRUE(world.run(service().set_blob_expiry(blob("t3"), {.from = ops::SetExpiry::From::now, .after = std::chrono::hours(1)})));
  std::set<char> seen;
  std::vector<store::Entry> all = *world.run(world.store->scan({.begin = std::string(1, '\1'), .end = "\xff", .limit = 100'000}));
  for (const auto& e : all) {
    // The check mark is opened before anything else, and the sessions are not sealed.
    if (e.key[0] == 'S' || e.key[0] == 'M' || !seen.insert(e.key[0]).second) continue;
    const auto whole = e;
    damage(e);
    run();
    EXPECT_GE(report.damaged, 1u) << e.key[0];
    EXPECT_NE(findings.text().find(key_text(e.key)), std::string::npos) << e.key[0] << "\n" << findings.text();
    replace(whole);
  }
  for (const char table : {'A', 'B', 'C', 'D', 'E', 'H', 'K', 'L', 'N', 'P', 'R', 'T', 'U', 'V', 'X', 'Y'}) EXPECT_TRUE(seen.contains(table)) << table;
  run();
  EXPECT_TRUE(report.good()) << findings.text();
}

TEST_F(CheckTest, Past_states_are_walked_and_counted) {
  const auto taken = world.run(service().snapshot_blob(blob("two", "b"), {}, {}));
  ASSERT_TRUE(taken);
  ASSERT_TRUE(world.run(service().snapshot_blob(blob("two", "b"), {}, {})));
  ASSERT_TRUE(put(blob("two", "b"), "anew"));
  run();
  EXPECT_TRUE(report.good()) << findings.text();
  EXPECT_EQ(report.past, 2u);
  const auto pasts = stored("V");
  ASSERT_EQ(pasts.size(), 2u);
  const auto past = catalog::decode<catalog::HeadRecord>(
      world.run(gateway->catalog->scan({.begin = pasts[0].key, .end = pasts[0].key + '\0'}))->at(0).value);
  ASSERT_TRUE(past);
  ASSERT_TRUE(world.run(world.memory_provider->remove(
      gateway->namer->name(extent::to_id16(past->manifest.entries.at(0).piece.extent)), kNoDeadline)));
  run();
  EXPECT_EQ(findings.count(Trouble::missing, "acct/b/two at " + format_iso8601(taken->snapshot), "is missing"), 1u) << findings.text();
  lose(pasts[0].key);
  run();
  EXPECT_EQ(findings.count(Trouble::damaged, "acct/b/two", "1 snapshots and versions are there, and 2 are known of"), 1u) << findings.text();
}

TEST_F(CheckTest, A_mapping_that_does_not_open_hides_no_blob) {
  damage(keys::mapping("acct", "a"));
  ASSERT_TRUE(world.run(world.memory_provider->remove(first_extent("two", "b"), kNoDeadline)));
  run();
  EXPECT_EQ(findings.count(Trouble::damaged, "catalog, mapping acct/a"), 1u) << findings.text();
  EXPECT_EQ(report.blobs, 7u);
  EXPECT_EQ(report.missing, 1u);
}

TEST_F(CheckTest, An_extent_that_is_missing_short_or_flipped_is_named_with_its_blob) {
  const std::string extent = first_extent("one", "a");
  const auto size = *world.run(world.memory_provider->size(extent, kNoDeadline));
  ASSERT_TRUE(world.memory_provider->flip_bit(extent, 12'345));
  run();
  EXPECT_EQ(report.damaged, 1u);
  EXPECT_EQ(findings.count(Trouble::damaged, "acct/a/one", "is damaged in the 64 KiB from byte 0"), 1u) << findings.text();
  run({.read = false});
  EXPECT_TRUE(report.good());   // names and sizes alone do not show it
  ASSERT_TRUE(world.memory_provider->truncate(extent, size - 1));
  run({.read = false});
  EXPECT_EQ(findings.count(Trouble::missing, "acct/a/one", "is shorter than it was written"), 1u) << findings.text();
  ASSERT_TRUE(world.memory_provider->drop(extent));
  run();
  EXPECT_EQ(findings.count(Trouble::missing, "acct/a/one", "is missing at"), 1u) << findings.text();
  EXPECT_EQ(report.missing, 1u);
  EXPECT_EQ(report.damaged, 0u);
  EXPECT_EQ(report.blobs, 7u);
}

// Their ids pass 128 and 256 in their last bytes: found by each, and put in order as the keys are.
TEST_F(CheckTest, Each_of_many_extents_is_found_by_its_id) {
  for (int i = 0; i < 600; ++i) {
    ASSERT_TRUE(put(blob("many" + std::to_string(1000 + i)), "text " + std::to_string(i)));
    if (i % 50 != 7) continue;
    const std::string name = "many" + std::to_string(1000 + i);
    ASSERT_TRUE(world.memory_provider->drop(first_extent(name.c_str(), "a")));
  }
  run();
  EXPECT_EQ(report.missing, 12u);
  for (int i = 7; i < 600; i += 50)
    EXPECT_EQ(findings.count(Trouble::missing, "acct/a/many" + std::to_string(1000 + i), "is missing at"), 1u) << i << findings.text();
  EXPECT_EQ(report.unreferenced, 0u);
}

TEST_F(CheckTest, The_index_of_tags_says_what_the_heads_say) {
  ASSERT_TRUE(world.run(service().set_blob_tags(blob("one"), {{"k", "v"}, {"l", ""}}, {})));
  run();
  EXPECT_TRUE(report.good()) << findings.text();
  const auto index = *world.run(gateway->catalog->scan({.begin = "I", .end = "J"}));
  ASSERT_EQ(index.size(), 2u);
  catalog::Transaction t;
  t.remove(index[0].key);
  t.put(index[1].key + "x", catalog::encode_total(0));
  ASSERT_TRUE(world.run(gateway->catalog->commit(std::move(t))));
  run();
  EXPECT_EQ(findings.count(Trouble::damaged, "acct/a/one", "its tag k is not in the index"), 1u) << findings.text();
  EXPECT_EQ(findings.count(Trouble::damaged, "acct/a/onex", "a tag l that it does not have"), 1u) << findings.text();
  EXPECT_EQ(report.damaged, 2u);
}

TEST_F(CheckTest, An_extent_that_nothing_names_is_a_note) {
  const extent::ExtentId id{extent::UniqueId{gateway->catalog->incarnation(), gateway->catalog->session(), 1'000'000}};
  const std::string name = gateway->namer->name(extent::to_id16(id)), text = "left behind";
  const Bytes slices[] = {as_bytes(text)};
  ASSERT_TRUE(world.run(world.memory_provider->put(name, slices, kNoDeadline)));
  run();
  EXPECT_EQ(report.unnamed, 0u);   // of the living session: it may be being written
  ASSERT_TRUE(world.run(gateway->catalog->close()));
  open();
  run();
  EXPECT_TRUE(report.good());
  EXPECT_EQ(report.unnamed, 1u);
  EXPECT_EQ(report.unnamed_bytes, text.size());
  EXPECT_EQ(findings.count(Trouble::unnamed, "object " + name), 1u) << findings.text();
}

TEST_F(CheckTest, The_recount_refuses_to_count_what_it_cannot_read) {
  world.crash(std::move(gateway));
  open();
  damage(stored("P")[1]);
  Sweeper sweeper(service());
  const auto adopted = world.run(sweeper.adopt_dead_sessions(gateway->catalog->died()));
  ASSERT_FALSE(adopted);
  EXPECT_EQ(adopted.error().code, Code::corrupt);
  EXPECT_NE(adopted.error().message.find("page "), std::string::npos) << adopted.error().message;
}

TEST(KeyText, Says_what_a_key_consists_of) {
  EXPECT_EQ(key_text(keys::head(0x1234, "a/b")), "head 0000000000001234 a/b");
  EXPECT_EQ(key_text(keys::mapping("acct", "c")), "mapping acct/c");
  EXPECT_EQ(key_text(keys::block(1, "b", 2, "\x01\xff")), "block 0000000000000001 b 0000000000000002 01ff");
  EXPECT_EQ(key_text(keys::page(1, 2, 3)), "page 0000000000000001 0000000000000002 0000000000000003");
  EXPECT_EQ(key_text(keys::tag(1, "k", "v w", "a/b")), "tag 0000000000000001 k v w a/b");
  EXPECT_EQ(key_text(keys::account("acct")), "account acct");
  EXPECT_EQ(key_text("G"), "garbage ");
  EXPECT_EQ(key_text("B12"), "head 3132");
  EXPECT_EQ(key_text(""), "an empty key");
}

}  // namespace
}  // namespace bascule::jobs
