// Another gateway in the same place: it ought to have one of its own, and no backup may be called made that it took from.
#include <gtest/gtest.h>

#include "backup/make.h"
#include "jobs/testing.h"
#include "provider/decorator.h"
#include "provider/memory/memory_provider.h"

namespace bascule::backup {
namespace {

class Neighbours : public jobs::testing::SweptTest {
 protected:
  // Can lose the segment put last at the moment a manifest comes.
  class Shared final : public provider::Decorator {
   public:
    using Decorator::Decorator;
    bool another_cleans_up = false;
    provider::MemoryProvider& memory() { return static_cast<provider::MemoryProvider&>(inner()); }
    Task<Result<void>> put(std::string name, Slices content, Instant deadline) override {
      if (parse_segment_name(name)) last_ = name;
      if (parse_manifest_name(name) && another_cleans_up) memory().drop(last_);
      return inner().put(std::move(name), content, deadline);
    }

   private:
    std::string last_;
  };
  Shared there{std::make_unique<provider::MemoryProvider>(provider::MemoryProviderOptions{.forget_removed = true})};

  Place place() { return Place(there, world.clock, gateway->keyring->catalog_key(), "there"); }
  Result<MakeReport> make(std::uint64_t keep = 0) {
    Place p = place();
    wait(std::chrono::seconds(1));
    return world.run(backup::make({*gateway->catalog, *gateway->store, *gateway->workers, world.clock, world.random}, p, {.keep = keep}));
  }
  Contents look() {
    Place p = place();
    return world.run(p.look()).value();
  }
  void put_object(const std::string& name, const std::string& object) {
    const Bytes slice = as_bytes(object);
    ASSERT_TRUE(world.run(there.put(name, Slices(&slice, 1), kNoDeadline)));
  }
};

TEST_F(Neighbours, What_went_while_a_backup_was_made_is_noticed) {
  make_containers({"c"});
  ASSERT_TRUE(put(blob("a"), "a"));
  ASSERT_TRUE(make());
  there.another_cleans_up = true;
  const auto second = make();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_EQ(look().backups.size(), 1u) << "it is not left to be chosen";
  there.another_cleans_up = false;
  const auto third = make();
  ASSERT_TRUE(third) << third.error().message;
  EXPECT_EQ(look().segments.size(), 2u);
}

TEST_F(Neighbours, What_another_life_may_be_making_stays) {
  make_containers({"c"});
  ASSERT_TRUE(make());
  const std::string orphan = segment_name(Id{std::byte{1}});
  put_object(orphan, "left by a backup that was killed");
  ASSERT_TRUE(make());
  EXPECT_EQ(look().segments.size(), 2u) << "alone, what nothing names goes";

  Manifest other = look().backups.back().manifest;   // as a gateway of another life would leave one
  ++other.number;
  ++other.incarnation;
  other.id[0] ^= std::byte{1};
  const std::string name = manifest_name(other.number, other.id);
  put_object(name, seal_object(gateway->keyring->catalog_key(), Kind::manifest, Salt{}, name, encode(other)));
  put_object(orphan, "another's, whose manifest comes");
  ASSERT_TRUE(make());
  EXPECT_EQ(look().segments.size(), 4u);
  ASSERT_TRUE(make(1));   // what they named themselves goes with the backups
  EXPECT_EQ(look().segments.size(), 2u);
  ASSERT_TRUE(make(1));
  EXPECT_EQ(look().segments.size(), 1u) << "alone again";
}

}  // namespace
}  // namespace bascule::backup
