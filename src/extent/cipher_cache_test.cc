#include "extent/cipher_cache.h"

#include <gtest/gtest.h>

#include "extent/packer.h"

namespace bascule::extent {
namespace {

TEST(CipherCache, GivesEachPieceItsOwn) {
  CipherCache cache;
  const crypto::SecretKey secrets[] = {crypto::SecretKey(std::array<std::byte, 32>{std::byte{1}}),
                                       crypto::SecretKey(std::array<std::byte, 32>{std::byte{2}})};
  const crypto::InputKey keys[] = {crypto::InputKey(secrets[0]), crypto::InputKey(secrets[1])};
  constexpr std::uint64_t kPieces = 40'000;  // more than are kept
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t i = 0; i < kPieces; i += round == 0 ? 1 : 97) {
      Piece piece;
      piece.id = PieceId{{1, 1, i / 4}};       // alike in all but one thing
      piece.salt[0] = std::byte(i / 4);
      piece.salt[9] = std::byte(i % 2);
      const std::uint64_t container = i / 2 % 2;
      const auto expected = crypto::PieceCipher::derive(keys[container], piece.salt,
                                                        crypto::piece_context(container, to_id16(piece.id)));
      for (int again = 0; again < 2; ++again)
        ASSERT_EQ(cache.cipher(keys[container], container, piece).commitment(), expected.commitment());
    }
  }
}

}  // namespace
}  // namespace bascule::extent
