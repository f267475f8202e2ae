// Holds under attack: each way of getting rid of what is held, by name, against each kind of hold; and its negative
// control: the same way works where nothing is held, so that a refusal proves the hold and not a mistake of the attack.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "jobs/lifecycle.h"
#include "jobs/sweeper.h"
#include "ops/gateway_fixture.h"

namespace bascule::ops {
namespace {

using catalog::ContainerImmutability;
using testing::GatewayTest;
using testing::StringBody;
using testing::why;
using namespace std::chrono_literals;

constexpr std::chrono::hours kDay{24};
constexpr auto kNone = ContainerImmutability::Appends::none;

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

class HoldsTest : public GatewayTest {
 protected:
  std::string a;   // the account under attack; its container is c
  int made = 0;

  void SetUp() override { open(); }
  void crash() {
    world.crash(std::move(gateway));
    open();
  }
  template <class T> T run(Task<T> task) { return world.run(std::move(task)); }
  void jump(std::chrono::hours time) { world.clock.step_wall(Ticks(time)); }

  BlobRef blob(std::string name, At at = {}) const { return {a, "c", std::move(name), at}; }
  ContainerRef container() const { return {a, "c"}; }
  Reason put(BlobRef ref, std::string text, PutBlob what = {}) {
    return why(GatewayTest::put(std::move(ref), std::move(text), std::move(what)));
  }
  void append(std::string name, std::string text) {
    AppendBlock what;
    what.body.length_bytes = text.size();
    StringBody body(std::move(text));
    (void)run(ops().append_block(blob(std::move(name)), what, body));
  }
  void pages(std::string name, char fill, bool clear = false) {
    PutPages what{.first = 0, .length_bytes = 512, .clear = clear};
    what.body.length_bytes = 512;
    StringBody body(std::string(512, fill));
    (void)run(ops().put_pages(blob(std::move(name)), what, body));
  }
  void create(std::string name, BlobType type) {
    (void)run(ops().create_blob(blob(std::move(name)), {.type = type, .size_bytes = type == BlobType::page ? 1024u : 0u}));
  }
  Reason remove(BlobRef ref, DeleteBlob how = {}) { return why(run(ops().delete_blob(std::move(ref), std::move(how)))); }
  void settings(std::function<void(AccountSettings&)> change) {
    ASSERT_TRUE(run(ops().change_settings(a, [&](AccountSettings& s) -> Result<void> {
      change(s);
      return {};
    })));
  }
  void rule(std::function<Result<void>(ContainerImmutability&)> change) {
    const auto done = run(ops().change_container_immutability(container(), std::move(change)));
    ASSERT_TRUE(done) << done.error().message;
  }
  void version_level() {
    const WallTime now = ops().lawful_now();
    rule([now](ContainerImmutability& r) { return enable_versions(r, now); });
  }
  void retain(std::uint32_t days) { rule([days](ContainerImmutability& r) { return set_retention(r, days, kNone); }); }
  void hold() { rule([](ContainerImmutability& r) { return add_hold(r, "case42"); }); }
  void sweep() {
    jobs::Sweeper sweeper(ops());
    ASSERT_TRUE(run(sweeper.expire_deleted()));
    ASSERT_TRUE(run(sweeper.expire_ended()));
    while (*run(sweeper.pass())) {}
  }
  void run_lifecycle() {
    jobs::Lifecycle lifecycle(ops());
    ASSERT_TRUE(run(lifecycle.set(a, R"({"rules": [{"name": "r", "type": "Lifecycle", "definition": {"filters": {"blobTypes": ["blockBlob"]},
        "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 1}}}}}]})")));
    auto record = run(lifecycle.begin(a));
    while (record && record->running()) record = run(lifecycle.step(a));
    ASSERT_TRUE(record) << record.error().message;
  }

