#include "catalog/spans.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "catalog/records.h"

namespace bascule::catalog {
namespace {

Span written() {
  Span s{.offset = 1024, .length = 300, .birth = 2, .skip = 512};
  s.piece.extent = {{0x010203040506, 7, 8}};
  s.piece.id = {{0x010203040506, 7, 9}};
  s.piece.offset = 16;
  s.piece.size_bytes = 1024;
  s.piece.salt.fill(std::byte{0xAA});
  s.piece.commitment.fill(std::byte{0xBB});
  return s;
}
const std::string kPieceHex = "010203040506000000070000000000080102030405060000000700000000000910000000" "00040000" +
                              std::string(48, 'a') + std::string(64, 'b');
std::string hex(const std::string& bytes) { return to_hex(as_bytes(bytes)); }

TEST(Spans, Have_these_bytes) {
  const Span clear{.offset = 0, .length = 512, .birth = 3, .clear = true};
  EXPECT_EQ(hex(encode_write({})), "0100");
  EXPECT_EQ(hex(encode_write({clear})), "0101" "00" "8004" "03" "01");
  EXPECT_EQ(hex(encode_span_page({written(), clear})), "0202" "8008" "ac02" "02" "00" "8004" + kPieceHex + "00" "8004" "03" "01");
  EXPECT_TRUE(is_span_page(encode_span_page({})));
  EXPECT_FALSE(is_span_page(encode_page({})));
}

TEST(Spans, Are_read_back_and_nothing_else_is) {
  const std::string page = encode_span_page({written(), {.offset = 5000, .length = 1, .birth = 9, .clear = true}});
  const auto spans = decode_span_page(page);
  ASSERT_TRUE(spans);
  ASSERT_EQ(spans->size(), 2u);
  EXPECT_EQ((*spans)[0].skip, 512u);
  EXPECT_EQ((*spans)[0].piece.size_bytes, 1024u);
  EXPECT_EQ(encode_span_page(*spans), page);
  EXPECT_FALSE(decode_write(page));
  for (std::size_t i = 0; i < page.size(); ++i) EXPECT_FALSE(decode_span_page(page.substr(0, i))) << i;
  EXPECT_FALSE(decode_span_page(page + '\0'));
  Span beyond = written();
  beyond.length = 513;   // of what is left of the piece
  EXPECT_FALSE(decode_span_page(encode_span_page({beyond})));
  EXPECT_FALSE(decode_write(encode_write({{.offset = 0, .length = 0, .birth = 1, .clear = true}})));
  EXPECT_FALSE(decode_write(encode_write({{.offset = ~0ull, .length = 2, .birth = 1, .clear = true}})));
}

TEST(Spans, Are_clipped_with_their_piece) {
  const Span part = clipped(written(), 1100, 1200);
  EXPECT_EQ(part.offset, 1100u);
  EXPECT_EQ(part.length, 100u);
  EXPECT_EQ(part.skip, 588u);
  EXPECT_EQ(part.piece_begin(), 512u);
  EXPECT_EQ(part.piece_end(), 1536u);
}

TEST(Spans, Manifests_say_that_they_have_them) {
  HeadRecord head;
  head.manifest.id = head.manifest.holder = 5;
  head.manifest.spans = true;
  head.manifest.writes = 300;
  head.extras.made().append = AppendState{7, true};
  const auto again = decode<HeadRecord>(encode(head));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->manifest.spans);
  EXPECT_EQ(again->manifest.writes, 300u);
  EXPECT_EQ(again->extras->append->committed_blocks, 7u);
  EXPECT_TRUE(again->extras->append->sealed);
  EXPECT_FALSE(again->extras->page);
}

}  // namespace
}  // namespace bascule::catalog
