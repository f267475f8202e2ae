#include "provider/folder/folder_provider.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "provider/conformance.h"

namespace bascule::provider {
namespace {

namespace fs = std::filesystem;

Workers& workers() {
  static const auto workers = make_thread_workers(4, "folder-test");
  return *workers;
}

std::string make_directory() {
  std::string pattern = (fs::temp_directory_path() / "bascule-folder-XXXXXX").string();
  EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
  return pattern;
}

// The provider and its directory, which goes with it.
struct Place {
  std::string path = make_directory();
  std::unique_ptr<Provider> provider;
  ~Place() {
    provider.reset();
    fs::remove_all(path);
  }
};

ProviderUnderTest folder(std::string name, FolderOptions options) {
  return {std::move(name), [options](Loop&, const std::string&) -> std::shared_ptr<Provider> {
            auto place = std::make_shared<Place>();
            FolderOptions here = options;
            here.path = place->path;
            auto opened = open_folder(here, workers());
            EXPECT_TRUE(opened) << opened.error().message;
            place->provider = std::move(*opened);
            return {place, place->provider.get()};
          }};
}

INSTANTIATE_TEST_SUITE_P(Folder, ProviderConformance,
                         testing::Values(folder("usual", {}), folder("tiny", {.max_open_files = 1, .max_prepared = 3})),
                         provider_name);

class FolderTest : public testing::Test {
 protected:
  void SetUp() override { path_ = make_directory(); }
  void TearDown() override {
    provider_.reset();
    fs::remove_all(path_);
  }
  void open(std::uint64_t reserve = 0) {
    provider_.reset();
    auto opened = open_folder({.name = "here", .path = path_, .reserve_bytes = reserve}, workers());
    ASSERT_TRUE(opened) << opened.error().message;
    provider_ = std::move(*opened);
  }
  Result<void> put(std::string name, const std::string& content) {
    const Bytes slices[] = {as_bytes(content)};
    return run(loop_, provider_->put(std::move(name), slices, kNoDeadline));
  }
  Result<std::string> get(std::string name, std::size_t length) {
    std::string read(length, '?');
    const auto got = run(loop_, provider_->get(std::move(name), 0, as_writable(read), kNoDeadline));
    if (!got) return fail(got.error());
    return read;
  }
  std::size_t files() { return static_cast<std::size_t>(std::distance(fs::directory_iterator(path_ + "/shards"), {})); }
  bool wait_for_files(std::size_t count) {
    for (int i = 0; i < 2000 && files() != count; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return files() == count;
  }

  Loop loop_;
  std::string path_;
  std::unique_ptr<Provider> provider_;
};

TEST_F(FolderTest, One_holder_at_a_time) {
  open();
  const auto second = open_folder({.path = path_}, workers());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::unavailable);
  EXPECT_NE(second.error().message.find("another process holds it"), std::string::npos);
  provider_.reset();
  EXPECT_TRUE(open_folder({.path = path_}, workers()));
}

TEST_F(FolderTest, Objects_are_there_after_opening_again_and_announced_names_are_not) {
  open();
  ASSERT_TRUE(put("kept", "content"));
  provider_->announce(std::vector<std::string>{"soon-1", "soon-2"});
  ASSERT_TRUE(wait_for_files(3));
  open();
  EXPECT_EQ(files(), 1u);
  EXPECT_EQ(get("kept", 7).value(), "content");
}

TEST_F(FolderTest, What_a_crash_left_prepared_is_no_object_and_goes_with_the_next_listing) {
  open();
  std::ofstream(path_ + "/shards/left");
  std::ofstream(path_ + "/shards/left-too");
  std::ofstream(path_ + "/shards/Foreign.txt") << "not ours";
  EXPECT_EQ(get("left", 1).error().code, Code::not_found);
  const auto listing = run(loop_, provider_->list("", "", 10, kNoDeadline)).value();
  EXPECT_TRUE(listing.objects.empty());
  EXPECT_TRUE(listing.complete);
  EXPECT_EQ(files(), 1u);
  ASSERT_TRUE(put("left", "whole"));
  EXPECT_EQ(get("left", 5).value(), "whole");
}

TEST_F(FolderTest, A_put_over_a_torn_one_makes_it_whole) {
  open();
  std::ofstream(path_ + "/shards/torn") << std::string(6, '\0');
  EXPECT_EQ(get("torn", 7).error().code, Code::corrupt);
  ASSERT_TRUE(put("torn", "content"));
  EXPECT_EQ(get("torn", 7).value(), "content");
  EXPECT_EQ(put("torn", "short").error().code, Code::internal);  // a name is never used for other content
  EXPECT_EQ(get("torn", 7).value(), "content");
}

TEST_F(FolderTest, What_is_in_the_page_cache_is_read_at_once) {
  open();
  const std::string content(100'000, 'c');
  ASSERT_TRUE(put("warm", content));
  std::string read(4096, '?');
  EXPECT_TRUE(provider_->try_get("warm", 8192, as_writable(read)).value());
  EXPECT_EQ(read, content.substr(0, 4096));
  open();  // no file is open any more: the directory entry is cached
  EXPECT_TRUE(provider_->try_get("warm", 8192, as_writable(read)).value());
  EXPECT_FALSE(provider_->try_get("warm", 99'000, as_writable(read)).value());
  EXPECT_FALSE(provider_->try_get("never", 0, as_writable(read)).value());
}

TEST_F(FolderTest, Long_listings_pass_over_what_is_removed_meanwhile) {
  open();
  for (int i = 100; i < 200; ++i) ASSERT_TRUE(put("o" + std::to_string(i), "x"));
  std::size_t seen = 0;
  std::string after;
  for (bool complete = false; !complete;) {
    const auto listing = run(loop_, provider_->list("o", after, 7, kNoDeadline)).value();
    seen += listing.objects.size();
    for (const auto& object : listing.objects) {
      after = object.name;
      const int number = std::stoi(object.name.substr(1));
      ASSERT_TRUE(run(loop_, provider_->remove("o" + std::to_string(number + 20), kNoDeadline)));
    }
    complete = listing.complete;
  }
  EXPECT_EQ(seen, 60u);  // of each 40 the first 20 remove the others
}

TEST_F(FolderTest, A_full_disk_refuses_keeps_nothing_of_it_and_goes_on) {
  if (::mount("none", path_.c_str(), "tmpfs", 0, "size=8m") != 0) GTEST_SKIP() << "needs the right to mount";
  open(1);
  ASSERT_TRUE(put("first", std::string(1 << 20, 'f')));
  provider_->announce(std::vector<std::string>{"big-prepared"});
  ASSERT_TRUE(wait_for_files(2));
  const auto before = fs::space(path_).available;
  {
    // Room is there when it is asked for and gone when it is written: another one's file takes it.
    const int ballast = ::open((path_ + "/ballast").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    ASSERT_EQ(::posix_fallocate(ballast, 0, static_cast<off_t>(before - (1 << 20))), 0);
    ::close(ballast);
  }
  for (const char* name : {"big-prepared", "big"}) {
    const auto refused = put(name, std::string(2 << 20, 'b'));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::exhausted);
    EXPECT_NE(refused.error().message.find("here"), std::string::npos);
    EXPECT_NE(refused.error().message.find(path_), std::string::npos);
    EXPECT_EQ(get(name, 1).error().code, Code::not_found);
  }
  EXPECT_EQ(files(), 1u);
  EXPECT_TRUE(get("first", 1 << 20));
  EXPECT_TRUE(put("small", std::string(1000, 's')));
  EXPECT_TRUE(run(loop_, provider_->remove("first", kNoDeadline)));
  EXPECT_TRUE(put("big", std::string(1'500'000, 'b')));
  provider_.reset();
  EXPECT_EQ(::umount(path_.c_str()), 0);
}

TEST_F(FolderTest, Room_is_kept_for_the_catalog) {
  if (::mount("none", path_.c_str(), "tmpfs", 0, "size=8m") != 0) GTEST_SKIP() << "needs the right to mount";
  open();  // an eighth: 1 MiB
  int taken = 0;
  while (taken < 100 && put("o" + std::to_string(taken), std::string(256 << 10, 'x'))) ++taken;
  EXPECT_GE(fs::space(path_).available, 1u << 20);
  EXPECT_LT(fs::space(path_).available, (1u << 20) + (512u << 10));
  provider_.reset();
  EXPECT_EQ(::umount(path_.c_str()), 0);
}

TEST_F(FolderTest, What_may_not_be_written_says_so) {
  const auto opened = open_folder({.name = "there", .path = "/proc/nothing"}, workers());
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("/proc/nothing"), std::string::npos);
  EXPECT_EQ(open_folder({}, workers()).error().code, Code::invalid_argument);
}

TEST_F(FolderTest, A_removed_name_is_gone_though_it_was_being_read) {
  open();
  ASSERT_TRUE(put("read", "content"));
  std::string read(7, '?');
  ASSERT_TRUE(provider_->try_get("read", 0, as_writable(read)).value());
  ASSERT_TRUE(run(loop_, provider_->remove("read", kNoDeadline)));
  EXPECT_FALSE(provider_->try_get("read", 0, as_writable(read)).value());
}

}  // namespace
}  // namespace bascule::provider
