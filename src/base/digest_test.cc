#include "base/digest.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/md5_lanes.h"

namespace bascule {
namespace {

std::string hex(Bytes bytes) {
  std::string out;
  for (std::byte b : bytes) {
    out += "0123456789abcdef"[std::to_integer<unsigned>(b) >> 4];
    out += "0123456789abcdef"[std::to_integer<unsigned>(b) & 15];
  }
  return out;
}

TEST(Md5, Rfc1321Values) {
  EXPECT_EQ(hex(Md5::of({})), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(hex(Md5::of(as_bytes("message digest"))), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(hex(Md5::of(as_bytes("12345678901234567890123456789012345678901234567890123456789012345678901234567890"))),
            "57edf4a22be3c955ac49da2e2107b67a");
}

TEST(Md5, ACopyGoesOnByItself) {
  Md5 a;
  a.update(as_bytes("message "));
  Md5 b = a;
  b.update(as_bytes("other"));
  a.update(as_bytes("digest"));
  EXPECT_EQ(hex(a.finish()), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(b.finish(), Md5::of(as_bytes("message other")));
  a.reset();
  EXPECT_EQ(a.finish(), Md5::of({}));
}

TEST(Sha256, Fips180Values) {
  EXPECT_EQ(hex(Sha256::of(as_bytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 d;
  d.update(as_bytes("abcdbcdecdefdefgefghfghighijhijk"));
  d.update(as_bytes("ijkljklmklmnlmnomnopnopq"));
  EXPECT_EQ(hex(d.finish()), "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(HmacSha256, Rfc4231Values) {
  EXPECT_EQ(hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  const std::string long_key(131, '\xaa');
  EXPECT_EQ(hex(hmac_sha256(as_bytes(long_key), as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HmacSha256, AKeptKeySignsAgainAndAgainAndInParts) {
  const HmacSha256Key key(as_bytes("Jefe"));
  const Bytes parts[] = {as_bytes("what do ya want "), {}, as_bytes("for nothing?")};
  const auto expected = hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"));
  EXPECT_EQ(key.sign(parts), expected);
  EXPECT_EQ(key.sign(as_bytes("what do ya want for nothing?")), expected);
  EXPECT_NE(key.sign(as_bytes("what do ya want for nothing!")), expected);
  EXPECT_NE(hmac_sha256({}, {}), expected);
}

// Whatever the number of messages, their lengths, and where a block was begun: the same as one after the other.
TEST(Md5, Many_side_by_side_are_what_each_is_alone) {
  std::uint32_t seed = 7;
  const auto random = [&seed](std::uint32_t below) { return (seed = seed * 1664525 + 1013904223) / 65536 % below; };
  for (const std::size_t count : {1u, 2u, 3u, 5u, 8u, 15u, 16u, 17u, 33u, 100u}) {
    std::vector<std::vector<std::byte>> messages(count);
    std::vector<Md5> digests(count);
    std::vector<std::size_t> taken(count);
    for (auto& m : messages) {
      m.resize(random(2) ? random(300) : random(20'000));
      for (auto& b : m) b = static_cast<std::byte>(random(256));
    }
    for (bool more = true; more;) {
      more = false;
      std::vector<Md5::Update> updates;
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t n = std::min<std::size_t>(messages[i].size() - taken[i], random(3) ? random(9'000) : random(130));
        updates.push_back({&digests[i], Bytes(messages[i]).subspan(taken[i], n)});
        taken[i] += n;
        more |= taken[i] < messages[i].size();
      }
      Md5::update_all(updates);
    }
    for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(digests[i].finish(), Md5::of(messages[i])) << i << " of " << count;
  }
}

TEST(Md5, Every_width_of_registers_gives_the_same) {
  for (const Md5Way& way : md5_ways())
    for (const std::size_t count : {way.fewest, way.lanes - 1, way.lanes, way.lanes + 1, 3 * way.lanes}) {
      std::vector<std::vector<std::byte>> messages(count);
      std::vector<std::array<std::uint32_t, 4>> states(count, {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476});
      std::vector<Md5Lane> lanes;
      for (std::size_t i = 0; i < count; ++i) {
        messages[i].resize(64 * (i % 5 + 1));
        for (std::size_t k = 0; k < messages[i].size(); ++k) messages[i][k] = static_cast<std::byte>(i * 31 + k * 7 + k / 64);
        lanes.push_back({states[i].data(), messages[i].data(), messages[i].size() / 64});
      }
      md5_lanes(lanes, way);
      for (const Md5Lane& lane : lanes) {
        const auto i = static_cast<std::size_t>(std::ranges::find_if(states, [&](const auto& s) { return s.data() == lane.state; }) - states.begin());
        const std::size_t taken = messages[i].size() - lane.blocks * 64;
        EXPECT_EQ(lane.data, messages[i].data() + taken);
        Md5 plain;   // begins with the chaining state
        plain.update(Bytes(messages[i]).first(taken));
        std::array<std::uint32_t, 4> expected;
        std::memcpy(expected.data(), &plain, sizeof expected);
        EXPECT_TRUE(std::ranges::equal(expected, states[i])) << way.lanes << " lanes, message " << i << " of " << count;
      }
    }
}

}  // namespace
}  // namespace bascule
