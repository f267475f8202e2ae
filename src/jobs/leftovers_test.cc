// What PUTs that failed and sessions that died leave at the provider goes, however late it lands, and no write in flight does.
#include <gtest/gtest.h>

#include <map>

#include "jobs/sweeper_fixture.h"

namespace bascule::jobs {
namespace {

using namespace std::chrono_literals;
using ops::testing::content;
using ops::testing::StringBody;

class Leftovers : public testing::FaultsTest {};

TEST_F(Leftovers, A_put_that_failed_is_collected_while_its_session_lives) {
  begin(31);
  make_containers({"c"});
  ASSERT_TRUE(put(blob("kept"), "kept"));
  const auto first = extents();
  set_faults({.fail_after = 1});
  for (int i = 0; i < 5; ++i) {
    ops::PutBlob what{.body = {.length_bytes = 4}};
    StringBody body("lost");
    EXPECT_FALSE(world.run(service().put_blob(blob("b"), what, body)));
  }
  set_faults({});
  const auto before = extents();
  ASSERT_EQ(before.size(), 6u);
  const std::string landed = before[before[0] == first[0] ? 1 : 0];
  const std::string text = *world.memory_provider->content(landed);
  world.faults->set_away(true);
  EXPECT_FALSE(world.run(sweeper->pass()));   // nothing is forgotten while the provider is away
  world.faults->set_away(false);
  sweep();
  const auto left = extents();
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(get(blob("kept")), "kept");
  EXPECT_TRUE(gateway->catalog->ids().lost());   // one may still land
  // It does, late, and is gone at the second look; then there is nothing more to look for, and the session ends clean.
  const Bytes slices[] = {as_bytes(text)};
  ASSERT_TRUE(world.run(world.memory_provider->put(landed, slices, kNoDeadline)));
  sweep();
  EXPECT_EQ(extents().size(), 2u);
  wait(Sweeper::kLatePut + 1min);
  sweep();
  EXPECT_EQ(extents(), left);
  EXPECT_FALSE(gateway->catalog->ids().lost());
  EXPECT_EQ(sweeper->counts().failed_puts, 10u);
  ASSERT_TRUE(world.run(gateway->catalog->close()));
  open();
  EXPECT_TRUE(gateway->catalog->died().empty());
  EXPECT_EQ(get(blob("kept")), "kept");
}

// Writers whose PUTs fail, land and are slow, and a sweeper that never rests: what is acknowledged is there, and in the end
// nothing else is, without any session having ended.
TEST_F(Leftovers, Failed_puts_are_collected_and_no_write_in_flight_is) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    begin(seed);
    make_containers({"c"});
    world.store_latency(20ms);
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
    for (int i = 0; i < 6; ++i) spawn(world.loop, Work::write(service(), world.clock, i, left, there));
    spawn(world.loop, Work::sweep(*sweeper, world.clock, left, ended));
    while (!ended) wait(100ms);
    set_faults({});
    sweep();
    for (const auto& [name, text] : there) ASSERT_TRUE(get(blob(name)) == text) << seed << " " << name;
    EXPECT_GT(sweeper->counts().failed_puts, 0u);
    expect_whole("seed " + std::to_string(seed));
    ASSERT_TRUE(world.run(service().delete_container({"acct", "c"}, {})));
    sweep();
    EXPECT_EQ(extents().size(), 0u) << seed;
  }
}

TEST_F(Leftovers, The_key_of_a_container_that_never_was_goes_even_when_it_lands_late) {
  begin(51);
  world.faults->set_options({.delay = 1, .max_delay = 10s});   // not forgotten by a crash: what is under way goes on
  struct Create {
    static Task<void> one(ops::Service& service, int i) {
      (void)co_await service.create_container({"acct", "c" + std::to_string(i)}, {}, ops::PublicAccess::none);
    }
  };
  for (int i = 0; i < 20; ++i) spawn(world.loop, Create::one(service(), i));
  wait(5s);
  crash();
  adopt();                                      // before all have landed
  expect_no_leak("late keys");
}

TEST_F(Leftovers, Short_lives_do_not_lose_the_second_look_at_a_dead_session) {
  begin(41);
  make_containers({"c"});
  ASSERT_TRUE(put(blob("b"), "text"));
  const std::uint32_t dead = gateway->catalog->session();
  const auto late = [&](std::uint64_t n) {   // an extent of the dead session that lands after its end
    const extent::ExtentId id{extent::UniqueId{gateway->catalog->incarnation(), dead, 5000 + n}};
    const std::string text = "late";
    const Bytes slices[] = {as_bytes(text)};
    ASSERT_TRUE(world.run(world.memory_provider->put(gateway->namer->name(extent::to_id16(id)), slices, kNoDeadline)));
  };
  crash();
  for (int life = 0; life < 3; ++life) {   // commands that open the folder, adopt, and end in order
    late(static_cast<std::uint64_t>(life));
    EXPECT_EQ(gateway->catalog->died(), std::vector<std::uint32_t>{dead}) << life;
    ASSERT_TRUE(world.run(sweeper->adopt_when_due()));
    EXPECT_EQ(extents().size(), 1u) << life;
    ASSERT_TRUE(world.run(gateway->catalog->close()));
    wait(5min);
    open();
  }
  // A server: at once, again after an hour, and then never more.
  world.faults->set_away(true);
  EXPECT_FALSE(world.run(sweeper->adopt_when_due()));
  EXPECT_TRUE(world.run(sweeper->adopt_when_due()));   // not due: it waits a little after an error
  world.faults->set_away(false);
  late(10);
  wait(Sweeper::kAdoptRetry);
  ASSERT_TRUE(world.run(sweeper->adopt_when_due()));
  EXPECT_EQ(extents().size(), 1u);
  late(11);
  wait(Sweeper::kAdoptAgain - 1s);
  ASSERT_TRUE(world.run(sweeper->adopt_when_due()));
  EXPECT_EQ(extents().size(), 2u);
  wait(1s);
  ASSERT_TRUE(world.run(sweeper->adopt_when_due()));
  EXPECT_EQ(extents().size(), 1u);
  EXPECT_TRUE(world.run(gateway->catalog->session_record(dead)).value()->settled);
  ASSERT_TRUE(world.run(gateway->catalog->close()));
  open();
  EXPECT_TRUE(gateway->catalog->died().empty());
  EXPECT_EQ(get(blob("b")), "text");
}

TEST_F(Leftovers, A_put_that_failed_and_arrived_is_found_after_an_orderly_end_too) {
  begin(8);
  make_containers({"c"});
  set_faults({.fail_after = 1});
  ops::PutBlob what;
  what.body.length_bytes = 4;
  StringBody body("text");
  EXPECT_FALSE(world.run(service().put_blob(blob("b"), what, body)));
  set_faults({});
  EXPECT_EQ(world.memory_provider->object_count(), 2u + 1u);
  ASSERT_TRUE(world.run(gateway->catalog->close()));
  gateway.reset();
  open();
  adopt();
  EXPECT_EQ(world.memory_provider->object_count(), 2u);
  EXPECT_EQ(gateway->catalog->died().size(), 1u);
  wait(1h);
  adopt();
  ASSERT_TRUE(world.run(gateway->catalog->close()));
  gateway.reset();
  open();
  EXPECT_TRUE(gateway->catalog->died().empty());  // settled for good
}

}  // namespace
}  // namespace bascule::jobs
