// The piece: one stretch of one blob's content, sealed once by C2SP chunked encryption, Cobblestone-256 (HKDF-Expand-
// SHA512, AES-256-GCM; https://c2sp.org/chunked-encryption). The sealed body holds the chunks alone; salt and commitment
// are kept in the manifest. docs/formats/piece.md, byte by byte.
#pragma once
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/evp.h"
#include "crypto/hkdf.h"
#include "crypto/secret.h"

namespace bascule::crypto {

constexpr std::size_t kChunkBytes = 16384;  // of plaintext; the last chunk of a piece is always shorter
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kSealedChunkBytes = kChunkBytes + kTagBytes;

using Salt = std::array<std::byte, 24>;
using Commitment = std::array<std::byte, 32>;
using Id16 = std::array<std::byte, 16>;  // a piece's or an extent's id: incarnation (6), session (4), sequence (6)

struct PieceSeal {  // what the manifest keeps of a piece, beside its place and length
  Salt salt;
  Commitment commitment;
};

// Arithmetic of lengths.
constexpr std::uint64_t sealed_size(std::uint64_t plain_bytes) {
  return plain_bytes + (plain_bytes / kChunkBytes + 1) * kTagBytes;
}
constexpr std::optional<std::uint64_t> plain_size(std::uint64_t sealed_bytes) {  // nothing: no piece is that long
  const std::uint64_t last = sealed_bytes % kSealedChunkBytes;
  if (last < kTagBytes) return std::nullopt;
  return sealed_bytes / kSealedChunkBytes * kChunkBytes + (last - kTagBytes);
}

// The chunks that hold a range of the plaintext, and where they lie.
struct ChunkRun {
  std::uint64_t first_chunk = 0;
  std::uint64_t chunks = 0;          // 0: the range was empty
  std::uint64_t sealed_offset = 0;   // within the sealed piece
  std::uint64_t sealed_bytes = 0;
  std::uint64_t plain_offset = 0;    // of the first chunk's first byte
  std::uint64_t plain_bytes = 0;     // of all the chunks
};
// `offset` + `size` within the piece's plaintext of `plain_bytes`; what lies beyond its end is cut off.
ChunkRun chunks_of(std::uint64_t plain_bytes, std::uint64_t offset, std::uint64_t size);

// "bascule/piece" || 0x01 || container id (8, big-endian) || piece id (16): as long as lets the first HMAC of the
// derivation be one block of SHA-512.
using PieceContext = std::array<std::byte, 38>;
PieceContext piece_context(std::uint64_t container_id, const Id16& piece_id);

// A container's key, as the input key of its pieces. Any number of threads at once.
class InputKey {
 public:
  explicit InputKey(const SecretKey& key) : hmac_(key.bytes()) {}

  // The container's key and another, both needed (keyring.md, "Keys that join"). `kept` false: what is derived from it
  // must not stay in memory once the request that brought it is over.
  InputKey joined(std::string_view label, Bytes secret, bool kept) const;
  // 32 bytes for `label` alone, to join into others.
  SecretKey subkey(std::string_view label) const;
  bool kept() const { return kept_; }

 private:
  friend class PieceCipher;
  HmacSha512Key hmac_;
  bool kept_ = true;
};

// One piece's key, base nonce and commitment. Wiped at the end.
class PieceCipher {
 public:
  static PieceCipher derive(const InputKey& key, const Salt& salt, Bytes context);
  // From what a derivation gave: key (32), base nonce (12), commitment (32). For vectors with another hash.
  static PieceCipher from_derived(std::span<const std::byte, 76> derived);
  Commitment commitment() const;

 private:
  friend class PieceSealer;
  friend class PieceOpener;
  using Nonce = std::array<unsigned char, 12>;
  PieceCipher() = default;
  Nonce nonce(std::uint64_t chunk) const;
  SecretKey key_;
  std::array<std::byte, 12> base_nonce_{};
  Commitment commitment_{};
};

// Seals one piece into the caller's buffer as its plaintext arrives, in whatever stretches; nothing is kept back or
// copied. One thread at a time. `out` must live as long as the sealer and hold sealed_size() of all that will come.
// Plaintext may already lie exactly where it will be sealed (next_plain()), and must not overlap `out` otherwise.
// A piece is sealed once under its salt: an attempt that is given up is begun again with a new salt.
class PieceSealer {
 public:
  PieceSealer(const PieceCipher& cipher, MutableBytes out);
  PieceSealer(PieceSealer&&) noexcept = default;

  Result<void> update(Bytes plain);      // invalid_argument if `out` is too small: the piece is lost then
  Result<std::size_t> finish();          // seals the last chunk, maybe empty; the sealed length. Once, at the end.
  std::uint64_t plain_bytes() const { return chunk_ * kChunkBytes + in_chunk_; }
  // Where the next plaintext will be sealed, up to its chunk's end: read into it, and update() seals in place.
  MutableBytes next_plain() const;

 private:
  bool room(std::size_t n) const { return out_.size() - written_ >= n; }
  void set_nonce();
  void end_chunk();

  SpareContext context_;
  PieceCipher cipher_;
  MutableBytes out_;
  std::size_t written_ = 0;
  std::uint64_t chunk_ = 0;
  std::size_t in_chunk_ = 0;
};

// Opens chunks of one piece. One thread at a time. `corrupt` means: these are not the bytes that were sealed under this
// key, id and salt, at this place, in this length; then nothing of the plaintext is left in `out`.
class PieceOpener {
 public:
  // Checks the commitment, in constant time, and that the lengths belong together (so a truncated piece is found even
  // if its last chunk is never read).
  static Result<PieceOpener> create(const PieceCipher& cipher, const Commitment& commitment, std::uint64_t plain_bytes,
                                    std::uint64_t sealed_bytes);
  PieceOpener(PieceOpener&&) noexcept = default;

  // `sealed` is a run of whole chunks from `first_chunk`, `out` exactly their plaintext (see chunks_of()). `out` may be
  // `sealed`'s own place only if the run is a single chunk.
  Result<void> open(std::uint64_t first_chunk, Bytes sealed, MutableBytes out);

  std::uint64_t plain_bytes() const { return plain_bytes_; }
  std::uint64_t chunks() const { return plain_bytes_ / kChunkBytes + 1; }

 private:
  PieceOpener(const PieceCipher& cipher, std::uint64_t plain_bytes);
  bool open_chunk(std::uint64_t chunk, Bytes sealed, std::byte* out);

  SpareContext context_;
  PieceCipher cipher_;
  std::uint64_t plain_bytes_;
};

}  // namespace bascule::crypto
