// Reads runs of a piece's chunks from its extent and opens them. Keeps what one piece costs to prepare while reads stay
// in that piece. One coroutine at a time.
#pragma once
#include <memory>
#include <optional>

#include "crypto/extent_name.h"
#include "crypto/piece.h"
#include "extent/cipher_cache.h"
#include "extent/piece.h"
#include "provider/provider.h"

namespace bascule::extent {

class PieceReader {
 public:
  PieceReader(provider::Provider& provider, const crypto::ExtentNamer& namer, CipherCache& ciphers,
              std::shared_ptr<const crypto::InputKey> key, std::uint64_t container_id);

  // Fills `plain` (run.plain_bytes) with verified bytes; `sealed` (run.sealed_bytes) is scratch, and may be the start of
  // `plain`'s own memory where the run is a single chunk. corrupt: the piece is damaged, and nothing of the failing
  // chunk is in `plain`; not_found: the extent is not there (after compaction: ask the catalog for its forwarding entry).
  Result<bool> try_read(const Piece& piece, const crypto::ChunkRun& run, MutableBytes sealed, MutableBytes plain);
  Task<Result<void>> read(Piece piece, crypto::ChunkRun run, MutableBytes sealed, MutableBytes plain, Instant deadline);

  std::string extent_name(const ExtentId& id) const;

 private:
  Result<void> select(const Piece& piece);
  Result<void> open(const Piece& piece, const crypto::ChunkRun& run, MutableBytes sealed, MutableBytes plain);

  provider::Provider& provider_;
  const crypto::ExtentNamer& namer_;
  CipherCache& ciphers_;
  std::shared_ptr<const crypto::InputKey> key_;
  std::uint64_t container_id_;
  std::optional<PieceId> current_;
  ExtentId current_extent_;
  std::optional<crypto::PieceOpener> opener_;
  std::string name_;        // of the current piece's extent
};

}  // namespace bascule::extent
