// Append and page blobs over lives that end anywhere: what was acknowledged is there, and what nobody sees is freed.
#include <gtest/gtest.h>

#include "jobs/sweeper_fixture.h"
#include "ops/fold.h"

namespace bascule::jobs {
namespace {

using namespace std::chrono_literals;
using ops::testing::content;
using ops::testing::StringBody;

const ops::BlobRef kPages{"acct", "c", "pages"}, kLog{"acct", "c", "log"};
constexpr std::uint64_t kUnits = 400;   // of 512 bytes

// What must be there: what was acknowledged, with or without the one write that was under way.
struct Model {
  std::string pages = std::string(kUnits * 512, '\0'), log;
  std::string next_pages = pages, next_log;
};

Task<void> write_on(ops::Service& service, std::shared_ptr<Model> model, SeededRandom& random, int steps, bool& done,
                    std::string& trouble) {
  const auto pick = [&random](std::uint64_t n) { return random.next_u64() % n; };
  for (int i = 0; i < steps && trouble.empty(); ++i) {
    if (pick(12) == 0) {
      const auto folded = co_await service.fold_blob(pick(2) ? kPages : kLog);
      if (!folded && folded.error().code != Code::conflict) trouble = "fold: " + folded.error().message;
      continue;
    }
    if (pick(3) == 0) {
      const std::string text = content(1 + pick(3000), pick(1'000'000));
      model->next_log = model->log + text;
      ops::AppendBlock what;
      what.position = model->log.size();
      what.body.length_bytes = text.size();
      StringBody body(text);
      const auto appended = co_await service.append_block(kLog, what, body);
      if (!appended) trouble = "append: " + appended.error().message;
      else model->log = model->next_log;
      continue;
    }
    ops::PutPages what;
    what.first = pick(kUnits) * 512;
    what.length_bytes = std::min<std::uint64_t>(kUnits * 512 - what.first, 512 * (1 + pick(pick(5) ? 8 : 200)));
    what.clear = pick(5) == 0;
    const std::string text = what.clear ? "" : content(what.length_bytes, pick(1'000'000));
    what.body.length_bytes = text.size();
    model->next_pages = model->pages;
    model->next_pages.replace(what.first, what.length_bytes, what.clear ? std::string(what.length_bytes, '\0') : text);
    StringBody body(text);
    const auto put = co_await service.put_pages(kPages, what, body);
    if (!put) trouble = "put: " + put.error().message;
    else model->pages = model->next_pages;
  }
  done = true;
}

Task<void> sweep_on(Sweeper& sweeper, Clock& clock, std::shared_ptr<bool> stop) {
  while (!*stop) {
    (void)co_await sweeper.pass();
    co_await clock.sleep_for(15ms);
  }
}

class LineageTest : public testing::SeededTest {
 protected:
  void begin(std::uint64_t seed) {
    SeededTest::begin(seed);
    make_containers({"c"});
    ops::CreateBlob create;
    ASSERT_TRUE(world.run(service().create_blob(kLog, create)));
    create.type = ops::BlobType::page;
    create.size_bytes = kUnits * 512;
    ASSERT_TRUE(world.run(service().create_blob(kPages, create)));
  }
  std::size_t records(char table) { return stored(std::string(1, table)).size(); }
};

TEST_F(LineageTest, What_was_acknowledged_survives_any_end) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    begin(seed);
    world.store_latency(2ms);
    SeededRandom random(seed + 500);
    auto model = std::make_shared<Model>();
    std::vector<std::unique_ptr<std::pair<bool, std::string>>> remains;
    for (int life = 0; life < 5; ++life) {
      const std::string where = "seed " + std::to_string(seed) + " life " + std::to_string(life);
      auto& [done, trouble] = *remains.emplace_back(std::make_unique<std::pair<bool, std::string>>(false, ""));
      auto own = std::make_shared<Model>(*model);
      auto stop = std::make_shared<bool>(false);
      spawn(world.loop, write_on(service(), own, random, 120, done, trouble));
      spawn(world.loop, sweep_on(*sweeper, world.clock, stop));
      wait(std::chrono::milliseconds(random.next_u64() % 700));
      *stop = true;
      ASSERT_EQ(trouble, "") << where;
      crash();
      if (random.next_u64() % 2) ASSERT_TRUE(world.run(sweeper->adopt_dead_sessions(gateway->catalog->died()))) << where;
      const std::string pages = get(kPages), log = get(kLog);
      ASSERT_TRUE(pages == own->pages || pages == own->next_pages) << where;
      ASSERT_TRUE(log == own->log || log == own->next_log) << where << " " << log.substr(0, 80);
      model->pages = model->next_pages = pages;
      model->log = model->next_log = log;
      expect_whole(where);
      if (HasFatalFailure() || HasNonfatalFailure()) return;
    }
    wait(1h);
    ASSERT_TRUE(world.run(sweeper->adopt_dead_sessions(gateway->catalog->died())));
    // What is alive is what is seen: overwritten pieces have gone, each once.
    ASSERT_TRUE(world.run(service().fold_blob(kPages)));
    ASSERT_TRUE(world.run(service().fold_blob(kLog)));
    sweep();
    EXPECT_EQ(records('W'), 2u) << "the guards alone";
    expect_whole("folded");
    ASSERT_TRUE(world.run(service().delete_blob(kPages, {})));
    ASSERT_TRUE(world.run(service().delete_blob(kLog, {})));
    sweep();
    for (const char table : {'W', 'P', 'D', 'E', 'T', 'G', 'R', 'Z'}) EXPECT_EQ(records(table), 0u) << "seed " << seed << " " << table;
    if (HasFatalFailure() || HasNonfatalFailure()) return;
  }
}

TEST_F(LineageTest, Many_writes_fold_by_themselves) {
  begin(77);
  SeededRandom random(9);
  std::string model(kUnits * 512, '\0');
  for (int i = 0; i < 8600; ++i) {
    ops::PutPages what;
    what.first = random.next_u64() % kUnits * 512;
    what.length_bytes = what.body.length_bytes = 512;
    const std::string text = content(512, static_cast<std::uint64_t>(i));
    StringBody body(text);
    ASSERT_TRUE(world.run(service().put_pages(kPages, what, body)));
    model.replace(what.first, 512, text);
  }
  EXPECT_LT(records('W'), 600u);
  EXPECT_TRUE(get(kPages) == model);
  sweep();
  EXPECT_TRUE(get(kPages) == model);
  expect_whole("folded");
  std::uint64_t extents = records('E');
  EXPECT_LE(extents, kUnits + 500) << "what was overwritten is freed";
}

}  // namespace
}  // namespace bascule::jobs
