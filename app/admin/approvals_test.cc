// Two persons for what cannot be undone: who may approve what, when, and how often. The attacks each have their answer.
#include <map>
#include <thread>

#include "app/admin/control_fixture.h"

namespace bascule::app {
namespace {

// The system's clock, with hours that a test lets pass.
class Shifted final : public Clock {
 public:
  Instant now() const override { return system_clock().now(); }
  WallTime wall() const override { return system_clock().wall() + shift; }
  Task<void> sleep_until(Instant when) override { return system_clock().sleep_until(when); }
  std::chrono::hours shift{0};
};

class ApprovalsTest : public ControlTest {
 protected:
  void SetUp() override {
    ControlTest::SetUp();
    control_ = std::make_unique<Control>(Control::Parts{.engine = *engine_, .clock = clock_, .random = system_random(), .two_person = TwoPerson::on});
    put("ledgers", "blob", "content");
    ASSERT_EQ(exit_of(ask("immutability-retain", {{"account", kAccount}, {"container", "ledgers"}, {"days", 10}})), kDone);
    alice_ = token("alice", "operator");
    bob_ = token("bob", "operator");
    eve_ = token("eve", "auditor");
    kim_ = token("kim", "key-officer");
  }
  AdminPrincipal token(const std::string& name, const std::string& role, int days = 30) {
    const json::object made = ask("token-create", {{"name", name}, {"role", role}, {"days", days}});
    EXPECT_EQ(exit_of(made), kDone) << json::serialize(made);
    tokens_[name] = text_of(made, "id");
    auto who = run(loop_, control_->tokens().authenticate(text_of(made, "token")));
    EXPECT_TRUE(who);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return who ? *who : AdminPrincipal{};
  }
  json::object as(AdminPrincipal who, const std::string& what, const json::object& body) {
    Lines lines;
    run(loop_, control_->handle(std::move(who), what, json::serialize(body), never_, lines));
    return lines.all.back();
  }
  static json::object lock() { return {{"account", kAccount}, {"container", "ledgers"}, {"days", 10}}; }
  // alice asks; the approval.
  json::object asked() {
    const json::object answer = as(alice_, "immutability-lock", lock());
    EXPECT_EQ(exit_of(answer), kAwaits) << json::serialize(answer);
    return answer.at("approval").as_object();
  }
  json::object approve(AdminPrincipal who, const json::object& approval) {
    return as(std::move(who), "approvals-approve", {{"id", approval.at("id")}, {"digest", approval.at("digest")}});
  }
  std::string code(const json::object& answer) { return text_of(answer, "code"); }
  bool locked() { return flag_of(ask("immutability-show", {{"account", kAccount}, {"container", "ledgers"}}), "locked"); }
  std::string state(const json::object& approval) { return text_of(ask("approvals-show", {{"id", approval.at("id")}}), "state"); }

