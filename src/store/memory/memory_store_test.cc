#include "store/memory/memory_store.h"

#include "store/conformance.h"

namespace bascule::store {
namespace {

INSTANTIATE_TEST_SUITE_P(Memory, StoreConformance,
                         testing::Values(EngineUnderTest{"plain", [](const std::string&) { return make_memory_store(); }},
                                         EngineUnderTest{"slow",
                                                         [](const std::string&) {
                                                           return make_memory_store(
                                                               {&system_clock(), std::chrono::microseconds(20)});
                                                         }}),
                         engine_name);

TEST(MemoryStore, A_version_used_twice_for_a_living_key_is_a_bug) {
  Loop loop;
  const auto store = make_memory_store();
  ASSERT_TRUE(run(loop, store->commit({{}, {{"k", 4, "a"}}, ""})));
  EXPECT_EQ(run(loop, store->commit({{}, {{"k", 4, "b"}}, ""})).error().code, Code::internal);
  std::optional<Versioned> found;
  ASSERT_TRUE(store->try_get("k", found).value());
  EXPECT_EQ(found->value, "a");
}

TEST(MemoryStore, Trims_at_once_when_asked_to) {
  Loop loop;
  const auto store = make_memory_store({.trim_journal_at_once = true});
  for (std::uint64_t i = 1; i <= 3; ++i) {
    EXPECT_EQ(run(loop, store->commit({{}, {{"k", i, ""}}, "r"})).value(), i);
    EXPECT_EQ(run(loop, store->read_journal(0, 10))->size(), 1u);
  }
}

}  // namespace
}  // namespace bascule::store
