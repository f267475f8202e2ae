#include "forgetfs/model.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "forgetfs/control.h"
#include "forgetfs/disk.h"

namespace forgetfs {
namespace {

constexpr mode_t kFile = S_IFREG | 0644;

InodeId make(Model& model, InodeId directory, const std::string& name, mode_t mode = kFile) {
  const std::int64_t id = model.create(directory, name, mode);
  EXPECT_GT(id, 0);
  return static_cast<InodeId>(id);
}

void sync(Model& model, InodeId id) { model.sync(id, model.watermark()); }

std::string text(const Model& model, InodeId directory, const std::string& name) {
  const InodeId id = model.lookup(directory, name);
  if (id == 0) return "(absent)";
  std::string out(1 << 20, '\0');
  out.resize(static_cast<std::size_t>(model.read(id, 0, out.data(), out.size())));
  return out;
}

TEST(Model, SyncedSurvivesUnsyncedDoesNot) {
  Model model;
  const InodeId file = make(model, kRoot, "a");
  model.write(file, 0, "kept");
  sync(model, file);
  model.write(file, 4, " and lost");
  model.write(file, 0, "K");
  sync(model, kRoot);
  make(model, kRoot, "unsynced entry");
  model.cut(Survival::none, 1);
  EXPECT_EQ(text(model, kRoot, "a"), "kept");
  EXPECT_EQ(model.lookup(kRoot, "unsynced entry"), 0u);
}

TEST(Model, ASyncedFileWithoutItsEntryIsGone) {
  for (const EntryRule rule : {EntryRule::strict, EntryRule::with_file}) {
    Model model(rule);
    const InodeId folder = make(model, kRoot, "d", S_IFDIR | 0755);
    const InodeId file = make(model, folder, "a");
    model.write(file, 0, "bytes");
    sync(model, file);
    model.cut(Survival::none, 1);
    EXPECT_EQ(model.lookup(kRoot, "d") != 0, rule == EntryRule::with_file);
    if (rule == EntryRule::with_file) EXPECT_EQ(text(model, model.lookup(kRoot, "d"), "a"), "bytes");
  }
}

TEST(Model, AnEntryWithoutItsFilesSyncIsEmpty) {
  Model model;
  model.write(make(model, kRoot, "a"), 0, "bytes");
  sync(model, kRoot);
  model.cut(Survival::none, 1);
  EXPECT_EQ(text(model, kRoot, "a"), "");
}

TEST(Model, RemovalsNeedTheDirectorysSync) {
  Model model;
  for (const char* name : {"a", "b"}) {
    const InodeId file = make(model, kRoot, name);
    model.write(file, 0, name);
    sync(model, file);
  }
  sync(model, kRoot);
  EXPECT_EQ(model.unlink(kRoot, "a"), 0);
  sync(model, kRoot);
  EXPECT_EQ(model.unlink(kRoot, "b"), 0);
  model.cut(Survival::none, 1);
  EXPECT_EQ(model.lookup(kRoot, "a"), 0u);
  EXPECT_EQ(text(model, kRoot, "b"), "b");
}

TEST(Model, TruncationIsForgottenToo) {
  Model model;
  const InodeId file = make(model, kRoot, "a");
  model.write(file, 0, "0123456789");
  sync(model, file);
  sync(model, kRoot);
  model.resize(file, 3);
  model.write(file, 5, "x");
  model.resize(file, 100);
  model.cut(Survival::none, 1);
  EXPECT_EQ(text(model, kRoot, "a"), "0123456789");
}

TEST(Model, ARenameIsWholeAndGoesWithItsDestination) {
  const auto prepared = [] {
    Model model;
    const InodeId from = make(model, kRoot, "from", S_IFDIR | 0755);
    make(model, kRoot, "to", S_IFDIR | 0755);
    const InodeId file = make(model, from, "x");
    model.write(file, 0, "bytes");
    sync(model, file);
    sync(model, from);
    sync(model, kRoot);
    EXPECT_EQ(model.rename(from, "x", model.lookup(kRoot, "to"), "y", 0), 0);
    return model;
  };
  {
    Model model = prepared();
    sync(model, model.lookup(kRoot, "from"));  // the source's fsync alone must not lose the file
    model.cut(Survival::none, 1);
    EXPECT_EQ(text(model, model.lookup(kRoot, "from"), "x"), "bytes");
    EXPECT_EQ(text(model, model.lookup(kRoot, "to"), "y"), "(absent)");
  }
  {
    Model model = prepared();
    sync(model, model.lookup(kRoot, "to"));
    model.cut(Survival::none, 1);
    EXPECT_EQ(text(model, model.lookup(kRoot, "from"), "x"), "(absent)");
    EXPECT_EQ(text(model, model.lookup(kRoot, "to"), "y"), "bytes");
  }
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Model model = prepared();
    model.cut(Survival::some, seed);
    const bool old_there = model.lookup(model.lookup(kRoot, "from"), "x") != 0;
    const bool new_there = model.lookup(model.lookup(kRoot, "to"), "y") != 0;
    EXPECT_NE(old_there, new_there) << seed;
  }
}

TEST(Model, ReplacingByRenameInOneFolder) {
  for (const bool synced : {true, false}) {
    Model model;
    for (const char* name : {"current", "new"}) {
      const InodeId file = make(model, kRoot, name);
      model.write(file, 0, name);
      sync(model, file);
    }
    sync(model, kRoot);
    EXPECT_EQ(model.rename(kRoot, "new", kRoot, "current", 0), 0);
    if (synced) sync(model, kRoot);
    model.cut(Survival::none, 1);
    EXPECT_EQ(text(model, kRoot, "current"), synced ? "new" : "current");
    EXPECT_EQ(text(model, kRoot, "new"), synced ? "(absent)" : "new");
  }
}

TEST(Model, SomeSurvivalIsASubsetTornAtSectorsAndReplays) {
  bool saw_hole = false;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    std::string first;
    for (int round = 0; round < 2; ++round) {
      Model model;
      const InodeId file = make(model, kRoot, "a");
      sync(model, kRoot);
      model.write(file, 0, std::string(5000, 'a'));
      model.write(file, 5000, std::string(5000, 'b'));
      model.cut(Survival::some, seed);
      const std::string left = text(model, kRoot, "a");
      ASSERT_LE(left.size(), 10000u);
      for (std::size_t i = 0; i < left.size(); ++i) {
        const char written = i < 5000 ? 'a' : 'b';
        ASSERT_TRUE(left[i] == written || left[i] == '\0') << seed << " at " << i;
      }
      saw_hole = saw_hole || left.find('\0') != std::string::npos;
      if (round == 0) first = left;
      else EXPECT_EQ(left, first) << "a seed must give the same cut again";
    }
  }
  EXPECT_TRUE(saw_hole);
}

