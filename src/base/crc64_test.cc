#include "base/crc64.h"

#include <gtest/gtest.h>

#include <random>

namespace bascule {
namespace {

using detail::Crc64Way;

// The definition, a bit at a time.
std::uint64_t bitwise(Bytes data, std::uint64_t previous = 0) {
  std::uint64_t reg = ~previous;
  for (std::byte b : data) {
    reg ^= std::to_integer<std::uint64_t>(b);
    for (int i = 0; i < 8; ++i) reg = (reg >> 1) ^ (reg & 1 ? 0x9A6C9329AC4BC9B5 : 0);
  }
  return ~reg;
}

std::vector<std::byte> noise(std::size_t n, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::byte> out(n);
  for (auto& b : out) b = static_cast<std::byte>(random());
  return out;
}

std::vector<Crc64Way> ways() {
  std::vector<Crc64Way> found;
  for (auto way : {Crc64Way::table, Crc64Way::clmul, Crc64Way::clmul512}) {
    if (detail::crc64_has(way)) found.push_back(way);
  }
  return found;
}

TEST(Crc64, PublishedValues) {
  EXPECT_EQ(crc64(as_bytes("123456789")), 0xAE8B14860A799888);
  // NVM Express, NVM Command Set specification, 64b CRC examples: 4096 bytes of zeros, and of ones.
  EXPECT_EQ(crc64(std::vector<std::byte>(4096, std::byte{0})), 0x6482D367EB22B64E);
  EXPECT_EQ(crc64(std::vector<std::byte>(4096, std::byte{0xFF})), 0xC0DDBA7302ECA3AC);
  EXPECT_EQ(crc64({}), 0u);
}

TEST(Crc64, EveryWayAgreesWithTheDefinition) {
  const auto data = noise(4096, 1);
  std::mt19937_64 random(2);
  for (Crc64Way way : ways()) {
    for (std::size_t n = 0; n < 700; ++n) {
      const Bytes part = Bytes(data).subspan(random() % 64, n);
      const std::uint64_t previous = random();
      ASSERT_EQ(detail::crc64_by(way, part, previous), bitwise(part, previous)) << int(way) << " " << n;
    }
    for (int i = 0; i < 200; ++i) {
      const std::size_t at = random() % 128, n = random() % (data.size() - at);
      ASSERT_EQ(detail::crc64_by(way, Bytes(data).subspan(at, n), 0), bitwise(Bytes(data).subspan(at, n)));
    }
  }
}

TEST(Crc64, AnySplitGivesTheSame) {
  const auto data = noise(3000, 3);
  const std::uint64_t whole = crc64(data);
  EXPECT_EQ(whole, bitwise(data));
  for (std::size_t cut = 0; cut <= data.size(); cut += 7) {
    const Bytes a = Bytes(data).first(cut), b = Bytes(data).subspan(cut);
    ASSERT_EQ(crc64(b, crc64(a)), whole);
    ASSERT_EQ(crc64_combine(crc64(a), crc64(b), b.size()), whole);
  }
}

TEST(Crc64, CombinesAcrossLongDistances) {
  // 2^40 zero bytes after A, by doubling, against combination in one step.
  std::uint64_t zeros = crc64(std::vector<std::byte>(1));
  for (int i = 0; i < 40; ++i) zeros = crc64_combine(zeros, zeros, std::uint64_t{1} << i);
  const std::uint64_t a = crc64(as_bytes("abc"));
  const std::uint64_t half = std::uint64_t{1} << 39;
  std::uint64_t zeros_half = crc64(std::vector<std::byte>(1));
  for (int i = 0; i < 39; ++i) zeros_half = crc64_combine(zeros_half, zeros_half, std::uint64_t{1} << i);
  EXPECT_EQ(crc64_combine(a, zeros, half * 2),
            crc64_combine(crc64_combine(a, zeros_half, half), zeros_half, half));
}

}  // namespace
}  // namespace bascule
