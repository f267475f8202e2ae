#include "store/rocksdb/rocks_store.h"

#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <thread>

#include "store/conformance.h"
#include "store/rocksdb/wal_tail.h"

namespace bascule::store {
namespace {

namespace fs = std::filesystem;

Workers& workers() {
  static const auto workers = make_thread_workers(2, "store-test");
  return *workers;
}

std::unique_ptr<Store> open_or_die(const std::string& where, RocksOptions options) {
  auto store = open_rocksdb(where, std::move(options), workers());
  EXPECT_TRUE(store) << store.error().message;
  return store ? std::move(*store) : nullptr;
}

EngineUnderTest engine(std::string name, RocksOptions options) {
  options.trim_journal_at_once = false;
  return {std::move(name), [options](const std::string& where) { return open_or_die(where, options); }, true};
}

// The tiny one: versions leave their cache, tables leave theirs, so the paths to the disk are taken.
INSTANTIATE_TEST_SUITE_P(Rocks, StoreConformance,
                         testing::Values(engine("usual", {}),
                                         engine("tiny", {.cache_bytes = 1, .write_buffer_bytes = 1 << 20,
                                                         .version_cache_entries = 1})),
                         engine_name);

class RocksStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "bascule-rocks-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    where_ = pattern;
  }
  void TearDown() override { fs::remove_all(where_); }

  Result<std::uint64_t> put(Store& store, std::string key, std::uint64_t version, std::string value) {
    return run(loop_, store.commit({{}, {{std::move(key), version, std::move(value)}}, "record"}));
  }
  std::optional<Versioned> get(Store& store, std::string_view key) { return run(loop_, store.get(key)).value(); }

  fs::path newest_log() {
    fs::path newest;
    for (const auto& item : fs::directory_iterator(where_)) {
      if (item.path().extension() == ".log" && item.path() > newest) newest = item.path();
    }
    return newest;
  }

  // Writes `commits` values of `bytes` in a process that dies without closing the store.
  void write_and_die(int commits, std::size_t bytes) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto own_workers = make_thread_workers(1, "child");
      auto store = open_rocksdb(where_, {}, *own_workers);
      if (!store) ::_exit(1);
      Loop loop;
      for (int i = 0; i < commits; ++i) {
        Commit c{{}, {{"key" + std::to_string(i), 1, std::string(bytes, static_cast<char>('a' + i % 26))}}, "r"};
        if (!run(loop, (*store)->commit(std::move(c)))) ::_exit(2);
      }
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
  }

  Loop loop_;
  std::string where_;
};

TEST_F(RocksStoreTest, One_process_holds_a_folder_at_a_time) {
  const auto store = open_or_die(where_, {});
  const auto second = open_rocksdb(where_, {}, workers());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::unavailable);
  EXPECT_NE(second.error().message.find("another process holds " + where_), std::string::npos);
}

TEST_F(RocksStoreTest, Trims_the_journal_by_itself_and_counts_on_after_reopening) {
  for (std::uint64_t life = 0; life < 3; ++life) {
    const auto store = open_or_die(where_, {});
    for (std::uint64_t i = 1; i <= 50; ++i) {
      ASSERT_EQ(put(*store, "k", life * 50 + i, "v").value(), life * 50 + i);
      ASSERT_TRUE(run(loop_, store->commit({{}, {{"other", life * 50 + i, ""}}, ""})));
    }
    const auto journal = run(loop_, store->read_journal(0, 100)).value();
    ASSERT_EQ(journal.size(), 1u);
    EXPECT_EQ(journal[0].sequence, life * 50 + 50);
  }
}

TEST_F(RocksStoreTest, What_was_acknowledged_survives_the_death_of_the_process) {
  write_and_die(200, 500);
  const auto store = open_or_die(where_, {});
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(get(*store, "key" + std::to_string(i)));
}

