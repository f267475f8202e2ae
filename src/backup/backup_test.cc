// Backups are whole, small where little changed, refuse every kind of damage, and begin new lives that harm no former one.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <map>

#include "backup/make.h"
#include "backup/restore.h"
#include "jobs/testing.h"
#include "provider/memory/memory_provider.h"

namespace bascule::backup {
namespace {

using namespace std::chrono_literals;
using ops::testing::content;

class Backups : public jobs::testing::SweptTest {
 protected:
  provider::MemoryProvider there{{.forget_removed = true}};   // where backups go
  std::string index_folder;
  std::atomic<bool> stop{false};

  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "bascule-backup-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    index_folder = pattern;
    SweptTest::SetUp();
    free_names_at_once();
  }
  void TearDown() override { std::filesystem::remove_all(index_folder); }
  void on_open() override {
    SweptTest::on_open();
    sweeper = std::make_unique<jobs::Sweeper>(service(), std::chrono::days(7), 24h);
  }

  Place place() { return Place(there, world.clock, gateway->keyring->catalog_key(), "there"); }
  MakeParts parts() { return {*gateway->catalog, *gateway->store, *gateway->workers, world.clock, world.random}; }
  Content content_parts() { return {*world.provider, *gateway->keyring, *gateway->namer, world.clock, world.random}; }

