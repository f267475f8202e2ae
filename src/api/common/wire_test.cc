// Bodies with a form of their own: multipart/mixed, structured messages.
#include <gtest/gtest.h>

#include "api/common/multipart.h"
#include "api/common/structured_message.h"
#include "base/crc64.h"

namespace bascule::api {
namespace {

TEST(Multipart, Boundaries) {
  EXPECT_EQ(multipart_boundary("multipart/mixed; boundary=batch_1"), "batch_1");
  EXPECT_EQ(multipart_boundary("Multipart/Mixed;charset=x;Boundary=\"a b'()+_,-./:=?\""), "a b'()+_,-./:=?");
  for (const char* bad : {"", "multipart/mixed", "multipart/related; boundary=x", "multipart/mixed; boundary=",
                          "multipart/mixed; boundary=\"\"", "multipart/mixed; boundary=a;b=\x01", "application/xml"})
    EXPECT_EQ(multipart_boundary(bad).value_or(""), std::string_view(bad).ends_with('\x01') ? "a" : "") << bad;
  EXPECT_FALSE(multipart_boundary("multipart/mixed; boundary=" + std::string(71, 'x')));
}

TEST(Multipart, Parts) {
  const std::string body =
      "preamble\r\n--b\r\nA: 1\r\n\r\nfirst\r\n--bb\r\nstill first\r\n--b \t\r\nA:2 \r\nB:\r\n\r\nsecond\r\n\r\n--b--\r\nepilogue";
  const auto parts = split_multipart(body, "b", {});
  ASSERT_TRUE(parts);
  ASSERT_EQ(parts->size(), 2U);
  EXPECT_EQ((*parts)[0].content, "first\r\n--bb\r\nstill first");
  EXPECT_EQ((*parts)[1].content, "second\r\n");
  EXPECT_EQ((*parts)[1].get("a"), "2");
  EXPECT_EQ((*parts)[1].get("b"), "");
}

TEST(Multipart, Refused) {
  for (const char* bad : {"", "--b\r\n", "--b\r\nA: 1\r\n\r\nx", "--b\r\nA: 1\r\n\r\nx\r\n--b", "--b\r\nno colon\r\n\r\nx\r\n--b--",
                          "--b\r\n: 1\r\n\r\nx\r\n--b--", "--b\r\n A: 1\r\n\r\nx\r\n--b--", "--b\r\nA: 1\r\n--b--",
                          "x--b\r\nA: 1\r\n\r\nx\r\nx--b--"})
    EXPECT_FALSE(split_multipart(bad, "b", {})) << bad;
  EXPECT_TRUE(split_multipart("--b--", "b", {})->empty());
  std::string many;
  for (int i = 0; i < 4; ++i) many += "--b\r\nA: 1\r\n\r\nx\r\n";
  many += "--b--";
  bool beyond = false;
  EXPECT_TRUE(split_multipart(many, "b", {.parts = 4}, &beyond));
  EXPECT_FALSE(beyond);
  EXPECT_FALSE(split_multipart(many, "b", {.parts = 3}, &beyond));
  EXPECT_TRUE(beyond);
}

std::string encoded(std::string_view content, std::uint64_t segment, std::size_t step = 3) {
  StructuredWriter writer(content.size(), segment);
  std::string out;
  const std::uint64_t announced = writer.message_bytes();
  while (true) {
    out += writer.take_framing();
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>({writer.room(), step, content.size()}));
    if (size == 0) break;
    writer.content(as_bytes(content.substr(0, size)));
    out += content.substr(0, size);
    content.remove_prefix(size);
  }
  EXPECT_EQ(out.size(), announced);
  return out;
}

// The content, or nothing where the message is refused.
std::optional<std::string> decoded(std::string_view message, std::uint64_t content_bytes, std::size_t step = 2) {
  StructuredReader reader(message.size(), content_bytes);
  std::string content;
  while (!reader.done()) {
    if (const std::size_t size = reader.framing_bytes()) {
      if (!reader.framing(as_bytes(message.substr(0, size)))) return std::nullopt;
      message.remove_prefix(std::min(size, message.size()));
      continue;
    }
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>({reader.content_bytes(), step, message.size()}));
    if (size == 0) return std::nullopt;
    reader.content(as_bytes(message.substr(0, size)));
    content += message.substr(0, size);
    message.remove_prefix(size);
  }
  return message.empty() ? std::optional(content) : std::nullopt;
}

TEST(StructuredMessage, ByteForByte) {
  // Two segments of "abc" and "d".
  std::string expected = std::string("\x01\x41\0\0\0\0\0\0\0\x01\0\x02\0", 13);
  expected[1] = static_cast<char>(13 + 2 * 18 + 4 + 8);
  const auto crc = [](std::string_view text) {
    std::string bytes(8, '\0');
    store_le(bytes.data(), crc64(as_bytes(text)));
    return bytes;
  };
  expected += std::string("\x01\0\x03\0\0\0\0\0\0\0", 10) + "abc" + crc("abc");
  expected += std::string("\x02\0\x01\0\0\0\0\0\0\0", 10) + "d" + crc("d") + crc("abcd");
  EXPECT_EQ(encoded("abcd", 3), expected);
}

TEST(StructuredMessage, ThereAndBack) {
  for (const std::size_t size : {0, 1, 7, 8, 9, 100})
    for (const std::uint64_t segment : {1, 8, 1000}) {
      const std::string content(size, 'x');
      EXPECT_EQ(decoded(encoded(content, segment), size), content) << size << " " << segment;
    }
  EXPECT_EQ(encoded("", 8).size(), 13U + 18 + 8);
  // More content than 65,535 segments of that size hold.
  StructuredWriter large(1ULL << 40);
  EXPECT_EQ(large.message_bytes() - (1ULL << 40), 13U + 65535ULL * 18 + 8);
}

TEST(StructuredMessage, EveryChangedByteIsSeen) {
  const std::string message = encoded("some content", 5);
  for (std::size_t at = 0; at < message.size(); ++at) {
    std::string changed = message;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    EXPECT_FALSE(decoded(changed, 12)) << at;
    EXPECT_FALSE(decoded(message.substr(0, at), 12)) << at;
  }
  EXPECT_FALSE(decoded(message, 11));
  EXPECT_FALSE(decoded(message, 13));
  EXPECT_FALSE(decoded(message + "x", 12));
}

TEST(StructuredMessage, HeaderForms) {
  EXPECT_TRUE(is_structured_crc64(kStructuredCrc64));
  EXPECT_TRUE(is_structured_crc64("xsm/1.0;Properties=CRC64"));
  for (const char* bad : {"", "XSM/1.0", "XSM/2.0; properties=crc64", "XSM/1.0; properties=md5"})
    EXPECT_FALSE(is_structured_crc64(bad)) << bad;
}

}  // namespace
}  // namespace bascule::api
