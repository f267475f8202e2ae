// Tags, conditions on them and searches for them, as tables. Sources: as tag_expression.h; AZURE-DETAILS 57.
#include "api/common/tag_expression.h"

#include <gtest/gtest.h>

#include "api/common/tags.h"

namespace bascule::api {
namespace {

const ops::Tags kTags = {{"Rank", "020"}, {"a b", "x=y"}, {"empty", ""}, {"status", "In Progress"}};

// "": not a condition; "+" holds for kTags; "-" does not.
struct Condition {
  std::string text;
  char expected;
};
const Condition kConditions[] = {
    {"status = 'In Progress'", '+'},
    {"\"status\"='In Progress'", '+'},
    {"  status\t=\n'In Progress' ", '+'},
    {"Status = 'In Progress'", '-'},              // keys have case
    {"status = 'in progress'", '-'},              // and values
    {"status <> 'Done'", '+'},
    {"status <> 'In Progress'", '-'},
    {"nothing = 'x'", '-'},
    {"nothing <> 'x'", '-'},                      // what is not there satisfies nothing
    {"empty = ''", '+'},
    {"empty < 'a'", '+'},
    {"Rank > '01'", '+'},
    {"Rank > '020'", '-'},
    {"Rank >= '020'", '+'},
    {"Rank < '1'", '+'},                          // as text
    {"Rank <= '019'", '-'},
    {"\"a b\" = 'x=y'", '+'},
    {"Rank >= '010' AND Rank < '100'", '+'},
    {"Rank >= '010' and Rank < '015'", '-'},
    {"Rank = '1' OR status = 'In Progress'", '+'},
    {"Rank = '1' or status = 'Done'", '-'},
    // AND binds closer
    {"Rank = '020' OR Rank = '1' AND status = 'Done'", '+'},
    {"(Rank = '020' OR Rank = '1') AND status = 'Done'", '-'},
    {"status = 'Done' AND Rank = '1' OR Rank = '020'", '+'},
    {"status = 'Done' AND (Rank = '1' OR Rank = '020')", '-'},
    {"((Rank='020'))AND(empty='')", '+'},
    {"Rank='020'AND empty=''", '+'},
    {"android = 'x' OR orange = 'y' OR Rank = '020'", '+'},   // words that begin like keywords
    {"and = 'x' OR Rank = '020'", '+'},
    // not conditions
    {"", 0},
    {" ", 0},
    {"status", 0},
    {"status =", 0},
    {"= 'x'", 0},
    {"status = x", 0},
    {"status = \"x\"", 0},
    {"status = 'x", 0},
    {"\"status = 'x'", 0},
    {"'status' = 'x'", 0},
    {"status == 'x'", 0},
    {"status != 'x'", 0},
    {"status > = 'x'", 0},
    {"status = 'x' AND", 0},
    {"status = 'x' AND OR Rank = '1'", 0},
    {"OR status = 'x'", 0},
    {"status = 'x' Rank = '1'", 0},
    {"status = 'x' ANDRank = '1'", 0},
    {"(status = 'x'", 0},
    {"status = 'x')", 0},
    {"()", 0},
    {"status = 'a''b'", 0},
    {"status = 'a*b'", 0},
    {"sta-tus = 'a'", 0},
    {"@container = 'c'", 0},
    {"NOT status = 'x'", 0},
    {"status LIKE 'x'", 0},
    {std::string("status = 'a\0b'", 15), 0},
    {std::string(33, '(') + "Rank='020'" + std::string(33, ')'), 0},
    {std::string(32, '(') + "Rank='020'" + std::string(32, ')'), '+'},
};

TEST(TagCondition, HoldsOrNotOrIsNone) {
  for (const Condition& c : kConditions) {
    const http::HeaderView header{"x-ms-if-tags", c.text};
    http::Request request;
    request.headers = {header};
    const auto parsed = parse_tag_condition(HeaderIndex(request), H::if_tags);
    ASSERT_EQ(parsed.has_value(), c.expected != 0) << c.text;
    if (!parsed) {
      EXPECT_EQ(parsed.error().fault, Fault::invalid_header_value) << c.text;
      continue;
    }
    ASSERT_TRUE(*parsed) << c.text;
    EXPECT_EQ((*parsed)->holds(kTags), c.expected == '+') << c.text;
  }
}

TEST(TagCondition, HasABoundOnItsLength) {
  const auto repeated = [](std::size_t times) {
    std::string text = "a='1'";
    for (std::size_t i = 1; i < times; ++i) text += " OR a='1'";
    http::Request request;
    request.headers = {{"x-ms-if-tags", text}};
    return parse_tag_condition(HeaderIndex(request), H::if_tags).has_value();
  };
  EXPECT_TRUE(repeated(100));
  EXPECT_FALSE(repeated(101));
}

std::string shown(const ops::TagSearch& search) {
  std::string text;
  if (search.container) text += "in " + *search.container + ";";
  for (const auto& key : search.keys) {
    text += key.key + ":" + (key.lower ? (key.lower->inclusive ? "[" : "(") + key.lower->value : "..") + "," +
            (key.upper ? key.upper->value + (key.upper->inclusive ? "]" : ")") : "..") + ";";
  }
  return text;
}

struct Search {
  std::string where;
  std::string expected;  // as shown(); or "!" and the error's text
  bool in_container = false;
};
const Search kSearches[] = {
    {"a='1'", "a:[1,1];"},
    {"\"a b\" = ''", "a b:[,];"},
    {"a > '1'", "a:(1,..;"},
    {"a >= '1' AND a < '2'", "a:[1,2);"},
    {"a<='2' and b='x' And a>'1'", "a:(1,2];b:[x,x];"},
    {"@container='vid-eos9' AND a='1'", "in vid-eos9;a:[1,1];"},
    {"a='1' AND @container = '$root'", "in $root;a:[1,1];"},
    {"a='1'", "a:[1,1];", true},
    {"1a='1'", "1a:[1,1];"},
    {"", "!1: unexpected end of query"},
    {"a", "!2: unexpected end of query"},
    {"a=", "!3: unexpected end of query"},
    {"a=1", "!3: expecting tag value"},
    {"a=\"1\"", "!3: expecting tag value"},
    {"a='1", "!5: unterminated tag value"},
    {"a='1'+AND+b='2'", "!6: unexpected '+'"},      // as the real service says where '+' was meant as a space
    {"a='1' OR b='2'", "!7: unexpected 'O'"},
    {"(a='1')", "!1: unexpected '('"},
    {"a<>'1'", "!4: unexpected '<>'"},
    {"a>'1' AND a>='2'", "!17: can't have multiple conditions for a single tag unless they define a range"},
    {"a='1' AND a='2'", "!16: can't have multiple conditions for a single tag unless they define a range"},
    {"a='1' AND a<'2'", "!16: can't have multiple conditions for a single tag unless they define a range"},
    {"a<'1' AND a='2'", "!16: can't have multiple conditions for a single tag unless they define a range"},
    {"@container='c'", "!15: expecting tag name"},
    {"@container='c' AND a='1'", "!11: '@container' not permitted in the context of a container", true},
    {"@container='c' AND @container='c' AND a='1'", "!30: '@container' given twice"},
    {"@container>'c' AND a='1'", "!11: unexpected '>'"},
    {"@container='c d' AND a='1'", "!14: ' ' not permitted in tag name or value"},
    {"@name='c' AND a='1'", "!6: unsupported parameter '@name'"},
    {"a='ü'", "!4: '\xc3' not permitted in tag name or value"},
    {"\"\"='1'", "!3: tag must be between 1 and 128 characters in length"},
    {std::string(129, 'k') + "='1'", "!130: tag must be between 1 and 128 characters in length"},
    {"a='" + std::string(257, 'v') + "'", "!262: tag value must be between 0 and 256 characters in length"},
    {"a='' AND b='' AND c='' AND d='' AND e='' AND f='' AND g='' AND h='' AND i='' AND j='' AND k=''",
     "!95: there can be at most 10 unique tags in a query"},
};

TEST(TagSearch, IsReadOrRefusedWithThePlace) {
  for (const Search& s : kSearches) {
    const auto parsed = parse_tag_search(s.where, s.in_container);
    if (parsed) {
      EXPECT_EQ(shown(*parsed), s.expected) << s.where;
      continue;
    }
    EXPECT_EQ(parsed.error().fault, Fault::invalid_query_parameter_value) << s.where;
    constexpr std::string_view kLead = "Error parsing query at or near character position ";
    ASSERT_TRUE(parsed.error().text.starts_with(kLead)) << s.where;
    EXPECT_EQ("!" + parsed.error().text.substr(kLead.size()), s.expected) << s.where;
  }
}

TEST(TagSearch, BoundsHoldAsSaid) {
  const auto holds = [](std::string_view where, std::string_view value) {
    return parse_tag_search(where, false)->keys[0].holds(value);
  };
  EXPECT_TRUE(holds("a='1'", "1"));
  EXPECT_FALSE(holds("a='1'", "10"));
  EXPECT_FALSE(holds("a='1'", "0"));
  EXPECT_FALSE(holds("a>'1'", "1"));
  EXPECT_TRUE(holds("a>'1'", "10"));
  EXPECT_TRUE(holds("a>='1'", "1"));
  EXPECT_TRUE(holds("a<'1'", ""));
  EXPECT_FALSE(holds("a<'1'", "1"));
  EXPECT_TRUE(holds("a<='1'", "1"));
}

struct Header {
  std::string text;
  ops::Tags expected;
  Fault fault = Fault::none;
};
TEST(TagsHeader, IsReadOrRefused) {
  const Header headers[] = {
      {"", {}},
      {"a=1", {{"a", "1"}}},
      {"b=2&a=1", {{"a", "1"}, {"b", "2"}}},
      {"a%20b=x%3Dy%26z", {}, Fault::invalid_tag},
      {"a+b=x%2By%3d", {{"a b", "x+y="}}},
      {"a=", {{"a", ""}}},
      {"a", {{"a", ""}}},
      {"a=b=c", {{"a", "b=c"}}},
      {"A=1&a=2", {{"A", "1"}, {"a", "2"}}},
      {"a=1&a=2", {}, Fault::duplicate_tag_names},
      {"=1", {}, Fault::empty_tag_name},
      {"a=1&&b=2", {}, Fault::empty_tag_name},
      {"a=%zz", {}, Fault::invalid_header_value},
      {"a=%2a", {}, Fault::invalid_tag},
      {"a=\xc3\xbc", {}, Fault::invalid_tag},
      {std::string(128, 'k') + "=" + std::string(256, 'v'), {{std::string(128, 'k'), std::string(256, 'v')}}},
      {std::string(129, 'k') + "=1", {}, Fault::tags_too_large},
      {"k=" + std::string(257, 'v'), {}, Fault::tags_too_large},
      {"a=&b=&c=&d=&e=&f=&g=&h=&i=&j=&k=", {}, Fault::tags_too_large},
  };
  for (const Header& h : headers) {
    http::Request request;
    request.headers = {{"x-ms-tags", h.text}};
    const auto parsed = parse_tags_header(HeaderIndex(request));
    EXPECT_EQ(parsed ? Fault::none : parsed.error().fault, h.fault) << h.text;
    if (parsed) EXPECT_EQ(*parsed, h.expected) << h.text;
  }
}

std::string tag(std::string_view key, std::string_view value) {
  return "<Tag><Key>" + std::string(key) + "</Key><Value>" + std::string(value) + "</Value></Tag>";
}
TEST(TagsDocument, IsReadOrRefused) {
  const auto document = [](std::string_view set) { return "<?xml version=\"1.0\"?><Tags><TagSet>" + std::string(set) + "</TagSet></Tags>"; };
  std::string eleven;
  for (char c = 'a'; c <= 'k'; ++c) eleven += tag(std::string(1, c), "");
  const Header documents[] = {
      {document(""), {}},
      {"<Tags><TagSet/></Tags>", {}},
      {"<Tags>\n <TagSet>\n  <Tag>\n <Key>a</Key>\n <Value>1</Value></Tag>\n </TagSet>\n</Tags>", {{"a", "1"}}},
      {document(tag("b", "2") + tag("a", "1")), {{"a", "1"}, {"b", "2"}}},
      {document(tag(" a ", "  ")), {{" a ", "  "}}},                // spaces are the client's own
      {document("<Tag><Value>1</Value><Key>a</Key></Tag>"), {{"a", "1"}}},
      {document("<Tag><Key>a</Key><Value /></Tag>"), {{"a", ""}}},
      {document(tag("a", "1") + tag("a", "2")), {}, Fault::duplicate_tag_names},
      {document(tag("", "1")), {}, Fault::empty_tag_name},
      {document(tag("a", "&amp;")), {}, Fault::invalid_tag},
      {document(tag(std::string(129, 'k'), "")), {}, Fault::tags_too_large},
      {document(eleven), {}, Fault::tags_too_large},
      {"", {}, Fault::invalid_xml_document},
      {"<Tags/>", {}, Fault::invalid_xml_document},
      {"<TagSet/>", {}, Fault::invalid_xml_document},
      {"<Tags><TagSet/><TagSet/></Tags>", {}, Fault::invalid_xml_document},
      {document("<Tag><Key>a</Key></Tag>"), {}, Fault::invalid_xml_document},
      {document("<Tag><Key>a</Key><Value>1</Value><Value>2</Value></Tag>"), {}, Fault::invalid_xml_document},
      {document("<Other/>"), {}, Fault::invalid_xml_document},
      {document("<Tag>"), {}, Fault::invalid_xml_document},
  };
  for (const Header& d : documents) {
    const auto parsed = parse_tags_document(d.text);
    EXPECT_EQ(parsed ? Fault::none : parsed.error().fault, d.fault) << d.text;
    if (parsed) EXPECT_EQ(*parsed, d.expected) << d.text;
  }
}

TEST(TagsDocument, IsWrittenAsItIsRead) {
  std::string xml;
  append_tags(xml, kTags);
  const auto again = parse_tags_document(xml);
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, kTags);
}

}  // namespace
}  // namespace bascule::api