  Result<MakeReport> make(MakeOptions options = {}) {
    Place p = place();
    options.index_folder = index_folder;
    wait(1s);   // no two of one instant
    return world.run(backup::make(parts(), p, std::move(options)));
  }
  Contents look() {
    Place p = place();
    return world.run(p.look()).value();
  }
  Result<ReadReport> read_back(ReadBack::Extents extents = ReadBack::Extents::all, std::optional<WallTime> at = {}) {
    Place p = place();
    const Contents contents = world.run(p.look()).value();
    BASCULE_ASSIGN(const Listed* const chosen, choose(contents, at, "there"));
    return world.run(backup::read(p, *chosen, content_parts(), {.extents = extents}));
  }
  // The gateway has ended, and another begins over what the backup holds; its old store is handed back.
  std::unique_ptr<ops::testing::SlowStore> restore(std::optional<WallTime> at = {}) {
    Place p = place();
    const Contents contents = world.run(p.look()).value();
    auto chosen = choose(contents, at, "there");
    EXPECT_TRUE(chosen) << chosen.error().message;
    auto fresh = std::make_unique<ops::testing::SlowStore>(store::make_memory_store({.trim_journal_at_once = true}), world.clock);
    const auto report = world.run(backup::restore(p, **chosen, *fresh, content_parts(), {}));
    EXPECT_TRUE(report) << report.error().message;
    end_life();
    std::swap(world.store, fresh);
    open();
    EXPECT_EQ(gateway->catalog->incarnation(), report->incarnation);
    return fresh;
  }
  std::size_t extents_there() {
    std::size_t count = 0;
    for (const auto& o : world.run(world.memory_provider->list("", "", 10'000, kNoDeadline))->objects) count += !o.name.starts_with("keyring-");
    return count;
  }
};

TEST_F(Backups, A_backup_holds_what_was_acknowledged_before_it_and_nothing_later) {
  make_containers({"c", "d"});
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(put(blob("b" + std::to_string(i)), content(1000, static_cast<std::uint64_t>(i))));
  ASSERT_TRUE(put_block(blob("blocks"), "AAAA", "one"));
  const auto made = make();
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(made->whole);
  EXPECT_EQ(made->number, 1u);
  ASSERT_TRUE(put(blob("later"), "later"));
  ASSERT_TRUE(world.run(service().delete_blob(blob("b0"), {})));
  sweep();
  const auto read = read_back();
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->records, made->records);
  EXPECT_EQ(read->blobs, 50u);
  EXPECT_EQ(read->containers, 2u);
  EXPECT_EQ(read->missing, 0u);
  EXPECT_EQ(read->keys_missing, 0u);
  restore();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(get(blob("b" + std::to_string(i))), content(1000, static_cast<std::uint64_t>(i)));
  EXPECT_TRUE(get(blob("later")).starts_with("error"));
  ASSERT_TRUE(put_list(blob("blocks"), {"AAAA"}));
  EXPECT_EQ(get(blob("blocks")), "one");
  expect_whole("the new life");
  const auto next = make();   // it goes on in the same place, whole
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(next->number, 2u);
  EXPECT_TRUE(next->whole);
  ASSERT_TRUE(read_back());
}

TEST_F(Backups, The_next_copies_only_what_changed) {
  make_containers({"c"});
  for (int i = 0; i < 3000; ++i) ASSERT_TRUE(put(blob("b" + std::to_string(i)), "x"));
  const auto first = make();
  ASSERT_TRUE(first);
  ASSERT_TRUE(world.run(service().delete_blob(blob("b7"), {})));
  sweep();
  ASSERT_TRUE(put(blob("b8"), "new"));
  const auto second = make();
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_FALSE(second->whole) << second->why_whole;
  EXPECT_LT(second->written_bytes * 20, first->written_bytes);
  EXPECT_GE(second->removed, 1u);
  const auto third = make();
  ASSERT_TRUE(third);
  EXPECT_LT(third->changed, 20u);
  const auto contents = look();
  ASSERT_EQ(contents.backups.size(), 3u);
  EXPECT_EQ(contents.backups[2].manifest.previous, contents.backups[1].manifest.id);
  EXPECT_EQ(contents.backups[2].manifest.previous_sha, contents.backups[1].sha);
  for (const Listed& one : contents.backups) {
    const auto read = read_back(ReadBack::Extents::all, one.manifest.instant);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->blobs, one.manifest.number == 1 ? 3000u : 2999u);
    EXPECT_EQ(read->missing, 0u);
  }
  // Where the note of what the last one held is wrong or gone, all is copied.
  const std::string path = std::filesystem::directory_iterator(index_folder)->path().string();
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 3);
  const auto fourth = make();
  ASSERT_TRUE(fourth) << fourth.error().message;
  EXPECT_TRUE(fourth->whole);
  std::filesystem::remove(path);
  EXPECT_TRUE(make()->whole);
  EXPECT_FALSE(make()->whole);
  ASSERT_TRUE(read_back());
  // Of those that stay everything stays.
  const auto last = make({.keep = 2});
  ASSERT_TRUE(last);
  EXPECT_EQ(last->pruned.backups, 5u);
  EXPECT_GT(last->pruned.segments, 0u);
  for (const Listed& one : look().backups) ASSERT_TRUE(read_back(ReadBack::Extents::none, one.manifest.instant));
  EXPECT_EQ(look().backups.size(), 2u);
}

TEST_F(Backups, Every_kind_of_damage_is_refused) {
  make_containers({"c"});
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(put(blob("b" + std::to_string(i)), "x"));
  ASSERT_TRUE(make());
  const auto before = look().backups[0].name;
  ASSERT_TRUE(put(blob("b8"), "new"));
  ASSERT_TRUE(make());
  ASSERT_TRUE(read_back(ReadBack::Extents::none)) << "the control";
  std::vector<std::string> names;
  for (const auto& o : world.run(there.list("", "", 1000, kNoDeadline))->objects) names.push_back(o.name);
  const std::string newest = look().backups[1].name;
  const auto content_of = [&](const std::string& name) { return *there.content(name); };
  const auto refuse = [&](const std::string& name, std::optional<std::string> changed, const char* how) {
    const std::string was = content_of(name);
    ASSERT_TRUE(world.run(there.remove(name, kNoDeadline)));
    if (changed) {
      const Bytes slice = as_bytes(*changed);
      ASSERT_TRUE(world.run(there.put(name, Slices(&slice, 1), kNoDeadline)));
    }
    const auto read = read_back(ReadBack::Extents::none);
    EXPECT_FALSE(read) << name << " " << how;
    if (!read) {
      EXPECT_EQ(read.error().code, Code::corrupt) << read.error().message;
      EXPECT_NE(read.error().message.find(name), std::string::npos) << read.error().message;
    }
    ASSERT_TRUE(world.run(there.remove(name, kNoDeadline)));
    const Bytes slice = as_bytes(was);
    ASSERT_TRUE(world.run(there.put(name, Slices(&slice, 1), kNoDeadline)));
  };
  for (const std::string& name : names) {
    if (name == before) continue;   // the newest does not need it
    const std::string was = content_of(name);
    for (const std::size_t at : {std::size_t{0}, std::size_t{3}, std::size_t{10}, was.size() / 2, was.size() - 1}) {
      std::string flipped = was;
      flipped[at] = static_cast<char>(flipped[at] ^ 1);
      refuse(name, flipped, "flipped");
    }
    refuse(name, was.substr(0, was.size() - 1), "cut short");
    refuse(name, was.substr(0, 30), "cut to almost nothing");
    refuse(name, was + "x", "longer");
    for (const std::string& other : names)
      if (other != name) refuse(name, content_of(other), "another's content");
    if (name != newest) refuse(name, std::nullopt, "missing");
  }
  ASSERT_TRUE(read_back(ReadBack::Extents::none)) << "the control";
}

TEST_F(Backups, What_the_newest_backup_names_stays_and_goes_after_the_window) {
  make_containers({"c"});
  ASSERT_TRUE(put(blob("never"), content(3000, 1)));
  ASSERT_TRUE(world.run(service().delete_blob(blob("never"), {})));
  sweep();
  EXPECT_EQ(extents_there(), 0u) << "without backups space is free at once";
  ASSERT_TRUE(put(blob("a"), content(3000, 2)));
  ASSERT_TRUE(make());
  ASSERT_TRUE(world.run(service().delete_blob(blob("a"), {})));
  sweep();
  EXPECT_EQ(extents_there(), 1u);
  EXPECT_EQ(sweeper->counts().held, 1u);
  EXPECT_GE(sweeper->counts().held_bytes, 3000u);
  wait(25h);
  sweep();
  EXPECT_EQ(extents_there(), 1u) << "it is the newest backup, however old";
  EXPECT_EQ(read_back()->missing, 0u);
  ASSERT_TRUE(put(blob("b"), content(3000, 3)));
  ASSERT_TRUE(make());
  sweep();
  EXPECT_EQ(extents_there(), 1u) << "its window is over, and a newer backup is there";
  // The other order: a newer backup first, then the window.
  ASSERT_TRUE(world.run(service().delete_blob(blob("b"), {})));
  sweep();
  ASSERT_TRUE(make());
  sweep();
  EXPECT_EQ(extents_there(), 1u);
  wait(23h);
  sweep();
  EXPECT_EQ(extents_there(), 1u);
  wait(2h);
  sweep();
  EXPECT_EQ(extents_there(), 0u);
  expect_clean();
}

TEST_F(Backups, A_deleted_containers_key_waits_as_its_content_does) {
  make_containers({"c"});
  ASSERT_TRUE(put(blob("a"), content(3000, 2)));
  ASSERT_TRUE(make());
  ASSERT_TRUE(world.run(service().delete_container({"acct", "c"}, {})));
  sweep();
  EXPECT_EQ(read_back()->keys_missing, 0u);
  EXPECT_EQ(read_back()->missing, 0u);
  ASSERT_TRUE(make());
  wait(25h);
  sweep();
  const auto first = read_back(ReadBack::Extents::all, look().backups[0].manifest.instant);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->keys_missing, 1u);
  EXPECT_EQ(first->missing, 1u);
  expect_clean();
}

