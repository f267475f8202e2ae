// What compaction promises: every byte that lives is read as before, in the middle of it too; what is dead goes; and
// whatever ends it, nothing is lost and nothing stays for ever. Among random histories: sweeper_test.cc.
#include "jobs/compaction.h"

#include <gtest/gtest.h>

#include "jobs/testing.h"

namespace bascule::jobs {
namespace {

using namespace std::chrono_literals;
using ops::BlobRef;
using ops::testing::content;
using ops::testing::StringBody;
namespace keys = catalog::keys;

class Compaction : public testing::SweptTest {
 protected:
  const std::atomic<bool> never{false};

  void SetUp() override {
    SweptTest::SetUp();
    ASSERT_TRUE(world.run(service().put_account({"other", {"k1", "k2"}}, true)));
    for (const char* account : {"acct", "other"})
      ASSERT_TRUE(world.run(service().create_container({account, "c"}, {}, ops::PublicAccess::none)));
  }
  void TearDown() override { end_life(); }
  static BlobRef blob(std::string name, std::string account = "acct") { return {std::move(account), "c", std::move(name)}; }
  void remove(BlobRef ref) { ASSERT_TRUE(world.run(service().delete_blob(ref, {}))); }
  CompactionReport compact() {
    auto done = world.run(compactor->run(never));
    EXPECT_TRUE(done) << done.error().message;
    return done.value_or(CompactionReport());
  }
  std::size_t objects() { return world.memory_provider->object_count() - 3; }   // but for the keys
  // `n` blobs of so many bytes, each in an extent of its own.
  void put_many(int n, std::size_t bytes, std::string prefix = "b") {
    for (int i = 0; i < n; ++i) ASSERT_TRUE(put(blob(prefix + std::to_string(i)), content(bytes, static_cast<std::uint64_t>(i))));
  }
  void expect_many(int n, std::size_t bytes, std::string prefix = "b") {
    for (int i = 0; i < n; ++i) ASSERT_TRUE(get(blob(prefix + std::to_string(i))) == content(bytes, static_cast<std::uint64_t>(i))) << i;
  }
};

TEST_F(Compaction, Gathers_what_is_too_small) {
  put_many(20, 3000);
  ASSERT_TRUE(put(blob("b0", "other"), "of another account"));
  ASSERT_EQ(objects(), 21u);
  const auto report = compact();
  EXPECT_EQ(report.extents, 20u);
  EXPECT_EQ(report.groups, 1u);
  expect_many(20, 3000);
  sweep();
  EXPECT_EQ(objects(), 2u);
  expect_many(20, 3000);
  expect_clean();
  EXPECT_EQ(compactor->counts().gathered, 20u);
  EXPECT_EQ(compact().extents, 0u) << "one alone is nothing to gather";
  for (int i = 0; i < 20; ++i) remove(blob("b" + std::to_string(i)));
  sweep();
  EXPECT_EQ(objects(), 1u) << "what was gathered goes like all else";
  EXPECT_EQ(stored("E").size(), 1u);
  EXPECT_EQ(stored("T").size(), 0u);
  EXPECT_EQ(get(blob("b0", "other")), "of another account");
}

TEST_F(Compaction, Leaves_what_is_dead_behind) {
  ASSERT_TRUE(world.run(service().create_blob(blob("p"), {.type = ops::BlobType::page, .size_bytes = 4 << 20})));
  const auto write = [&](std::uint64_t first, std::string text) {
    ops::PutPages what{.first = first, .length_bytes = text.size()};
    what.body.length_bytes = text.size();
    StringBody body(std::move(text));
    ASSERT_TRUE(world.run(service().put_pages(blob("p"), what, body)));
  };
  std::string all(4 << 20, '\0');
  for (std::uint64_t i = 0; i < 60; ++i) {
    const std::string text = content(4096, i);
    const std::uint64_t first = i % 40 * 65536;
    write(first, text);
    all.replace(first, text.size(), text);
  }
  ASSERT_TRUE(world.run(service().fold_blob(blob("p"))));
  sweep();
  EXPECT_EQ(objects(), 40u);
  compact();
  sweep();
  EXPECT_EQ(objects(), 1u);
  EXPECT_TRUE(get(blob("p")) == all);
  expect_clean();
}

TEST_F(Compaction, Follows_a_piece_through_several_moves) {
  put_many(8, 2000);
  compact();
  sweep();
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 6; i += 1 + round) remove(blob("b" + std::to_string(i)));
    put_many(6, 2000);
    sweep();
    compact();
    sweep();
    expect_many(8, 2000);
    expect_clean();
  }
  EXPECT_LE(objects(), 4u);
  // Never over two steps: every forward leads to an extent that is there.
  const auto records = world.run(gateway->catalog->scan({.begin = "E", .end = "F"}));
  std::set<extent::ExtentId> there;
  for (const auto& e : *records)
    if (!catalog::moved(*catalog::decode<catalog::ExtentRecord>(e.value))) there.insert({extent::UniqueId::read(e.key.data() + 1)});
  for (const auto& e : *records)
    for (const auto& f : catalog::decode<catalog::ExtentRecord>(e.value)->forward) EXPECT_TRUE(there.contains(f.to));
  EXPECT_EQ(there.size(), objects());
}

