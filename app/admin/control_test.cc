// Control over a real engine in a folder of its own: asked through the socket, and asked directly.
#include "app/admin/control.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <set>

#include "app/admin/control_fixture.h"
#include "app/admin/control_client.h"
#include "app/admin/control_socket.h"
#include "jobs/check.h"

namespace bascule::app {
namespace {

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
  EXPECT_NE(json::serialize(ask("account-list-keys")).find(key2), std::string::npos);
  EXPECT_EQ(exit_of(ask("account-remove", {{"name", "acme"}})), kDone);
  EXPECT_EQ(exit_of(ask("account-remove", {{"name", "acme"}})), kFailed);
}

TEST_F(ControlTest, TheTableDecides) {
  const auto as = [&](Role role, const std::string& what, const json::object& body = {}) {
    Lines lines;
    run(loop_, control_->handle({.name = "somebody", .role = role, .via = "api"}, what, json::serialize(body), never_, lines));
    return lines.all.back();
  };
  EXPECT_EQ(exit_of(as(Role::auditor, "account-list")), kDone);
  for (const Role role : {Role::auditor, Role::operator_})
    EXPECT_EQ(text_of(as(role, "account-keys", {{"name", std::string(kDevelopmentAccount)}}), "code"), "permission_denied");
  EXPECT_EQ(exit_of(as(Role::key_officer, "account-keys", {{"name", std::string(kDevelopmentAccount)}})), kDone);
  EXPECT_EQ(text_of(as(Role::key_officer, "account-add", {{"name", "acme"}}), "code"), "permission_denied");
  EXPECT_EQ(exit_of(as(Role::operator_, "account-add", {{"name", "acme"}})), kDone);
  EXPECT_EQ(exit_of(as(Role::auditor, "fly")), kUnsupported);
  EXPECT_EQ(text_of(as(Role::operator_, "migrate", {{"from", "x"}, {"ca_file", "/etc/shadow"}}), "code"), "permission_denied");

  EXPECT_EQ(exit_of(ask("account-show")), kUsage);                                            // what is missing
  EXPECT_EQ(exit_of(ask("account-show", {{"name", 1}})), kUsage);                             // of another type
  EXPECT_EQ(exit_of(ask("account-show", {{"name", "acme"}, {"nme", "acme"}})), kUsage);       // not known
  EXPECT_EQ(exit_of(ask("account-add", {{"name", "other"}, {"keys", {"a", 1}}})), kUsage);
}

TEST(ControlRequests, AreWellFormed) {
  std::set<std::string> names, places;
  for (const ControlRequest& request : control_requests()) {
    EXPECT_TRUE(names.emplace(request.name).second) << request.name;
    EXPECT_TRUE(places.emplace(std::string(request.method) + " " + std::string(request.path)).second) << request.path;
    EXPECT_TRUE(request.path.starts_with("/v1/")) << request.name;
    EXPECT_TRUE(request.help.ends_with(".")) << request.name;
    std::size_t in_path = 0;
    for (const RequestMember& member : members_of(request)) in_path += member.in_path;
    EXPECT_EQ(in_path, static_cast<std::size_t>(std::ranges::count(request.path, '{'))) << request.name;
    EXPECT_NE(request.run, nullptr);
    // Auditors change nothing: what they may ask is read, or only looks.
    if (request.roles.has(Role::auditor)) EXPECT_TRUE(request.method == "GET" || request.name == "check") << request.name;
  }
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

// Each line begins another check before it is taken, until one is refused.
class Deeper final : public ControlOutput {
 public:
  Deeper(Control& control, AdminPrincipal who) : control_(control), who_(std::move(who)) {}
  Task<bool> line(std::string) override {
    if (refused != 0) co_return true;
    if (++begun > 100) co_return false;
    co_await control_.handle(who_, "check", "{}", never_, *this);
    co_return true;
  }
  Task<void> last(std::string, int status) override {
    refused += status == 503;
    co_return;
  }
  int begun = 0, refused = 0;

 private:
  Control& control_;
  const AdminPrincipal who_;
  std::atomic<bool> never_{false};
};

TEST_F(ControlTest, OnlySoManyLongOnesAtATime) {
  put("one", "blob", "content");
  Deeper output(*control_, owner_);
  run(loop_, control_->handle(owner_, "check", "{}", never_, output));
  EXPECT_EQ(output.refused, 1);
  EXPECT_EQ(output.begun, Control::kMostLong);
  EXPECT_EQ(exit_of(ask("check")), kDone);   // they have ended
}

TEST_F(ControlTest, CheckStopsWhenAsked) {
  put("one", "blob", "content");
  never_ = true;
  EXPECT_EQ(exit_of(ask("check", {{"read", true}})), kFailed);
}

TEST_F(ControlTest, AScopesKeyIsDestroyedForGood) {
  const std::string account(kDevelopmentAccount);
  const json::object one{{"account", account}, {"name", "one"}};
  ASSERT_EQ(exit_of(ask("scope-add", one)), kDone);
  ASSERT_EQ(exit_of(ask("scope-add", {{"account", account}, {"name", "two"}})), kDone);
  const auto write = [&](const std::string& blob, const std::string& scope) {
    ops::PutBlob put{.body = {.length_bytes = 7}};
    put.conditions.encryption.scope = scope;
    Content body("content");
    return run(loop_, engine_->service().put_blob({account, "c", blob}, put, body)).has_value();
  };
  put("c", "plain", "content");
  ASSERT_TRUE(write("a", "one") && write("b", "two"));
  EXPECT_EQ(text_of(ask("scope-destroy", one), "code"), "refused");                       // still enabled
  ASSERT_EQ(exit_of(ask("scope-disable", one)), kDone);
  ASSERT_EQ(exit_of(ask("immutability-hold", {{"account", account}, {"container", "c"}, {"tag", "case42"}})), kDone);
  EXPECT_EQ(text_of(ask("scope-destroy", one), "code"), "refused");                       // a legal hold stands
  ASSERT_EQ(exit_of(ask("immutability-release", {{"account", account}, {"container", "c"}, {"tag", "case42"}})), kDone);
  ASSERT_EQ(exit_of(ask("immutability-retain", {{"account", account}, {"container", "c"}, {"days", 1}})), kDone);
  EXPECT_EQ(text_of(ask("scope-destroy", one), "code"), "refused");                       // a retention does
  ASSERT_EQ(exit_of(ask("immutability-clear", {{"account", account}, {"container", "c"}})), kDone);

  const std::uint64_t id = engine_->service().account(account)->settings.encryption_scope("one")->id;
  ASSERT_TRUE(run(loop_, engine_->keyring().container_key(id)));
  EXPECT_TRUE(flag_of(ask("scope-destroy", one), "destroyed"));
  EXPECT_EQ(run(loop_, engine_->keyring().container_key(id)).error().code, Code::not_found);
  EXPECT_EQ(exit_of(ask("scope-destroy", one)), kDone);                                   // again: nothing is left to do
  EXPECT_EQ(text_of(ask("scope-enable", one), "code"), "refused");
  EXPECT_EQ(exit_of(ask("scope-add", one)), kFailed);
  const json::object listed = ask("scope-list", {{"account", account}});
  EXPECT_TRUE(flag_of(listed.at("scopes").at(0).as_object(), "destroyed"));
  EXPECT_FALSE(listed.at("scopes").at(1).as_object().contains("destroyed"));
  close();
  open();
  EXPECT_EQ(run(loop_, engine_->keyring().container_key(id)).error().code, Code::not_found);
  EXPECT_EQ(exit_of(ask("check", {{"read", true}})), kDone);                              // what is gone on purpose is no damage
  EXPECT_TRUE(findings_.empty());
  EXPECT_TRUE(write("d", "two"));
  EXPECT_EQ(text_of(ask("scope-destroy", {{"account", account}, {"name", "none"}}), "code"), "not_found");
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
  const auto ask_it = [&](const char* what, const json::object& members) {
    lines.clear();
    auto asked = ask_socket(data(), *find_request(what), members, on_line, never_);
    EXPECT_TRUE(asked) << asked.error().message;
    return lines.empty() ? json::object() : json::parse(lines.back()).as_object();
  };
  EXPECT_EQ(exit_of(ask_it("status", {})), kDone);
  EXPECT_EQ(lines.size(), 1u);
  EXPECT_EQ(exit_of(ask_it("check", {{"read", true}})), kDone);
  EXPECT_EQ(exit_of(ask_it("check", {{"read", "yes"}})), kUsage);
  EXPECT_EQ(text_of(ask_it("account-show", {{"name", "nobody"}}), "code"), "not_found");
  EXPECT_EQ(text_of(ask_it("whoami", {}), "role"), "owner");
  EXPECT_EQ(ask_socket(data(), *find_request("account-show"), {{"name", "../accounts"}}, on_line, never_).error().code, Code::invalid_argument);

  (*server)->stop(std::chrono::seconds(10));
  EXPECT_FALSE(fs::exists(control_socket_path(data())));
  EXPECT_EQ(ask_socket(data(), *find_request("status"), {}, on_line, never_).error().code, Code::not_found);
}

TEST_F(ControlTest, ASocketLeftByADeadProcessIsReplaced) {
  std::ofstream(control_socket_path(data())) << "";
  Loops loops(1);
  auto server = ControlServer::start(data(), *control_, loops[0], system_clock());
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_TRUE(ask_socket(data(), *find_request("status"), {}, [](std::string_view) {}, never_));
}

}  // namespace
}  // namespace bascule::app
