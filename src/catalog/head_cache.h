// Heads of blobs, decoded, kept while nobody changes them: for a store that only this catalog writes to. Bounded. Any
// thread.
//
// What is found here is what the store says at that moment. A change withdraws the head before it is committed, and from
// then until the commit's end readers ask the store; a head that was read before a change began is not kept after it.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/records.h"

namespace bascule::catalog {

template <class T> struct Found {
  std::uint64_t version = 0;
  T record;
};
using HeadRef = std::shared_ptr<const Found<HeadRecord>>;

class HeadCache {
 public:
  static constexpr std::size_t kMaxRecordBytes = 1024;  // encoded; larger heads are read anew each time

  HeadCache() : stripes_(kStripes), ways_(kStripes * kSetsPerStripe * kWays) {}

  // Taken by find(), before the store is asked, and shown to keep().
  struct Ticket {
    std::uint64_t hash = 0;
    std::uint64_t generation = 0;  // 0: a change is under way, nothing may be kept
  };
  HeadRef find(std::string_view key, Ticket& ticket);
  void keep(std::string_view key, const Ticket& ticket, HeadRef head);

  // Around a commit that changes `key`, whatever comes of it.
  void begin_change(std::string_view key);
  void end_change(std::string_view key);

 private:
  static constexpr std::size_t kStripes = 1024, kSetsPerStripe = 4, kWays = 4;
  struct Way {
    std::uint64_t hash = 0;
    bool touched = false;
    std::string key;
    HeadRef head;  // null: free
  };
  struct Stripe {
    std::mutex mutex;
    std::uint64_t generation = 1;   // counts changes begun
    std::uint32_t changing = 0;     // under way
    std::uint32_t hand = 0;
  };
  Stripe& stripe(std::uint64_t hash) { return stripes_[hash % kStripes]; }
  Way* set(std::uint64_t hash) {
    return &ways_[(hash % kStripes * kSetsPerStripe + hash / kStripes % kSetsPerStripe) * kWays];
  }
  Way* way_of(std::uint64_t hash, std::string_view key);

  std::vector<Stripe> stripes_;
  std::vector<Way> ways_;
};

}  // namespace bascule::catalog
