// The recorder against real files and sockets: what is recorded arrives, in order and whole; what cannot be written follows
// the policy and is said.
#include "events/recorder.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <signal.h>

namespace bascule::events {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace std::chrono_literals;

class RecorderTest : public testing::Test {
 protected:
  RecorderTest() {
    char name[] = "/tmp/bascule-events-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~RecorderTest() override { fs::remove_all(folder_); }

  std::string path(const std::string& name = "access.jsonl") const { return folder_ + "/" + name; }
  RecorderOptions to_file() const { return {.file = FileOptions{.path = path()}, .flush = 10ms}; }
  static std::unique_ptr<Recorder> open(const RecorderOptions& options) {
    auto made = Recorder::open(options, system_clock(), system_random());
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }
  static AccessEvent request(std::string_view id, std::string_view blob = "b") {
    AccessEvent e;
    e.time = system_clock().wall();
    e.operation = "GetBlob";
    e.category = "StorageRead";
    e.account = "acme";
    e.blob = blob;
    e.request_id = id;
    e.status = 200;
    return e;
  }
  static std::vector<json::object> lines(const std::string& file) {
    std::vector<json::object> out;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
      boost::system::error_code bad;
      const json::value value = json::parse(line, bad);
      EXPECT_FALSE(bad) << file << ": " << line;
      if (value.is_object()) out.push_back(value.as_object());
    }
    return out;
  }
  static std::size_t count(const std::vector<json::object>& all, std::string_view operation) {
    return static_cast<std::size_t>(std::ranges::count_if(all, [&](const json::object& o) { return o.at("OperationName").as_string() == operation; }));
  }
  std::string folder_;
};

TEST_F(RecorderTest, WritesWhatIsRecordedFromManyThreadsInOrder) {
  auto options = to_file();
  options.ring_bytes = 32 << 20;   // room for all of it, however slow the machine is: a full ring is another test
  auto recorder = open(options);
  constexpr int kThreads = 4, kEach = 20'000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        recorder->record(request(std::to_string(t) + "-" + std::to_string(i), std::string(static_cast<std::size_t>(i % 700), 'x')));
      }
    });
  for (auto& thread : threads) thread.join();
  ASSERT_TRUE(recorder->flush(10s));
  const auto all = lines(path());
  EXPECT_EQ(all.size(), static_cast<std::size_t>(kThreads) * kEach);
  EXPECT_EQ(recorder->stats().dropped, 0u);
  std::map<std::int64_t, std::int64_t> last;
  for (const json::object& o : all) EXPECT_EQ(o.at("Sequence").as_int64(), ++last[o.at("Stream").as_int64()]);
  struct stat about{};
  ASSERT_EQ(::stat(path().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0640u);
}

// However much comes at once, a stream's lines stay in order: what finds a ring full goes aside, and is not overtaken.
TEST_F(RecorderTest, InOrderWhereRingsAreFull) {
  auto options = to_file();
  options.policy = Policy::refuse;   // nothing is dropped
  options.ring_bytes = 1;            // the least there is
  auto recorder = open(options);
  constexpr int kThreads = 4, kEach = 5'000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) recorder->record(request(std::to_string(i), std::string(static_cast<std::size_t>(i % 3000), 'x')));
    });
  for (auto& thread : threads) thread.join();
  ASSERT_TRUE(recorder->flush(20s));
  const auto all = lines(path());
  EXPECT_EQ(all.size(), static_cast<std::size_t>(kThreads) * kEach);
  std::map<std::int64_t, std::int64_t> last;
  std::size_t wrong = 0;
  for (const json::object& o : all) {
    std::int64_t& before = last[o.at("Stream").as_int64()];
    wrong += o.at("Sequence").as_int64() != ++before;
  }
  EXPECT_EQ(wrong, 0u);
}

TEST_F(RecorderTest, RotatesBySizeAndKeepsSoMany) {
  auto options = to_file();
  options.file->rotate_bytes = 20'000;
  options.file->keep = 3;
  auto recorder = open(options);
  for (int i = 0; i < 400; ++i) {
    recorder->record(request(std::to_string(i)));
    if (i % 20 == 0) recorder->flush(1s);
  }
  ASSERT_TRUE(recorder->flush(5s));
  std::size_t rotated = 0, largest = 0;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (entry.path().filename() != "access.jsonl") ++rotated;
    largest = std::max<std::size_t>(largest, entry.file_size());
    lines(entry.path());   // each is whole
  }
  EXPECT_EQ(rotated, 3u);
  EXPECT_LE(largest, 20'000u);
  EXPECT_GT(recorder->stats().rotations, 3u);
}