  // A fresh account with a container that has of everything something.
  void furnish() {
    a = "acct" + std::to_string(made++);
    ASSERT_TRUE(run(ops().put_account({a, {"k1", "k2"}}, true)));
    settings([](AccountSettings& s) {
      s.allow_permanent_delete = true;
      s.quarantine_seconds = 0;
    });
    for (const char* c : {"c", "free"}) ASSERT_TRUE(run(ops().create_container({a, c}, {}, PublicAccess::none)));
    ASSERT_EQ(put({a, "free", "other"}, "elsewhere"), Reason::none);
    for (const char* name : {"b", "other"}) ASSERT_EQ(put(blob(name), std::string("kept ") + name), Reason::none);
    create("log", BlobType::append);
    append("log", "line");
    create("disk", BlobType::page);
    pages("disk", 'd');
    snapshot = run(ops().snapshot_blob(blob("b"), Metadata{{"of", "b"}}, {}))->snapshot;
    settings([](AccountSettings& s) { s.versioning = true; });
    ASSERT_EQ(put(blob("lived"), "kept lived"), Reason::none);
    version = run(ops().head_blob(blob("lived"), {}))->version;
    ASSERT_EQ(put(blob("lived"), "kept living"), Reason::none);
    settings([](AccountSettings& s) { s.versioning = false; });
  }
  // What some attacks need before it is held.
  void leave_ending() {
    ASSERT_EQ(put(blob("ending"), "kept ending"), Reason::none);
    ASSERT_TRUE(run(ops().set_blob_expiry(blob("ending"), {.from = SetExpiry::From::now, .after = Ticks(kDay)})));
  }
  void leave_gone() {
    ASSERT_EQ(put(blob("gone"), "kept gone"), Reason::none);
    settings([](AccountSettings& s) { s.delete_retention_days = 2; });
    ASSERT_EQ(remove(blob("gone")), Reason::none);
    settings([](AccountSettings& s) { s.delete_retention_days = 0; });
  }
  WallTime snapshot{}, version{};

  // Everything that a container has, one line each, and what keeps it.
  std::set<std::string> inventory() {
    std::set<std::string> lines;
    if (ops().account(a)) lines.insert("account");
    const auto rules = run(ops().container_immutability(container()));
    if (!rules) return lines;
    lines.insert("container, kept by " + std::to_string(rules->days) + (rules->locked ? " locked" : "") + " " + std::to_string(rules->holds.size()));
    const auto page = run(ops().list_blobs(container(), {.snapshots = true, .versions = true, .deleted = true, .deleted_with_versions = true}));
    if (!page) return lines;
    for (const auto& item : page->items) {
      const BlobView& v = item.blob;
      std::string line = v.name + " " + std::to_string(v.etag) + " " + v.headers.type;
      for (const auto& [name, value] : v.metadata) line += " " + name + "=" + value;
      line += " until " + std::to_string(v.immutability.until.time_since_epoch().count()) + (v.immutability.locked ? " locked" : "") +
              (v.immutability.legal_hold ? " held" : "");
      At at;
      if (v.snapshot != WallTime()) at = {At::Kind::snapshot, v.snapshot};
      else if (v.version != WallTime()) at = {At::Kind::version, v.version};
      if (v.deleted != WallTime()) line += " deleted";
      else if (auto got = run(testing::read_all(ops(), {a, "c", v.name, at}))) line += ": " + *got;
      else line += ": unreadable";
      lines.insert(std::move(line));
    }
    return lines;
  }

  enum class Where : std::uint8_t { everywhere, container_level };   // what a version's own hold lets pass loses nothing
  struct Attack {
    const char* name;
    std::function<void()> run;
    Where where = Where::everywhere;
    void (HoldsTest::*prepare)() = nullptr;
  };
  std::vector<Attack> attacks();