  static constexpr const char* kAccount = "devstoreaccount1";
  Shifted clock_;
  AdminPrincipal alice_, bob_, eve_, kim_;
  std::map<std::string, std::string> tokens_;
};

TEST_F(ApprovalsTest, AnotherOneApprovesAndItIsDoneOnce) {
  const json::object approval = asked();
  EXPECT_FALSE(locked());
  EXPECT_EQ(code(as(alice_, "immutability-lock", lock())), "already_exists");
  const json::object done = approve(bob_, approval);
  EXPECT_EQ(exit_of(done), kDone) << json::serialize(done);
  EXPECT_TRUE(flag_of(done.at("result").as_object(), "locked"));
  EXPECT_TRUE(locked());
  EXPECT_EQ(state(approval), "done");
  EXPECT_EQ(text_of(ask("approvals-show", {{"id", approval.at("id")}}), "decided_by"), "bob");
  EXPECT_EQ(code(approve(bob_, approval)), "conflict");   // not twice
  EXPECT_EQ(code(approve(owner_, approval)), "conflict");
  EXPECT_EQ(code(as(bob_, "approvals-reject", {{"id", approval.at("id")}})), "conflict");
}

TEST_F(ApprovalsTest, NobodyApprovesHisOwn) {
  const json::object approval = asked();
  EXPECT_EQ(code(approve(alice_, approval)), "permission_denied");
  EXPECT_EQ(code(approve(token("alice", "operator"), approval)), "permission_denied");   // with another token of hers
  EXPECT_FALSE(locked());
  EXPECT_EQ(state(approval), "waiting");
  // All owners are one.
  const json::object own = as({.name = "local:root", .role = Role::owner, .via = "socket"}, "immutability-version-level",
                              {{"account", kAccount}, {"container", "ledgers"}});
  ASSERT_EQ(exit_of(own), kAwaits) << json::serialize(own);
  EXPECT_EQ(code(approve({.name = "local:bascule", .role = Role::owner, .via = "socket"}, own.at("approval").as_object())), "permission_denied");
}

TEST_F(ApprovalsTest, OnlyTheRightRolesApprove) {
  const json::object approval = asked();
  EXPECT_EQ(code(approve(eve_, approval)), "permission_denied");
  EXPECT_EQ(code(approve(kim_, approval)), "permission_denied");   // no operator: not what she could ask for herself
  EXPECT_EQ(code(as(eve_, "approvals-reject", {{"id", approval.at("id")}})), "permission_denied");
  EXPECT_EQ(code(as(kim_, "approvals-reject", {{"id", approval.at("id")}})), "permission_denied");
  EXPECT_EQ(state(approval), "waiting");
  EXPECT_EQ(exit_of(approve(owner_, approval)), kDone);
}

TEST_F(ApprovalsTest, ATokenMadeForTheOccasionDoesNotCount) {
  const json::object approval = asked();
  EXPECT_EQ(code(approve(token("carl", "operator"), approval)), "permission_denied");
  EXPECT_FALSE(locked());
}

TEST_F(ApprovalsTest, WhatIsApprovedIsWhatWasAskedFor) {
  json::object approval = asked();
  const json::object right = approval;
  std::string digest = text_of(approval, "digest");
  digest[0] = digest[0] == '0' ? '1' : '0';
  approval["digest"] = digest;
  EXPECT_EQ(code(approve(bob_, approval)), "invalid_argument");
  // What stands has changed meanwhile: other days would be locked than those that were asked for.
  ASSERT_EQ(exit_of(ask("immutability-retain", {{"account", kAccount}, {"container", "ledgers"}, {"days", 3650}})), kDone);
  EXPECT_EQ(code(approve(bob_, right)), "conflict");
  EXPECT_FALSE(locked());
  EXPECT_EQ(state(right), "failed");
  EXPECT_EQ(code(approve(bob_, right)), "conflict");
}

TEST_F(ApprovalsTest, ItExpires) {
  const json::object approval = asked();
  clock_.shift = std::chrono::hours(24);
  EXPECT_EQ(state(approval), "expired");
  EXPECT_EQ(code(approve(bob_, approval)), "conflict");
  EXPECT_FALSE(locked());
}

TEST_F(ApprovalsTest, WhoAskedMustStillBeSomebody) {
  const json::object approval = asked();
  ASSERT_EQ(exit_of(ask("token-revoke", {{"id", tokens_["alice"]}})), kDone);
  EXPECT_EQ(code(approve(bob_, approval)), "permission_denied");
  EXPECT_FALSE(locked());
  EXPECT_EQ(state(approval), "waiting");
}

TEST_F(ApprovalsTest, OneTakesBackOrRejects) {
  const json::object approval = asked();
  EXPECT_EQ(text_of(as(alice_, "approvals-reject", {{"id", approval.at("id")}, {"why", "a mistake"}}), "state"), "rejected");
  EXPECT_EQ(code(approve(bob_, approval)), "conflict");
  const json::object again = asked();
  EXPECT_EQ(text_of(as(bob_, "approvals-reject", {{"id", again.at("id")}, {"why", "not now"}}), "outcome"), "not now");
  EXPECT_FALSE(locked());
}

TEST_F(ApprovalsTest, TheOwnerGoesAloneForAReasonThatIsKept) {
  json::object body = lock();
  body["alone"] = "nobody else is here";
  EXPECT_EQ(code(as(alice_, "immutability-lock", body)), "permission_denied");
  EXPECT_FALSE(locked());
  EXPECT_EQ(exit_of(ask("immutability-lock", body)), kDone);
  EXPECT_TRUE(locked());
  const json::object listed = ask("approvals-list");
  const json::object kept = listed.at("approvals").as_array().back().as_object();
  EXPECT_EQ(text_of(kept, "state"), "done");
  EXPECT_EQ(text_of(kept, "outcome"), "alone: nobody else is here");
  EXPECT_EQ(text_of(kept, "decided_by"), owner_.name);
}

TEST_F(ApprovalsTest, WhatACrashInterruptedIsNotDoneAgain) {
  const json::object approval = asked();
  ASSERT_TRUE(run(loop_, control_->approvals().approve(text_of(approval, "id"), text_of(approval, "digest"), bob_)));
  control_.reset();
  close();
  open();
  EXPECT_EQ(state(approval), "interrupted");
  EXPECT_EQ(code(approve(bob_, approval)), "conflict");
  EXPECT_FALSE(locked());
}

TEST_F(ApprovalsTest, AutomaticAsksForTwoWhereThereAreTwo) {
  control_->set_two_person(TwoPerson::automatic);
  EXPECT_EQ(exit_of(ask("immutability-lock", lock())), kAwaits);
  ASSERT_EQ(exit_of(ask("token-revoke", {{"id", tokens_["bob"]}})), kDone);
  EXPECT_EQ(exit_of(as(alice_, "immutability-lock", lock())), kAwaits);   // she and the owner are two
  ASSERT_EQ(exit_of(ask("token-revoke", {{"id", tokens_["alice"]}})), kDone);
  // An auditor and a key officer are left, who could not approve it.
  EXPECT_EQ(exit_of(ask("immutability-lock", lock())), kDone);
  EXPECT_TRUE(locked());
}

TEST_F(ApprovalsTest, OffAsksForNobody) {
  control_->set_two_person(TwoPerson::off);
  EXPECT_EQ(exit_of(as(alice_, "immutability-lock", lock())), kDone);
}

TEST_F(ApprovalsTest, ThereAreOnlySoMany) {
  int waiting = 0;
  for (std::size_t i = 0; i <= kMostWaiting; ++i)
    waiting += exit_of(as(alice_, "immutability-lock", {{"account", kAccount}, {"container", "c" + std::to_string(i)}, {"days", 1}})) == kAwaits;
  EXPECT_EQ(waiting, static_cast<int>(kMostWaiting));
}

TEST_F(ApprovalsTest, TokensAreShownOnceAndEnd) {
  const std::string all = json::serialize(ask("token-list"));
  EXPECT_EQ(all.find("bscadm_"), std::string::npos);
  const json::object made = ask("token-create", {{"name", "dan"}, {"role", "auditor"}, {"days", 1}});
  const std::string text = text_of(made, "token");
  EXPECT_TRUE(run(loop_, control_->tokens().authenticate(text)));
  std::string wrong = text;
  wrong.back() = wrong.back() == 'A' ? 'E' : 'A';
  const std::string unknown = "bscadm_0000000000000000" + text.substr(23);
  for (const std::string& bad : {wrong, unknown, text.substr(1), text + "A", std::string(), std::string(5000, 'a')}) {
    const auto refused = run(loop_, control_->tokens().authenticate(bad));
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().code, Code::permission_denied);
    EXPECT_EQ(refused.error().message, "the token is not known, or its time is over");
  }
  clock_.shift = std::chrono::hours(24);
  EXPECT_FALSE(run(loop_, control_->tokens().authenticate(text)));   // over
  clock_.shift = std::chrono::hours(0);
  ASSERT_EQ(exit_of(ask("token-revoke", {{"id", made.at("id")}})), kDone);
  EXPECT_FALSE(run(loop_, control_->tokens().authenticate(text)));

