// What the sweeper promises: nothing that lives is ever buried, and nothing dead stays for ever. Many seeded histories of
// writers that meddle with each other, crashes and failing providers; in between everything must be readable, and when all
// is deleted only the keyring and the records of accounts and sessions may be left.
#include "jobs/sweeper.h"

#include <gtest/gtest.h>

#include "jobs/check.h"
#include "jobs/compaction.h"
#include "ops/testing.h"

// A life that crashes leaves its coroutines parked for good, and each owns its frame (runtime/completion.h): the leak
// checker would name them all. What the engine itself might leak is looked for in the other folders' tests.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }

namespace bascule::jobs {
namespace {

using namespace std::chrono_literals;
using ops::BlobRef;
using ops::testing::content;
using ops::testing::Gateway;
using ops::testing::read_all;
using ops::testing::StringBody;
using ops::testing::World;

struct Quiet final : CheckSink {
  std::string first;
  void progress(const CheckProgress&) override {}
  void finding(const CheckFinding& f) override {
    if (first.empty() && f.trouble != Trouble::unnamed) first = f.where + ": " + f.message;
  }
};

// What the account keeps of the past, by the seed.
ops::SettingsChange kept_by(std::uint64_t seed) {
  return [seed](ops::AccountSettings& s) -> Result<void> {
    s.versioning = seed & 1;
    s.delete_retention_days = seed & 2 ? 3 : 0;
    s.allow_permanent_delete = true;
    return {};
  };
}

class SweeperTest : public ::testing::Test {
 protected:
  std::vector<std::unique_ptr<Sweeper>> sweepers_;  // of crashed gateways: a pass may be parked
  std::unique_ptr<World> world;
  std::unique_ptr<Gateway> gateway;
  std::unique_ptr<Sweeper> sweeper;
  std::vector<std::unique_ptr<Compactor>> compactors_;
  std::unique_ptr<Compactor> compactor;

  void begin(std::uint64_t seed) {
    gateway.reset();
    world = std::make_unique<World>(seed);
    open();
    ASSERT_TRUE(world->run(service().put_account({.name = "acct", .keys = {"k1", "k2"}, .settings = {.quarantine_seconds = 0}}, true)));
  }
  void open() {
    auto opened = world->run(Gateway::open(*world, {.service = {.read_ahead = 1, .packer = {.in_flight = 2}}}));
    ASSERT_TRUE(opened) << opened.error().message;
    gateway = std::move(*opened);
    sweeper = std::make_unique<Sweeper>(service());
    compactor = std::make_unique<Compactor>(service(), CompactionOptions{.settle = {}});   // as soon and as often as can be
  }
  void crash() {
    world->crash(std::move(gateway));
    sweepers_.push_back(std::move(sweeper));
    compactors_.push_back(std::move(compactor));
    const auto options = faults_;
    world->faults->set_options({});
    open();
    world->faults->set_options(options);
  }
  void set_faults(provider::FaultOptions options) { world->faults->set_options(faults_ = options); }
  ops::Service& service() { return *gateway->service; }
  static BlobRef blob(std::string name, std::string container = "c") { return {"acct", std::move(container), std::move(name)}; }

