// What opening a piece takes, derived once for pieces that are read often: the derivation costs more than opening 4 KiB.
// Bounded; wiped as entries go. Any thread.
#pragma once
#include <array>
#include <mutex>
#include <optional>
#include <vector>

#include "crypto/piece.h"
#include "extent/piece.h"

namespace bascule::extent {

class CipherCache {
 public:
  CipherCache() : sets_(kSets) {}

  // From the cache, or derived and kept. One container's id and one piece's stand for one key: ids are never given out
  // twice. A key that is not to be kept is derived anew each time: whoever asks must bring it.
  crypto::PieceCipher cipher(const crypto::InputKey& key, std::uint64_t container_id, const Piece& piece);

 private:
  static constexpr std::size_t kSets = 4096, kWays = 4, kLocks = 64;
  struct Way {
    std::uint64_t container_id = 0;
    PieceId id;
    std::array<std::byte, 24> salt{};
    bool touched = false;
    std::optional<crypto::PieceCipher> cipher;
  };
  struct Set {
    Way ways[kWays];
    std::uint8_t hand = 0;
  };

  std::array<std::mutex, kLocks> locks_;
  std::vector<Set> sets_;
};

}  // namespace bascule::extent
