// For the tests of what may not go: accounts with a container that has of everything something, and ways to hold it.
#pragma once
#include <functional>
#include <string>

#include "jobs/sweeper.h"
#include "ops/gateway_fixture.h"

namespace bascule::ops::testing {

using catalog::ContainerImmutability;

inline constexpr std::chrono::hours kDay{24};

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
  void retain(std::uint32_t days) { rule([days](ContainerImmutability& r) { return set_retention(r, days, ContainerImmutability::Appends::none); }); }
  void hold() { rule([](ContainerImmutability& r) { return add_hold(r, "case42"); }); }
  void sweep() {
    jobs::Sweeper sweeper(ops());
    ASSERT_TRUE(run(sweeper.expire_deleted()));
    ASSERT_TRUE(run(sweeper.expire_ended()));
    while (*run(sweeper.pass())) {}
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
  // What is needed before it is held.
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
};

}  // namespace bascule::ops::testing
