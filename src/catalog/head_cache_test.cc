#include "catalog/head_cache.h"

#include <gtest/gtest.h>

namespace bascule::catalog {
namespace {

HeadRef head(std::uint64_t version) {
  auto made = std::make_shared<Found<HeadRecord>>();
  made->version = version;
  return made;
}

struct HeadCacheTest : testing::Test {
  HeadCache cache;
  HeadCache::Ticket ticket;
  HeadRef find(std::string_view key) {
    HeadCache::Ticket unused;
    return cache.find(key, unused);
  }
};

TEST_F(HeadCacheTest, KeepsWhatWasRead) {
  EXPECT_EQ(cache.find("Ba", ticket), nullptr);
  cache.keep("Ba", ticket, head(7));
  ASSERT_NE(find("Ba"), nullptr);
  EXPECT_EQ(find("Ba")->version, 7u);
  EXPECT_EQ(find("Bb"), nullptr);
}

TEST_F(HeadCacheTest, AChangeWithdrawsTheHeadBeforeItIsCommitted) {
  (void)cache.find("Ba", ticket);
  cache.keep("Ba", ticket, head(7));
  cache.begin_change("Ba");
  EXPECT_EQ(find("Ba"), nullptr);
  cache.end_change("Ba");
  EXPECT_EQ(find("Ba"), nullptr);
}

TEST_F(HeadCacheTest, WhatWasReadBeforeAChangeIsNotKeptDuringOrAfterIt) {
  (void)cache.find("Ba", ticket);
  cache.begin_change("Ba");
  cache.keep("Ba", ticket, head(7));
  EXPECT_EQ(find("Ba"), nullptr);
  cache.end_change("Ba");
  cache.keep("Ba", ticket, head(7));
  EXPECT_EQ(find("Ba"), nullptr);
}

TEST_F(HeadCacheTest, WhatWasReadDuringAChangeIsNotKept) {
  cache.begin_change("Ba");
  cache.begin_change("Ba");  // two writers meet
  (void)cache.find("Ba", ticket);
  cache.end_change("Ba");
  cache.keep("Ba", ticket, head(7));
  HeadCache::Ticket later;
  (void)cache.find("Ba", later);
  cache.end_change("Ba");
  cache.keep("Ba", ticket, head(7));
  cache.keep("Ba", later, head(7));
  EXPECT_EQ(find("Ba"), nullptr);
  (void)cache.find("Ba", ticket);  // after both
  cache.keep("Ba", ticket, head(8));
  ASSERT_NE(find("Ba"), nullptr);
}

TEST_F(HeadCacheTest, IsBounded) {
  constexpr int kMany = 100'000;
  int there = 0;
  for (int i = 0; i < kMany; ++i) {
    const std::string key = "B" + std::to_string(i);
    (void)cache.find(key, ticket);
    cache.keep(key, ticket, head(1));
  }
  for (int i = 0; i < kMany; ++i) there += find("B" + std::to_string(i)) != nullptr;
  EXPECT_GT(there, 10'000);
  EXPECT_LE(there, 16'384);
}

}  // namespace
}  // namespace bascule::catalog