TEST(Model, PrefixNeverReorders) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Model model;
    const InodeId file = make(model, kRoot, "a");
    sync(model, kRoot);
    for (int i = 0; i < 10; ++i) model.write(file, static_cast<std::uint64_t>(i), std::string(1, static_cast<char>('0' + i)));
    model.cut(Survival::prefix, seed);
    const std::string left = text(model, kRoot, "a");
    EXPECT_EQ(left, std::string("0123456789").substr(0, left.size())) << seed;
  }
}

TEST(Model, AllSurvivalKeepsEverything) {
  Model model;
  model.write(make(model, make(model, kRoot, "d", S_IFDIR | 0755), "a"), 0, "bytes");
  model.cut(Survival::all, 1);
  EXPECT_EQ(text(model, model.lookup(kRoot, "d"), "a"), "bytes");
}

TEST(Model, AWatermarkLeavesLaterWritesUnsynced) {
  Model model;
  const InodeId file = make(model, kRoot, "a");
  sync(model, kRoot);
  model.write(file, 0, "early");
  const std::uint64_t mark = model.watermark();
  model.write(file, 0, "LATER BYTES");
  model.sync(file, mark);
  model.cut(Survival::none, 1);
  EXPECT_EQ(text(model, kRoot, "a"), "early");
}

TEST(Model, LinksShareTheirContent) {
  Model model;
  const InodeId file = make(model, kRoot, "a");
  EXPECT_EQ(model.link(file, kRoot, "b"), 0);
  model.write(file, 0, "bytes");
  sync(model, file);
  sync(model, kRoot);
  model.unlink(kRoot, "a");
  sync(model, kRoot);
  model.cut(Survival::none, 1);
  EXPECT_EQ(text(model, kRoot, "b"), "bytes");
  EXPECT_EQ(model.attributes(model.lookup(kRoot, "b")).st_nlink, 1u);
}

