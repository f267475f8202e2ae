// Control over a real engine in a folder of its own: asked through the socket, and asked directly.
#include "app/admin/control.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>

#include "app/admin/control_requests.h"
#include "app/admin/control_socket.h"
#include "jobs/check.h"
#include "runtime/run.h"

namespace bascule::app {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

class Content final : public ops::BodySource {
 public:
  explicit Content(std::string text) : text_(std::move(text)) {}
  Task<Result<std::size_t>> read(MutableBytes into) override {
    const std::size_t n = std::min(into.size(), text_.size() - at_);
    std::memcpy(into.data(), text_.data() + at_, n);
    at_ += n;
    co_return n;
  }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

class Lines final : public ControlOutput {
 public:
  Task<bool> line(std::string text) override {
    all.push_back(json::parse(text).as_object());
    co_return true;
  }
  std::vector<json::object> all;
};

class ControlTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "control-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    open();
  }
  void TearDown() override {
    close();
    fs::remove_all(folder_);
  }
  std::string data() const { return folder_ + "/data"; }

  void open() {
    auto engine = Engine::open({.data = data(), .key_file = folder_ + "/key", .upload_memory_bytes = 32 << 20, .workers = 2},
                               system_clock(), system_random());
    ASSERT_TRUE(engine) << engine.error().message;
    engine_ = std::move(*engine);
    control_ = std::make_unique<Control>(Control::Parts{.engine = *engine_, .clock = system_clock(), .random = system_random()});
  }
  void close() {
    control_.reset();
    if (engine_) EXPECT_TRUE(engine_->close());
    engine_.reset();
  }

  // Asks directly; the last line.
  json::object ask(const std::string& what, const json::object& body = {}) {
    Lines lines;
    run(loop_, control_->handle(what, json::serialize(body), never_, lines));
    EXPECT_FALSE(lines.all.empty());
    findings_.clear();
    for (const json::object& line : lines.all)
      if (line.contains("finding")) findings_.push_back(text_of(line, "finding") + " " + text_of(line, "where"));
    return lines.all.empty() ? json::object() : lines.all.back();
  }
  std::int64_t exit_of(const json::object& line) { return line.at("exit").as_int64(); }

  void put(const std::string& container, const std::string& blob, std::string content) {
    ops::Service& service = engine_->service();
    (void)run(loop_, service.create_container({std::string(kDevelopmentAccount), container}, {}, {}));
    ops::PutBlob put{.body = {.length_bytes = content.size()}};
    Content body(std::move(content));
    auto written = run(loop_, service.put_blob({std::string(kDevelopmentAccount), container, blob}, put, body));
    ASSERT_TRUE(written) << written.error().message;
  }
  // The extents' files, the largest first.
  std::vector<fs::path> shards() {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(data() + "/shards")) {
      const std::string name = entry.path().filename();
      if (name.size() == 32 && entry.is_regular_file() && entry.file_size() > 0) files.push_back(entry.path());
    }
    std::ranges::sort(files, [](const auto& a, const auto& b) { return fs::file_size(a) > fs::file_size(b); });
    return files;
  }

  std::string folder_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Control> control_;
  Loop loop_;
  std::atomic<bool> never_{false};
  std::vector<std::string> findings_;
};

TEST_F(ControlTest, AccountsWithAzuresOwnKeys) {
  const std::string key1 = to_base64(as_bytes(std::string(64, 'a'))), key2 = to_base64(as_bytes(std::string(64, 'b')));
  EXPECT_EQ(exit_of(ask("account-add", {{"name", "acme"}, {"keys", {key1, key2}}})), kDone);
  EXPECT_EQ(engine_->service().account("acme")->keys[1], std::string(64, 'b'));
  EXPECT_EQ(exit_of(ask("account-add", {{"name", "acme"}})), kFailed);
  EXPECT_EQ(exit_of(ask("account-add", {{"name", "No"}})), kUsage);
  EXPECT_EQ(exit_of(ask("account-add", {{"name", "short"}, {"keys", {"c2hvcnQ="}}})), kUsage);

  const json::object rotated = ask("account-rotate", {{"name", "acme"}, {"key", 1}});
  EXPECT_EQ(exit_of(rotated), kDone);
  EXPECT_EQ(engine_->service().account("acme")->keys[0], *from_base64(text_of(rotated, "value")));
  EXPECT_EQ(engine_->service().account("acme")->keys[1], std::string(64, 'b'));
  EXPECT_EQ(exit_of(ask("account-rotate", {{"name", "acme"}, {"key", 3}})), kUsage);

  EXPECT_EQ(json::serialize(ask("account-list")).find(key2), std::string::npos);
  EXPECT_NE(json::serialize(ask("account-list", {{"show_keys", true}})).find(key2), std::string::npos);
  EXPECT_EQ(exit_of(ask("account-remove", {{"name", "acme"}})), kDone);
  EXPECT_EQ(exit_of(ask("account-remove", {{"name", "acme"}})), kFailed);
}

