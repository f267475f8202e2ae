#include "extent/reader.h"

#include "extent/packer.h"

namespace bascule::extent {

PieceReader::PieceReader(provider::Provider& provider, const crypto::ExtentNamer& namer, CipherCache& ciphers,
                         std::shared_ptr<const crypto::InputKey> key, std::uint64_t container_id)
    : provider_(provider), namer_(namer), ciphers_(ciphers), key_(std::move(key)), container_id_(container_id) {}

std::string PieceReader::extent_name(const ExtentId& id) const { return namer_.name(to_id16(id)); }

Result<void> PieceReader::select(const Piece& piece) {
  if (current_ == piece.id && opener_) {
    if (current_extent_ != piece.extent) {   // it has been moved meanwhile
      name_ = extent_name(piece.extent);
      current_extent_ = piece.extent;
    }
    return {};
  }
  current_.reset();
  opener_.reset();
  const auto cipher = ciphers_.cipher(*key_, container_id_, piece);
  BASCULE_ASSIGN(auto opener, crypto::PieceOpener::create(cipher, piece.commitment, piece.size_bytes,
                                                          crypto::sealed_size(piece.size_bytes)));
  opener_.emplace(std::move(opener));
  current_ = piece.id;
  current_extent_ = piece.extent;
  name_ = extent_name(piece.extent);
  return {};
}

Result<void> PieceReader::open(const Piece& piece, const crypto::ChunkRun& run, MutableBytes sealed, MutableBytes plain) {
  auto opened = opener_->open(run.first_chunk, sealed, plain);
  if (!opened) return fail(Code::corrupt, "a chunk of extent " + name_ + " at " + std::to_string(piece.offset + run.sealed_offset) +
                                              " is damaged: " + opened.error().message);
  return {};
}

Result<bool> PieceReader::try_read(const Piece& piece, const crypto::ChunkRun& run, MutableBytes sealed,
                                   MutableBytes plain) {
  BASCULE_TRY(select(piece));
  BASCULE_ASSIGN(const bool had, provider_.try_get(name_, piece.offset + run.sealed_offset, sealed));
  if (!had) return false;
  BASCULE_TRY(open(piece, run, sealed, plain));
  return true;
}

Task<Result<void>> PieceReader::read(Piece piece, crypto::ChunkRun run, MutableBytes sealed, MutableBytes plain,
                                     Instant deadline) {
  BASCULE_CO_TRY(select(piece));
  BASCULE_CO_TRY(co_await provider_.get(name_, piece.offset + run.sealed_offset, sealed, deadline));
  co_return open(piece, run, sealed, plain);
}

}  // namespace bascule::extent
