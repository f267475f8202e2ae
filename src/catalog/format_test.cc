#include "catalog/format.h"

#include <gtest/gtest.h>

#include "catalog/catalog.h"
#include "runtime/sim.h"
#include "store/memory/memory_store.h"

namespace bascule::catalog {
namespace {

struct FormatTest : testing::Test {
  Loop loop;
  SimClock clock;
  SeededRandom random{1};
  std::unique_ptr<store::Store> store = store::make_memory_store();

  Result<std::unique_ptr<Catalog>> open() {
    return run_simulated(loop, clock, Catalog::open(*store, crypto::SecretKey(), random, clock, true));
  }
  std::vector<store::Entry> everything() {
    auto all = run_simulated(loop, clock, store->scan({.begin = "", .end = "\x7f", .limit = 1000}));
    EXPECT_TRUE(all);
    return all ? *all : std::vector<store::Entry>();
  }
  std::uint64_t recorded(Catalog& catalog) {
    auto total = run_simulated(loop, clock, catalog.get_total(keys::meta("format")));
    return total && *total ? (*total)->record : 0;
  }
  // What a program of another format would have left.
  void leave(std::optional<std::uint64_t> format) {
    auto catalog = open();
    ASSERT_TRUE(catalog) << catalog.error().message;
    Transaction t;
    if (format) t.put(keys::meta("format"), encode_total(*format));
    else t.remove(keys::meta("format"));
    ASSERT_TRUE(run_simulated(loop, clock, (*catalog)->commit(std::move(t))));
    ASSERT_TRUE(run_simulated(loop, clock, (*catalog)->close()));
  }
};

TEST_F(FormatTest, ANewCatalogHasThisProgramsFormat) {
  auto catalog = open();
  ASSERT_TRUE(catalog);
  EXPECT_EQ(recorded(**catalog), kFormat);
}

TEST_F(FormatTest, ACatalogOfBeforeTheRecordIsOpenedAndMarked) {
  leave(std::nullopt);
  auto catalog = open();
  ASSERT_TRUE(catalog) << catalog.error().message;
  EXPECT_EQ(recorded(**catalog), kFormat);
}

TEST_F(FormatTest, AnOlderFormatIsRaised) {
  leave(kOldestFormat);
  auto catalog = open();
  ASSERT_TRUE(catalog) << catalog.error().message;
  EXPECT_EQ(recorded(**catalog), kFormat);
}

TEST_F(FormatTest, ANewerFormatIsRefusedAndNothingIsChanged) {
  for (const std::uint64_t newer : {std::uint64_t{kFormat} + 1, UINT64_MAX}) {
    store = store::make_memory_store();
    leave(newer);
    const auto before = everything();
    auto catalog = open();
    ASSERT_FALSE(catalog);
    EXPECT_EQ(catalog.error().code, Code::unsupported);
    EXPECT_NE(catalog.error().message.find("Install that program again"), std::string::npos) << catalog.error().message;
    const auto after = everything();
    ASSERT_EQ(after.size(), before.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
      EXPECT_EQ(after[i].key, before[i].key);
      EXPECT_EQ(after[i].version, before[i].version);
    }
  }
}

TEST_F(FormatTest, SaysWhoWroteIt) {
  auto refused = check_format(kFormat + 1, "the data in /srv", "9.1.0");
  ASSERT_FALSE(refused);
  const std::string begins = "the data in /srv has the format " + std::to_string(kFormat + 1) + ", first written by Bascule 9.1.0; ";
  EXPECT_TRUE(refused.error().message.starts_with(begins)) << refused.error().message;
  EXPECT_FALSE(check_format(kOldestFormat - 1, "the data", ""));
  EXPECT_TRUE(check_format(kFormat, "the data", ""));
}

}  // namespace
}  // namespace bascule::catalog
