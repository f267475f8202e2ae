#include "extent/cipher_cache.h"

#include "extent/packer.h"

namespace bascule::extent {

crypto::PieceCipher CipherCache::cipher(const crypto::InputKey& key, std::uint64_t container_id, const Piece& piece) {
  if (!key.kept()) return crypto::PieceCipher::derive(key, piece.salt, crypto::piece_context(container_id, to_id16(piece.id)));
  const std::uint64_t hash = load_le<std::uint64_t>(piece.salt.data());  // random, drawn by us
  Set& set = sets_[hash % kSets];
  std::mutex& mutex = locks_[hash % kLocks];
  {
    const std::lock_guard lock(mutex);
    for (Way& way : set.ways) {
      if (!way.cipher || way.salt != piece.salt || way.id != piece.id || way.container_id != container_id) continue;
      way.touched = true;
      return *way.cipher;
    }
  }
  const auto derived = crypto::PieceCipher::derive(key, piece.salt, crypto::piece_context(container_id, to_id16(piece.id)));
  const std::lock_guard lock(mutex);
  Way* free = nullptr;
  for (Way& way : set.ways) {
    if (!way.cipher) free = &way;
  }
  while (free == nullptr) {
    Way& next = set.ways[set.hand++ % kWays];
    if (next.touched) next.touched = false;
    else free = &next;
  }
  free->container_id = container_id;
  free->id = piece.id;
  free->salt = piece.salt;
  free->touched = false;
  free->cipher.emplace(derived);
  return derived;
}

}  // namespace bascule::extent
