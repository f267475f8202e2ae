// The parsers of requests, as tables.
#include <gtest/gtest.h>

#include "api/common/conditions.h"
#include "api/common/metadata.h"
#include "api/common/ranges.h"
#include "api/common/request_id.h"
#include "api/common/text.h"
#include "api/common/version.h"
#include "api/common/xml_reader.h"
#include "api/common/xml_writer.h"

namespace bascule::api {
namespace {

struct Sent {
  http::Request request;
  explicit Sent(std::vector<http::HeaderView> headers) { request.headers = std::move(headers); }
  HeaderIndex index() const { return HeaderIndex(request); }
};

template <class T> Fault fault_of(const Parsed<T>& parsed) { return parsed ? Fault::none : parsed.error().fault; }
template <class T> std::string extra(const Parsed<T>& parsed, std::string_view name) {
  if (!parsed)
    for (const Element& element : parsed.error().extras)
      if (element.name == name) return element.value;
  return "(none)";
}

constexpr Version kNew(2023, 11, 3);

TEST(Version, AcceptsEveryWellFormedDateFrom2009On) {
  EXPECT_TRUE(Version::parse("2009-09-19"));
  EXPECT_TRUE(Version::parse("2099-11-05"));
  EXPECT_EQ(*Version::parse("2019-02-02"), Version(2019, 2, 2));
  EXPECT_LT(*Version::parse("2018-11-09"), Version(2019, 2, 2));
  for (const char* bad : {"", "2009-07-17", "2019-2-2", "2019-13-01", "2019-00-10", "2019-01-32", "20190202", "2019/02/02",
                          "2019-02-02 ", "x019-02-02"})
    EXPECT_FALSE(Version::parse(bad)) << bad;
}

TEST(HeaderIndex, FindsWithoutCaseAndNoticesRepeats) {
  const Sent sent({{"X-MS-Blob-Type", "BlockBlob"}, {"if-modified-since", "a"}, {"If-Modified-Since", "b"},
                   {"x-ms-unknown", "?"}, {"X-Ms-Meta-a", "1"}});
  const HeaderIndex index = sent.index();
  EXPECT_EQ(index.get(H::blob_type), "BlockBlob");
  EXPECT_EQ(index.get(H::if_modified_since), "a");
  EXPECT_TRUE(index.repeated(H::if_modified_since));
  EXPECT_FALSE(index.repeated(H::blob_type));
  EXPECT_FALSE(index.has(H::range));
  EXPECT_TRUE(index.has_metadata());
}

TEST(HeaderIndex, KnowsEachOfItsNames) {
  for (int i = 0; i < static_cast<int>(H::count_); ++i) {
    const Sent sent({{name(static_cast<H>(i)), "v"}});
    EXPECT_EQ(sent.index().get(static_cast<H>(i)), "v") << name(static_cast<H>(i));
  }
}

TEST(Ranges, Forms) {
  struct { const char* text; bool ok; std::uint64_t first; std::optional<std::uint64_t> last; } cases[] = {
      {"bytes=0-0", true, 0, 0}, {"bytes=5-", true, 5, std::nullopt}, {"bytes=1-9", true, 1, 9},
      {"BYTES=1-9", true, 1, 9}, {"bytes=-5", false, 0, {}}, {"bytes=9-1", false, 0, {}}, {"bytes=1-2,4-5", false, 0, {}},
      {"lines=1-2", false, 0, {}}, {"bytes=", false, 0, {}}, {"bytes=a-b", false, 0, {}}, {"bytes=0--1", false, 0, {}},
      {"bytes= 1-2", false, 0, {}}, {"bytes=99999999999999999999-", false, 0, {}}};
  for (const auto& one : cases) {
    const auto range = parse_byte_range(one.text, kNew);
    ASSERT_EQ(range.has_value(), one.ok) << one.text;
    if (!range) continue;
    EXPECT_EQ(range->first, one.first) << one.text;
    EXPECT_EQ(range->last, one.last) << one.text;
  }
  EXPECT_FALSE(parse_byte_range("bytes=5-", Version(2009, 9, 19)));
}

TEST(Ranges, XMsRangeBeatsRangeAndIsIgnoredWhereMalformed) {
  const Sent both({{"Range", "bytes=0-1"}, {"x-ms-range", "bytes=4-5"}});
  EXPECT_EQ(parse_range(both.index(), kNew)->first, 4U);
  const Sent bad({{"Range", "bytes=0-1"}, {"x-ms-range", "bytes=-5"}});
  EXPECT_FALSE(parse_range(bad.index(), kNew));
  const Sent suffix({{"Range", "bytes=-5"}});
  EXPECT_FALSE(parse_range(suffix.index(), kNew));
}

TEST(Conditions, PairsOutsideOfReads) {
  const char* kDate = "Sun, 06 Nov 1994 08:49:37 GMT";
  struct { std::vector<http::HeaderView> headers; Fault expected; } cases[] = {
      {{{"If-Match", "\"0x1\""}}, Fault::none},
      {{{"If-Match", "\"0x1\""}, {"If-Unmodified-Since", kDate}}, Fault::none},
      {{{"If-None-Match", "*"}, {"If-Modified-Since", kDate}}, Fault::none},
      {{{"If-Match", "\"0x1\""}, {"If-None-Match", "*"}}, Fault::multiple_condition_headers_not_supported},
      {{{"If-Match", "\"0x1\""}, {"If-Modified-Since", kDate}}, Fault::multiple_condition_headers_not_supported},
      {{{"If-Modified-Since", kDate}, {"If-Unmodified-Since", kDate}}, Fault::multiple_condition_headers_not_supported},
      {{{"If-Match", "\"0x1\", \"0x2\""}}, Fault::multiple_condition_headers_not_supported},
      {{{"If-Modified-Since", kDate}, {"If-Modified-Since", kDate}}, Fault::invalid_header_value},
      {{{"If-Modified-Since", "null"}}, Fault::none},
      {{{"x-ms-lease-id", "no-guid"}}, Fault::invalid_header_value},
  };
  for (const auto& one : cases) {
    const Sent sent(one.headers);
    EXPECT_EQ(fault_of(parse_conditions(sent.index(), kNew, ConditionUse::other)), one.expected)
        << one.headers[0].name << one.headers[0].value;
  }
}

TEST(Conditions, ReadsCombineFrom2013On) {
  const Sent sent({{"If-Match", "\"0x1\", 0xAB"}, {"If-None-Match", "\"foreign\""}});
  const auto conditions = parse_conditions(sent.index(), kNew, ConditionUse::read);
  ASSERT_TRUE(conditions);
  EXPECT_TRUE(conditions->combined);
  EXPECT_EQ(conditions->if_match->values, (std::vector<ops::ETag>{1, 0xAB}));
  EXPECT_EQ(conditions->if_none_match->values, std::vector<ops::ETag>{0});  // never equal to one of ours
  EXPECT_EQ(fault_of(parse_conditions(sent.index(), Version(2012, 2, 12), ConditionUse::read)),
            Fault::multiple_condition_headers_not_supported);
  const Sent star({{"If-None-Match", "*"}});
  EXPECT_EQ(fault_of(parse_conditions(star.index(), kNew, ConditionUse::read)), Fault::unsatisfiable_condition);
}

TEST(Conditions, ETagsAsTheyCome) {
  // 0: never equal to one of ours.
  struct { std::vector<http::HeaderView> headers; bool any; std::vector<ops::ETag> values; } cases[] = {
      {{{"If-None-Match", "\"0x8D\""}}, false, {0x8D}},
      {{{"If-None-Match", "0x8D"}}, false, {0x8D}},                 // unquoted, as before 2011-08-18
      {{{"If-None-Match", "  \"0x8D\"  "}}, false, {0x8D}},
      {{{"If-None-Match", "W/\"0x8D\""}}, false, {0}},              // weak: no write of ours makes one
      {{{"If-None-Match", "\"0x8d\""}}, false, {0}},                // ours are upper case
      {{{"If-None-Match", "\"\""}}, false, {0}},
      {{{"If-None-Match", "\"0x8D"}}, false, {0}},                  // half a quote
      {{{"If-None-Match", "*"}}, true, {}},
      {{{"If-None-Match", "\"*\""}}, false, {0}},                   // an ETag that looks like the wildcard
      {{{"If-None-Match", "\"0x8D\",\"0x8E\" , 0x8F"}}, false, {0x8D, 0x8E, 0x8F}},
      {{{"If-None-Match", "\"0x8D\", *"}}, true, {0x8D}},
      {{{"If-None-Match", "\"0x8D\""}, {"if-none-match", "\"0x8E\""}}, false, {0x8D, 0x8E}},   // one list
      {{{"If-None-Match", ",,\"0x8D\","}}, false, {0x8D}},
  };
  for (const auto& one : cases) {
    const Sent sent(one.headers);
    const auto conditions = parse_conditions(sent.index(), Version(2013, 8, 14), ConditionUse::other);
    const bool single = one.values.size() + (one.any ? 1 : 0) == 1;
    ASSERT_EQ(conditions.has_value(), single) << one.headers[0].value;
    if (single) {
      EXPECT_EQ(conditions->if_none_match->any, one.any) << one.headers[0].value;
      EXPECT_EQ(conditions->if_none_match->values, one.values) << one.headers[0].value;
    }
    if (one.any) continue;
    const auto read = parse_conditions(sent.index(), kNew, ConditionUse::read);
    ASSERT_TRUE(read) << one.headers[0].value;
    EXPECT_EQ(read->if_none_match->values, one.values) << one.headers[0].value;
  }
}

TEST(Conditions, LeaseIdIsNormalised) {
  const Sent sent({{"X-Ms-Lease-Id", "{AAAAAAAA-1111-2222-3333-444444444444}"}});
  EXPECT_EQ(parse_conditions(sent.index(), kNew, ConditionUse::other)->lease_id, "aaaaaaaa-1111-2222-3333-444444444444");
}

TEST(ETags, OnlyOurOwnTexts) {
  EXPECT_EQ(parse_etag("\"0x8DCB2E5A3F6C1D0\""), 0x8DCB2E5A3F6C1D0U);
  EXPECT_EQ(parse_etag("0x8DCB2E5A3F6C1D0"), 0x8DCB2E5A3F6C1D0U);
  for (const char* foreign : {"", "\"\"", "0x", "0x08D", "0x8dcb", "W/\"0x8D\"", "8D", "0x11111111111111111"})
    EXPECT_FALSE(parse_etag(foreign)) << foreign;
  std::string text;
  append_etag(text, 0x8DCB2E5A3F6C1D0U);
  EXPECT_EQ(text, "0x8DCB2E5A3F6C1D0");
}

TEST(Dates, AreThoseOfTheSlowPath) {
  for (std::int64_t second : {0LL, 784111777LL, 951782400LL, 1700000000LL, 4102444799LL}) {
    const WallTime time{std::chrono::seconds(second)};
    std::string text;
    append_http_date(text, time);
    EXPECT_EQ(text, format_http_date(time));
  }
}

TEST(Metadata, NamesAndSizes) {
  const Sent good({{"x-ms-meta-UPPER", "1"}, {"X-MS-META-_", "2"}, {"x-ms-meta-upper", "3"}});
  EXPECT_EQ(*parse_metadata(good.index()), (ops::Metadata{{"UPPER", "1,3"}, {"_", "2"}}));
  EXPECT_EQ(fault_of(parse_metadata(Sent({{"x-ms-meta-", "1"}}).index())), Fault::empty_metadata_key);
  for (const char* bad : {"x-ms-meta-a-b", "x-ms-meta-1a", "x-ms-meta-a.b", "x-ms-meta-\xC3\xA9"})
    EXPECT_EQ(fault_of(parse_metadata(Sent({{bad, "1"}}).index())), Fault::invalid_metadata) << bad;
  const std::string fits(kMaxMetadataBytes - 1, 'v'), over(kMaxMetadataBytes, 'v');
  EXPECT_TRUE(parse_metadata(Sent({{"x-ms-meta-a", fits}}).index()));
  EXPECT_EQ(fault_of(parse_metadata(Sent({{"x-ms-meta-a", over}}).index())), Fault::metadata_too_large);
}

TEST(Guids, EveryNetForm) {
  const char* kPlain = "12345678-9abc-def0-1234-56789abcdef0";
  for (const char* form : {"12345678-9ABC-DEF0-1234-56789abcdef0", "123456789abcdef0123456789abcdef0",
                           "{12345678-9abc-def0-1234-56789abcdef0}", "(12345678-9abc-def0-1234-56789abcdef0)"})
    EXPECT_EQ(parse_guid(form), kPlain) << form;
  for (const char* bad : {"", "mine", "12345678-9abc-def0-1234-56789abcdefg", "{12345678-9abc-def0-1234-56789abcdef0",
                          "123456789-abc-def0-1234-56789abcdef0"})
    EXPECT_FALSE(parse_guid(bad)) << bad;
}

TEST(RequestIds, AreGuidsAndDiffer) {
  RequestIds ids(system_random()), others(system_random());
  const std::string first = ids.next(), second = ids.next();
  EXPECT_EQ(parse_guid(first), first);
  EXPECT_NE(first, second);
  EXPECT_NE(others.next().substr(0, 18), first.substr(0, 18));
}

TEST(XmlWriter, EscapesAndEncodes) {
  struct { std::string_view name, written; } cases[] = {
      {"plain", "<Name>plain</Name>"},
      {"a<b>&c\"'", "<Name>a&lt;b&gt;&amp;c\"'</Name>"},
      {"rocket-\xF0\x9F\x9A\x80", "<Name>rocket-\xF0\x9F\x9A\x80</Name>"},
      {"a\rb", "<Name>a&#xD;b</Name>"},
      {"dir\xEF\xBF\xBF/", "<Name Encoded=\"true\">dir%EF%BF%BF%2F</Name>"},
      {"\x01_x y", "<Name Encoded=\"true\">%01_x%20y</Name>"},
      {"\xEF\xBC\xA1", "<Name>\xEF\xBC\xA1</Name>"},
  };
  for (const auto& one : cases) {
    std::string xml;
    append_name(xml, one.name);
    EXPECT_EQ(xml, one.written);
  }
  std::string xml;
  append_element(xml, "a", "");
  append_element(xml, "b", "\xE9t\xE9");
  EXPECT_EQ(xml, "<a /><b>\xC3\xA9t\xC3\xA9</b>");
  xml.clear();
  append_attribute(xml, "\"a\tb&\"");
  EXPECT_EQ(xml, "&quot;a&#x9;b&amp;&quot;");
}

TEST(XmlReader, TreeAndRefusals) {
  const auto root = parse_xml("\xEF\xBB\xBF<?xml version=\"1.0\"?><A><B> x &amp; y </B><B/><C><D>1</D></C></A>");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->name, "A");
  ASSERT_EQ(root->children.size(), 3U);
  EXPECT_EQ(root->children[0].text, "x & y");
  EXPECT_EQ(root->child("C")->child("D")->text, "1");
  EXPECT_EQ(root->child("E"), nullptr);
  for (std::string_view bad : {"", "text", "<A><B></A>", "<A>", "<!DOCTYPE a [<!ENTITY e \"x\">]><A>&e;</A>",
                               "<A><A><A><A><A><A><A><A><A/></A></A></A></A></A></A></A></A>"})
    EXPECT_EQ(fault_of(parse_xml(bad)), Fault::invalid_xml_document) << bad;
  EXPECT_EQ(fault_of(parse_xml("<A><B/><B/></A>", {.nodes = 2})), Fault::invalid_xml_document);
  EXPECT_EQ(extra(parse_xml("<A>\n<B></A>"), "LineNumber"), "2");
}

}  // namespace
}  // namespace bascule::api