TEST_F(Backups, A_place_that_is_forgotten_holds_nothing) {
  make_containers({"c"});
  ASSERT_TRUE(put(blob("a"), "a"));
  ASSERT_TRUE(make());
  ASSERT_TRUE(world.run(service().delete_blob(blob("a"), {})));
  sweep();
  EXPECT_EQ(extents_there(), 1u);
  EXPECT_FALSE(world.run(forget(parts(), "elsewhere")));
  ASSERT_TRUE(world.run(forget(parts(), "there")));
  sweep();
  EXPECT_EQ(extents_there(), 0u);
}

TEST_F(Backups, The_former_life_keeps_what_it_has_until_it_is_taken_over) {
  make_containers({"c", "d"});
  ASSERT_TRUE(put(blob("a"), content(2000, 1)));
  ASSERT_TRUE(put(blob("b", "d"), content(2000, 2)));
  ASSERT_TRUE(make());
  ASSERT_TRUE(put(blob("lost"), content(2000, 3)));   // acknowledged after the backup: it is not in the new life
  auto old_store = restore();
  ASSERT_TRUE(world.run(service().delete_blob(blob("a"), {})));
  ASSERT_TRUE(world.run(service().delete_container({"acct", "d"}, {})));
  ASSERT_TRUE(put(blob("new"), content(2000, 4)));
  ASSERT_TRUE(make());
  wait(25h);
  sweep();
  adopt();
  EXPECT_EQ(extents_there(), 4u) << "nothing of the former life goes";
  // Its gateway may still run: everything that it had is there for it.
  std::swap(world.store, old_store);
  end_life();
  open();
  EXPECT_EQ(get(blob("a")), content(2000, 1));
  EXPECT_EQ(get(blob("b", "d")), content(2000, 2));
  EXPECT_EQ(get(blob("lost")), content(2000, 3));
  expect_whole("the former life");
  ASSERT_FALSE(world.run(take_over(parts()))) << "it has none before it";
  std::swap(world.store, old_store);
  end_life();
  open();
  EXPECT_EQ(world.run(take_over(parts())).value(), 1u);
  ASSERT_FALSE(world.run(take_over(parts())));
  ASSERT_TRUE(world.run(sweeper->adopt_when_due()));
  sweep();
  ASSERT_TRUE(make());
  wait(25h);
  sweep();
  EXPECT_EQ(extents_there(), 1u);
  EXPECT_EQ(get(blob("new")), content(2000, 4));
  ASSERT_TRUE(world.run(sweeper->adopt_when_due()));
  expect_clean();
}