  void create(const std::string& container) {
    ASSERT_TRUE(world->run(service().create_container({"acct", container}, {}, ops::PublicAccess::none)));
  }
  void put(BlobRef ref, std::string text) {
    ops::PutBlob what;
    what.body.length_bytes = text.size();
    StringBody body(std::move(text));
    ASSERT_TRUE(world->run(service().put_blob(ref, what, body)));
  }
  void put_block(BlobRef ref, std::string id, std::string text) {
    ops::PutBlock what{.block_id = std::move(id)};
    what.body.length_bytes = text.size();
    StringBody body(std::move(text));
    ASSERT_TRUE(world->run(service().put_block(ref, what, body)));
  }
  void put_list(BlobRef ref, const std::vector<std::string>& ids) {
    ops::PutBlockList list;
    for (const auto& id : ids) list.blocks.push_back({ops::BlockListEntry::From::latest, id});
    auto done = world->run(service().put_block_list(ref, list));
    ASSERT_TRUE(done) << done.error().message;
  }
  void copy(BlobRef to, BlobRef from) { ASSERT_TRUE(world->run(service().copy_blob(to, from, {}))); }
  std::string get(BlobRef ref) {
    auto text = world->run(read_all(service(), ref));
    return text ? *text : "error: " + text.error().message;
  }
  void sweep() {
    for (int i = 0; i < 1000; ++i) {
      auto busy = world->run(sweeper->pass());
      ASSERT_TRUE(busy) << busy.error().message;
      if (!*busy) return;
    }
    FAIL() << "the sweeper never ends";
  }
  void adopt() {
    auto done = world->run(sweeper->adopt_dead_sessions(gateway->catalog->died()));
    ASSERT_TRUE(done) << done.error().message;
  }
  void expect_whole(const std::string& where) {
    Quiet sink;
    auto report = world->run(check(service(), {}, sink));
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_TRUE(report->good()) << where << ": " << sink.first;
  }
  // Deletes every container and sweeps; then nothing but the fixed records may be left.
  void expect_no_leak(const std::string& where) {
    set_faults({});
    world->run(world->clock.sleep_for(40min));  // PUTs of dead sessions have landed
    auto containers = world->run(service().list_containers("acct", {}));
    ASSERT_TRUE(containers);
    for (const auto& c : containers->items) ASSERT_TRUE(world->run(service().delete_container({"acct", c.name}, {})));
    crash();  // what failed and arrived all the same is found when its session has ended
    world->run(world->clock.sleep_for(40min));   // and so has every late PUT of it
    sweep();
    adopt();
    sweep();
    auto left = world->run(world->store->scan({.begin = std::string(1, '\0'), .end = "\xff"}));
    ASSERT_TRUE(left);
    for (const auto& e : *left) EXPECT_TRUE(e.key[0] == 'S' || e.key[0] == 'M' || e.key[0] == 'A' || e.key[0] == 'X') << where << ": " << e.key[0];
    auto objects = world->run(world->provider->list("", "", 10'000, kNoDeadline));
    ASSERT_TRUE(objects);
    for (const auto& o : objects->objects) EXPECT_EQ(o.name, "keyring-root") << where;
  }

 private:
  provider::FaultOptions faults_;
};

TEST_F(SweeperTest, What_is_replaced_or_deleted_is_freed) {
  begin(1);
  create("c");
  put(blob("a"), content(3'000'000, 1));
  put(blob("a"), "small");
  put(blob("b"), content(20'000'000, 2));
  put_block(blob("u"), "1", "one");
  put_block(blob("u"), "1", "one again");
  ASSERT_TRUE(world->run(service().delete_blob(blob("b"), {})));
  sweep();
  EXPECT_EQ(get(blob("a")), "small");
  EXPECT_EQ(world->memory_provider->object_count(), 2u + 2u);  // two keys, "small", "one again"
  expect_whole("after sweeping");
  expect_no_leak("at the end");
}

TEST_F(SweeperTest, Shared_manifests_live_as_long_as_anyone_needs_them) {
  // Every order in which the original, its copy, the copy's copy and a block list over a copy can go.
  std::vector<int> order = {0, 1, 2, 3};
  do {
    begin(7);
    create("c");
    put_block(blob("0"), "1", content(2000, 1));
    put_block(blob("0"), "2", content(3000, 2));
    put_list(blob("0"), {"1", "2"});
    copy(blob("1"), blob("0"));
    copy(blob("2"), blob("1"));
    copy(blob("3"), blob("0"));
    put_block(blob("3"), "3", content(10, 3));
    put_list(blob("3"), {"3", "2"});   // takes a block of what it shares
    put_list(blob("3"), {"2", "3"});   // and again, of what it took
    const std::string shared = content(2000, 1) + content(3000, 2), own = content(3000, 2) + content(10, 3);
    sweep();
    std::string path;
    for (std::size_t i = 0; i < order.size(); ++i) {
      path += static_cast<char>('0' + order[i]);
      ASSERT_TRUE(world->run(service().delete_blob(blob(std::to_string(order[i])), {})));
      if (i % 2 == 0) sweep();
      for (std::size_t j = i + 1; j < order.size(); ++j)
        ASSERT_TRUE(get(blob(std::to_string(order[j]))) == (order[j] == 3 ? own : shared)) << path;
    }
    expect_no_leak(path);
  } while (std::ranges::next_permutation(order).found);
}

TEST_F(SweeperTest, A_block_listed_twice_on_different_pages_dies_once_even_when_interrupted) {
  begin(3);
  create("c");
  put_block(blob("p"), "1", "shared block");
  put_block(blob("p"), "2", "other block");
  std::vector<std::string> ids(1200, "1");
  ids[600] = "2";
  put_list(blob("p"), ids);
  put(blob("keep"), "kept");
  ASSERT_TRUE(world->run(service().delete_blob(blob("p"), {})));
  // The sweep is interrupted every few milliseconds, until it comes through.
  world->store_latency(2ms);
  for (int i = 0; i < 12; ++i) {
    struct Passing {
      static Task<void> go(Sweeper& sweeper) { (void)co_await sweeper.pass(); }
    };
    spawn(world->loop, Passing::go(*sweeper));
    world->run(world->clock.sleep_for(std::chrono::milliseconds(3 + i % 3)));
    crash();
  }
  EXPECT_EQ(get(blob("keep")), "kept");
  expect_whole("after the interruptions");
  expect_no_leak("at the end");
}

TEST_F(SweeperTest, A_reader_keeps_its_pages_and_extents) {
  begin(4);
  create("c");
  std::string whole;
  std::vector<std::string> ids;
  for (int i = 0; i < 1200; ++i) {
    ids.push_back(std::to_string(10'000 + i));
    whole += content(50, static_cast<std::uint64_t>(i));
    put_block(blob("p"), ids.back(), content(50, static_cast<std::uint64_t>(i)));
  }
  put_list(blob("p"), ids);
  sweep();
  auto reader = world->run(service().open_blob(blob("p"), {}));
  ASSERT_TRUE(reader);
  std::string got(as_text(*world->run((*reader)->next())));
  put(blob("p"), "replaced");
  for (int i = 0; i < 4; ++i) {
    auto busy = world->run(sweeper->pass());  // waits, gives up, goes on waiting
    ASSERT_TRUE(busy);
    EXPECT_FALSE(*busy);
  }
  while (true) {
    auto part = world->run((*reader)->next());
    ASSERT_TRUE(part) << part.error().message;
    if (part->empty()) break;
    got.append(as_text(*part));
  }
  EXPECT_TRUE(got == whole);
  reader->reset();
  sweep();
  EXPECT_EQ(get(blob("p")), "replaced");
  expect_no_leak("at the end");
}

TEST_F(SweeperTest, Readers_that_never_cease_do_not_hold_it_up) {
  begin(5);
  create("c");
  put(blob("old"), content(100'000, 1));
  put(blob("b"), content(1'000'000, 2));
  ASSERT_TRUE(world->run(service().delete_blob(blob("old"), {})));
  // Each download overlaps with the next; none lasts for ever.
  auto reader = world->run(service().open_blob(blob("b"), {}));
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(world->run(sweeper->pass()));
    auto next = world->run(service().open_blob(blob("b"), {}));
    reader = std::move(next);
  }
  EXPECT_EQ(world->memory_provider->object_count(), 2u + 1u);
}

TEST_F(SweeperTest, What_was_deleted_softly_goes_when_its_time_has_come) {
  begin(8);
  create("c");
  ASSERT_TRUE(world->run(service().change_settings("acct", [](ops::AccountSettings& s) -> Result<void> {
    s.delete_retention_days = 2;
    return {};
  })));
  put(blob("gone"), content(500'000, 1));
  ASSERT_TRUE(world->run(service().snapshot_blob(blob("gone"), {}, {})));
  put(blob("back"), content(500'000, 2));
  put(blob("over"), content(500'000, 3));
  put(blob("over"), "new");
  const ops::DeleteBlob whole{.snapshots = ops::DeleteBlob::Snapshots::include};
  for (const char* name : {"gone", "back"}) ASSERT_TRUE(world->run(service().delete_blob(blob(name), whole)));
  world->run(world->clock.sleep_for(47h));
  ASSERT_TRUE(world->run(service().undelete_blob(blob("back"))));
  ASSERT_TRUE(world->run(sweeper->expire_deleted()));
  EXPECT_EQ(sweeper->counts().expired, 0u);
  world->run(world->clock.sleep_for(2h));
  EXPECT_FALSE(world->run(service().undelete_blob(blob("gone"))));   // due, though it still lies there
  ASSERT_TRUE(world->run(sweeper->expire_deleted()));
  EXPECT_EQ(sweeper->counts().expired, 3u);
  sweep();
  expect_whole("expired");
  const auto page = world->run(service().list_blobs({"acct", "c"}, {.snapshots = true, .deleted = true}));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->items.size(), 2u);
  EXPECT_TRUE(get(blob("back")) == content(500'000, 2));
  EXPECT_EQ(get(blob("over")), "new");
  EXPECT_EQ(world->memory_provider->object_count(), 2u + 2u);   // the keys; what lives
  expect_no_leak("at the end");
}

TEST_F(SweeperTest, Blobs_go_at_their_own_end) {
  begin(81);
  create("c");
  create("d");
  const auto ends = [&](const char* name, Ticks after, std::string container = "c") {
    put({"acct", container, name}, content(300'000, 1));
    ASSERT_TRUE(world->run(service().set_blob_expiry({"acct", container, name}, {.from = ops::SetExpiry::From::now, .after = after})));
  };
  ends("gone", 1h);
  ends("later", 1h);
  ends("later", 5h);   // in place of the first
  ends("never", 1h);
  ASSERT_TRUE(world->run(service().set_blob_expiry(blob("never"), {})));
  ends("anew", 1h);
  put(blob("anew"), "new");
  ends("leased", 1h);
  ASSERT_TRUE(world->run(service().lease_blob(blob("leased"), {.duration_seconds = -1})));
  ends("past", 1h);
  ASSERT_TRUE(world->run(service().snapshot_blob(blob("past"), {}, {})));
  ends("moved", 1h, "d");
  ASSERT_TRUE(world->run(service().rename_container({"acct", "e"}, "d", {})));
  world->run(world->clock.sleep_for(59min));
  ASSERT_TRUE(world->run(sweeper->expire_ended()));
  EXPECT_EQ(sweeper->counts().ended, 0u);
  world->run(world->clock.sleep_for(2min));
  ASSERT_TRUE(world->run(sweeper->expire_ended()));
  EXPECT_EQ(sweeper->counts().ended, 4u);
  sweep();
  expect_whole("ended");
  const auto page = world->run(service().list_blobs({"acct", "c"}, {.snapshots = true}));
  std::vector<std::string> names;
  for (const auto& item : page->items) names.push_back(item.blob.name);
  EXPECT_EQ(names, (std::vector<std::string>{"anew", "later", "never"}));
  EXPECT_EQ(world->run(service().list_blobs({"acct", "e"}, {}))->items.size(), 0u);
  world->run(world->clock.sleep_for(5h));
  ASSERT_TRUE(world->run(sweeper->expire_ended()));
  EXPECT_EQ(sweeper->counts().ended, 5u);
  const std::string ends_table(1, catalog::keys::kEndTable);
  EXPECT_EQ(world->run(world->store->scan({.begin = ends_table, .end = catalog::keys::after_prefix(ends_table)}))->size(), 0u);
  sweep();
  expect_no_leak("at the end");
}

TEST_F(SweeperTest, What_ended_can_be_brought_back_and_has_no_end_then) {
  begin(82);
  create("c");
  ASSERT_TRUE(world->run(service().change_settings("acct", [](ops::AccountSettings& s) -> Result<void> {
    s.delete_retention_days = 2;
    return {};
  })));
  put(blob("x"), "text");
  ASSERT_TRUE(world->run(service().set_blob_expiry(blob("x"), {.from = ops::SetExpiry::From::now, .after = Ticks(1h)})));
  world->run(world->clock.sleep_for(2h));
  EXPECT_FALSE(world->run(service().undelete_blob(blob("x"))) && world->run(service().head_blob(blob("x"), {})));   // hidden, not deleted
  ASSERT_TRUE(world->run(sweeper->expire_ended()));
  ASSERT_TRUE(world->run(service().undelete_blob(blob("x"))));
  world->run(world->clock.sleep_for(10h));
  ASSERT_TRUE(world->run(sweeper->expire_ended()));
  EXPECT_EQ(get(blob("x")), "text");
}

// Deleted before its end and brought back after it.
TEST_F(SweeperTest, What_comes_back_after_its_own_end_goes_again) {
  begin(84);
  create("c");
  ASSERT_TRUE(world->run(service().change_settings("acct", [](ops::AccountSettings& s) -> Result<void> {
    s.delete_retention_days = 2;
    return {};
  })));
  put(blob("x"), "text");
  ASSERT_TRUE(world->run(service().set_blob_expiry(blob("x"), {.from = ops::SetExpiry::From::now, .after = Ticks(1h)})));
  ASSERT_TRUE(world->run(service().delete_blob(blob("x"), {})));
  world->run(world->clock.sleep_for(2h));
  ASSERT_TRUE(world->run(sweeper->expire_ended()));
  EXPECT_EQ(sweeper->counts().ended, 0u);
  ASSERT_TRUE(world->run(service().undelete_blob(blob("x"))));
  ASSERT_TRUE(world->run(sweeper->expire_ended()));
  EXPECT_EQ(sweeper->counts().ended, 1u);
}

// Deleted with its container, it comes back with it, and goes then.
TEST_F(SweeperTest, An_end_in_a_deleted_container_waits_for_its_return) {
  begin(83);
  create("c");
  ASSERT_TRUE(world->run(service().change_settings("acct", [](ops::AccountSettings& s) -> Result<void> {
    s.container_retention_days = 2;
    return {};
  })));
  put(blob("x"), "text");
  ASSERT_TRUE(world->run(service().set_blob_expiry(blob("x"), {.from = ops::SetExpiry::From::now, .after = Ticks(1h)})));
  ASSERT_TRUE(world->run(service().delete_container({"acct", "c"}, {})));
  world->run(world->clock.sleep_for(2h));
  ASSERT_TRUE(world->run(sweeper->expire_ended()));
  EXPECT_EQ(sweeper->counts().ended, 0u);
  const auto deleted = world->run(service().list_containers("acct", {.deleted = true}));
  ASSERT_EQ(deleted->items.size(), 1u);
  ASSERT_TRUE(world->run(service().restore_container({"acct", "c"}, {"c", deleted->items[0].deleted->version})));
  world->run(world->clock.sleep_for(2h));
  ASSERT_TRUE(world->run(sweeper->expire_ended()));
  EXPECT_EQ(sweeper->counts().ended, 1u);
}

TEST_F(SweeperTest, A_version_that_a_block_list_took_over_from_may_go_before_or_after_it) {
  for (const bool first : {true, false}) {
    begin(first ? 9 : 10);
    create("c");
    ASSERT_TRUE(world->run(service().change_settings("acct", kept_by(1))));
    put_block(blob("b"), "1", content(300'000, 1));
    put_block(blob("b"), "2", content(300'000, 2));
    put_list(blob("b"), {"1", "2"});
    put_list(blob("b"), {"2"});
    const auto page = world->run(service().list_blobs({"acct", "c"}, {.versions = true}));
    ASSERT_EQ(page->items.size(), 2u);
    const BlobRef old{"acct", "c", "b", {ops::At::Kind::version, page->items[0].blob.version}};
    if (first) {
      ASSERT_TRUE(world->run(service().delete_blob(old, {})));
      sweep();
      EXPECT_TRUE(get(blob("b")) == content(300'000, 2));
    } else {
      ASSERT_TRUE(world->run(service().delete_blob(blob("b"), {})));
      BlobRef last = old;
      last.at.time = page->items[1].blob.version;
      ASSERT_TRUE(world->run(service().delete_blob(last, {})));
      sweep();
      EXPECT_TRUE(get(old) == content(300'000, 1) + content(300'000, 2));
    }
    expect_whole("half gone");
    expect_no_leak("at the end");
  }
}

TEST_F(SweeperTest, An_upload_without_a_commit_expires) {
  begin(6);
  create("c");
  put_block(blob("u"), "1", "one");
  put(blob("b"), "text");
  ASSERT_TRUE(world->run(sweeper->expire_uploads()));
  EXPECT_TRUE(world->run(service().get_block_list(blob("u"), {})));
  world->run(world->clock.sleep_for(24h * 8));
  put_block(blob("new"), "1", "one");
  ASSERT_TRUE(world->run(sweeper->expire_uploads()));
  sweep();
  EXPECT_FALSE(world->run(service().get_block_list(blob("u"), {})));
  EXPECT_TRUE(world->run(service().get_block_list(blob("new"), {})));
  EXPECT_EQ(get(blob("b")), "text");
  expect_no_leak("at the end");
}

// Objects at the provider but those of the keyring.
std::vector<std::string> extents_at(World& world) {
  std::vector<std::string> names;
  for (auto& o : world.run(world.memory_provider->list("", "", 10'000, kNoDeadline))->objects)
    if (!o.name.starts_with("keyring-")) names.push_back(std::move(o.name));
  return names;
}

TEST_F(SweeperTest, A_put_that_failed_is_collected_while_its_session_lives) {
  begin(31);
  create("c");
  put(blob("kept"), "kept");
  const auto first = extents_at(*world);
  set_faults({.fail_after = 1});
  for (int i = 0; i < 5; ++i) {
    ops::PutBlob what{.body = {.length_bytes = 4}};
    StringBody body("lost");
    EXPECT_FALSE(world->run(service().put_blob(blob("b"), what, body)));
  }
  set_faults({});
  const auto before = extents_at(*world);
  ASSERT_EQ(before.size(), 6u);
  const std::string landed = before[before[0] == first[0] ? 1 : 0];
  const std::string text = *world->memory_provider->content(landed);
  world->faults->set_away(true);
  EXPECT_FALSE(world->run(sweeper->pass()));   // nothing is forgotten while the provider is away
  world->faults->set_away(false);
  sweep();
  const auto left = extents_at(*world);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(get(blob("kept")), "kept");
  EXPECT_TRUE(gateway->catalog->ids().lost());   // one may still land
  // It does, late, and is gone at the second look; then there is nothing more to look for, and the session ends clean.
  const Bytes slices[] = {as_bytes(text)};
  ASSERT_TRUE(world->run(world->memory_provider->put(landed, slices, kNoDeadline)));
  sweep();
  EXPECT_EQ(extents_at(*world).size(), 2u);
  world->run(world->clock.sleep_for(Sweeper::kLatePut + 1min));
  sweep();
  EXPECT_EQ(extents_at(*world), left);
  EXPECT_FALSE(gateway->catalog->ids().lost());
  EXPECT_EQ(sweeper->counts().failed_puts, 10u);
  ASSERT_TRUE(world->run(gateway->catalog->close()));
  open();
  EXPECT_TRUE(gateway->catalog->died().empty());
  EXPECT_EQ(get(blob("kept")), "kept");
}

// Writers whose PUTs fail, land and are slow, and a sweeper that never rests: what is acknowledged is there, and in the end
// nothing else is, without any session having ended.
TEST_F(SweeperTest, Failed_puts_are_collected_and_no_write_in_flight_is) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    begin(seed);
    create("c");
    world->store_latency(20ms);
    set_faults({.fail_before = 0.1, .fail_after = 0.2, .tear_put = 0.1, .delay = 1, .max_delay = 2s});
    struct Work {
      static Task<void> write(ops::Service& service, Clock& clock, int i, int& left, std::map<std::string, std::string>& there) {
        for (int round = 0; round < 8; ++round) {
          const std::string name = std::to_string(i * 3 + round % 3);
          const std::string text = content(2000, static_cast<std::uint64_t>(i * 100 + round));
          ops::PutBlob what{.body = {.length_bytes = text.size()}};
          StringBody body(text);
          if (co_await service.put_blob({"acct", "c", name}, what, body)) there[name] = text;
          co_await clock.sleep_for(100ms);
        }
        --left;
      }
      static Task<void> sweep(Sweeper& sweeper, Clock& clock, int& left, bool& ended) {
        while (left > 0) {
          (void)co_await sweeper.pass();
          co_await clock.sleep_for(10ms);
        }
        ended = true;
      }
    };
    int left = 6;
    bool ended = false;
    std::map<std::string, std::string> there;
    for (int i = 0; i < 6; ++i) spawn(world->loop, Work::write(service(), world->clock, i, left, there));
    spawn(world->loop, Work::sweep(*sweeper, world->clock, left, ended));
    while (!ended) world->run(world->clock.sleep_for(100ms));
    set_faults({});
    sweep();
    for (const auto& [name, text] : there) ASSERT_TRUE(get(blob(name)) == text) << seed << " " << name;
    EXPECT_GT(sweeper->counts().failed_puts, 0u);
    expect_whole("seed " + std::to_string(seed));
    Quiet sink;
    ASSERT_TRUE(world->run(service().delete_container({"acct", "c"}, {})));
    sweep();
    EXPECT_EQ(extents_at(*world).size(), 0u) << seed;
  }
}

TEST_F(SweeperTest, The_key_of_a_container_that_never_was_goes_even_when_it_lands_late) {
  begin(51);
  world->faults->set_options({.delay = 1, .max_delay = 10s});   // not forgotten by a crash: what is under way goes on
  struct Create {
    static Task<void> one(ops::Service& service, int i) {
      (void)co_await service.create_container({"acct", "c" + std::to_string(i)}, {}, ops::PublicAccess::none);
    }
  };
  for (int i = 0; i < 20; ++i) spawn(world->loop, Create::one(service(), i));
  world->run(world->clock.sleep_for(5s));
  crash();
  adopt();                                      // before all have landed
  expect_no_leak("late keys");
}

TEST_F(SweeperTest, Short_lives_do_not_lose_the_second_look_at_a_dead_session) {
  begin(41);
  create("c");
  put(blob("b"), "text");
  const std::uint32_t dead = gateway->catalog->session();
  const auto late = [&](std::uint64_t n) {   // an extent of the dead session that lands after its end
    const extent::ExtentId id{extent::UniqueId{gateway->catalog->incarnation(), dead, 5000 + n}};
    const std::string text = "late";
    const Bytes slices[] = {as_bytes(text)};
    ASSERT_TRUE(world->run(world->memory_provider->put(gateway->namer->name(extent::to_id16(id)), slices, kNoDeadline)));
  };
  crash();
  for (int life = 0; life < 3; ++life) {   // commands that open the folder, adopt, and end in order
    late(static_cast<std::uint64_t>(life));
    EXPECT_EQ(gateway->catalog->died(), std::vector<std::uint32_t>{dead}) << life;
    ASSERT_TRUE(world->run(sweeper->adopt_when_due()));
    EXPECT_EQ(extents_at(*world).size(), 1u) << life;
    ASSERT_TRUE(world->run(gateway->catalog->close()));
    world->run(world->clock.sleep_for(5min));
    open();
  }
  // A server: at once, again after an hour, and then never more.
  world->faults->set_away(true);
  EXPECT_FALSE(world->run(sweeper->adopt_when_due()));
  EXPECT_TRUE(world->run(sweeper->adopt_when_due()));   // not due: it waits a little after an error
  world->faults->set_away(false);
  late(10);
  world->run(world->clock.sleep_for(Sweeper::kAdoptRetry));
  ASSERT_TRUE(world->run(sweeper->adopt_when_due()));
  EXPECT_EQ(extents_at(*world).size(), 1u);
  late(11);
  world->run(world->clock.sleep_for(Sweeper::kAdoptAgain - 1s));
  ASSERT_TRUE(world->run(sweeper->adopt_when_due()));
  EXPECT_EQ(extents_at(*world).size(), 2u);
  world->run(world->clock.sleep_for(1s));
  ASSERT_TRUE(world->run(sweeper->adopt_when_due()));
  EXPECT_EQ(extents_at(*world).size(), 1u);
  EXPECT_TRUE(world->run(gateway->catalog->session_record(dead)).value()->settled);
  ASSERT_TRUE(world->run(gateway->catalog->close()));
  open();
  EXPECT_TRUE(gateway->catalog->died().empty());
  EXPECT_EQ(get(blob("b")), "text");
}

TEST_F(SweeperTest, A_put_that_failed_and_arrived_is_found_after_an_orderly_end_too) {
  begin(8);
  create("c");
  set_faults({.fail_after = 1});
  ops::PutBlob what;
  what.body.length_bytes = 4;
  StringBody body("text");
  EXPECT_FALSE(world->run(service().put_blob(blob("b"), what, body)));
  set_faults({});
  EXPECT_EQ(world->memory_provider->object_count(), 2u + 1u);
  ASSERT_TRUE(world->run(gateway->catalog->close()));
  gateway.reset();
  open();
  adopt();
  EXPECT_EQ(world->memory_provider->object_count(), 2u);
  EXPECT_EQ(gateway->catalog->died().size(), 1u);
  world->run(world->clock.sleep_for(1h));
  adopt();
  ASSERT_TRUE(world->run(gateway->catalog->close()));
  gateway.reset();
  open();
  EXPECT_TRUE(gateway->catalog->died().empty());  // settled for good
}

// --- histories -------------------------------------------------------------------------------------------------------

struct Actors {
  World& world;
  ops::Service& service;
  std::shared_ptr<ops::testing::Lifeline> line;
  Random& random;
  int running = 0;
  bool stop = false;   // also of the actors of a life that crashed, whose sweeper is gone
  std::string trouble;

  std::uint64_t pick(std::uint64_t n) { return random.next_u64() % n; }
  BlobRef any() { return {"acct", pick(4) ? "c0" : "c1", "bbbap"[pick(5)] + std::to_string(pick(3))}; }
  void judge(const char* what, const Error& e) {
    if (e.code == Code::refused || retryable(e.code)) return;
    if (trouble.empty()) trouble = std::string(what) + ": " + std::string(name(e.code)) + " " + e.message;
  }
};

// Any state of any blob: now and then a snapshot or a version.
Task<BlobRef> any_state(Actors& a) {
  BlobRef ref = a.any();
  if (a.pick(2)) co_return ref;
  auto page = co_await a.service.list_blobs({"acct", ref.container}, {.prefix = ref.blob, .snapshots = true, .versions = true, .deleted = true});
  if (!page) { a.judge("list", page.error()); co_return ref; }
  if (page->items.empty()) co_return ref;
  const ops::BlobView& v = page->items[a.pick(page->items.size())].blob;
  if (v.snapshot != WallTime()) ref.at = {ops::At::Kind::snapshot, v.snapshot};
  else if (v.version != WallTime()) ref.at = {ops::At::Kind::version, v.version};
  co_return ref;
}

Task<void> act(Actors& a, int steps) {
  for (int step = 0; step < steps; ++step) {
    const BlobRef ref = a.any();
    switch (a.pick(22)) {
      case 16: {
        ops::CreateBlob create;
        create.type = a.pick(2) ? ops::BlobType::append : ops::BlobType::page;
        create.size_bytes = create.type == ops::BlobType::page ? 512 * 400 : 0;
        if (auto r = co_await a.service.create_blob(ref, create); !r) a.judge("create", r.error());
        break;
      }
      case 17: case 18: {
        ops::AppendBlock what;
        std::string text = content(1 + (a.pick(9) ? a.pick(5000) : a.pick(2'000'000)), a.pick(1000));
        what.body.length_bytes = text.size() + (a.pick(8) == 0);
        StringBody body(std::move(text));
        if (auto r = co_await a.service.append_block(ref, what, body); !r) a.judge("append", r.error());
        break;
      }
      case 19: case 20: {
        ops::PutPages what;
        what.first = a.pick(300) * 512;
        what.length_bytes = 512 * (1 + a.pick(100));
        what.clear = a.pick(4) == 0;
        what.body.length_bytes = what.clear ? 0 : what.length_bytes;
        StringBody body(content(what.body.length_bytes, a.pick(1000)));
        if (auto r = co_await a.service.put_pages(ref, what, body); !r) a.judge("put pages", r.error());
        break;
      }
      case 21:   // a conflict with the sweeper, or another writer who folds, is no harm: it is done later
        if (auto r = co_await a.service.fold_blob(ref); !r && r.error().code != Code::conflict) a.judge("fold", r.error());
        break;
      case 0: case 1: {
        ops::PutBlob what;
        std::string text = content(a.pick(6) ? a.pick(30'000) : a.pick(2'000'000), a.pick(1000));
        what.body.length_bytes = text.size() + (a.pick(8) == 0);  // some clients stop short
        StringBody body(std::move(text));
        if (auto r = co_await a.service.put_blob(ref, what, body); !r) a.judge("put", r.error());
        break;
      }
      case 2: case 3: case 4: {
        ops::PutBlock what{.block_id = std::to_string(a.pick(5))};
        std::string text = content(1 + a.pick(3000), a.pick(1000));
        what.body.length_bytes = text.size();
        StringBody body(std::move(text));
        if (auto r = co_await a.service.put_block(ref, what, body); !r) a.judge("block", r.error());
        break;
      }
      case 5: case 6: {
        auto there = co_await a.service.get_block_list(ref, {});
        if (!there) { a.judge("get list", there.error()); break; }
        ops::PutBlockList list;
        using From = ops::BlockListEntry::From;
        const std::size_t times = a.pick(6) ? 1 : 700;  // now and then a paged one
        for (std::size_t i = 0; i < times; ++i) {
          for (const auto& b : there->committed) if (list.blocks.size() < 1500 && a.pick(3)) list.blocks.push_back({From::latest, b.block_id});
          for (const auto& b : there->uncommitted) if (list.blocks.size() < 1500 && a.pick(3)) list.blocks.push_back({From::uncommitted, b.block_id});
        }
        if (auto r = co_await a.service.put_block_list(ref, list); !r) a.judge("put list", r.error());
        break;
      }
      case 7: case 8:
        if (auto r = co_await a.service.copy_blob(ref, co_await any_state(a), {}); !r) a.judge("copy", r.error());
        break;
      case 9: {
        auto reader = co_await a.service.open_blob(co_await any_state(a), {});
        if (!reader) { a.judge("open", reader.error()); break; }
        while (true) {
          co_await a.world.clock.sleep_for(std::chrono::milliseconds(a.pick(30)));
          auto part = co_await (*reader)->next();
          if (!part) a.judge("read", part.error());
          if (!part || part->empty()) break;
        }
        break;
      }
      case 10:
        if (auto r = co_await a.service.delete_blob(ref, {.snapshots = static_cast<ops::DeleteBlob::Snapshots>(a.pick(3))}); !r)
          a.judge("delete", r.error());
        break;
      case 12:
        if (auto r = co_await a.service.snapshot_blob(ref, {}, {}); !r) a.judge("snapshot", r.error());
        break;
      case 13:
        if (auto r = co_await a.service.delete_blob(co_await any_state(a), {.permanent = a.pick(3) == 0}); !r) a.judge("delete a state", r.error());
        break;
      case 14:
        if (auto r = co_await a.service.undelete_blob(ref); !r) a.judge("undelete", r.error());
        break;
      case 15:
        if (auto r = co_await a.service.set_blob_metadata(ref, {{"a", "b"}}, {}); !r) a.judge("metadata", r.error());
        break;
      case 11:
        if (a.pick(4)) break;
        if (a.pick(2)) {
          if (auto r = co_await a.service.delete_container({"acct", ref.container}, {}); !r) a.judge("delete container", r.error());
        }
        (void)co_await a.service.create_container({"acct", ref.container}, {}, ops::PublicAccess::none);
        break;
    }
  }
  --a.running;
}

Task<void> sweep_on(Actors& a, Sweeper& sweeper) {
  while (!a.stop) {
    if (auto r = co_await sweeper.pass(); !r) a.judge("sweep", r.error());
    co_await a.world.clock.sleep_for(10ms);
  }
  --a.running;
}

Task<void> compact_on(Actors& a, Compactor& compactor) {
  const std::atomic<bool> never{false};
  while (!a.stop) {
    if (auto r = co_await compactor.run(never); !r) a.judge("compact", r.error());
    co_await a.world.clock.sleep_for(30ms);
  }
  --a.running;
}

class Histories : public SweeperTest, public ::testing::WithParamInterface<bool> {
 protected:
  std::vector<std::shared_ptr<Actors>> remains_;  // of crashed lives: their coroutines are parked
};

TEST_P(Histories, Lose_nothing_and_leak_nothing) {
  const bool crashes = GetParam();
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const std::string where = "seed " + std::to_string(seed);
    begin(seed);
    world->store_latency(2ms);
    create("c0");
    create("c1");
    SeededRandom random(seed + 1000);
    for (int life = 0; life < (crashes ? 4 : 1); ++life) {
      set_faults({.fail_before = 0.02, .fail_after = 0.02, .tear_put = 0.02, .delay = 0.7, .max_delay = 40ms});
      set_faults({});
      ASSERT_TRUE(world->run(service().change_settings("acct", kept_by(life == 0 ? seed : random.next_u64()))));
      set_faults({.fail_before = 0.02, .fail_after = 0.02, .tear_put = 0.02, .delay = 0.7, .max_delay = 40ms});
      auto actors = std::make_shared<Actors>(*world, service(), gateway->line, random);
      actors->running = 6;
      for (int i = 0; i < 4; ++i) spawn(world->loop, act(*actors, 25));
      spawn(world->loop, sweep_on(*actors, *sweeper));
      spawn(world->loop, compact_on(*actors, *compactor));
      if (crashes && life < 3) {
        world->run(world->clock.sleep_for(std::chrono::milliseconds(random.next_u64() % 1500)));
        remains_.push_back(actors);
        actors->stop = true;
        crash();
        set_faults({});
        if (random.next_u64() % 2) adopt();
      } else {
        while (actors->running > 2) world->run(world->clock.sleep_for(50ms));
        actors->stop = true;
        while (actors->running > 0) world->run(world->clock.sleep_for(50ms));
      }
      ASSERT_EQ(actors->trouble, "") << where;
      set_faults({});
      if (random.next_u64() % 3 == 0) {
        world->run(world->clock.sleep_for(24h * 4));
        ASSERT_TRUE(world->run(sweeper->expire_deleted()));
      }
      expect_whole(where);
      if (HasFatalFailure() || HasNonfatalFailure()) return;
    }
    expect_no_leak(where);
    if (!crashes) EXPECT_EQ(sweeper->counts().extents_settled, 0u) << where;  // a live session loses track of nothing
    if (HasFatalFailure() || HasNonfatalFailure()) return;
    gateway.reset();
    world.reset();
    remains_.clear();
  }
}

INSTANTIATE_TEST_SUITE_P(All, Histories, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "with_crashes" : "without_crashes"; });

}  // namespace
}  // namespace bascule::jobs
