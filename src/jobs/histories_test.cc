// Many seeded histories of writers that meddle with each other, crashes and failing providers; in between everything must be
// readable, and when all is deleted only the keyring and the records of accounts and sessions may be left.
#include <gtest/gtest.h>

#include "jobs/sweeper_fixture.h"

namespace bascule::jobs {
namespace {

using namespace std::chrono_literals;
using ops::BlobRef;
using ops::testing::content;
using ops::testing::StringBody;
using ops::testing::World;

// What the account keeps of the past, by the seed.
std::function<void(ops::AccountSettings&)> kept_by(std::uint64_t seed) {
  return [seed](ops::AccountSettings& s) {
    s.versioning = seed & 1;
    s.delete_retention_days = seed & 2 ? 3 : 0;
    s.allow_permanent_delete = true;
  };
}

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

class Histories : public testing::FaultsTest, public ::testing::WithParamInterface<bool> {};

TEST_P(Histories, Lose_nothing_and_leak_nothing) {
  const bool crashes = GetParam();
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const std::string where = "seed " + std::to_string(seed);
    begin(seed);
    world.store_latency(2ms);
    make_containers({"c0", "c1"});
    SeededRandom random(seed + 1000);
    for (int life = 0; life < (crashes ? 4 : 1); ++life) {
      set_faults({.fail_before = 0.02, .fail_after = 0.02, .tear_put = 0.02, .delay = 0.7, .max_delay = 40ms});
      set_faults({});
      change_settings(kept_by(life == 0 ? seed : random.next_u64()));
      set_faults({.fail_before = 0.02, .fail_after = 0.02, .tear_put = 0.02, .delay = 0.7, .max_delay = 40ms});
      auto actors = std::make_shared<Actors>(world, service(), gateway->line, random);
      actors->running = 6;
      for (int i = 0; i < 4; ++i) spawn(world.loop, act(*actors, 25));
      spawn(world.loop, sweep_on(*actors, *sweeper));
      spawn(world.loop, compact_on(*actors, *compactor));
      if (crashes && life < 3) {
        wait(std::chrono::milliseconds(random.next_u64() % 1500));
        world.remains.push_back(actors);   // its coroutines are parked
        actors->stop = true;
        crash();
        set_faults({});
        if (random.next_u64() % 2) adopt();
      } else {
        while (actors->running > 2) wait(50ms);
        actors->stop = true;
        while (actors->running > 0) wait(50ms);
      }
      ASSERT_EQ(actors->trouble, "") << where;
      set_faults({});
      if (random.next_u64() % 3 == 0) {
        wait(24h * 4);
        ASSERT_TRUE(world.run(sweeper->expire_deleted()));
      }
      expect_whole(where);
      if (HasFatalFailure() || HasNonfatalFailure()) return;
    }
    expect_no_leak(where);
    if (!crashes) EXPECT_EQ(sweeper->counts().extents_settled, 0u) << where;  // a live session loses track of nothing
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Histories, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "with_crashes" : "without_crashes"; });

}  // namespace
}  // namespace bascule::jobs
