// Control over a real engine in a folder of its own, for tests.
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstring>
#include <filesystem>

#include "app/admin/control_requests.h"
#include "runtime/run.h"

namespace bascule::app {

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
    run(loop_, control_->handle(owner_, what, json::serialize(body), never_, lines));
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

  const AdminPrincipal owner_ = local_owner(::geteuid(), "folder");
  std::string folder_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Control> control_;
  Loop loop_;
  std::atomic<bool> never_{false};
  std::vector<std::string> findings_;
};

}  // namespace bascule::app
