#include "estate/page/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "estate/page/page.h"

namespace bascule::estate {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Html, EscapesTextAndValues) {
  Html html;
  html.open("p", {at("title", "\"><script>alert(1)</script>")}).text("<img src=x onerror=alert(1)> & 'q'").close();
  EXPECT_EQ(html.take(),
            "<p title=\"&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;\">&lt;img src=x onerror=alert(1)&gt; &amp; &#39;q&#39;</p>\n");
}

TEST(Html, APageRefersToItselfAlone) {
  Html html;
  html.element("a", {at("href", "javascript:alert(1)")}, "x").element("a", {at("href", "https://example.org")}, "y").element("a", {at("href", "#main")}, "z");
  EXPECT_EQ(html.take(), "<a href=\"#\">x</a><a href=\"#\">y</a><a href=\"#main\">z</a>");
}

TEST(Html, ClosesWhatIsOpen) {
  Html html;
  html.open("div").open("span").text("x");
  EXPECT_EQ(html.take(), "<div><span>x</span></div>\n");
}

TEST(Page, ForbidsEverythingElse) {
  Page page(Language::fr, "A <b>");
  page.begin_main();
  page.foreign("\u202e<i>", true);
  const std::string text = page.take();
  EXPECT_THAT(text, HasSubstr("<html lang=\"fr\">"));
  EXPECT_THAT(text, HasSubstr("default-src &#39;none&#39;; style-src &#39;sha256-"));
  EXPECT_THAT(text, HasSubstr("<title>A &lt;b&gt;</title>"));
  EXPECT_THAT(text, HasSubstr("<bdi lang=\"en\">[U+202E]&lt;i&gt;</bdi>"));
  for (const char* never : {"<script", "http:", "https:", "url(", "@import", " src=", "style="}) EXPECT_THAT(text, Not(HasSubstr(never)));
}

TEST(Chart, IsSaidAsATable) {
  Page page(Language::en, "T");
  page.begin_main();
  draw(page, {.title = "Things", .rows_heading = "Who", .parts = {"good", "bad"}, .bars = {{.name = "<x>", .values = {3, 0}, .shown = {}}}});
  const std::string text = page.take();
  EXPECT_THAT(text, HasSubstr("<svg role=\"img\" aria-label=\"Bar chart: Things."));
  EXPECT_THAT(text, HasSubstr("<caption>Things</caption>"));
  EXPECT_THAT(text, HasSubstr("<bdi>&lt;x&gt;</bdi>"));
  EXPECT_THAT(text, HasSubstr("<td class=\"number\">3</td>"));
}

}  // namespace
}  // namespace bascule::estate