TEST_F(RocksStoreTest, A_torn_tail_is_dropped_wherever_it_is_cut_or_holed) {
  // 5 commits of 60,000 bytes: each spans log blocks. The last one plays the batch that was never synced.
  write_and_die(5, 60'000);
  const fs::path log = newest_log();
  const auto size = fs::file_size(log);
  const fs::path kept = where_ + ".kept";
  fs::copy(where_, kept, fs::copy_options::recursive);
  std::mt19937_64 random(11);
  for (int round = 0; round < 12; ++round) {
    SCOPED_TRACE(round);
    fs::remove_all(where_);
    fs::copy(kept, where_, fs::copy_options::recursive);
    const auto lost_from = size - 59'000 + random() % 20'000;
    if (round % 2 == 0) {
      fs::resize_file(log, lost_from);
    } else {  // a hole: pages in the middle never arrived, those behind did
      std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
      file.seekp(static_cast<std::streamoff>(lost_from));
      file << std::string(4096, '\0');
    }
    std::vector<std::string> notes;
    RocksOptions options;
    options.note = [&](std::string_view text) { notes.emplace_back(text); };
    auto store = open_or_die(where_, options);
    ASSERT_TRUE(store);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(get(*store, "key" + std::to_string(i)));
    EXPECT_FALSE(get(*store, "key4"));
    if (round % 2 == 1) { EXPECT_EQ(notes.size(), 1u); }
    ASSERT_TRUE(put(*store, "later", 1, "v"));
    store.reset();
    store = open_or_die(where_, {});
    EXPECT_TRUE(get(*store, "later"));
  }
  fs::remove_all(kept);
}

TEST_F(RocksStoreTest, Damage_to_what_was_acknowledged_is_an_error_not_a_loss) {
  write_and_die(5, 60'000);
  const fs::path log = newest_log();
  const auto size = fs::file_size(log);
  for (const auto at : {std::uintmax_t{5}, size / 2, size - 65'000}) {
    SCOPED_TRACE(at);
    std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const char before = static_cast<char>(file.get());
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(before ^ 0x10));
    file.close();
    const auto opened = open_rocksdb(where_, {}, workers());
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::corrupt) << opened.error().message;
    std::fstream back(log, std::ios::in | std::ios::out | std::ios::binary);
    back.seekp(static_cast<std::streamoff>(at));
    back.put(before);
  }
  EXPECT_TRUE(open_or_die(where_, {}));
}

TEST_F(RocksStoreTest, A_flipped_bit_in_a_table_is_found) {
  {
    const auto store = open_or_die(where_, {});
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(put(*store, "key" + std::to_string(i), 1, std::string(30'000, 'v')));
  }
  { const auto store = open_or_die(where_, {}); }  // recovery moves the log into a table
  fs::path table;
  for (const auto& item : fs::directory_iterator(where_)) {
    if (item.path().extension() == ".sst" && fs::file_size(item) > 50'000) table = item.path();
  }
  ASSERT_FALSE(table.empty());
  std::fstream file(table, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(45'000);
  file.put('w');
  file.close();
  const auto store = open_or_die(where_, {});
  const auto read = run(loop_, store->get("key1"));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::corrupt);
}

// A real file system of 64 MiB, mounted for the test; without the right to mount there is nothing to test on.
class FullDisk : public RocksStoreTest {
 protected:
  void SetUp() override {
    RocksStoreTest::SetUp();
    if (::mount("none", where_.c_str(), "tmpfs", 0, "size=64m") != 0) GTEST_SKIP() << "needs the right to mount";
    mounted_ = true;
  }
  void TearDown() override {
    if (mounted_) { EXPECT_EQ(::umount(where_.c_str()), 0); }
    RocksStoreTest::TearDown();
  }
  // Takes the space but for `leave` bytes.
  void fill(std::uintmax_t leave) {
    std::ofstream ballast(where_ + "/ballast", std::ios::binary | std::ios::app);
    const std::string block(4096, 'x');
    while (fs::space(where_).available > leave + block.size() && ballast.write(block.data(), 4096).flush()) {}
  }
  void make_room() { fs::remove(where_ + "/ballast"); }
  bool mounted_ = false;
};

TEST_F(FullDisk, Additions_are_refused_before_the_end_and_removals_go_on) {
  const auto store = open_or_die(where_ + "/db", {});
  ASSERT_TRUE(put(*store, "a", 1, "v"));
  ASSERT_TRUE(put(*store, "b", 1, "v"));
  fill(3 << 20);
  const auto refused = put(*store, "new", 1, "v");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::exhausted);
  EXPECT_FALSE(get(*store, "new"));
  EXPECT_TRUE(run(loop_, store->commit({{{"a", 1}}, {{"a", 0, ""}, {"dropped", 1, "a"}}, "r"})));
  EXPECT_TRUE(run(loop_, store->commit({{{"b", 1}}, {{"b", 2, "w"}}, "r"})));
  EXPECT_FALSE(get(*store, "a"));
  make_room();
  EXPECT_TRUE(put(*store, "new", 1, "v"));
}

TEST_F(FullDisk, A_disk_that_fills_to_the_last_byte_changes_nothing_and_comes_back) {
  RocksOptions options;
  options.reserve_bytes = 1;  // no early refusal: the writes themselves must fail
  auto store = open_or_die(where_ + "/db", options);
  std::map<std::string, std::string> model;
  std::uint64_t version = 1;
  for (int round = 0; round < 3; ++round) {
    SCOPED_TRACE(round);
    fill(0);
    int refused = 0;
    for (int i = 0; i < 2000 && refused < 5; ++i) {
      const std::string key = "r" + std::to_string(round) + "/" + std::to_string(i);
      const std::string value(20'000, static_cast<char>('a' + i % 26));
      const auto result = put(*store, key, version++, value);
      if (result) {
        model[key] = value;
      } else {
        ASSERT_EQ(result.error().code, Code::exhausted) << result.error().message;
        ++refused;
        EXPECT_FALSE(get(*store, key));
      }
    }
    EXPECT_EQ(refused, 5);
    for (const auto& [key, value] : model) EXPECT_EQ(get(*store, key)->value, value);
    if (round == 1) store.reset(), make_room(), store = open_or_die(where_ + "/db", options);
    else make_room();
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
    const auto result = put(*store, "after" + std::to_string(round), version++, "v");
    ASSERT_TRUE(result) << result.error().message;
    model["after" + std::to_string(round)] = "v";
    // Give the space back, so that the next round can fill the disk again.
    for (auto at = model.begin(); at != model.end();) {
      ASSERT_TRUE(run(loop_, store->commit({{}, {{at->first, 0, ""}}, "r"})));
      at = model.erase(at);
    }
  }
  store.reset();
  store = open_or_die(where_ + "/db", options);
  EXPECT_TRUE(run(loop_, store->scan({"", "\xff", 10}))->empty());
}

}  // namespace
}  // namespace bascule::store
