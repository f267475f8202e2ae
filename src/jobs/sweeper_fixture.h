// For the tests of what the sweeper promises: worlds from seeds, providers that fail, and what must be left in the end.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "jobs/testing.h"

namespace bascule::jobs::testing {

class SeededTest : public SweptTest {
 protected:
  void SetUp() override {}   // begin() instead
  void begin(std::uint64_t seed) {
    begin_world(seed);
    open();
    ASSERT_TRUE(world.run(service().put_account({.name = "acct", .keys = {"k1", "k2"}, .settings = {.quarantine_seconds = 0}}, true)));
  }
};

// With a provider that may fail.
class FaultsTest : public SeededTest {
 protected:
  FaultsTest() { usual_options = {.read_ahead = 1, .packer = {.in_flight = 2}}; }

  // The next life begins without faults.
  void crash() {
    const auto options = faults_;
    end_life();
    world.faults->set_options({});
    open();
    world.faults->set_options(options);
  }
  void set_faults(provider::FaultOptions options) { world.faults->set_options(faults_ = options); }
  Result<ops::Copied> copy(ops::BlobRef to, ops::BlobRef from) { return world.run(service().copy_blob(std::move(to), std::move(from), {})); }
  // Objects at the provider but those of the keyring.
  std::vector<std::string> extents() {
    std::vector<std::string> names;
    for (auto& o : world.run(world.memory_provider->list("", "", 10'000, kNoDeadline))->objects)
      if (!o.name.starts_with("keyring-")) names.push_back(std::move(o.name));
    return names;
  }
  // Deletes every container and sweeps; then nothing but the fixed records may be left.
  void expect_no_leak(const std::string& where) {
    set_faults({});
    wait(std::chrono::minutes(40));  // PUTs of dead sessions have landed
    auto containers = world.run(service().list_containers("acct", {}));
    ASSERT_TRUE(containers);
    for (const auto& c : containers->items) ASSERT_TRUE(world.run(service().delete_container({"acct", c.name}, {})));
    crash();  // what failed and arrived all the same is found when its session has ended
    wait(std::chrono::minutes(40));   // and so has every late PUT of it
    sweep();
    adopt();
    sweep();
    auto left = world.run(world.store->scan({.begin = std::string(1, '\0'), .end = "\xff"}));
    ASSERT_TRUE(left);
    for (const auto& e : *left) EXPECT_TRUE(e.key[0] == 'S' || e.key[0] == 'M' || e.key[0] == 'A' || e.key[0] == 'X') << where << ": " << e.key[0];
    auto objects = world.run(world.provider->list("", "", 10'000, kNoDeadline));
    ASSERT_TRUE(objects);
    for (const auto& o : objects->objects) EXPECT_EQ(o.name, "keyring-root") << where;
  }

 private:
  provider::FaultOptions faults_;
};

}  // namespace bascule::jobs::testing