TEST_F(Backups, One_that_was_stopped_leaves_nothing_that_anybody_waits_for) {
  make_containers({"c"});
  ASSERT_TRUE(put(blob("a"), "a"));
  stop = true;
  const auto stopped = make({.stop = &stop});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, Code::cancelled);
  ASSERT_TRUE(world.run(service().delete_blob(blob("a"), {})));
  sweep();
  EXPECT_EQ(extents_there(), 0u);
  ASSERT_TRUE(make());
  ASSERT_TRUE(read_back());
}

TEST_F(Backups, A_place_with_other_things_or_anothers_backups_is_refused) {
  make_containers({"c"});
  const std::string text = "something";
  const Bytes slice = as_bytes(text);
  ASSERT_TRUE(world.run(there.put("photo", Slices(&slice, 1), kNoDeadline)));
  EXPECT_EQ(make().error().code, Code::invalid_argument);
  ASSERT_TRUE(world.run(there.remove("photo", kNoDeadline)));
  ASSERT_TRUE(make());
  const std::string name = look().backups[0].name, mine = *there.content(name);
  SeededRandom other(99);
  crypto::SecretKey key;
  other.fill(key.writable());
  Place foreign(there, world.clock, key, "there");
  EXPECT_TRUE(world.run(foreign.look())->backups[0].damage);
  const auto refused = world.run(backup::make(parts(), foreign, {}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::corrupt);
  EXPECT_FALSE(world.run(prune(foreign, 1)));
  EXPECT_EQ(there.content(name), mine);
}

TEST_F(Backups, What_is_kept_by_holds_is_told) {
  make_containers({"c"});
  ASSERT_TRUE(world.run(service().change_container_immutability({"acct", "c"}, [](catalog::ContainerImmutability& i) -> Result<void> {
    i.days = 5;
    return {};
  })));
  ASSERT_TRUE(make());
  EXPECT_EQ(read_back()->kept_containers, 1u);
}

// Random lives of blobs of every kind, with their snapshots and versions, and backups now and then: each backup that can be
// restored, the newest and those of the last day, is restored at a random moment, and everything that there was at its instant is
// read. Sweeper and compaction go on beside.
class Histories : public Backups {
 protected:
  using State = std::map<std::string, std::string>;
  struct Shown {
    WallTime instant;
    State state;
  };

  // All states of all blobs, by name and time, with what they say; what cannot be read says "lost".
  State capture(ops::Service& service) {
    State state;
    for (const char* container : {"c", "d"}) {
      const auto page = world.run(service.list_blobs({"acct", container}, {.snapshots = true, .versions = true}));
      if (!page) continue;
      for (const auto& item : page->items) {
        ops::BlobRef ref = blob(item.blob.name, container);
        if (item.blob.snapshot != WallTime()) ref.at = {ops::At::Kind::snapshot, item.blob.snapshot};
        else if (item.blob.version != WallTime()) ref.at = {ops::At::Kind::version, item.blob.version};
        const auto text = world.run(ops::testing::read_all(service, ref));
        state[std::string(container) + "/" + item.blob.name + "/" + format_iso8601(ref.at.time)] = text ? *text : "lost";
      }
    }
    return state;
  }

  void act(SeededRandom& random) {
    const auto pick = [&](std::uint64_t n) { return random.next_u64() % n; };
    const auto text = [&](std::uint64_t most) { return content(1 + pick(most), random.next_u64()); };
    const ops::BlobRef ref = blob("b" + std::to_string(pick(8)), pick(4) ? "c" : "d");
    switch (pick(14)) {
      case 0: case 1: case 2: (void)put(ref, text(20'000)); break;
      case 3:
        (void)put_block(ref, "AAAA", text(9000));
        if (pick(2)) (void)put_list(ref, {"AAAA"});
        break;
      case 4: (void)world.run(service().delete_blob(ref, {.snapshots = ops::DeleteBlob::Snapshots::include})); break;
      case 5: (void)world.run(service().snapshot_blob(ref, {}, {})); break;
      case 6: {
        ops::CreateBlob create;
        create.type = pick(2) ? ops::BlobType::append : ops::BlobType::page;
        create.size_bytes = create.type == ops::BlobType::page ? 512 * 64 : 0;
        (void)world.run(service().create_blob(ref, create));
        break;
      }
      case 7: case 8: {
        ops::AppendBlock what;
        std::string more = text(5000);
        what.body.length_bytes = more.size();
        ops::testing::StringBody body(std::move(more));
        (void)world.run(service().append_block(ref, what, body));
        break;
      }
      case 9: case 10: {
        ops::PutPages what{.first = pick(56) * 512, .length_bytes = 512 * (1 + pick(8)), .clear = pick(4) == 0};
        what.body.length_bytes = what.clear ? 0 : what.length_bytes;
        ops::testing::StringBody body(content(what.body.length_bytes, random.next_u64()));
        (void)world.run(service().put_pages(ref, what, body));
        break;
      }
      case 11: (void)world.run(service().fold_blob(ref)); break;
      case 12: (void)world.run(service().copy_blob(ref, blob("b" + std::to_string(pick(8))), {})); break;
      default:
        if (pick(6) != 0) break;
        (void)world.run(service().delete_container({"acct", "d"}, {}));
        (void)world.run(service().create_container({"acct", "d"}, {}, ops::PublicAccess::none));
    }
  }

  // How many states of restored catalogs were not what they were.
  int play(std::uint64_t seed, Duration window) {
    begin_world(seed);
    for (const auto& o : world.run(there.list("", "", 10'000, kNoDeadline))->objects) (void)world.run(there.remove(o.name, kNoDeadline));
    open();
    EXPECT_TRUE(world.run(service().put_account({.name = "acct", .keys = {"k1", "k2"}, .settings = {.quarantine_seconds = 0}}, true)));
    change_settings([seed](ops::AccountSettings& s) { s.versioning = seed % 2; });
    make_containers({"c", "d"});
    sweeper = std::make_unique<jobs::Sweeper>(service(), std::chrono::days(7), window);
    std::vector<Shown> shown;
    int lost = 0;
    SeededRandom random(seed * 7 + 3);
    const auto pick = [&](std::uint64_t n) { return random.next_u64() % n; };
    for (int step = 0; step < 200; ++step) {
      switch (pick(12)) {
        case 0: sweep(); break;
        case 1:
          (void)world.run(compactor->run(stop));
          sweep();
          break;
        case 2: wait(Duration(std::chrono::minutes(pick(600)))); break;
        case 3: {
          State state = capture(service());
          const auto made = make({.keep = pick(3) != 0 ? std::uint64_t{0} : std::uint64_t{3}});
          EXPECT_TRUE(made) << made.error().message;
          if (made) shown.push_back({made->instant, std::move(state)});
          sweep();
          break;
        }
        case 4:
          if (!shown.empty()) lost += probe(shown[shown.size() - 1 - pick(std::min<std::size_t>(shown.size(), 4))], shown.back().instant);
          break;
        default: act(random);
      }
    }
    EXPECT_GT(shown.size(), 3u);
    return lost;
  }
  int probe(const Shown& then, WallTime newest) {
    if (then.instant != newest && world.clock.wall() - then.instant >= std::chrono::duration_cast<Ticks>(Duration(24h))) return 0;
    Place p = place();
    const Contents contents = world.run(p.look()).value();
    auto chosen = choose(contents, then.instant, "there");
    if (!chosen || (*chosen)->manifest.instant != then.instant) return 0;   // it was not kept
    auto fresh = std::make_unique<ops::testing::SlowStore>(store::make_memory_store({.trim_journal_at_once = true}), world.clock);
    EXPECT_TRUE(world.run(backup::restore(p, **chosen, *fresh, content_parts(), {})));
    std::swap(world.store, fresh);
    auto other = world.run(ops::testing::Gateway::open(world, {}));
    std::swap(world.store, fresh);
    const State now = capture(*(*other)->service);
    int lost = now.size() != then.state.size();
    for (const auto& [name, text] : then.state) {
      const auto found = now.find(name);
      lost += found == now.end() || found->second != text;
    }
    world.remains.push_back(std::move(fresh));
    world.crash(std::move(*other));
    return lost;
  }
};

TEST_F(Histories, What_can_be_restored_has_all_its_content) {
  for (std::uint64_t seed = 1; seed <= 25; ++seed) EXPECT_EQ(play(seed, 24h), 0) << "seed " << seed;
}

TEST_F(Histories, Without_the_window_content_is_missing) {
  int lost = 0;
  for (std::uint64_t seed = 1; seed <= 25; ++seed) lost += play(seed, {});
  EXPECT_GT(lost, 0) << "the control: the test above could not fail";
}

}  // namespace
}  // namespace bascule::backup
