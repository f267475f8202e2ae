// Holds under attack: each way of getting rid of what is held, by name, against each kind of hold; and its negative
// control: the same way works where nothing is held, so that a refusal proves the hold and not a mistake of the attack.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "jobs/holds_fixture.h"
#include "jobs/lifecycle.h"

namespace bascule::ops {
namespace {

using catalog::ContainerImmutability;
using testing::kDay;
using testing::StringBody;
using namespace std::chrono_literals;

class Attacks : public testing::HoldsTest {
 protected:
  void run_lifecycle() {
    jobs::Lifecycle lifecycle(ops());
    ASSERT_TRUE(run(lifecycle.set(a, R"({"rules": [{"name": "r", "type": "Lifecycle", "definition": {"filters": {"blobTypes": ["blockBlob"]},
        "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 1}}}}}]})")));
    auto record = run(lifecycle.begin(a));
    while (record && record->running()) record = run(lifecycle.step(a));
    ASSERT_TRUE(record) << record.error().message;
  }
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
    void (Attacks::*prepare)() = nullptr;
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

std::vector<Attacks::Attack> Attacks::attacks() {
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
       &Attacks::leave_ending},
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
      {"another type of blob over what was deleted softly", [this] { create("gone", BlobType::append); }, top, &Attacks::leave_gone},
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
      {"an end from before", [this] { wait(2 * kDay); sweep(); }, Where::everywhere, &Attacks::leave_ending},
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
      {"the end of what was deleted softly before", [this] { wait(3 * kDay); sweep(); }, top, &Attacks::leave_gone},
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

TEST_F(Attacks, Every_way_works_where_nothing_is_held) { attack_all([] {}, false, Where::container_level); }
TEST_F(Attacks, Every_way_works_after_a_hold_was_released) {
  attack_all([this] {
    hold();
    rule([](ContainerImmutability& r) { return clear_hold(r, "case42"); });
  }, false, Where::container_level);
}
TEST_F(Attacks, Every_way_works_after_a_policy_was_cleared) {
  attack_all([this] {
    retain(10);
    rule(clear_retention);
  }, false, Where::container_level);
}
TEST_F(Attacks, No_way_gets_through_a_legal_hold) { attack_all([this] { hold(); }, true, Where::container_level); }
TEST_F(Attacks, No_way_gets_through_an_unlocked_retention) { attack_all([this] { retain(10); }, true, Where::container_level); }
TEST_F(Attacks, No_way_gets_through_a_locked_retention) {
  attack_all([this] {
    retain(10);
    rule(lock_retention);
  }, true, Where::container_level);
}
TEST_F(Attacks, No_way_gets_through_a_legal_hold_of_the_blob_itself) {
  attack_all([this] {
    keep_each([this](BlobRef ref) { ASSERT_TRUE(run(ops().set_legal_hold(std::move(ref), true))); });
  }, true, Where::everywhere);
}
TEST_F(Attacks, No_way_gets_through_a_policy_of_the_blob_itself) {
  for (const bool locked : {true, false})
    attack_all([this, locked] {
      keep_each([this, locked](BlobRef ref) {
        ASSERT_TRUE(run(ops().set_immutability(std::move(ref), {.policy = {ops().lawful_now() + Ticks(10 * kDay), locked}})));
      });
    }, true, Where::everywhere);
}
TEST_F(Attacks, No_way_gets_through_a_retention_that_the_container_had_before_its_versions_had_policies) {
  attack_all([this] {
    retain(10);
    version_level();
  }, true, Where::everywhere);
}

}  // namespace
}  // namespace bascule::ops
