// The rules of conditional headers as tables: first the pure rules, then every operation that takes them, against a blob
// or container that is there and one that is not. Sources: "Specifying conditional headers for Blob service operations";
// AZURE.md 6; AZURE-DETAILS 13, 14; what the real service answered: AZURE-ANSWERS 6.
#include "ops/conditions.h"

#include <gtest/gtest.h>

#include "ops/gateway_fixture.h"

namespace bascule::ops {
namespace {

using testing::GatewayTest;
using testing::why;

constexpr ETag kSame = 100, kOther = 99, kForeign = 0;
const WallTime kModified{std::chrono::seconds(1'000)};
const WallTime kBefore = kModified - Ticks(std::chrono::seconds(1)), kAfter = kModified + Ticks(std::chrono::seconds(1));

ETagSet one(ETag etag) { return {.values = {etag}}; }
const ETagSet kAny{.any = true};

constexpr Reason kOk = Reason::none, k412 = Reason::condition_not_met, k304 = Reason::not_modified, k409 = Reason::blob_exists;

Reason why(const Result<void>& result) { return result ? Reason::none : reason_of(result.error()); }

// combined: reads from 2013-08-15; older: reads before it, and the source of a copy; write, created: writes that may create,
// to a blob that is there, and to one that is not. A change of what must be there differs from `write` in one thing: "none"
// is 412, where Put Blob says BlobAlreadyExists.
struct Rule {
  const char* name;
  Conditions conditions;
  Reason combined, older, write, created;
};

const Rule kRules[] = {
    {"nothing", {}, kOk, kOk, kOk, kOk},
    {"match same", {.if_match = one(kSame)}, kOk, kOk, kOk, k412},
    {"match other", {.if_match = one(kOther)}, k412, k412, k412, k412},
    {"match what no ETag of ours can be (weak, foreign)", {.if_match = one(kForeign)}, k412, k412, k412, k412},
    {"match any", {.if_match = kAny}, kOk, kOk, kOk, k412},
    {"match one of several", {.if_match = ETagSet{.values = {kOther, kSame}}}, kOk, kOk, kOk, k412},
    {"match none of several", {.if_match = ETagSet{.values = {kOther, 98}}}, k412, k412, k412, k412},
    {"none-match same", {.if_none_match = one(kSame)}, k304, k304, k412, kOk},
    {"none-match other", {.if_none_match = one(kOther)}, kOk, kOk, kOk, kOk},
    {"none-match foreign", {.if_none_match = one(kForeign)}, kOk, kOk, kOk, kOk},
    {"none-match any", {.if_none_match = kAny}, k304, k304, k409, kOk},
    {"none-match several, one the same", {.if_none_match = ETagSet{.values = {kOther, kSame}}}, k304, k304, k412, kOk},
    {"none-match several others", {.if_none_match = ETagSet{.values = {kOther, 98}}}, kOk, kOk, kOk, kOk},
    {"modified since before", {.if_modified_since = kBefore}, kOk, kOk, kOk, k412},
    {"modified since that second", {.if_modified_since = kModified}, k304, k304, k412, k412},
    {"modified since after", {.if_modified_since = kAfter}, k304, k304, k412, k412},
    {"unmodified since before", {.if_unmodified_since = kBefore}, k412, k412, k412, kOk},
    {"unmodified since that second", {.if_unmodified_since = kModified}, kOk, kOk, kOk, kOk},
    {"unmodified since after", {.if_unmodified_since = kAfter}, kOk, kOk, kOk, kOk},
    // Pairs. Outside of combined reads the ETag decides alone.
    {"match same, unmodified fails", {.if_match = one(kSame), .if_unmodified_since = kBefore}, k412, kOk, kOk, k412},
    {"match other, unmodified holds", {.if_match = one(kOther), .if_unmodified_since = kAfter}, k412, k412, k412, k412},
    {"match any, unmodified fails", {.if_match = kAny, .if_unmodified_since = kBefore}, k412, kOk, kOk, k412},
    {"none-match same, modified holds", {.if_none_match = one(kSame), .if_modified_since = kBefore}, kOk, k304, k412, kOk},
    {"none-match other, modified fails", {.if_none_match = one(kOther), .if_modified_since = kAfter}, kOk, kOk, kOk, kOk},
    {"none-match same, modified fails", {.if_none_match = one(kSame), .if_modified_since = kAfter}, k304, k304, k412, kOk},
    {"none-match any, modified holds", {.if_none_match = kAny, .if_modified_since = kBefore}, kOk, k304, k409, kOk},
};

// Only a combined read may mix the pairs; elsewhere the API refuses them (MultipleConditionHeadersNotSupported).
struct Mixed {
  const char* name;
  Conditions conditions;
  Reason combined;
};
const Mixed kMixed[] = {
    {"match same, none-match same", {.if_match = one(kSame), .if_none_match = one(kSame)}, k304},
    {"match same, none-match other", {.if_match = one(kSame), .if_none_match = one(kOther)}, kOk},
    {"match other, none-match same: 412 before 304", {.if_match = one(kOther), .if_none_match = one(kSame)}, k412},
    {"match same, modified fails", {.if_match = one(kSame), .if_modified_since = kAfter}, k304},
    {"modified and unmodified hold", {.if_modified_since = kBefore, .if_unmodified_since = kAfter}, kOk},
    {"modified fails, unmodified holds", {.if_modified_since = kAfter, .if_unmodified_since = kAfter}, k304},
    {"modified holds, unmodified fails", {.if_modified_since = kBefore, .if_unmodified_since = kBefore}, k412},
    {"both fail", {.if_modified_since = kAfter, .if_unmodified_since = kBefore}, k412},
    {"none-match same, unmodified fails", {.if_none_match = one(kSame), .if_unmodified_since = kBefore}, k412},
    {"all four, the ETag pair saved by its date",
     {.if_match = one(kSame), .if_none_match = one(kSame), .if_modified_since = kBefore, .if_unmodified_since = kAfter}, kOk},
    {"all four, nothing new",
     {.if_match = one(kSame), .if_none_match = one(kSame), .if_modified_since = kAfter, .if_unmodified_since = kAfter}, k304},
    {"all four, match other",
     {.if_match = one(kOther), .if_none_match = one(kOther), .if_modified_since = kBefore, .if_unmodified_since = kAfter}, k412},
    {"all four, unmodified fails",
     {.if_match = one(kSame), .if_none_match = one(kOther), .if_modified_since = kBefore, .if_unmodified_since = kBefore}, k412},
};

TEST(Conditions, Rules) {
  const Stamp there{kSame, kModified};
  for (const Rule& rule : kRules) {
    Conditions c = rule.conditions;
    EXPECT_EQ(why(check_read(c, there)), rule.older) << rule.name;
    EXPECT_EQ(why(check_write(c, there)), rule.write) << rule.name;
    EXPECT_EQ(why(check_write(c, std::nullopt)), rule.created) << rule.name;
    // A write that holds the lease overwrites where it would only create; nothing else changes for it.
    EXPECT_EQ(why(check_write(c, there, true)), rule.write == k409 ? kOk : rule.write) << rule.name;
    EXPECT_EQ(why(check_change(c, there)), rule.write == k409 ? k412 : rule.write) << rule.name;
    c.combined = true;
    EXPECT_EQ(why(check_read(c, there)), rule.combined) << rule.name;
  }
  for (const Mixed& rule : kMixed) {
    Conditions c = rule.conditions;
    c.combined = true;
    EXPECT_EQ(why(check_read(c, there)), rule.combined) << rule.name;
  }
}

TEST(Conditions, Times_are_compared_by_the_second) {
  const Stamp there{kSame, kModified + Ticks(std::chrono::milliseconds(700))};
  EXPECT_EQ(why(check_read({.if_modified_since = kModified}, there)), k304);
  EXPECT_EQ(why(check_write({.if_unmodified_since = kModified}, there)), kOk);
}

// --- every operation ---

class ConditionsOnOperations : public GatewayTest {
 protected:
  void SetUp() override {
    GatewayTest::SetUp();
    free_names_at_once();
    make_containers({"c", "other"});
    put("source", {});
  }
  Result<Written> put(const char* name, Conditions c) {
    return GatewayTest::put(blob(name), "text", {.conditions = std::move(c)});
  }
  template <class T> static Result<void> outcome(Result<T> result) { return result ? Result<void>{} : fail(std::move(result).error()); }
};

enum class Kind { read, source, write, target, change };   // change: only of what is there
struct Operation {
  const char* name;
  Kind kind;
  std::function<Result<void>(Conditions)> run;
};

TEST_F(ConditionsOnOperations, OfBlobs) {
  const auto acquire = [&](Conditions c) {
    return world.run(ops().lease_blob(blob("b"), {.kind = LeaseAction::Kind::acquire, .proposed_id = "a", .conditions = std::move(c)}));
  };
  const auto copy = [&](const char* container, Conditions source, Conditions target) {
    return outcome(world.run(ops().copy_blob(container[0] == 'c' ? blob("b") : blob("b", container), blob("source"),
                                             {.source_conditions = std::move(source), .conditions = std::move(target)})));
  };
  const Operation operations[] = {
      {"Get Blob", Kind::read, [&](Conditions c) { return outcome(world.run(ops().open_blob(blob("b"), {.conditions = c}))); }},
      {"Get Blob Properties", Kind::read, [&](Conditions c) { return outcome(world.run(ops().head_blob(blob("b"), c))); }},
      {"Put Blob", Kind::write, [&](Conditions c) { return outcome(put("b", c)); }},
      {"Put Block List", Kind::write, [&](Conditions c) {
         return outcome(world.run(ops().put_block_list(blob("b"), {.conditions = c})));
       }},
      {"Copy Blob to it", Kind::target, [&](Conditions c) { return copy("c", {}, c); }},
      {"Set Blob Metadata", Kind::change, [&](Conditions c) { return outcome(world.run(ops().set_blob_metadata(blob("b"), {}, c))); }},
      {"Set Blob Properties", Kind::change, [&](Conditions c) { return outcome(world.run(ops().set_blob_headers(blob("b"), {}, c))); }},
      {"Lease Blob", Kind::change, [&](Conditions c) { return outcome(acquire(c)); }},
      {"Delete Blob", Kind::change, [&](Conditions c) -> Result<void> {
         BASCULE_TRY(world.run(ops().delete_blob(blob("b"), {.conditions = c})));
         return {};
       }},
      {"Copy Blob from it", Kind::source, [&](Conditions c) {
         return outcome(world.run(ops().copy_blob(blob("copy"), blob("b"), {.source_conditions = c})));
       }},
      {"Copy Blob from it, to another container", Kind::source, [&](Conditions c) {
         return outcome(world.run(ops().copy_blob(blob("copy", "other"), blob("b"), {.source_conditions = c})));
       }},
  };
  for (const Operation& op : operations) {
    for (const Rule& rule : kRules) {
      for (const bool there : {true, false}) {
        (void)world.run(ops().delete_blob(blob("b"), {.conditions = {.lease_id = "a"}}));
        (void)world.run(ops().delete_blob(blob("b"), {}));
        ETag etag = 1;
        WallTime modified = kModified;
        if (there) {
          auto written = put("b", {});
          ASSERT_TRUE(written);
          etag = written->etag, modified = written->last_modified;
        }
        // The rule's values, moved to this blob's.
        Conditions c = rule.conditions;
        for (auto* set : {&c.if_match, &c.if_none_match})
          if (*set) for (ETag& value : (*set)->values) value = value == kSame ? etag : value;
        for (auto* time : {&c.if_modified_since, &c.if_unmodified_since})
          if (*time) **time = modified + (**time - kModified);
        c.combined = op.kind == Kind::read;

        Reason expected = kOk;
        switch (op.kind) {
          case Kind::read: expected = there ? rule.combined : Reason::blob_not_found; break;
          case Kind::source:
            expected = !there ? Reason::source_not_found : rule.older == kOk ? kOk : Reason::source_condition_not_met;
            break;
          case Kind::write: expected = there ? rule.write : rule.created; break;
          case Kind::target:
            expected = there ? rule.write : rule.created;
            if (expected == k412) expected = Reason::target_condition_not_met;
            break;
          case Kind::change: expected = !there ? Reason::blob_not_found : rule.write == k409 ? k412 : rule.write; break;
        }
        EXPECT_EQ(why(op.run(c)), expected) << op.name << ", " << rule.name << (there ? "" : ", nothing there");
        if (expected != kOk && op.kind != Kind::source) {  // refused: nothing has changed
          auto head = world.run(ops().head_blob(blob("b"), {}));
          ASSERT_EQ(head.has_value(), there) << op.name << ", " << rule.name;
          if (there) EXPECT_EQ(head->etag, etag) << op.name << ", " << rule.name;
        }
      }
    }
  }
}

TEST_F(ConditionsOnOperations, OfContainers) {
  const ContainerRef ref{"acct", "box"};
  const Operation operations[] = {
      {"Set Container Metadata", Kind::change, [&](Conditions c) { return outcome(world.run(ops().set_container_metadata(ref, {}, c))); }},
      {"Set Container ACL", Kind::change, [&](Conditions c) {
         return outcome(world.run(ops().set_container_acl(ref, PublicAccess::none, {}, c)));
       }},
      {"Lease Container", Kind::change, [&](Conditions c) {
         return outcome(world.run(ops().lease_container(ref, {.kind = LeaseAction::Kind::acquire, .proposed_id = "a", .conditions = c})));
       }},
      {"Delete Container", Kind::change, [&](Conditions c) { return world.run(ops().delete_container(ref, c)); }},
  };
  for (const Operation& op : operations) {
    for (const Rule& rule : kRules) {
      if (rule.conditions.if_match || rule.conditions.if_none_match) continue;  // containers take dates alone
      for (const bool there : {true, false}) {
        (void)world.run(ops().delete_container(ref, {.lease_id = "a"}));
        (void)world.run(ops().delete_container(ref, {}));
        WallTime modified = kModified;
        if (there) {
          auto made = world.run(ops().create_container(ref, {}, PublicAccess::none));
          ASSERT_TRUE(made);
          modified = made->last_modified;
        }
        Conditions c = rule.conditions;
        for (auto* time : {&c.if_modified_since, &c.if_unmodified_since})
          if (*time) **time = modified + (**time - kModified);
        EXPECT_EQ(why(op.run(c)), there ? rule.write : Reason::container_not_found)
            << op.name << ", " << rule.name << (there ? "" : ", nothing there");
      }
    }
  }
}

}  // namespace
}  // namespace bascule::ops
