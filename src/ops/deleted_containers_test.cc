#include <gtest/gtest.h>

#include "ops/gateway_fixture.h"

namespace bascule::ops {
namespace {

using testing::GatewayTest;
using testing::why;
using namespace std::chrono_literals;

class DeletedContainers : public GatewayTest {
 protected:
  void SetUp() override {
    GatewayTest::SetUp();
    ASSERT_TRUE(make("c"));
    ASSERT_TRUE(put("c", "b", "content"));
  }
  void keep_for(int days, unsigned quarantine_seconds = 30) {
    change_settings([=](AccountSettings& s) {
      s.container_retention_days = static_cast<std::uint16_t>(days);
      s.quarantine_seconds = quarantine_seconds;
    });
  }
  Result<ContainerView> make(std::string name) { return world.run(ops().create_container({"acct", std::move(name)}, {{"m", "v"}}, PublicAccess::none)); }
  Result<void> drop(std::string name) { return world.run(ops().delete_container({"acct", std::move(name)}, {})); }
  Result<Written> put(std::string container, std::string name, std::string text) {
    return GatewayTest::put(blob(std::move(name), std::move(container)), std::move(text));
  }
  Result<std::string> get(std::string container, std::string name) {
    return GatewayTest::get(blob(std::move(name), std::move(container)));
  }
  Result<ContainerView> restore(std::string into, std::string name, std::string version) {
    return world.run(ops().restore_container({"acct", std::move(into)}, {std::move(name), std::move(version)}));
  }
  std::vector<ContainerView> listed(ListContainers list = {.deleted = true}) {
    auto page = world.run(ops().list_containers("acct", std::move(list)));
    EXPECT_TRUE(page);
    return page ? page->items : std::vector<ContainerView>();
  }
  // "name" of a living one, "name!" of a deleted one.
  std::string shown(const std::vector<ContainerView>& items) {
    std::string text;
    for (const auto& v : items) text += (text.empty() ? "" : " ") + v.name + (v.deleted ? "!" : "");
    return text;
  }
};

TEST_F(DeletedContainers, A_name_is_held_for_the_quarantine) {
  ASSERT_TRUE(drop("c"));
  EXPECT_EQ(why(make("c")), Reason::container_being_deleted);
  EXPECT_EQ(why(get("c", "b")), Reason::container_not_found);
  open();   // the quarantine is in the catalog, not in the gateway
  wait(29s);
  EXPECT_EQ(why(make("c")), Reason::container_being_deleted);
  wait(2s);
  ASSERT_TRUE(make("c"));
  EXPECT_EQ(why(get("c", "b")), Reason::blob_not_found);
}

TEST_F(DeletedContainers, No_quarantine_no_wait) {
  keep_for(0, 0);
  ASSERT_TRUE(drop("c"));
  ASSERT_TRUE(make("c"));
}

TEST_F(DeletedContainers, What_is_kept_is_listed_and_restored_with_everything) {
  keep_for(7);
  ASSERT_TRUE(world.run(ops().lease_container({"acct", "c"}, {.kind = LeaseAction::Kind::acquire, .proposed_id = "l", .duration_seconds = -1})));
  ASSERT_TRUE(world.run(ops().delete_container({"acct", "c"}, {.lease_id = "l"})));
  wait(1min);
  EXPECT_EQ(shown(listed({})), "");
  const auto items = listed();
  ASSERT_EQ(shown(items), "c!");
  EXPECT_EQ(items[0].deleted->version.size(), 16u);
  EXPECT_EQ(items[0].deleted->remaining_days, 6u);
  EXPECT_EQ(items[0].metadata, (Metadata{{"m", "v"}}));
  EXPECT_EQ(why(get("c", "b")), Reason::container_not_found);
  EXPECT_EQ(why(put("c", "n", "x")), Reason::container_not_found);

  EXPECT_EQ(why(restore("c", "c", "0123456789ABCDEF")), Reason::container_not_found);
  EXPECT_EQ(why(restore("c", "c", "nonsense")), Reason::container_not_found);
  open();
  auto restored = restore("c", "c", items[0].deleted->version);
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(restored->metadata, (Metadata{{"m", "v"}}));
  EXPECT_EQ(restored->lease.state, LeaseState::available);
  EXPECT_EQ(*get("c", "b"), "content");
  ASSERT_TRUE(put("c", "n", "x"));
  EXPECT_EQ(shown(listed()), "c");
  EXPECT_EQ(why(restore("d", "c", items[0].deleted->version)), Reason::container_not_found);
}

TEST_F(DeletedContainers, A_name_in_use_is_not_restored_over) {
  keep_for(7, 0);
  ASSERT_TRUE(drop("c"));
  const std::string version = listed()[0].deleted->version;
  ASSERT_TRUE(make("c"));
  ASSERT_TRUE(put("c", "b", "new"));
  EXPECT_EQ(why(restore("c", "c", version)), Reason::container_exists);
  ASSERT_TRUE(restore("elsewhere", "c", version));
  EXPECT_EQ(*get("elsewhere", "b"), "content");
  EXPECT_EQ(*get("c", "b"), "new");
}

TEST_F(DeletedContainers, A_name_under_quarantine_takes_no_other_container) {
  keep_for(7);
  ASSERT_TRUE(make("held"));
  ASSERT_TRUE(drop("held"));
  ASSERT_TRUE(drop("c"));
  const auto items = listed();
  ASSERT_EQ(shown(items), "c! held!");
  EXPECT_EQ(why(restore("held", "c", items[0].deleted->version)), Reason::container_being_deleted);
  ASSERT_TRUE(restore("c", "c", items[0].deleted->version));   // its own name waits for it
}

TEST_F(DeletedContainers, Several_lives_of_a_name_are_listed_in_pages_of_any_size) {
  keep_for(7, 0);
  for (const std::string name : {"a", "c", "c", "d"}) {
    (void)make(name);
    ASSERT_TRUE(drop(name));
  }
  ASSERT_TRUE(make("c"));
  ASSERT_TRUE(make("$logs"));
  const std::string all = "$logs a! c! c! c d!";
  EXPECT_EQ(shown(listed()), all);
  EXPECT_EQ(shown(listed({.deleted = true, .system = false})), "a! c! c! c d!");
  EXPECT_EQ(shown(listed({.prefix = "c", .deleted = true})), "c! c! c");
  for (std::size_t limit = 1; limit < 7; ++limit) {
    std::vector<ContainerView> items;
    std::string start;
    do {
      auto page = world.run(ops().list_containers("acct", {.start = start, .limit = limit, .deleted = true}));
      ASSERT_TRUE(page);
      EXPECT_LE(page->items.size(), limit);
      items.insert(items.end(), page->items.begin(), page->items.end());
      start = page->next;
    } while (!start.empty());
    EXPECT_EQ(shown(items), all) << limit;
  }
}

TEST_F(DeletedContainers, When_their_time_is_over_they_are_gone) {
  keep_for(2, 0);
  ASSERT_TRUE(drop("c"));
  const std::string version = listed()[0].deleted->version;
  keep_for(0, 0);   // what was deleted before keeps its days
  wait(47h);
  EXPECT_EQ(*world.run(ops().expire_deleted_containers()), 0u);
  EXPECT_EQ(shown(listed()), "c!");
  EXPECT_EQ(listed()[0].deleted->remaining_days, 0u);
  wait(2h);
  EXPECT_EQ(shown(listed()), "");
  EXPECT_EQ(why(restore("c", "c", version)), Reason::container_not_found);
  EXPECT_EQ(*world.run(ops().expire_deleted_containers()), 1u);
  const std::string table(1, catalog::keys::kDeletedContainerTable);
  EXPECT_TRUE(world.run(gateway->catalog->scan({.begin = table, .end = catalog::keys::after_prefix(table)}))->empty());
}

TEST_F(DeletedContainers, An_account_that_keeps_some_is_not_removed) {
  keep_for(2, 0);
  ASSERT_TRUE(drop("c"));
  EXPECT_EQ(world.run(ops().remove_account("acct")).error().code, Code::conflict);
  wait(49h);
  EXPECT_TRUE(world.run(ops().remove_account("acct")));
}

TEST_F(DeletedContainers, Renamed_with_everything) {
  ASSERT_TRUE(make("taken"));
  const auto rename = [&](std::string to, std::string from, std::optional<std::string> lease) {
    return world.run(ops().rename_container({"acct", std::move(to)}, std::move(from), std::move(lease)));
  };
  ASSERT_TRUE(world.run(ops().lease_container({"acct", "c"}, {.kind = LeaseAction::Kind::acquire, .proposed_id = "l", .duration_seconds = -1})));
  EXPECT_EQ(why(rename("d", "c", {})), Reason::lease_id_missing);
  EXPECT_EQ(why(rename("taken", "c", "l")), Reason::container_exists);
  EXPECT_EQ(why(rename("d", "absent", {})), Reason::container_not_found);
  auto renamed = rename("d", "c", "l");
  ASSERT_TRUE(renamed);
  EXPECT_EQ(renamed->lease.state, LeaseState::available);
  EXPECT_EQ(*get("d", "b"), "content");
  EXPECT_EQ(why(get("c", "b")), Reason::container_not_found);
  EXPECT_EQ(why(put("c", "b", "x")), Reason::container_not_found);
  ASSERT_TRUE(put("d", "b", "more"));
  ASSERT_TRUE(make("c"));
}

TEST_F(DeletedContainers, Of_a_restore_a_make_and_a_removal_at_once_one_wins) {
  struct Race {
    static Task<void> make(Service& service, int& won, int& left) {
      if (co_await service.create_container({"acct", "c"}, {}, PublicAccess::none)) ++won;
      --left;
    }
    static Task<void> restore(Service& service, std::string version, int& won, int& left) {
      if (co_await service.restore_container({"acct", "c"}, {"c", std::move(version)})) ++won;
      --left;
    }
  };
  keep_for(7, 0);
  world.store_latency(10ms);
  for (int round = 0; round < 10; ++round) {
    ASSERT_TRUE(drop("c"));
    const auto items = listed();
    int won = 0, left = 4;
    for (int i = 0; i < 2; ++i) {
      spawn(world.loop, Race::make(ops(), won, left));
      spawn(world.loop, Race::restore(ops(), items.back().deleted->version, won, left));
    }
    while (left > 0) wait(5ms);
    EXPECT_EQ(won, 1);
    EXPECT_EQ(listed({}).size(), 1u);
  }
}

}  // namespace
}  // namespace bascule::ops
