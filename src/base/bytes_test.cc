#include "base/bytes.h"

#include <gtest/gtest.h>

namespace bascule {
namespace {

TEST(Hex, RoundTrip) {
  EXPECT_EQ(to_hex(as_bytes(std::string_view("\x00\x1f\xff", 3))), "001fff");
  EXPECT_EQ(from_hex("001fFF"), std::string("\x00\x1f\xff", 3));
  EXPECT_EQ(from_hex(""), "");
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
}

TEST(Base64, VectorsOfRfc4648) {
  const std::pair<std::string_view, std::string_view> vectors[] = {
      {"", ""},         {"f", "Zg=="},         {"fo", "Zm8="},        {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xff\xfe\xfd", "//79"}};
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(to_base64(as_bytes(plain)), text);
    EXPECT_EQ(from_base64(text), std::string(plain));
  }
}

TEST(Base64, IsStrict) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm 9", "Zm9v\n", "Z===", "====", "Zg==Zg==", "-_79",
                           "=Zm9", "Z=m9"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

TEST(Bytes, ConstantTimeComparison) {
  EXPECT_TRUE(equal_constant_time(as_bytes(""), as_bytes("")));
  EXPECT_TRUE(equal_constant_time(as_bytes("abc"), as_bytes("abc")));
  EXPECT_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("abd")));
  EXPECT_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("ab")));
}

TEST(Bytes, BigEndian) {
  std::string text;
  append_be64(text, 0x0102030405060708);
  append_be32(text, 0x0a0b0c0d);
  EXPECT_EQ(to_hex(as_bytes(text)), "01020304050607080a0b0c0d");
  EXPECT_EQ(load_be64(text.data()), 0x0102030405060708u);
}

}  // namespace
}  // namespace bascule