TEST_F(Compaction, Reads_go_on) {
  std::string whole;
  std::vector<std::string> ids;
  for (int i = 0; i < 40; ++i) {
    ids.push_back(std::to_string(100 + i));
    ASSERT_TRUE(put_block(blob("p"), ids.back(), content(30'000, static_cast<std::uint64_t>(i))));
    whole += content(30'000, static_cast<std::uint64_t>(i));
  }
  ASSERT_TRUE(put_list(blob("p"), ids));
  auto reader = world.run(service().open_blob(blob("p"), {}));
  ASSERT_TRUE(reader);
  std::string got(as_text(*world.run((*reader)->next())));
  EXPECT_EQ(compact().extents, 40u);
  (void)world.run(sweeper->pass());
  EXPECT_EQ(objects(), 41u) << "as long as it is read, the old extents stay";
  for (const auto& o : world.run(world.provider->list("", "", 100, kNoDeadline))->objects) {   // and if they went, it would find the new one
    const auto raw = service().parts().namer.id(o.name);
    if (!raw) continue;
    const auto id = extent::ExtentId{extent::UniqueId::read(reinterpret_cast<const char*>(raw->data()))};
    const auto record = world.run(gateway->catalog->get<catalog::ExtentRecord>(keys::extent(id)));
    if (catalog::moved((*record)->record)) ASSERT_TRUE(world.run(world.provider->remove(o.name, kNoDeadline)));
  }
  got += rest_of(**reader);
  EXPECT_TRUE(got == whole);
  reader->reset();
  sweep();
  EXPECT_EQ(objects(), 1u);
  expect_clean();
}

Task<void> compacting(Compactor& compactor, const std::atomic<bool>& stop, bool& done) {
  (void)co_await compactor.run(stop);
  done = true;
}

// A piece that dies while it is moved stays dead; the next run finds the rest.
TEST_F(Compaction, Writers_and_the_sweeper_go_on) {
  for (int delay = 1; delay < 60; delay += 3) {
    put_many(12, 2000);
    world.store_latency(2ms);
    bool done = false;
    spawn(world.loop, compacting(*compactor, never, done));
    world.run(world.clock.sleep_for(std::chrono::milliseconds(delay)));
    ASSERT_TRUE(put(blob("b3"), content(2000, 3)));
    remove(blob("b5"));
    if (delay % 2) (void)world.run(sweeper->pass());
    ASSERT_TRUE(put(blob("b5"), content(2000, 5)));
    while (!done) world.run(world.clock.sleep_for(1ms));
    world.store_latency({});
    sweep();
    expect_many(12, 2000);
    expect_clean();
  }
  compact();
  sweep();
  for (int i = 0; i < 12; ++i) remove(blob("b" + std::to_string(i)));
  sweep();
  EXPECT_EQ(objects(), 0u);
  EXPECT_EQ(stored("E").size(), 0u);
  EXPECT_EQ(stored("T").size(), 0u);
}

TEST_F(Compaction, Comes_through_a_crash_at_any_moment) {
  for (int delay = 1; delay < 80; delay += 2) {
    put_many(10, 2000);
    world.store_latency(2ms);
    bool done = false;
    spawn(world.loop, compacting(*compactor, never, done));
    world.run(world.clock.sleep_for(std::chrono::milliseconds(delay)));
    world.store_latency({});
    crash();
    ASSERT_TRUE(world.run(sweeper->adopt_dead_sessions(gateway->catalog->died())));
    sweep();
    expect_many(10, 2000);
    expect_clean();
  }
  for (int i = 0; i < 10; ++i) remove(blob("b" + std::to_string(i)));
  sweep();
  EXPECT_EQ(stored("E").size(), 0u);
  EXPECT_EQ(stored("T").size(), 0u);
  EXPECT_EQ(objects(), 0u);
}

TEST_F(Compaction, Keeps_its_hands_off) {
  // What its session may still name: too young.
  compaction.settle = 10min;
  crash();
  put_many(8, 2000);
  EXPECT_EQ(compact().extents, 0u);
  world.run(world.clock.sleep_for(5min));
  EXPECT_EQ(compact().extents, 0u);
  world.run(world.clock.sleep_for(11min));
  EXPECT_EQ(compact().extents, 8u);
  sweep();
  expect_many(8, 2000);
  expect_clean();
}

// Damage is neither hidden by new checksums nor in the way of the others.
TEST_F(Compaction, Leaves_a_damaged_extent_as_it_is) {
  put_many(8, 2000);
  const auto first = world.run(world.provider->list("", "", 100, kNoDeadline))->objects;
  std::string victim;
  for (const auto& o : first)
    if (service().parts().namer.id(o.name)) victim = o.name;
  world.memory_provider->flip_bit(victim, 700);
  compact();
  EXPECT_EQ(compactor->counts().damaged, 1u);
  EXPECT_EQ(compactor->counts().gathered, 7u);
  sweep();
  EXPECT_EQ(objects(), 2u);
  int bad = 0;
  for (int i = 0; i < 8; ++i) bad += get(blob("b" + std::to_string(i))) != content(2000, static_cast<std::uint64_t>(i));
  EXPECT_EQ(bad, 1);
  testing::Findings findings;
  const auto report = world.run(check(service(), {.read = true}, findings));
  EXPECT_EQ(report->damaged, 1u) << findings.text();
}

// With very many living parts the smallest gaps go along, and are known to be dead.
TEST_F(Compaction, Bounds_what_a_record_says) {
  ops::PutBlockList odd;
  struct Blocks {
    static Task<void> put(ops::Service& service, int i, int& left) {
      ops::PutBlock block{.block_id = std::to_string(10'000 + i)};
      block.body.length_bytes = 10;
      StringBody body(content(10, static_cast<std::uint64_t>(i)));
      EXPECT_TRUE(co_await service.put_block({"acct", "c", "many"}, block, body));
      --left;
    }
  };
  constexpr int kBlocks = 3400;
  int left = kBlocks;
  world.store_latency(1ms);
  for (int i = 0; i < kBlocks; ++i) {
    spawn(world.loop, Blocks::put(service(), i, left));
    if (i % 2 == 0) odd.blocks.push_back({ops::BlockListEntry::From::latest, std::to_string(10'000 + i)});
  }
  while (left) world.run(world.clock.sleep_for(1ms));
  world.store_latency({});
  ASSERT_TRUE(world.run(service().put_block_list(blob("many"), odd)));
  std::string whole;
  for (int i = 0; i < kBlocks; i += 2) whole += content(10, static_cast<std::uint64_t>(i));
  sweep();
  compact();
  sweep();
  EXPECT_TRUE(get(blob("many")) == whole);
  expect_clean();
  remove(blob("many"));
  sweep();
  EXPECT_EQ(stored("E").size(), 0u);
  EXPECT_EQ(stored("T").size(), 0u);
  EXPECT_EQ(objects(), 0u);
}

}  // namespace
}  // namespace bascule::jobs
