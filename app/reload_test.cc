// Reloading: all of it, or none.
#include "app/reload.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "app/admin/control_events.h"

namespace bascule::app {
namespace {

class ReloadTest : public testing::Test {
 protected:
  ReloadTest() {
    std::string pattern = testing::TempDir() + "reload-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    write("");
    running_.emplace(*Config::load(sources()));
  }
  ~ReloadTest() override { std::filesystem::remove_all(folder_); }

  ConfigSources sources() const {
    ConfigSources s{.file = folder_ + "/bascule.toml"};
    s.environment = [](const std::string&) { return std::optional<std::string>(); };
    return s;
  }
  void write(std::string_view text) const { std::ofstream(folder_ + "/bascule.toml") << text; }
  std::unique_ptr<Reloader> reloader() {
    return std::make_unique<Reloader>(*running_, [this](std::vector<Error>& problems) { return Config::examine(sources(), problems); }, nullptr, system_clock());
  }

  std::string folder_;
  std::optional<Config> running_;
};

TEST_F(ReloadTest, TakesWhatIsLiveAndNamesTheRest) {
  auto one = reloader();
  std::uint64_t seen = 0;
  one->add("part", [&](const Config& fresh) { return Reloader::Commit([&seen, n = fresh.number("server.max_connections")] { seen = n; }); });
  write("[server]\nmax_connections = 7\nio_threads = 3\n");
  const auto outcome = one->reload();
  EXPECT_TRUE(outcome.taken);
  EXPECT_EQ(outcome.applied, std::vector<std::string>{"server.max_connections"});
  EXPECT_EQ(outcome.need_restart, std::vector<std::string>{"server.io_threads"});
  EXPECT_EQ(seen, 7u);
  EXPECT_EQ(running_->number("server.max_connections"), 7u);
  EXPECT_EQ(running_->number("server.io_threads"), 8u);
  EXPECT_TRUE(one->reload().applied.empty());   // once
}

TEST_F(ReloadTest, APartThatCannotIsAReasonToTakeNothing) {
  auto one = reloader();
  int committed = 0;
  one->add("first", [&](const Config&) { return Reloader::Commit([&] { ++committed; }); });
  one->add("second", [](const Config&) -> Result<Reloader::Commit> { return fail(Code::not_found, "its file is gone"); });
  write("[server]\nmax_connections = 7\n");
  const auto outcome = one->reload();
  EXPECT_FALSE(outcome.taken);
  EXPECT_EQ(outcome.problems, std::vector<std::string>{"second: its file is gone"});
  EXPECT_TRUE(outcome.applied.empty());
  EXPECT_EQ(committed, 0);
  EXPECT_EQ(running_->number("server.max_connections"), 10'000u);
}

TEST_F(ReloadTest, SaysAllThatIsWrong) {
  auto one = reloader();
  int refused = 0;
  one->when_refused([&] { ++refused; });
  write("[server]\nmax_connections = -1\nlistn = []\n");
  const auto outcome = one->reload();
  EXPECT_FALSE(outcome.taken);
  EXPECT_EQ(outcome.problems.size(), 2u);
  EXPECT_EQ(refused, 1);
  write("");
  EXPECT_TRUE(one->reload().taken);
  EXPECT_EQ(refused, 1);
}

TEST_F(ReloadTest, WhetherThereIsTlsIsDecidedAtTheStart) {
  auto one = reloader();
  write("[server]\ncertificate = \"a.pem\"\nkey = \"a.key\"\n");
  const auto outcome = one->reload();
  EXPECT_TRUE(outcome.taken);
  EXPECT_EQ(outcome.need_restart, (std::vector<std::string>{"server.certificate", "server.key"}));
  EXPECT_EQ(running_->text("server.certificate"), "");
}

TEST(ShownArguments, HideWhatMayBeASecret) {
  EXPECT_EQ(shown_arguments(R"x({"name":"acme","keys":["a","b"],"key":2,"value":"s","dry_run":true})x"),
            R"x({"name":"acme","keys":["(hidden)","(hidden)"],"key":2,"value":"(hidden)","dry_run":true})x");
  EXPECT_EQ(shown_arguments(R"x({"settings":{"versioning":true,"tag":"x","api_key":"s"},"from":"s"})x"),
            R"x({"settings":{"versioning":true,"tag":"x","api_key":"(hidden)"},"from":"(hidden)"})x");
  EXPECT_EQ(shown_arguments("hunter2"), "");
  EXPECT_EQ(shown_arguments(""), "");
}

}  // namespace
}  // namespace bascule::app