TEST_F(ControlTest, CheckFindsNothingInASoundFolder) {
  put("one", "small", "small content");
  put("one", "large", std::string(20 << 20, 'x'));
  put("two", "empty", "");
  for (const bool read : {true, false}) {
    const json::object last = ask("check", {{"read", read}});
    EXPECT_EQ(exit_of(last), kDone) << json::serialize(last);
    const json::object& report = last.at("report").as_object();
    EXPECT_EQ(number_of(report, "blobs", 0), 3u);
    EXPECT_EQ(number_of(report, "containers", 0), 2u);
    EXPECT_EQ(number_of(report, "blob_bytes", 0), (20u << 20) + 13u);
    EXPECT_EQ(number_of(report, "bytes_read", 0), read ? number_of(report, "extent_bytes", 0) : 0);
    EXPECT_TRUE(findings_.empty());
  }
}

TEST_F(ControlTest, CheckNamesADamagedBlob) {
  put("one", "sound", "sound content");
  put("one", "hurt", std::string(300'000, 'x'));
  close();
  const fs::path victim = shards().at(0);
  {
    std::fstream file(victim, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(150'000);
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(150'000);
    file.put(byte);
  }
  open();
  EXPECT_EQ(exit_of(ask("check", {{"read", true}})), kFailed);
  EXPECT_EQ(findings_, std::vector<std::string>{"damaged devstoreaccount1/one/hurt"});
  EXPECT_EQ(exit_of(ask("check", {{"read", false}})), kDone);  // sizes alone do not tell
}

TEST_F(ControlTest, CheckNamesWhatIsMissing) {
  put("one", "sound", "sound content");
  put("one", "gone", std::string(300'000, 'x'));
  put("one", "short", std::string(200'000, 'x'));
  close();
  const auto files = shards();
  fs::remove(files.at(0));
  fs::resize_file(files.at(1), 1000);
  open();
  for (const bool read : {true, false}) {
    EXPECT_EQ(exit_of(ask("check", {{"read", read}})), kFailed);
    EXPECT_EQ(findings_, (std::vector<std::string>{"missing devstoreaccount1/one/gone", "missing devstoreaccount1/one/short"}));
  }
}

TEST_F(ControlTest, CheckMentionsWhatNothingNames) {
  put("one", "blob", "content");
  const std::string name(32, '0');
  std::ofstream(data() + "/shards/" + name) << "not ours";
  const json::object last = ask("check", {{"read", true}});
  EXPECT_EQ(exit_of(last), kDone);
  EXPECT_EQ(number_of(last.at("report").as_object(), "unnamed", 0), 1u);
  EXPECT_EQ(findings_, std::vector<std::string>{"unnamed object " + name});
}

TEST_F(ControlTest, CheckStopsWhenAsked) {
  put("one", "blob", "content");
  never_ = true;
  EXPECT_EQ(exit_of(ask("check", {{"read", true}})), kFailed);
}

TEST_F(ControlTest, TheSocketIsPrivateAndAnswers) {
  Loops loops(1);
  auto server = ControlServer::start(data(), *control_, loops[0], system_clock());
  ASSERT_TRUE(server) << server.error().message;
  struct stat about{};
  ASSERT_EQ(::stat(control_socket_path(data()).c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);

  std::vector<std::string> lines;
  const auto on_line = [&](std::string_view line) { lines.emplace_back(line); };
  auto asked = ask_server(data(), "status", "{}", on_line, never_);
  ASSERT_TRUE(asked) << asked.error().message;
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(exit_of(json::parse(lines[0]).as_object()), kDone);

  lines.clear();
  ASSERT_TRUE(ask_server(data(), "check", "{\"read\":true}", on_line, never_));
  EXPECT_EQ(exit_of(json::parse(lines.back()).as_object()), kDone);
  lines.clear();
  ASSERT_TRUE(ask_server(data(), "check", "no json", on_line, never_));
  EXPECT_EQ(exit_of(json::parse(lines.back()).as_object()), kUsage);
  lines.clear();
  ASSERT_TRUE(ask_server(data(), "fly", "", on_line, never_));
  EXPECT_EQ(exit_of(json::parse(lines.back()).as_object()), kUnsupported);

  (*server)->stop(std::chrono::seconds(10));
  EXPECT_FALSE(fs::exists(control_socket_path(data())));
  EXPECT_EQ(ask_server(data(), "status", "{}", on_line, never_).error().code, Code::not_found);
}

TEST_F(ControlTest, ASocketLeftByADeadProcessIsReplaced) {
  std::ofstream(control_socket_path(data())) << "";
  Loops loops(1);
  auto server = ControlServer::start(data(), *control_, loops[0], system_clock());
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_TRUE(ask_server(data(), "status", "{}", [](std::string_view) {}, never_));
}

}  // namespace
}  // namespace bascule::app