  // Every attack against a container of its own. Held: whatever was there is there still, then and after another start.
  void attack_all(const std::function<void()>& protect, bool held, Where where) {
    const std::size_t count = attacks().size();
    for (std::size_t i = 0; i < count; ++i) {
      const Attack attack = attacks()[i];   // for what it says of itself; what it does is made when all is there
      if (where != Where::container_level && attack.where == Where::container_level) continue;
      furnish();
      if (attack.prepare) (this->*attack.prepare)();
      protect();
      if (HasFatalFailure()) return;
      const auto before = inventory();
      attacks()[i].run();
      const auto survives = [&] {
        const auto after = inventory();
        return std::ranges::includes(after, before);
      };
      EXPECT_EQ(survives(), held) << attack.name << (held ? "" : ": the attack does not work at all");
      if (!held) continue;
      crash();
      sweep();
      EXPECT_TRUE(survives()) << attack.name << ", after another start";
    }
  }
  // A hold or policy of every state by itself.
  void keep_each(const std::function<void(BlobRef)>& keep) {
    version_level();
    for (const char* name : {"b", "other", "log", "disk", "lived"}) keep(blob(name));
    if (run(ops().head_blob(blob("ending"), {}))) keep(blob("ending"));
    keep(blob("b", {At::Kind::snapshot, snapshot}));
    keep(blob("lived", {At::Kind::version, version}));
  }
};

std::vector<HoldsTest::Attack> HoldsTest::attacks() {
  using Snapshots = DeleteBlob::Snapshots;
  const At old_snapshot{At::Kind::snapshot, snapshot};
  const Where top = Where::container_level;
  return {
      {"Put Blob over it", [this] { (void)put(blob("b"), "new"); }},
      {"Put Blob over it under a lease", [this] {
         const auto lease = run(ops().lease_blob(blob("b"), {.duration_seconds = -1}));
         if (lease) (void)put(blob("b"), "new", {.conditions = {.lease_id = lease->lease_id}});
       }},
      {"Put Blob over what has ended", [this] { wait(2 * kDay); (void)put(blob("ending"), "new"); }, Where::everywhere,
       &HoldsTest::leave_ending},
      {"an empty block list", [this] { (void)run(ops().put_block_list(blob("b"), {})); }},
      {"a block list", [this] {
         PutBlock block{.block_id = "AAAA"};
         block.body.length_bytes = 3;
         StringBody body("new");
         (void)run(ops().put_block(blob("b"), block, body));
         (void)run(ops().put_block_list(blob("b"), {.blocks = {{BlockListEntry::From::latest, "AAAA"}}}));
       }},
      {"a copy over it", [this] { (void)run(ops().copy_blob(blob("b"), blob("other"), {})); }},
      {"a copy from elsewhere over it", [this] { (void)run(ops().copy_blob(blob("b"), {a, "free", "other"}, {})); }},
      {"a copy onto itself", [this] { (void)run(ops().copy_blob(blob("b"), blob("b"), {.metadata = Metadata{{"x", "y"}}})); }},
      {"its snapshot promoted over it", [this, old_snapshot] {
         (void)run(ops().copy_blob(blob("b"), blob("b", old_snapshot), {.metadata = Metadata{{"x", "y"}}}));
       }},
      {"a pending copy over it", [this] {
         (void)run(ops().start_copy(blob("b"), {.source_url = "http://there/x", .shown_url = "http://there/x", .size_bytes = 10}));
       }},
      {"an append blob made anew", [this] { create("log", BlobType::append); }},
      {"a page blob made anew", [this] { create("disk", BlobType::page); }},
      {"another type of blob over what was deleted softly", [this] { create("gone", BlobType::append); }, top, &HoldsTest::leave_gone},
      {"Append Block", [this] { append("log", "more"); }},
      {"Seal", [this] { (void)run(ops().seal_blob(blob("log"), {}, {})); }},
      {"Put Page", [this] { pages("disk", 'x'); }},
      {"Clear Pages", [this] { pages("disk", 'x', true); }},
      {"a smaller page blob", [this] { (void)run(ops().set_page_properties(blob("disk"), {.size_bytes = 512})); }},
      {"Set Metadata", [this] { (void)run(ops().set_blob_metadata(blob("b"), {{"x", "y"}}, {})); }},
      {"Set Properties", [this] { (void)run(ops().set_blob_headers(blob("b"), {.type = "x/y"}, {})); }, top},
      {"an end that comes soon", [this] {
         (void)run(ops().set_blob_expiry(blob("other"), {.from = SetExpiry::From::now, .after = Ticks(1)}));
         wait(1s);
       }},
      {"an end from before", [this] { wait(2 * kDay); sweep(); }, Where::everywhere, &HoldsTest::leave_ending},
      {"Delete Blob", [this] { (void)remove(blob("other")); }},
      {"Delete Blob with its snapshots", [this] { (void)remove(blob("b"), {.snapshots = Snapshots::include}); }},
      {"its snapshots deleted", [this] { (void)remove(blob("b"), {.snapshots = Snapshots::only}); }},
      {"a snapshot deleted", [this, old_snapshot] { (void)remove(blob("b", old_snapshot)); }},
      {"a version deleted", [this] { (void)remove(blob("lived", {At::Kind::version, version})); }},
      {"Delete Blob softly, and its time waited for", [this] {
         settings([](AccountSettings& s) { s.delete_retention_days = 1; });
         (void)remove(blob("other"));
         wait(2 * kDay);
         sweep();
       }},
      {"a snapshot deleted softly, then for good", [this, old_snapshot] {
         settings([](AccountSettings& s) { s.delete_retention_days = 1; });
         (void)remove(blob("b", old_snapshot));
         (void)remove(blob("b", old_snapshot), {.permanent = true});
       }},
      {"the end of what was deleted softly before", [this] { wait(3 * kDay); sweep(); }, top, &HoldsTest::leave_gone},
      {"Put Blob with versioning, then the version deleted", [this] {
         settings([](AccountSettings& s) { s.versioning = true; });
         (void)put(blob("other"), "new");
         const auto page = run(ops().list_blobs(container(), {.prefix = "other", .versions = true}));
         for (const auto& item : page->items)
           if (!item.blob.current_version) (void)remove(blob("other", {At::Kind::version, item.blob.version}));
         (void)remove(blob("other"));
       }},
      {"versioning switched off, then Put Blob", [this] {
         settings([](AccountSettings& s) { s.versioning = true; });
         settings([](AccountSettings& s) { s.versioning = false; });
         (void)put(blob("b"), "new");
       }},
      {"a lifecycle rule", [this] { wait(3 * kDay); run_lifecycle(); }},
      {"Delete Container", [this] { (void)run(ops().delete_container(container(), {})); }},
      {"Delete Container softly, and its time waited for", [this] {
         settings([](AccountSettings& s) { s.container_retention_days = 1; });
         (void)run(ops().delete_container(container(), {}));
         wait(2 * kDay);
         ASSERT_TRUE(run(ops().expire_deleted_containers()));
         sweep();
       }},
      {"another name for the container", [this] { (void)run(ops().rename_container({a, "renamed"}, "c", {})); }},
      {"the account's removal", [this] {
         for (const char* c : {"c", "free"}) (void)run(ops().delete_container({a, c}, {}));
         (void)run(ops().remove_account(a));
       }},
      {"Put Blob begun before another start", [this] {
         crash();
         (void)put(blob("b"), "new");
       }},
      {"the clock set back, then Delete Blob", [this] {
         jump(-24h * 4000);
         crash();
         (void)remove(blob("other"));
         jump(24h * 4000);
       }},
      {"the clock set far ahead while the server runs, then Delete Blob", [this] {
         jump(24h * 4000);
         (void)remove(blob("other"));
         jump(-24h * 4000);
       }},
  };
}

TEST_F(HoldsTest, Every_way_works_where_nothing_is_held) { attack_all([] {}, false, Where::container_level); }
TEST_F(HoldsTest, Every_way_works_after_a_hold_was_released) {
  attack_all([this] {
    hold();
    rule([](ContainerImmutability& r) { return clear_hold(r, "case42"); });
  }, false, Where::container_level);
}
TEST_F(HoldsTest, Every_way_works_after_a_policy_was_cleared) {
  attack_all([this] {
    retain(10);
    rule(clear_retention);
  }, false, Where::container_level);
}
TEST_F(HoldsTest, No_way_gets_through_a_legal_hold) { attack_all([this] { hold(); }, true, Where::container_level); }
TEST_F(HoldsTest, No_way_gets_through_an_unlocked_retention) { attack_all([this] { retain(10); }, true, Where::container_level); }
TEST_F(HoldsTest, No_way_gets_through_a_locked_retention) {
  attack_all([this] {
    retain(10);
    rule(lock_retention);
  }, true, Where::container_level);
}
TEST_F(HoldsTest, No_way_gets_through_a_legal_hold_of_the_blob_itself) {
  attack_all([this] {
    keep_each([this](BlobRef ref) { ASSERT_TRUE(run(ops().set_legal_hold(std::move(ref), true))); });
  }, true, Where::everywhere);
}
TEST_F(HoldsTest, No_way_gets_through_a_policy_of_the_blob_itself) {
  for (const bool locked : {true, false})
    attack_all([this, locked] {
      keep_each([this, locked](BlobRef ref) {
        ASSERT_TRUE(run(ops().set_immutability(std::move(ref), {.policy = {ops().lawful_now() + Ticks(10 * kDay), locked}})));
      });
    }, true, Where::everywhere);
}
TEST_F(HoldsTest, No_way_gets_through_a_retention_that_the_container_had_before_its_versions_had_policies) {
  attack_all([this] {
    retain(10);
    version_level();
  }, true, Where::everywhere);
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
