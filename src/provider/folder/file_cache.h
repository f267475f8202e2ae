// Files kept open for reading: name -> file, bounded, in shards with a lock each. Eviction is by a clock hand; a file that
// is being read stays open until its reader lets go. Any thread.
#pragma once
#include <array>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "provider/folder/file.h"

namespace bascule::provider {

class FileCache {
 public:
  explicit FileCache(std::size_t max_files) : per_shard_(max_files / kShards + 1) {}

  FileRef find(std::string_view name) {
    Shard& shard = shard_of(name);
    const std::lock_guard lock(shard.mutex);
    const auto at = shard.index.find(name);
    if (at == shard.index.end()) return nullptr;
    Slot& slot = shard.slots[at->second];
    slot.touched = true;
    return slot.file;
  }

  void insert(std::string_view name, FileRef file) {
    FileRef closed_outside_the_lock;
    Shard& shard = shard_of(name);
    const std::lock_guard lock(shard.mutex);
    if (const auto at = shard.index.find(name); at != shard.index.end()) {
      std::swap(shard.slots[at->second].file, file);
      closed_outside_the_lock = std::move(file);
      return;
    }
    const std::size_t place = shard.free_place(per_shard_);
    Slot& slot = shard.slots[place];
    if (slot.file) shard.index.erase(slot.name);
    closed_outside_the_lock = std::exchange(slot.file, std::move(file));
    slot.name.assign(name);
    slot.touched = false;
    shard.index.emplace(slot.name, place);
  }

  void erase(std::string_view name) {
    FileRef closed_outside_the_lock;
    Shard& shard = shard_of(name);
    const std::lock_guard lock(shard.mutex);
    const auto at = shard.index.find(name);
    if (at == shard.index.end()) return;
    Slot& slot = shard.slots[at->second];
    shard.index.erase(at);
    closed_outside_the_lock = std::move(slot.file);
    slot.file = nullptr;
  }

 private:
  static constexpr std::size_t kShards = 8;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Slot {
    std::string name;
    FileRef file;
    bool touched = false;
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> index;
    std::vector<Slot> slots;
    std::size_t hand = 0;

    std::size_t free_place(std::size_t limit) {
      if (slots.size() < limit) {
        slots.emplace_back();
        return slots.size() - 1;
      }
      while (true) {
        const std::size_t at = hand++ % slots.size();
        if (!slots[at].file || !slots[at].touched) return at;
        slots[at].touched = false;
      }
    }
  };
  Shard& shard_of(std::string_view name) { return shards_[Hash{}(name) / 64 % kShards]; }

  const std::size_t per_shard_;
  std::array<Shard, kShards> shards_;
};

}  // namespace bascule::provider
