// What holds and policies keep, for how long, and what may be done all the same. Each way around them: attacks_test.cc.
#include <gtest/gtest.h>

#include "jobs/holds_fixture.h"

namespace bascule::ops {
namespace {

using catalog::ContainerImmutability;
using testing::HoldsTest;
using testing::kDay;
using testing::StringBody;
using testing::why;
using namespace std::chrono_literals;

// Calls `before` when its first byte is asked for: what happens while a body is on its way.
class BodyThat final : public BodySource {
 public:
  BodyThat(std::string text, std::function<Task<void>()> before) : inner_(std::move(text)), before_(std::move(before)) {}
  Task<Result<std::size_t>> read(MutableBytes into) override {
    if (auto first = std::exchange(before_, nullptr)) co_await first();
    co_return co_await inner_.read(into);
  }

 private:
  StringBody inner_;
  std::function<Task<void>()> before_;
};

Task<void> put_under_hold(Service& ops, ContainerRef ref, bool hold) {
  const auto done = co_await ops.change_container_immutability(std::move(ref), [hold](ContainerImmutability& r) {
    return hold ? add_hold(r, "case42") : Result<void>{};
  });
  EXPECT_TRUE(done);
}

Task<void> delete_and_tell(Service& ops, ContainerRef ref, Result<void>& deleted, Completion<bool>& done) {
  deleted = co_await ops.delete_container(std::move(ref), {});
  done.set(true);
}
Task<void> delete_and_write(Service& ops, ContainerRef ref, Result<void>& deleted, Reason& written) {
  PutBlob what;
  what.body.length_bytes = 1;
  StringBody body("x");
  Completion<bool> done;
  spawn(co_await this_executor(), delete_and_tell(ops, ref, deleted, done));
  const auto put = co_await ops.put_blob({ref.account, ref.container, "late"}, what, body);
  written = put ? Reason::none : reason_of(put.error());
  (void)co_await done.wait();
}

TEST_F(HoldsTest, What_a_version_keeps_is_not_overwritten_but_succeeded) {
  furnish();
  settings([](AccountSettings& s) { s.versioning = true; });
  version_level();
  ASSERT_EQ(put(blob("w"), "first", {.keep = {.policy = KeepUntil{ops().lawful_now() + Ticks(2 * kDay), true}}}), Reason::none);
  const WallTime first = run(ops().head_blob(blob("w"), {}))->version;
  ASSERT_EQ(put(blob("w"), "second"), Reason::none);
  const auto second = run(ops().head_blob(blob("w"), {}));
  EXPECT_EQ(second->immutability.until, WallTime());   // its own is the former's alone
  EXPECT_TRUE(run(ops().head_blob(blob("w", {At::Kind::version, first}), {}))->immutability.locked);
  EXPECT_EQ(remove(blob("w", {At::Kind::version, first})), Reason::blob_under_policy);
  EXPECT_EQ(remove(blob("w")), Reason::none);
  ASSERT_TRUE(run(ops().set_legal_hold(blob("w", {At::Kind::version, first}), true)));
  wait(3 * kDay);
  EXPECT_EQ(remove(blob("w", {At::Kind::version, first})), Reason::blob_under_legal_hold);
  ASSERT_TRUE(run(ops().set_legal_hold(blob("w", {At::Kind::version, first}), false)));
  EXPECT_EQ(remove(blob("w", {At::Kind::version, first})), Reason::none);
}

TEST_F(HoldsTest, New_states_get_the_containers_policy_where_versions_have_their_own) {
  furnish();
  settings([](AccountSettings& s) { s.versioning = true; });
  version_level();
  retain(5);
  wait(2s);   // what was written until then has its time by the whole second
  ASSERT_EQ(put(blob("w"), "w"), Reason::none);
  const auto view = run(ops().head_blob(blob("w"), {}))->immutability;
  EXPECT_GT(view.until, ops().lawful_now() + Ticks(4 * kDay));
  EXPECT_FALSE(view.locked);
  EXPECT_EQ(remove(blob("w")), Reason::blob_under_policy);
  ASSERT_TRUE(run(ops().delete_immutability(blob("w"))));
  EXPECT_EQ(remove(blob("w")), Reason::none);
  rule(lock_retention);
  ASSERT_EQ(put(blob("w"), "again"), Reason::none);
  EXPECT_EQ(why(run(ops().delete_immutability(blob("w")))), Reason::policy_locked_delete);
  ASSERT_EQ(put(blob("w"), "own", {.keep = {.policy = KeepUntil{ops().lawful_now() + Ticks(kDay), false}}}), Reason::none);
  EXPECT_FALSE(run(ops().head_blob(blob("w"), {}))->immutability.locked);
  EXPECT_EQ(put(blob("w"), "past", {.keep = {.policy = KeepUntil{ops().lawful_now() - Ticks(kDay), false}}}), Reason::immutability_in_the_past);
  EXPECT_EQ(put({a, "free", "x"}, "x", {.keep = {.legal_hold = true}}), Reason::no_version_immutability);
}

TEST_F(HoldsTest, Retention_ends_by_time_and_what_it_covered_may_then_go_but_not_change) {
  furnish();
  retain(2);
  EXPECT_EQ(put(blob("new"), "new"), Reason::none);   // new blobs may come
  EXPECT_EQ(put(blob("new"), "newer"), Reason::blob_under_policy);
  wait(47h);
  EXPECT_EQ(remove(blob("other")), Reason::blob_under_policy);
  EXPECT_EQ(why(run(ops().snapshot_blob(blob("other"), {}, {}))), Reason::blob_under_policy);
  wait(2h);
  EXPECT_EQ(put(blob("other"), "new"), Reason::blob_under_policy);
  EXPECT_EQ(remove(blob("other")), Reason::none);
}

TEST_F(HoldsTest, What_was_deleted_softly_is_kept_with_the_rest_and_can_be_brought_back_for_as_long) {
  furnish();
  leave_gone();
  hold();
  wait(10 * kDay);
  sweep();
  ASSERT_TRUE(run(ops().undelete_blob(blob("gone"))));
  EXPECT_EQ(*run(testing::read_all(ops(), blob("gone"))), "kept gone");
}

TEST_F(HoldsTest, Appends_may_be_let_through) {
  furnish();
  rule([](ContainerImmutability& r) { return set_retention(r, 2, ContainerImmutability::Appends::append); });
  append("log", " more");
  EXPECT_EQ(*run(testing::read_all(ops(), blob("log"))), "line more");
  EXPECT_EQ(remove(blob("log")), Reason::blob_under_policy);
  wait(47h);
  append("log", " and more");   // from which on it is kept again
  wait(47h);
  EXPECT_EQ(remove(blob("log")), Reason::blob_under_policy);
  wait(2h);
  EXPECT_EQ(remove(blob("log")), Reason::none);
  create("new", BlobType::append);
  append("new", "line");
  create("new", BlobType::append);
  EXPECT_EQ(*run(testing::read_all(ops(), blob("new"))), "line");
}

TEST_F(HoldsTest, A_hold_that_comes_while_a_body_is_on_its_way_is_not_overtaken) {
  for (const bool held : {true, false}) {
    furnish();
    PutBlob what;
    what.body.length_bytes = 3;
    BodyThat body("new", [&] { return put_under_hold(ops(), container(), held); });
    EXPECT_EQ(why(run(ops().put_blob(blob("b"), what, body))), held ? Reason::blob_under_legal_hold : Reason::none);
    EXPECT_EQ(*run(testing::read_all(ops(), blob("b"))), held ? "kept b" : "new");
  }
}

TEST_F(HoldsTest, An_empty_container_goes_and_one_that_is_written_to_meanwhile_stays) {
  furnish();
  ASSERT_TRUE(run(ops().create_container({a, "empty"}, {}, PublicAccess::none)));
  ASSERT_TRUE(run(ops().change_container_immutability({a, "empty"}, [](ContainerImmutability& r) { return add_hold(r, "case42"); })));
  ASSERT_EQ(put({a, "empty", "b"}, "x"), Reason::none);
  EXPECT_EQ(why(run(ops().delete_container({a, "empty"}, {}))), Reason::container_has_legal_hold);
  ASSERT_TRUE(run(ops().change_container_immutability({a, "empty"}, [](ContainerImmutability& r) { return clear_hold(r, "case42"); })));
  ASSERT_EQ(remove({a, "empty", "b"}), Reason::none);
  ASSERT_TRUE(run(ops().change_container_immutability({a, "empty"}, [](ContainerImmutability& r) { return add_hold(r, "case43"); })));
  world.store_latency(10ms);
  Result<void> deleted;
  Reason written = Reason::none;
  run(delete_and_write(ops(), {a, "empty"}, deleted, written));
  EXPECT_NE(deleted.has_value(), written == Reason::none);   // one of them, never both
}

TEST_F(HoldsTest, A_clock_set_back_shortens_no_retention) {
  furnish();
  retain(1);
  ASSERT_TRUE(run(ops().keep_time_mark()));
  jump(-24h * 30);
  crash();
  EXPECT_EQ(put(blob("written then"), "x"), Reason::none);
  jump(24h * 30);   // and forward again: its day has not passed
  wait(1h);
  EXPECT_EQ(remove(blob("written then")), Reason::blob_under_policy);
  EXPECT_EQ(remove(blob("other")), Reason::blob_under_policy);
  wait(24h);
  EXPECT_EQ(remove(blob("written then")), Reason::none);
}

TEST_F(HoldsTest, A_clock_set_back_frees_nothing_that_a_later_life_would_have_seen_end) {
  furnish();
  retain(10);
  wait(9 * kDay);
  ASSERT_TRUE(run(ops().keep_time_mark()));
  jump(-24h * 365);
  crash();
  wait(23h);
  EXPECT_EQ(remove(blob("other")), Reason::blob_under_policy);
  wait(2h);   // the ten days are over all the same: the mark remembers nine
  EXPECT_EQ(remove(blob("other")), Reason::none);
}

TEST_F(HoldsTest, What_is_kept_beyond_its_end_is_found_by_its_tags) {
  furnish();
  for (const bool held : {false, true}) {
    const std::string name = held ? "held" : "ending";
    ASSERT_EQ(put(blob(name), "text", {.tags = {{"kind", name}}}), Reason::none);
    ASSERT_TRUE(run(ops().set_blob_expiry(blob(name), {.from = SetExpiry::From::now, .after = Ticks(kDay)})));
    if (held) hold();
    wait(2 * kDay);
    const auto found = run(ops().find_by_tags(a, {{{{"kind", {{name}}, {{name}}}}, {}}, "", 10}));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->items.size(), held ? 1u : 0u);
    EXPECT_EQ(run(ops().head_blob(blob(name), {})).has_value(), held);
  }
}

TEST(Retention, LockedOnlyGrows) {
  using Appends = ContainerImmutability::Appends;
  ContainerImmutability rules;
  EXPECT_FALSE(lock_retention(rules));
  ASSERT_TRUE(set_retention(rules, 10, Appends::none));
  ASSERT_TRUE(set_retention(rules, 5, Appends::all));   // unlocked: any way
  ASSERT_TRUE(lock_retention(rules));
  EXPECT_FALSE(set_retention(rules, 4, Appends::all));
  EXPECT_FALSE(set_retention(rules, 6, Appends::none));
  EXPECT_FALSE(clear_retention(rules));
  for (std::uint32_t days = 6; days <= 10; ++days) EXPECT_TRUE(set_retention(rules, days, Appends::all)) << days;
  EXPECT_FALSE(set_retention(rules, 11, Appends::all));
  EXPECT_EQ(rules.days, 10u);
}

TEST(Retention, ALockedPolicyOfABlobOnlyGrows) {
  const WallTime now{std::chrono::hours(1'000'000)};
  catalog::ImmutabilityRecord state;
  EXPECT_FALSE(set_policy(state, {now}, now));
  ASSERT_TRUE(set_policy(state, {now + Ticks(2h)}, now));
  ASSERT_TRUE(set_policy(state, {now + Ticks(1h)}, now));
  ASSERT_TRUE(set_policy(state, {now + Ticks(1h), true}, now));
  EXPECT_FALSE(set_policy(state, {now + Ticks(30min), true}, now));
  EXPECT_FALSE(set_policy(state, {now + Ticks(2h), false}, now));
  EXPECT_TRUE(set_policy(state, {now + Ticks(2h), true}, now));
}

}  // namespace
}  // namespace bascule::ops
