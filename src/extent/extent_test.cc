// The memory pool and the packer.
#include <gtest/gtest.h>

#include "extent/memory.h"
#include "extent/packer.h"
#include "provider/fault.h"
#include "provider/memory/memory_provider.h"
#include "runtime/sim.h"

namespace bascule::extent {
namespace {

using namespace std::chrono_literals;

Task<void> take(MemoryPool& pool, std::size_t bytes, int number, std::vector<int>& order, std::vector<Buffer>& held) {
  auto buffer = co_await pool.acquire(bytes);
  order.push_back(buffer ? number : -number);
  if (buffer) held.push_back(std::move(*buffer));
}

TEST(MemoryPool, Serves_in_turn_within_its_limit) {
  Loop loop;
  SimClock clock;
  MemoryPool pool(1000, 2);
  std::vector<int> order;
  std::vector<Buffer> held;
  spawn(loop, take(pool, 800, 1, order, held));
  spawn(loop, take(pool, 700, 2, order, held));
  spawn(loop, take(pool, 100, 3, order, held));   // would fit, but it is not its turn
  spawn(loop, take(pool, 100, 4, order, held));   // one too many in the queue
  spawn(loop, take(pool, 1001, 5, order, held));  // can never be
  loop.poll();
  EXPECT_EQ(order, (std::vector<int>{1, -4, -5}));
  EXPECT_TRUE(pool.under_pressure());
  held.clear();
  loop.restart();
  loop.poll();
  EXPECT_EQ(order, (std::vector<int>{1, -4, -5, 2, 3}));
  EXPECT_EQ(pool.used_bytes(), 800u);
  held.clear();
  EXPECT_EQ(pool.used_bytes(), 0u);
  EXPECT_FALSE(pool.under_pressure());
}

class PackerTest : public testing::Test {
 protected:
  Loop loop;
  SimClock clock;
  SeededRandom random{1};
  provider::FaultProvider provider{std::make_unique<provider::MemoryProvider>(), {}, clock, random};
  crypto::SecretKey key;
  crypto::ExtentNamer namer{key};
  IdSource ids{1, 1};
  std::unique_ptr<Workers> workers = make_inline_workers();
  MemoryPool pool{64 * 1024 * 1024};
  struct Added {
    std::string content;
    Result<Placed> placed = fail(Code::internal, "not yet");
    bool done = false;
  };

  static Task<void> add(Packer& packer, MemoryPool& pool, Added& a) {
    auto buffer = co_await pool.acquire(a.content.size());
    std::memcpy(buffer->bytes().data(), a.content.data(), a.content.size());
    a.placed = co_await packer.add(std::move(*buffer));
    a.done = true;
  }
  std::vector<std::unique_ptr<Added>> add_all(PackerOptions options, const std::vector<std::size_t>& sizes) {
    Packer packer(provider, namer, key, ids, *workers, clock, options, [](PlacedExtent&) {});
    std::vector<std::unique_ptr<Added>> all;
    for (const std::size_t size : sizes) {
      all.push_back(std::make_unique<Added>());
      all.back()->content.assign(size, static_cast<char>('a' + all.size()));
      spawn(loop, add(packer, pool, *all.back()));
    }
    const auto waits = [&] { return std::ranges::any_of(all, [](const auto& a) { return !a->done; }); };
    while (waits()) run_simulated(loop, clock, clock.sleep_for(1ms));
    run_simulated(loop, clock, clock.sleep_for(1ms));
    EXPECT_EQ(pool.used_bytes(), 0u);
    return all;
  }
};

TEST_F(PackerTest, Groups_what_waits_and_keeps_each_piece_at_its_place) {
  provider.set_options({.delay = 1, .max_delay = 20ms});
  const auto all = add_all({.in_flight = 2, .extent_bytes = 1000}, {10, 20, 400, 500, 300, 900, 50, 50});
  std::map<UniqueId, std::uint32_t> extents;
  for (const auto& a : all) {
    ASSERT_TRUE(a->placed);
    const PlacedExtent& e = *a->placed->extent;
    extents[e.id] = e.size_bytes;
    std::string back(a->content.size(), '\0');
    ASSERT_TRUE(run_simulated(loop, clock, provider.get(namer.name(to_id16(e.id)), a->placed->offset, as_writable(back), kNoDeadline)));
    EXPECT_EQ(back, a->content);
  }
  EXPECT_LT(extents.size(), all.size());
  for (const auto& [id, size] : extents) EXPECT_LE(size, 1000u);
  EXPECT_FALSE(ids.lost());
}

TEST_F(PackerTest, A_failed_extent_fails_its_pieces_alone_and_is_remembered) {
  provider.set_options({.fail_before = 0.3, .delay = 1, .max_delay = 5ms});
  const auto all = add_all({.in_flight = 1, .extent_bytes = 100}, std::vector<std::size_t>(40, 60));
  const auto good = std::ranges::count_if(all, [](const auto& a) { return a->placed.has_value(); });
  EXPECT_GT(good, 10);
  EXPECT_LT(good, 40);
  EXPECT_TRUE(ids.lost());
}

TEST_F(PackerTest, Tags_are_of_units_wherever_pieces_begin) {
  crypto::ExtentMac one = crypto::UnitTagKeys(key).of(to_id16(UniqueId{1, 1, 1}));
  const std::string whole(200'000, 'x');
  const Bytes bytes = as_bytes(whole);
  const Bytes together[] = {bytes};
  const Bytes apart[] = {bytes.first(1), bytes.subspan(1, 70'000), bytes.subspan(70'001)};
  const auto a = tag_units(one, together), b = tag_units(one, apart);
  ASSERT_EQ(a.size(), 4u);
  EXPECT_EQ(a, b);
}

}  // namespace
}  // namespace bascule::extent
