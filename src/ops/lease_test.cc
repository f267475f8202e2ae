// The lease state machine as the tables of "Lease Blob" and "Lease Container" give it, and what reads, writes and deletes
// may do under a lease. Codes: AZURE.md 12, AZURE-DETAILS 15-17, AZURE-ANSWERS 7 (a wrong id on data is 412, not the
// documented 409).
#include <gtest/gtest.h>

#include "ops/conditions.h"
#include "ops/gateway_fixture.h"

namespace bascule::ops {
namespace {

using testing::GatewayTest;
using testing::why;
using Kind = LeaseAction::Kind;
using Record = catalog::LeaseRecord;

const WallTime kNow{std::chrono::seconds(1'000)};
WallTime in(int seconds) { return kNow + Ticks(std::chrono::seconds(seconds)); }

// The states, all of lease A but the first.
constexpr std::size_t kStates = 6;
const char* const kStateNames[kStates] = {"available", "leased 30 s, 20 left", "leased for ever", "breaking, 10 s left",
                                          "broken", "expired"};
const Lease kLeases[kStates] = {
    std::nullopt,
    Record{Record::Kind::held, "A", 30, in(20)},
    Record{Record::Kind::held, "A", -1, {}},
    Record{Record::Kind::breaking, "A", 30, in(10)},
    Record{Record::Kind::broken, "A", 30, {}},
    Record{Record::Kind::held, "A", 30, in(0)},
};

std::string text(Reason reason) {
  switch (reason) {
    case Reason::none: return "ok";
    case Reason::lease_already_present: return "already";
    case Reason::lease_mismatch_action: return "mismatch";
    case Reason::lease_mismatch_data: return "mismatch";
    case Reason::lease_not_present_action: return "not present";
    case Reason::lease_not_present_data: return "not present";
    case Reason::lease_breaking_acquire: return "breaking, no acquire";
    case Reason::lease_breaking_change: return "breaking, no change";
    case Reason::lease_broken_renew: return "broken, no renew";
    case Reason::lease_id_missing: return "missing";
    case Reason::lease_lost: return "lost";
    default: return "reason " + std::to_string(static_cast<int>(reason));
  }
}
std::string text(const Lease& lease, WallTime now) {
  const auto left = [&] { return std::to_string(std::chrono::ceil<std::chrono::seconds>(lease->until - now).count()); };
  switch (view(lease, now).state) {
    case LeaseState::available: return "free";
    case LeaseState::leased: return lease->id + " " + (lease->duration_seconds < 0 ? "inf" : left());
    case LeaseState::breaking: return "breaking " + left();
    case LeaseState::broken: return "broken";
    case LeaseState::expired: return "expired";
  }
  return "?";
}

struct Row {
  const char* name;
  LeaseAction action;
  const char* outcome[kStates];
};
const Row kRows[] = {
    {"acquire, an id of its own", {.kind = Kind::acquire, .proposed_id = "C", .duration_seconds = 45},
     {"C 45", "already", "already", "already", "C 45", "C 45"}},
    {"acquire as A", {.kind = Kind::acquire, .proposed_id = "A", .duration_seconds = 45},
     {"A 45", "A 45", "A 45", "breaking, no acquire", "A 45", "A 45"}},
    {"acquire as A for ever", {.kind = Kind::acquire, .proposed_id = "A", .duration_seconds = -1},
     {"A inf", "A inf", "A inf", "breaking, no acquire", "A inf", "A inf"}},
    {"acquire as B", {.kind = Kind::acquire, .proposed_id = "B", .duration_seconds = 15},
     {"B 15", "already", "already", "already", "B 15", "B 15"}},
    {"renew A", {.kind = Kind::renew, .lease_id = "A"},
     {"mismatch", "A 30", "A inf", "broken, no renew", "broken, no renew", "A 30"}},
    {"renew B", {.kind = Kind::renew, .lease_id = "B"},
     {"mismatch", "mismatch", "mismatch", "mismatch", "mismatch", "mismatch"}},
    {"renew nothing", {.kind = Kind::renew}, {"mismatch", "mismatch", "mismatch", "mismatch", "mismatch", "mismatch"}},
    {"change A to B", {.kind = Kind::change, .lease_id = "A", .proposed_id = "B"},
     {"not present", "B 20", "B inf", "breaking, no change", "not present", "not present"}},
    {"change A to A", {.kind = Kind::change, .lease_id = "A", .proposed_id = "A"},
     {"not present", "A 20", "A inf", "breaking, no change", "not present", "not present"}},
    {"change B to A: done before", {.kind = Kind::change, .lease_id = "B", .proposed_id = "A"},
     {"not present", "A 20", "A inf", "mismatch", "not present", "not present"}},
    {"change B to C", {.kind = Kind::change, .lease_id = "B", .proposed_id = "C"},
     {"not present", "mismatch", "mismatch", "mismatch", "not present", "not present"}},
    {"release A", {.kind = Kind::release, .lease_id = "A"}, {"mismatch", "free", "free", "free", "free", "free"}},
    {"release B", {.kind = Kind::release, .lease_id = "B"},
     {"mismatch", "mismatch", "mismatch", "mismatch", "mismatch", "mismatch"}},
    {"break", {.kind = Kind::break_}, {"not present", "breaking 20", "broken", "breaking 10", "broken", "broken"}},
    {"break at once", {.kind = Kind::break_, .break_period_seconds = 0},
     {"not present", "broken", "broken", "broken", "broken", "broken"}},
    {"break in 5 s", {.kind = Kind::break_, .break_period_seconds = 5},
     {"not present", "breaking 5", "breaking 5", "breaking 5", "broken", "broken"}},
    {"break in 60 s: a shorter rest counts", {.kind = Kind::break_, .break_period_seconds = 60},
     {"not present", "breaking 20", "breaking 60", "breaking 10", "broken", "broken"}},
    {"break naming another id, which nobody looks at", {.kind = Kind::break_, .lease_id = "B", .break_period_seconds = 5},
     {"not present", "breaking 5", "breaking 5", "breaking 5", "broken", "broken"}},
};

TEST(Leases, Actions) {
  for (const Row& row : kRows) {
    for (std::size_t i = 0; i < kStates; ++i) {
      const auto change = apply(kLeases[i], row.action, kNow);
      EXPECT_EQ(change ? text(change->lease, kNow) : text(why(change)), row.outcome[i]) << row.name << ", " << kStateNames[i];
      if (!change) continue;
      const std::string after = row.outcome[i];
      const bool answers_id = row.action.kind == Kind::acquire || row.action.kind == Kind::renew || row.action.kind == Kind::change;
      EXPECT_EQ(change->lease_id, answers_id ? change->lease->id : "") << row.name << ", " << kStateNames[i];
      EXPECT_EQ(change->remaining_seconds, after.starts_with("breaking ") ? std::stoi(after.substr(9)) : 0)
          << row.name << ", " << kStateNames[i];
    }
  }
}

struct Use {
  const char* id;   // null: none is named
  const char* read[kStates];
  const char* write[kStates];
};
const Use kUses[] = {
    {nullptr, {"ok", "ok", "ok", "ok", "ok", "ok"}, {"ok", "missing", "missing", "missing", "ok", "ok"}},
    {"A", {"not present", "ok", "ok", "ok", "lost", "lost"}, {"not present", "ok", "ok", "ok", "lost", "lost"}},
    {"B", {"not present", "mismatch", "mismatch", "mismatch", "mismatch", "mismatch"},
     {"not present", "mismatch", "mismatch", "mismatch", "mismatch", "mismatch"}},
};
// A write frees a lease that has run out, so that it cannot be renewed over what others wrote.
const char* const kAfterWrite[kStates] = {"free", "A 20", "A inf", "breaking 10", "free", "free"};

TEST(Leases, Use) {
  for (std::size_t i = 0; i < kStates; ++i) {
    for (const Use& use : kUses) {
      const auto id = use.id ? std::optional<std::string>(use.id) : std::nullopt;
      EXPECT_EQ(text(why(check_lease_read(kLeases[i], id, kNow))), use.read[i]) << kStateNames[i];
      EXPECT_EQ(text(why(check_lease_write(kLeases[i], id, kNow))), use.write[i]) << kStateNames[i];
    }
    EXPECT_EQ(text(after_write(kLeases[i], kNow), kNow), kAfterWrite[i]) << kStateNames[i];
  }
}

TEST(Leases, Time_alone_moves_them) {
  struct { std::size_t state; int seconds; LeaseState before, after; } cases[] = {
      {1, 20, LeaseState::leased, LeaseState::expired},
      {2, 1'000'000, LeaseState::leased, LeaseState::leased},
      {3, 10, LeaseState::breaking, LeaseState::broken},
      {4, 1'000'000, LeaseState::broken, LeaseState::broken},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(view(kLeases[c.state], in(c.seconds) - Ticks(1)).state, c.before) << kStateNames[c.state];
    EXPECT_EQ(view(kLeases[c.state], in(c.seconds)).state, c.after) << kStateNames[c.state];
  }
}

// --- the operations, on simulated time ---

class LeasedOperations : public GatewayTest {
 protected:
  void SetUp() override {
    GatewayTest::SetUp();
    free_names_at_once();
    make_containers({"c"});
    ASSERT_TRUE(put("source", {}));
  }
  Result<Written> put(const char* name, std::optional<std::string> id) {
    return GatewayTest::put(blob(name), "text", {.conditions = {.lease_id = std::move(id)}});
  }
  Result<Written> put_block(std::optional<std::string> id) {
    return GatewayTest::put_block(blob("b"), "01", "text", {.lease_id = std::move(id)});
  }
  void wait(int seconds) { world.clock.step_wall(Ticks(std::chrono::seconds(seconds))); }
  // Brings whatever `lease` acts on from "available" into a state.
  template <class Act> void bring_to(std::size_t state, Act lease) {
    if (state == 0) return;
    ASSERT_TRUE(lease({.kind = Kind::acquire, .proposed_id = "A", .duration_seconds = state == 2 ? -1 : 30}));
    if (state == 1) wait(10);
    if (state == 3) ASSERT_TRUE(lease({.kind = Kind::break_, .break_period_seconds = 10}));
    if (state == 4) ASSERT_TRUE(lease({.kind = Kind::break_, .break_period_seconds = 0}));
    if (state == 5) wait(30);
  }
  template <class T> static std::string told(const Result<T>& result) { return text(why(result)); }
};

TEST_F(LeasedOperations, OfBlobs) {
  using Id = std::optional<std::string>;
  struct Operation {
    const char* name;
    bool write, moves_head;
    std::function<std::string(Id)> run;
  };
  const auto act = [&](LeaseAction action) { return world.run(ops().lease_blob(blob("b"), std::move(action))); };
  const Operation operations[] = {
      {"Get Blob", false, false, [&](Id id) { return told(world.run(ops().open_blob(blob("b"), {.conditions = {.lease_id = id}}))); }},
      {"Get Blob Properties", false, false, [&](Id id) { return told(world.run(ops().head_blob(blob("b"), {.lease_id = id}))); }},
      {"Get Block List", false, false, [&](Id id) { return told(world.run(ops().get_block_list(blob("b"), {.lease_id = id}))); }},
      {"Copy Blob from it", false, false, [&](Id id) {
         return told(world.run(ops().copy_blob(blob("copy"), blob("b"), {.source_conditions = {.lease_id = id}})));
       }},
      {"Put Blob", true, true, [&](Id id) { return told(put("b", id)); }},
      {"Put Block", true, false, [&](Id id) { return told(put_block(id)); }},
      {"Put Block List", true, true, [&](Id id) {
         return told(world.run(ops().put_block_list(blob("b"), {.conditions = {.lease_id = id}})));
       }},
      {"Set Blob Metadata", true, true, [&](Id id) { return told(world.run(ops().set_blob_metadata(blob("b"), {}, {.lease_id = id}))); }},
      {"Set Blob Properties", true, true, [&](Id id) { return told(world.run(ops().set_blob_headers(blob("b"), {}, {.lease_id = id}))); }},
      {"Copy Blob to it", true, true, [&](Id id) {
         return told(world.run(ops().copy_blob(blob("b"), blob("source"), {.conditions = {.lease_id = id}})));
       }},
      {"Delete Blob", true, false, [&](Id id) { return told(world.run(ops().delete_blob(blob("b"), {.conditions = {.lease_id = id}}))); }},
  };
  const LeaseState states[kStates] = {LeaseState::available, LeaseState::leased, LeaseState::leased,
                                      LeaseState::breaking, LeaseState::broken, LeaseState::expired};
  for (const Operation& op : operations) {
    for (std::size_t state = 0; state < kStates; ++state) {
      for (const Use& use : kUses) {
        const std::string where = std::string(op.name) + ", " + kStateNames[state] + ", id " + (use.id ? use.id : "none");
        (void)act({.kind = Kind::break_, .break_period_seconds = 0});
        (void)world.run(ops().delete_blob(blob("b"), {}));
        ASSERT_TRUE(put("b", {})) << where;
        bring_to(state, act);
        ASSERT_EQ(world.run(ops().head_blob(blob("b"), {}))->lease.state, states[state]) << where;
        const std::string expected = (op.write ? use.write : use.read)[state];
        EXPECT_EQ(op.run(use.id ? Id(use.id) : Id()), expected) << where;
        const auto head = world.run(ops().head_blob(blob("b"), {}));
        if (std::string_view(op.name) == "Delete Blob" && expected == "ok") {
          EXPECT_EQ(why(head), Reason::blob_not_found) << where;
          continue;
        }
        const bool freed = op.moves_head && expected == "ok" && state >= 4;
        EXPECT_EQ(head->lease.state, freed ? LeaseState::available : states[state]) << where;
      }
    }
  }
}

TEST_F(LeasedOperations, OfContainers) {
  const ContainerRef ref{"acct", "box"};
  const auto act = [&](LeaseAction action) { return world.run(ops().lease_container(ref, std::move(action))); };
  using Id = std::optional<std::string>;
  struct Operation {
    const char* name;
    bool deletes;
    std::function<std::string(Id)> run;
  };
  const Operation operations[] = {
      {"Get Container Properties", false, [&](Id id) { return told(world.run(ops().get_container(ref, id))); }},
      {"Set Container Metadata", false, [&](Id id) { return told(world.run(ops().set_container_metadata(ref, {}, {.lease_id = id}))); }},
      {"Set Container ACL", false, [&](Id id) {
         return told(world.run(ops().set_container_acl(ref, PublicAccess::none, {}, {.lease_id = id})));
       }},
      {"Delete Container", true, [&](Id id) { return told(world.run(ops().delete_container(ref, {.lease_id = id}))); }},
  };
  for (const Operation& op : operations) {
    for (std::size_t state = 0; state < kStates; ++state) {
      for (const Use& use : kUses) {
        const std::string where = std::string(op.name) + ", " + kStateNames[state] + ", id " + (use.id ? use.id : "none");
        (void)act({.kind = Kind::break_, .break_period_seconds = 0});
        (void)world.run(ops().delete_container(ref, {}));
        ASSERT_TRUE(world.run(ops().create_container(ref, {}, PublicAccess::none))) << where;
        bring_to(state, act);
        EXPECT_EQ(op.run(use.id ? Id(use.id) : Id()), (op.deletes ? use.write : use.read)[state]) << where;
      }
    }
  }
}

TEST_F(LeasedOperations, Lease_actions_leave_ETag_and_times_alone) {
  const auto act = [&](LeaseAction action) { return world.run(ops().lease_blob(blob("source"), std::move(action))); };
  const auto before = world.run(ops().head_blob(blob("source"), {}));
  wait(100);
  for (LeaseAction action : {LeaseAction{.kind = Kind::acquire, .proposed_id = "A", .duration_seconds = 15},
                             LeaseAction{.kind = Kind::renew, .lease_id = "A"},
                             LeaseAction{.kind = Kind::change, .lease_id = "A", .proposed_id = "B"},
                             LeaseAction{.kind = Kind::break_, .break_period_seconds = 5},
                             LeaseAction{.kind = Kind::release, .lease_id = "B"}}) {
    const auto done = act(action);
    ASSERT_TRUE(done);
    EXPECT_EQ(done->etag, before->etag);
    EXPECT_EQ(done->last_modified, before->last_modified);
  }
  const auto after = world.run(ops().head_blob(blob("source"), {}));
  EXPECT_EQ(after->etag, before->etag);
  EXPECT_EQ(after->last_modified, before->last_modified);
}

TEST_F(LeasedOperations, An_expired_lease_is_renewed_only_over_an_unchanged_blob) {
  const auto act = [&](LeaseAction action) { return world.run(ops().lease_blob(blob("source"), std::move(action))); };
  ASSERT_TRUE(act({.kind = Kind::acquire, .proposed_id = "A", .duration_seconds = 15}));
  wait(15);
  EXPECT_TRUE(act({.kind = Kind::renew, .lease_id = "A"}));
  wait(15);
  ASSERT_TRUE(put("source", {}));
  EXPECT_EQ(told(act({.kind = Kind::renew, .lease_id = "A"})), "mismatch");
}

TEST_F(LeasedOperations, An_id_over_uncommitted_blocks_alone_names_no_lease) {
  ASSERT_TRUE(put_block({}));
  EXPECT_EQ(told(put_block("A")), "not present");
  EXPECT_EQ(told(world.run(ops().get_block_list(blob("b"), {.lease_id = "A"}))), "not present");
  EXPECT_EQ(told(world.run(ops().put_block_list(blob("b"), {.conditions = {.lease_id = "A"}}))), "not present");
  EXPECT_EQ(told(world.run(ops().delete_blob(blob("b"), {.conditions = {.lease_id = "A"}}))), "not present");
  EXPECT_TRUE(world.run(ops().get_block_list(blob("b"), {})));
}

}  // namespace
}  // namespace bascule::ops