TEST_F(RecorderTest, OpensAnewWhatWasMovedAway) {
  auto recorder = open(to_file());
  recorder->record(request("before"));
  ASSERT_TRUE(recorder->flush(5s));
  fs::rename(path(), path("moved"));
  recorder->record(request("between"));
  ASSERT_TRUE(recorder->flush(5s));
  ASSERT_TRUE(recorder->reconfigure(to_file()));
  recorder->record(request("after"));
  ASSERT_TRUE(recorder->flush(5s));
  EXPECT_EQ(lines(path("moved")).size(), 2u);
  EXPECT_EQ(lines(path()).size(), 1u);
}

TEST_F(RecorderTest, WhatWasRemovedIsMadeAnew) {
  auto options = to_file();
  options.file->sync = true;
  auto recorder = open(options);
  recorder->record(request("before"));
  ASSERT_TRUE(recorder->flush(5s));
  fs::remove(path());
  recorder->record(request("after"));
  ASSERT_TRUE(recorder->flush(5s));
  EXPECT_EQ(lines(path()).size(), 1u);
}

// Rotation does not depend on the name's being there still: who moved the file away forgot to say so.
TEST_F(RecorderTest, RotatesWhatWasMovedAway) {
  auto options = to_file();
  options.file->rotate_bytes = 20'000;
  auto recorder = open(options);
  recorder->record(request("before"));
  ASSERT_TRUE(recorder->flush(5s));
  fs::rename(path(), path("moved"));
  for (int i = 0; i < 100; ++i) {
    recorder->record(request(std::to_string(i)));
    if (i % 20 == 0) recorder->flush(1s);
  }
  ASSERT_TRUE(recorder->flush(5s));
  EXPECT_GT(lines(path()).size(), 0u);
  EXPECT_LE(fs::file_size(path("moved")), 20'000u);
}

TEST_F(RecorderTest, AWrongChangeChangesNothing) {
  auto recorder = open(to_file());
  auto wrong = to_file();
  wrong.file->path = folder_ + "/nowhere/access.jsonl";
  EXPECT_FALSE(recorder->reconfigure(wrong));
  fs::create_symlink(path("elsewhere"), path("link"));
  wrong.file->path = path("link");
  EXPECT_FALSE(recorder->reconfigure(wrong));
  recorder->record(request("1"));
  ASSERT_TRUE(recorder->flush(5s));
  EXPECT_EQ(lines(path()).size(), 1u);
  EXPECT_FALSE(fs::exists(path("elsewhere")));
}

TEST_F(RecorderTest, EndsATornLineOfACrash) {
  std::ofstream(path()) << "{\"OperationName\":\"whole\"}\n{\"OperationNa";
  auto recorder = open(to_file());
  recorder->record(request("1"));
  ASSERT_TRUE(recorder->flush(5s));
  std::ifstream in(path());
  std::vector<std::string> found;
  for (std::string line; std::getline(in, line);) found.push_back(line);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_TRUE(found[2].starts_with("{\"TimeGenerated\""));
}

// A file that cannot grow beyond a limit is as good as a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(RecorderTest, CountsAndSaysWhatAFullDiskTook) {
  auto recorder = open(to_file());
  {
    const FullDisk full(10'000);
    for (int i = 0; i < 100; ++i) recorder->record(request(std::to_string(i)));
    ASSERT_TRUE(recorder->flush(5s));
    EXPECT_TRUE(recorder->stats().failing);
    EXPECT_NE(recorder->stats().trouble, "");
    EXPECT_TRUE(recorder->admit());
  }
  const std::uint64_t kept = lines(path()).size();   // all whole
  EXPECT_GT(kept, 10u);
  recorder->record(request("again"));
  ASSERT_TRUE(recorder->flush(5s));
  const auto all = lines(path());
  ASSERT_EQ(count(all, "EventsLost"), 1u);
  EXPECT_FALSE(recorder->stats().failing);
  EXPECT_EQ(recorder->stats().dropped, 100 - kept);
  for (const json::object& o : all)
    if (o.at("OperationName").as_string() == "EventsLost")
      EXPECT_EQ(static_cast<std::uint64_t>(o.at("Details").at("Lines").as_int64()), 100 - kept);
}

TEST_F(RecorderTest, RefusesWhileNothingCanBeWrittenAndLosesNothing) {
  auto options = to_file();
  options.policy = Policy::refuse;
  auto recorder = open(options);
  EXPECT_TRUE(recorder->admit());
  {
    const FullDisk full(10'000);
    for (int i = 0; i < 100; ++i) recorder->record(request(std::to_string(i)));
    EXPECT_FALSE(recorder->flush(300ms));
    EXPECT_FALSE(recorder->admit());
    EXPECT_FALSE(recorder->admit());
    for (int i = 100; i < 4000; ++i) recorder->record(request(std::to_string(i), std::string(500, 'y')));   // were under way: more than a ring holds
  }
  ASSERT_TRUE(recorder->flush(10s));
  EXPECT_TRUE(recorder->admit());
  const auto all = lines(path());
  EXPECT_EQ(count(all, "GetBlob"), 4000u);
  EXPECT_EQ(recorder->stats().dropped, 0u);
  ASSERT_EQ(count(all, "RequestsRefused"), 1u);
  for (const json::object& o : all)
    if (o.at("OperationName").as_string() == "RequestsRefused") EXPECT_EQ(o.at("Details").at("Requests").as_int64(), 2);
}

// One place takes nothing until the end: what waited for it stands in the other, all of it, and is counted.
TEST_F(RecorderTest, AtTheEndWhoTakesNothingKeepsNothingFromTheOthers) {
  int pipe[2];
  ASSERT_EQ(::pipe2(pipe, O_NONBLOCK), 0);
  const std::string filling(4096, 'x');
  while (::write(pipe[1], filling.data(), filling.size()) > 0) {}
  auto options = to_file();
  options.descriptor = pipe[1];
  options.policy = Policy::refuse;
  auto recorder = open(options);
  recorder->record(request("first"));
  EXPECT_FALSE(recorder->flush(500ms));
  for (int i = 0; i < 10; ++i) recorder->record(request(std::to_string(i)));   // behind what waits
  recorder->close(0ms);
  EXPECT_EQ(lines(path()).size(), 11u);
  EXPECT_EQ(recorder->stats().dropped, 11u);
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST_F(RecorderTest, FullBuffersAreCountedAndSaid) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  RecorderOptions options{.descriptor = pipe[1], .flush = 10ms, .ring_bytes = 256 * 1024, .overflow_bytes = 128 * 1024};
  auto recorder = open(options);   // nobody reads the pipe
  for (int i = 0; i < 5000; ++i) recorder->record(request(std::to_string(i)));
  EXPECT_GT(recorder->stats().dropped, 0u);
  std::string read;
  std::atomic<bool> stop{false};
  ::fcntl(pipe[0], F_SETFL, O_NONBLOCK);
  std::thread reader([&] {
    char buffer[65536];
    while (true) {
      const ssize_t got = ::read(pipe[0], buffer, sizeof buffer);
      if (got > 0) read.append(buffer, static_cast<std::size_t>(got));
      else if (stop) break;
      else std::this_thread::sleep_for(1ms);
    }
  });
  std::this_thread::sleep_for(300ms);
  recorder->record(request("again"));
  EXPECT_TRUE(recorder->flush(20s));
  recorder->close();
  const std::uint64_t dropped = recorder->stats().dropped;
  stop = true;
  reader.join();
  ::close(pipe[0]);
  ::close(pipe[1]);
  std::uint64_t said = 0, got = 0;
  std::size_t begin = 0;
  for (std::size_t end; (end = read.find('\n', begin)) != std::string::npos; begin = end + 1) {
    boost::system::error_code bad;
    const json::value value = json::parse(read.substr(begin, end - begin), bad);
    if (bad) continue;   // half a line, where the pipe was full
    if (value.at("OperationName").as_string() == "EventsLost") said += static_cast<std::uint64_t>(value.at("Details").at("Lines").as_int64());
    else ++got;
  }
  EXPECT_EQ(said, dropped);
  EXPECT_EQ(got + dropped, 5001u);
}

TEST_F(RecorderTest, SyslogSpeaksRfc5424) {
  const std::string socket_path = path("log");
  const int server = ::socket(AF_UNIX, SOCK_DGRAM, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  std::memcpy(address.sun_path, socket_path.c_str(), socket_path.size() + 1);
  ASSERT_EQ(::bind(server, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  auto recorder = open({.syslog = SyslogOptions{.socket = socket_path, .facility = syslog_facility("authpriv")}, .flush = 10ms});
  recorder->record(request("one"));
  char buffer[65536];
  const ssize_t got = ::recv(server, buffer, sizeof buffer, 0);
  ASSERT_GT(got, 0);
  const std::string message(buffer, static_cast<std::size_t>(got));
  EXPECT_TRUE(message.starts_with("<86>1 2"));   // authpriv (10) * 8 + informational (6)
  const std::size_t body = message.find(" access - {");
  ASSERT_NE(body, std::string::npos) << message;
  EXPECT_EQ(message[7 + 25], 'Z') << message;    // six decimals at most
  EXPECT_TRUE(json::parse(message.substr(body + 10)).is_object());

  // Gone, and back again.
  ::close(server);
  fs::remove(socket_path);
  recorder->record(request("lost"));
  ASSERT_TRUE(recorder->flush(5s));
  EXPECT_TRUE(recorder->stats().failing);
  EXPECT_NE(recorder->stats().trouble, "");
  auto elsewhere = SyslogOptions{.socket = path("nobody")};
  EXPECT_FALSE(recorder->reconfigure({.syslog = elsewhere}));   // one that was never there is a mistake
  elsewhere.socket = socket_path;
  EXPECT_TRUE(recorder->reconfigure({.syslog = elsewhere, .flush = 10ms}));
  EXPECT_EQ(recorder->stats().dropped, 1u);
  const int again = ::socket(AF_UNIX, SOCK_DGRAM, 0);
  ASSERT_EQ(::bind(again, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  recorder->record(request("two"));
  ASSERT_TRUE(recorder->flush(5s));
  EXPECT_FALSE(recorder->stats().failing);
  std::string all;
  for (int i = 0; i < 2; ++i) {
    const ssize_t size = ::recv(again, buffer, sizeof buffer, MSG_DONTWAIT);
    if (size > 0) all.append(buffer, static_cast<std::size_t>(size));
  }
  EXPECT_NE(all.find("\"two\""), std::string::npos);
  EXPECT_NE(all.find("EventsLost"), std::string::npos);
  ::close(again);
}

TEST_F(RecorderTest, AFloodOfConnectionsIsListedInPart) {
  auto recorder = open(to_file());
  const WallTime now = system_clock().wall();
  for (int i = 0; i < 5000; ++i)
    recorder->record(ConnectionEvent{.time = now, .kind = ConnectionEvent::Kind::handshake_failed, .reason = "no shared cipher", .caller_address = "192.0.2.1", .caller_port = 1});
  for (int i = 0; i < 30 && count(lines(path()), "ConnectionsNotListed") == 0; ++i) {
    std::this_thread::sleep_for(100ms);
    recorder->flush(1s);
  }
  const auto all = lines(path());
  EXPECT_EQ(count(all, "TlsHandshakeFailed"), 100u);
  EXPECT_EQ(count(all, "ConnectionsNotListed"), 1u);
}

TEST_F(RecorderTest, NothingIsKeptWhereNothingIsWanted) {
  auto recorder = open({});
  EXPECT_FALSE(recorder->enabled());
  recorder->record(request("1"));
  ASSERT_TRUE(recorder->reconfigure(to_file()));
  EXPECT_TRUE(recorder->enabled());
  recorder->record(request("2"));
  recorder->close();
  EXPECT_EQ(lines(path()).size(), 1u);
}

TEST(RingTest, LinesStayWholeWhileTheRingGoesRound) {
  Ring ring(8 * kMostLineBytes);
  std::string expected, taken;
  std::uint64_t seed = 7;
  for (int i = 0; i < 100'000; ++i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    if (char* at = (seed >> 33) % 3 != 0 ? ring.reserve() : nullptr) {
      const std::size_t size = 1 + (seed >> 40) % kMostLineBytes;
      std::memset(at, 'a' + static_cast<int>(i % 26), size);
      ring.publish(size);
      expected.append(size, static_cast<char>('a' + i % 26));
    } else {
      const std::string_view lines = ring.front();
      taken += lines;
      ring.take(lines.size());
    }
    if (expected.size() > (64u << 20)) break;
  }
  for (std::string_view rest; !(rest = ring.front()).empty(); ring.take(rest.size())) taken += rest;
  EXPECT_TRUE(taken == expected);
}

}  // namespace
}  // namespace bascule::events
