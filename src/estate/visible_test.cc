#include "estate/visible.h"

#include <gtest/gtest.h>

namespace bascule::estate {
namespace {

TEST(Visible, NothingActsAndAllIsSeen) {
  EXPECT_EQ(visible("Gävle – Zürich"), "Gävle – Zürich");
  EXPECT_EQ(visible("<b onload=\"x\">&'"), "<b onload=\"x\">&'");   // whoever writes HTML escapes it
  EXPECT_EQ(visible("a\u202eb"), "a[U+202E]b");
  EXPECT_EQ(visible(std::string_view("a\0\x1b[31m\x7f", 8)), "a[U+0000][U+001B][31m[U+007F]");
  EXPECT_EQ(visible("\u200b\u2066\ufeff\u061c\u00ad"), "[U+200B][U+2066][U+FEFF][U+061C][U+00AD]");
  EXPECT_EQ(visible("a \t\r\n b"), "a b");
  EXPECT_EQ(visible("\xff\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80"), "\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd");
  EXPECT_EQ(visible("\xe2\x82"), "\ufffd\ufffd");   // cut short
  EXPECT_EQ(visible("\U0001F600"), "\U0001F600");
}

TEST(Visible, Long) {
  EXPECT_EQ(visible(std::string(400, 'x')).size(), 400U);
  EXPECT_EQ(visible(std::string(401, 'x')), std::string(400, 'x') + "… (401 bytes)");
  EXPECT_EQ(visible(std::string(1 << 20, 'x'), 3), "xxx… (1048576 bytes)");
  EXPECT_EQ(visible("ééé", 3), "éé… (6 bytes)");   // never within a character
}

TEST(Visible, Columns) {
  EXPECT_EQ(display_columns("Gävle"), 5U);
  EXPECT_EQ(display_columns(""), 0U);
}

}  // namespace
}  // namespace bascule::estate