TEST(Model, ComesBackFromTheRealDisk) {
  const std::string folder = testing::TempDir() + "forgetfs_model_test";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  {
    Model model;
    const InodeId file = make(model, make(model, kRoot, "d", S_IFDIR | 0700), "a", S_IFREG | 0600);
    model.write(file, 0, "bytes");
    model.link(file, kRoot, "b");
    model.cut(Survival::all, 1);
    model.save(folder);
  }
  Model model;
  model.load(folder);
  model.cut(Survival::none, 1);  // what lies on the real disk is durable
  EXPECT_EQ(text(model, model.lookup(kRoot, "d"), "a"), "bytes");
  EXPECT_EQ(model.attributes(model.lookup(kRoot, "b")).st_mode, static_cast<mode_t>(S_IFREG | 0600));
  EXPECT_EQ(model.attributes(model.lookup(kRoot, "b")).st_nlink, 2u);
  std::filesystem::remove_all(folder);
}

InodeId create_on(Disk& disk, const std::string& name) {
  return static_cast<InodeId>(disk.change([&](Model& model) { return model.create(kRoot, name, kFile); }));
}

std::string text_on(Disk& disk, const std::string& name) {
  std::string out = "(no power)";
  disk.look([&](Model& model) {
    out = text(model, kRoot, name);
    return 0;
  });
  return out;
}

TEST(Disk, IgnoredSyncsAreTheNegativeControl) {
  for (const char* pattern : {"*.log", "f:*", "d:*.log", "*.sst"}) {
    Disk disk(EntryRule::with_file, std::chrono::microseconds(0));
    const InodeId file = create_on(disk, "000001.log");
    disk.ignore_sync(pattern);
    disk.write(file, 0, "record", false);
    EXPECT_EQ(disk.sync(file), 0);
    disk.cut(Survival::none, 1);
    EXPECT_EQ(text_on(disk, "000001.log"), "(no power)");
    disk.revive();
    const bool ignored = std::string(pattern) == "*.log" || std::string(pattern) == "f:*";
    EXPECT_EQ(text_on(disk, "000001.log"), ignored ? "(absent)" : "record") << pattern;
    EXPECT_EQ(disk.counts().ignored_syncs, ignored ? 1u : 0u);
  }
}

TEST(Disk, TheCountdownCutsInPlaceOfAChange) {
  Disk disk(EntryRule::strict, std::chrono::microseconds(0));
  EXPECT_EQ(obey(disk, "arm 4 none 7"), "ok");
  const InodeId file = create_on(disk, "a");
  EXPECT_EQ(disk.write(file, 0, "x", false), 1);
  EXPECT_EQ(disk.sync(kRoot), 0);
  EXPECT_EQ(disk.sync(file), -EIO);  // the fourth: not done
  EXPECT_EQ(disk.write(file, 0, "y", false), -EIO);
  EXPECT_TRUE(disk.is_cut());
  EXPECT_EQ(obey(disk, "revive"), "ok");
  EXPECT_EQ(text_on(disk, "a"), "");
  EXPECT_EQ(disk.write(file, 0, "z", false), -EIO) << "a handle from before the cut";
}

TEST(Disk, ASyncThatWasUnderWayAtTheCutPromisesNothing) {
  Disk disk(EntryRule::strict, std::chrono::milliseconds(50));
  const InodeId file = create_on(disk, "a");
  ASSERT_EQ(disk.sync(kRoot), 0);
  disk.write(file, 0, "bytes", false);
  std::jthread cutter([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    disk.cut(Survival::none, 1);
  });
  EXPECT_EQ(disk.sync(file), -EIO);
}

TEST(Control, RefusesWhatItDoesNotKnow) {
  Disk disk(EntryRule::strict, std::chrono::microseconds(0));
  EXPECT_TRUE(obey(disk, "arm 1 maybe 2").starts_with("error"));
  EXPECT_TRUE(obey(disk, "explode").starts_with("error"));
  EXPECT_TRUE(obey(disk, "stats").starts_with("{\"changes\": 0"));
}

}  // namespace
}  // namespace forgetfs