  for (const json::object& bad : {json::object{{"name", "x y"}, {"role", "auditor"}}, {{"name", "x"}, {"role", "owner"}},
                                  {{"name", "local:root"}, {"role", "operator"}}, {{"name", "x"}, {"role", "auditor"}, {"days", 0}},
                                  {{"name", "x"}, {"role", "auditor"}, {"days", 367}}, {{"name", "x"}, {"role", "auditor"}, {"fingerprint", "bscadm-sha256_"}}})
    EXPECT_EQ(exit_of(ask("token-create", bad)), kUsage) << json::serialize(bad);
  // Only the owner makes them.
  for (const AdminPrincipal& who : {alice_, kim_, eve_}) EXPECT_EQ(code(as(who, "token-create", {{"name", "x"}, {"role", "auditor"}})), "permission_denied");
}

TEST_F(ApprovalsTest, AHolderDrawsHisOwn) {
  const DrawnToken drawn = draw_token(system_random());
  const json::object made = ask("token-create", {{"name", "ann"}, {"role", "operator"}, {"fingerprint", drawn.fingerprint}});
  ASSERT_EQ(exit_of(made), kDone) << json::serialize(made);
  EXPECT_FALSE(made.contains("token"));
  const auto who = run(loop_, control_->tokens().authenticate(drawn.token));
  ASSERT_TRUE(who);
  EXPECT_EQ(who->name, "ann");
  EXPECT_EQ(code(ask("token-create", {{"name", "eva"}, {"role", "operator"}, {"fingerprint", drawn.fingerprint}})), "already_exists");
}

}  // namespace
}  // namespace bascule::app
