// Key -> version, exact, for the one committer: a bounded cache of what is in the database, and the overlay of the batch
// under construction. One thread.
#pragma once
#include <atomic>
#include <bit>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bascule::store {

// Four-way sets with a reference bit each. An entry that is there is right: the committer is the only writer and tells
// the cache of every change. Version 0: known to be absent.
class VersionCache {
 public:
  explicit VersionCache(std::size_t entries) : sets_(std::bit_ceil(entries < 64 ? 64 : entries) / kWays) {}

  static std::uint64_t hash(std::string_view key) { return std::hash<std::string_view>{}(key); }

  bool find(std::uint64_t hash, std::string_view key, std::uint64_t& version) {
    for (Way& way : set(hash).ways) {
      if (way.hash == hash && way.used && way.key == key) {
        way.touched = true;
        version = way.version;
        return true;
      }
    }
    return false;
  }

  void put(std::uint64_t hash, std::string_view key, std::uint64_t version) {
    Set& s = set(hash);
    Way* victim = nullptr;
    for (Way& way : s.ways) {
      if (way.hash == hash && way.used && way.key == key) {
        way.version = version;
        way.touched = true;
        return;
      }
      if (!way.used && victim == nullptr) victim = &way;
    }
    while (victim == nullptr) {
      Way& way = s.ways[s.hand++ % kWays];
      if (way.touched) way.touched = false;
      else victim = &way;
    }
    victim->hash = hash;
    victim->version = version;
    victim->key.assign(key);
    victim->used = true;
    victim->touched = false;
  }

  void clear() {
    for (Set& s : sets_)
      for (Way& way : s.ways) way.used = false;
  }

 private:
  static constexpr std::size_t kWays = 4;
  struct Way {
    std::uint64_t hash = 0;
    std::uint64_t version = 0;
    std::string key;
    bool used = false;
    bool touched = false;
  };
  struct Set {
    Way ways[kWays];
    std::uint8_t hand = 0;
  };
  Set& set(std::uint64_t hash) { return sets_[hash & (sets_.size() - 1)]; }

  std::vector<Set> sets_;
};

// When keys were last written, in batches, by hash alone: whether a version read at some moment still holds needs no
// lookup then. Only now() is for any thread.
class RecentWrites {
 public:
  RecentWrites() : last_(kSlots) {}

  std::uint64_t now() const { return now_.load(std::memory_order_acquire); }
  // Nothing was written to the key after `moment`. Two keys may share a slot: false is only "perhaps".
  bool untouched_since(std::uint64_t hash, std::uint64_t moment) const {
    return moment >= known_from_ && last_[hash % kSlots] <= moment;
  }
  // A key of the batch that was just written; advance() after the last one, when readers see them all.
  void note(std::uint64_t hash) { last_[hash % kSlots] = now_.load(std::memory_order_relaxed) + 1; }
  void advance() { now_.store(now_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }
  // Whatever was read before says nothing.
  void forget() {
    advance();
    known_from_ = now_.load(std::memory_order_relaxed);
  }

 private:
  static constexpr std::size_t kSlots = 65536;
  std::vector<std::uint64_t> last_;
  std::atomic<std::uint64_t> now_{1};
  std::uint64_t known_from_ = 1;
};

// What the accepted commits of the batch under construction will make of their keys. The keys' memory is the commits'.
class VersionOverlay {
 public:
  VersionOverlay() : slots_(1024) {}

  const std::uint64_t* find(std::uint64_t hash, std::string_view key) const {
    for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
      const Slot& slot = slots_[at];
      if (slot.generation != generation_) return nullptr;
      if (slot.hash == hash && slot.key == key) return &slot.version;
    }
  }

  void put(std::uint64_t hash, std::string_view key, std::uint64_t version) {
    if ((count_ + 1) * 2 > slots_.size()) grow();
    Slot& slot = slot_for(hash, key);
    if (slot.generation != generation_) ++count_;
    slot = {generation_, hash, key, version};
  }

  // Hands every entry over and forgets it.
  template <class Into>
  void drain(Into&& into) {
    if (count_ != 0) {
      for (const Slot& slot : slots_) {
        if (slot.generation == generation_) into(slot.hash, slot.key, slot.version);
      }
    }
    forget();
  }

  void forget() {
    ++generation_;
    count_ = 0;
  }

 private:
  struct Slot {
    std::uint64_t generation = 0;
    std::uint64_t hash = 0;
    std::string_view key;
    std::uint64_t version = 0;
  };
  std::size_t mask() const { return slots_.size() - 1; }

  Slot& slot_for(std::uint64_t hash, std::string_view key) {
    std::size_t at = hash & mask();
    while (slots_[at].generation == generation_ && !(slots_[at].hash == hash && slots_[at].key == key)) {
      at = (at + 1) & mask();
    }
    return slots_[at];
  }

  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.generation == generation_) slot_for(slot.hash, slot.key) = slot;
    }
  }

  std::vector<Slot> slots_;
  std::uint64_t generation_ = 1;
  std::size_t count_ = 0;
};

}  // namespace bascule::store
