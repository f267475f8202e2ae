#include "base/digest.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace bascule
