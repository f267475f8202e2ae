#include "crypto/piece.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>

#include "crypto/aead.h"
#include "crypto/extent_name.h"
#include "crypto/unit_tag.h"

namespace bascule::crypto {
namespace {

SecretKey some_key(int seed) {
  SecretKey key;
  for (std::size_t i = 0; i < SecretKey::kSize; ++i) key.writable()[i] = std::byte(seed * 31 + static_cast<int>(i));
  return key;
}

std::vector<std::byte> noise(std::size_t n, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::byte> out(n);
  for (auto& b : out) b = static_cast<std::byte>(random());
  return out;
}

struct Sealed {
  PieceCipher cipher;
  std::vector<std::byte> plain, bytes;
};

Sealed seal(std::size_t n) {
  Sealed s{PieceCipher::derive(InputKey(some_key(1)), Salt{}, piece_context(1, Id16{})), noise(n, n), {}};
  s.bytes.resize(sealed_size(n));
  PieceSealer sealer(s.cipher, s.bytes);
  EXPECT_TRUE(sealer.update(s.plain));
  EXPECT_EQ(sealer.plain_bytes(), n);
  EXPECT_EQ(sealer.finish().value(), s.bytes.size());
  return s;
}

PieceOpener opener_of(const Sealed& s) {
  return PieceOpener::create(s.cipher, s.cipher.commitment(), s.plain.size(), s.bytes.size()).value();
}

TEST(Piece, LengthsGoBothWays) {
  static_assert(sealed_size(0) == 16 && sealed_size(16383) == 16399 && sealed_size(16384) == 16416);
  for (std::uint64_t n : {0u, 1u, 16383u, 16384u, 16385u, 32768u, 8u << 20}) EXPECT_EQ(plain_size(sealed_size(n)), n);
  for (std::uint64_t n : {0u, 15u, 16400u, 16415u, 32800u}) EXPECT_FALSE(plain_size(n)) << n;
}

TEST(Piece, EveryRangeOpensByItsChunksAlone) {
  const Sealed s = seal(5 * kChunkBytes + 777);
  auto opener = opener_of(s);
  std::mt19937_64 random(3);
  for (int i = 0; i < 300; ++i) {
    const std::uint64_t offset = random() % (s.plain.size() + 10), size = random() % (3 * kChunkBytes);
    const ChunkRun run = chunks_of(s.plain.size(), offset, size);
    const std::uint64_t there = offset >= s.plain.size() ? 0 : std::min(size, s.plain.size() - offset);
    if (there == 0) { ASSERT_EQ(run.chunks, 0u); continue; }
    ASSERT_LE(run.sealed_offset + run.sealed_bytes, s.bytes.size());
    ASSERT_LE(run.chunks, (size + 2 * kChunkBytes - 2) / kChunkBytes);  // no more than the range touches
    std::vector<std::byte> out(run.plain_bytes);
    ASSERT_TRUE(opener.open(run.first_chunk, Bytes(s.bytes).subspan(run.sealed_offset, run.sealed_bytes), out));
    ASSERT_TRUE(std::equal(out.begin(), out.end(), s.plain.begin() + static_cast<long>(run.plain_offset)));
    ASSERT_LE(run.plain_offset, offset);
    ASSERT_GE(run.plain_offset + run.plain_bytes, offset + there);
  }
}

TEST(Piece, RefusesWhatIsNotARunOfChunks) {
  const Sealed s = seal(2 * kChunkBytes + 5);
  auto opener = opener_of(s);
  std::vector<std::byte> out(s.plain.size());
  const auto code = [&](std::uint64_t first, std::size_t at, std::size_t n, std::size_t plain) {
    auto r = opener.open(first, Bytes(s.bytes).subspan(at, n), MutableBytes(out).first(plain));
    return r ? Code::internal : r.error().code;
  };
  EXPECT_EQ(code(3, 0, 21, 5), Code::invalid_argument);
  EXPECT_EQ(code(0, 0, kSealedChunkBytes - 1, kChunkBytes - 1), Code::invalid_argument);
  EXPECT_EQ(code(0, 0, kSealedChunkBytes, kChunkBytes - 1), Code::invalid_argument);
  EXPECT_EQ(code(2, 0, kSealedChunkBytes, kChunkBytes), Code::invalid_argument);
  EXPECT_EQ(code(1, 0, kSealedChunkBytes, kChunkBytes), Code::corrupt);  // chunk 0 offered as chunk 1
  EXPECT_TRUE(opener.open(2, Bytes(s.bytes).last(21), MutableBytes(out).first(5)));
}

TEST(Piece, TheLengthIsCheckedBeforeAnyChunk) {
  const Sealed s = seal(kChunkBytes + 5);
  for (std::size_t cut : {1u, 5u, 21u}) {
    const auto r = PieceOpener::create(s.cipher, s.cipher.commitment(), s.plain.size(), s.bytes.size() - cut);
    ASSERT_FALSE(r);
    EXPECT_EQ(r.error().code, Code::corrupt);
  }
  Commitment other = s.cipher.commitment();
  other[0] ^= std::byte{1};
  EXPECT_FALSE(PieceOpener::create(s.cipher, other, s.plain.size(), s.bytes.size()));
}

TEST(Piece, EveryFlippedBitOfAShortPieceIsFound) {
  Sealed s = seal(20);
  auto opener = opener_of(s);
  std::vector<std::byte> out(20);
  for (std::size_t bit = 0; bit < s.bytes.size() * 8; ++bit) {
    s.bytes[bit / 8] ^= std::byte(1 << (bit % 8));
    ASSERT_FALSE(opener.open(0, s.bytes, out)) << bit;
    s.bytes[bit / 8] ^= std::byte(1 << (bit % 8));
  }
  EXPECT_TRUE(opener.open(0, s.bytes, out));
  EXPECT_EQ(out, s.plain);
}

TEST(Piece, SealsInPlace) {
  const Sealed expected = seal(2 * kChunkBytes + 100);
  std::vector<std::byte> buffer(expected.bytes.size());
  PieceSealer sealer(expected.cipher, buffer);
  Bytes rest = expected.plain;
  while (!rest.empty()) {
    MutableBytes to = sealer.next_plain();
    const std::size_t n = std::min({to.size(), rest.size(), std::size_t{9000}});
    std::copy_n(rest.begin(), n, to.begin());
    ASSERT_TRUE(sealer.update(to.first(n)));
    rest = rest.subspan(n);
  }
  ASSERT_TRUE(sealer.finish());
  EXPECT_EQ(buffer, expected.bytes);
}

TEST(Piece, ABufferThatIsTooSmallIsRefused) {
  const Sealed s = seal(10);
  std::vector<std::byte> small(sealed_size(10));
  PieceSealer sealer(s.cipher, small);
  EXPECT_TRUE(sealer.update(s.plain));
  EXPECT_EQ(sealer.update(Bytes(s.plain).first(1)).error().code, Code::invalid_argument);
  PieceSealer none(s.cipher, {});
  EXPECT_FALSE(none.finish());
  EXPECT_TRUE(none.next_plain().empty());
}

TEST(Piece, ManyAtOnceDoNotDisturbEachOther) {
  // More sealers open at once than a thread keeps spare contexts for, interleaved.
  std::vector<Sealed> expected;
  for (std::size_t i = 0; i < 40; ++i) expected.push_back(seal(20000 + i));
  std::vector<std::vector<std::byte>> buffers(40);
  std::vector<PieceSealer> sealers;
  for (std::size_t i = 0; i < 40; ++i) {
    buffers[i].resize(expected[i].bytes.size());
    sealers.emplace_back(expected[i].cipher, buffers[i]);
  }
  for (std::size_t at = 0; at < 20040; at += 4000) {
    for (std::size_t i = 0; i < 40; ++i) {
      const std::size_t n = std::min<std::size_t>(4000, expected[i].plain.size() - std::min(at, expected[i].plain.size()));
      ASSERT_TRUE(sealers[i].update(Bytes(expected[i].plain).subspan(std::min(at, expected[i].plain.size()), n)));
    }
  }
  for (std::size_t i = 0; i < 40; ++i) {
    ASSERT_TRUE(sealers[i].finish());
    ASSERT_EQ(buffers[i], expected[i].bytes);
  }
}

TEST(Aead, OpensOnlyWhatWasSealedForThisPlace) {
  const AeadKey key(some_key(2));
  const auto plain = noise(200, 1);
  std::vector<std::byte> sealed(216), back(200);
  const Nonce nonce{std::byte{1}};
  key.seal(nonce, as_bytes("key 1"), plain, sealed);
  EXPECT_TRUE(key.open(nonce, as_bytes("key 1"), sealed, back));
  EXPECT_EQ(back, plain);
  EXPECT_FALSE(key.open(nonce, as_bytes("key 2"), sealed, back));
  EXPECT_EQ(back, std::vector<std::byte>(200));
  EXPECT_FALSE(key.open(Nonce{}, as_bytes("key 1"), sealed, back));
  EXPECT_FALSE(AeadKey(some_key(3)).open(nonce, as_bytes("key 1"), sealed, back));
  EXPECT_FALSE(key.open(nonce, as_bytes("key 1"), Bytes(sealed).first(215), MutableBytes(back).first(199)));
  EXPECT_FALSE(key.open(nonce, {}, Bytes(sealed).first(15), {}));
  std::vector<std::byte> tag(16);
  key.seal(nonce, {}, {}, tag);
  EXPECT_TRUE(key.open(nonce, {}, tag, {}));
  key.seal(nonce, as_bytes("key 1"), plain, sealed);  // in place
  std::vector<std::byte> place(216);
  std::copy(plain.begin(), plain.end(), place.begin());
  key.seal(nonce, as_bytes("key 1"), Bytes(place).first(200), place);
  EXPECT_EQ(place, sealed);
}

TEST(Aead, ThreadsShareAKey) {
  const AeadKey key(some_key(4));
  const ExtentNamer namer(some_key(5));
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 6; ++t) {
    threads.emplace_back([&key, &namer, t] {
      std::vector<std::byte> sealed(116), back(100);
      const auto plain = noise(100, t);
      for (unsigned i = 0; i < 2000; ++i) {
        Nonce nonce{};
        store_be32(nonce.data(), t);
        store_be32(nonce.data() + 4, i);
        key.seal(nonce, {}, plain, sealed);
        ASSERT_TRUE(key.open(nonce, {}, sealed, back));
        ASSERT_EQ(back, plain);
        Id16 id{};
        std::memcpy(id.data(), nonce.data(), nonce.size());
        ASSERT_EQ(namer.id(namer.name(id)), id);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST(Hkdf, Rfc5869ExpandSha256) {
  const auto prk = from_hex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5").value();
  const auto info = from_hex("f0f1f2f3f4f5f6f7f8f9").value();
  std::vector<std::byte> out(42);
  hkdf_expand_sha256(as_bytes(prk), as_bytes(info), out);
  EXPECT_EQ(to_hex(out), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
}

TEST(HmacSha512, Rfc4231AndEveryLength) {
  const Bytes what[] = {as_bytes("what do ya want "), as_bytes("for nothing?")};
  EXPECT_EQ(to_hex(HmacSha512Key(as_bytes("Jefe")).sign(what)),
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b"
            "636e070a38bce737");
  const std::string long_key(131, '\xaa');
  const Bytes larger[] = {as_bytes("Test Using Larger Than Block-Size Key - Hash Key First")};
  EXPECT_EQ(to_hex(HmacSha512Key(as_bytes(long_key)).sign(larger)),
            "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec"
            "8b915a985d786598");
  // Around each border of the padded blocks, against HMAC spelled out with the key as the message's first block.
  const HmacSha512Key key(as_bytes("k"));
  for (std::size_t n = 0; n < 300; ++n) {
    const auto data = noise(n, n);
    const Bytes once[] = {data};
    const Bytes twice[] = {Bytes(data).first(n / 2), Bytes(data).subspan(n / 2), Bytes()};
    ASSERT_EQ(key.sign(once), key.sign(twice)) << n;
  }
}

}  // namespace
}  // namespace bascule::crypto
