// How inputs become text, rows and records.
#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>

#include "estate/csv_records.h"
#include "estate/json_records.h"
#include "estate/text_source.h"

namespace bascule::estate {
namespace {

namespace json = boost::json;

std::string text_of(std::string bytes) {
  TextSource source = TextSource::of(std::move(bytes), "");
  std::string all;
  while (true) {
    const auto block = source.next();
    if (!block) return "error: " + block.error().message;
    if (block->empty()) return all;
    all += *block;
  }
}

TEST(TextSource, EncodingsAreToldFromTheContent) {
  EXPECT_EQ(text_of("plain"), "plain");
  EXPECT_EQ(text_of("\xef\xbb\xbf" "é"), "é");
  EXPECT_EQ(text_of(std::string("\xff\xfe" "a\0\xe9\0", 6)), "aé");
  EXPECT_EQ(text_of(std::string("\xfe\xff\0a\0\xe9", 6)), "aé");
  EXPECT_EQ(text_of(std::string("a\0b\0", 4)), "ab");
  EXPECT_EQ(text_of(std::string("\xff\xfe\x3d\xd8\x00\xde", 6)), "😀");
  EXPECT_EQ(text_of("caf\xe9 \x80"), "café €");
  EXPECT_TRUE(text_of("\x1f\x8b").starts_with("error: ")) << "gzip";
  EXPECT_TRUE(text_of("PK\x03\x04").starts_with("error: ")) << "ZIP";
  EXPECT_TRUE(text_of(std::string("ab\0\1", 4)).starts_with("error: ")) << "binary";
}

TEST(TextSource, ASequenceAcrossTheEndOfABlockIsWhole) {
  const std::string long_text = std::string((256 << 10) - 1, 'x') + "é€";
  EXPECT_EQ(text_of(long_text), long_text);
}

std::string rows_of(std::string_view text, std::size_t part) {
  std::string out;
  CsvReader reader([&](std::span<const std::string_view> cells, std::uint64_t line) {
    out += std::to_string(line) + ":";
    for (const std::string_view cell : cells) out += "[" + std::string(cell) + "]";
    return true;
  });
  for (std::size_t at = 0; at < text.size(); at += part)
    if (auto took = reader.write(text.substr(at, part), false); !took) return out + "!" + std::to_string(reader.error_line());
  if (auto took = reader.write("", true); !took) return out + "!" + std::to_string(reader.error_line());
  return out;
}

TEST(Csv, RowsAreTheSameInPartsOfAnySize) {
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {"a,b\r\n1,\r\n", "1:[a][b]2:[1][]"},
      {"a;b\n\"1;2\";3\n", "1:[a][b]2:[1;2][3]"},
      {"a\tb\n\"x\"\"y\"\tz", "1:[a][b]2:[x\"y][z]"},
      {"a,b\n\"two\nlines\",c\nlast,row\n", "1:[a][b]2:[two\nlines][c]4:[last][row]"},
      {"sep=;\na;b,c\n", "2:[a][b,c]"},
      {"sep=\n\na", "1:[sep=]3:[a]"},
      {"a,b\n\n\n1,2\n", "1:[a][b]4:[1][2]"},
      {"a,b\n1,\"open\nmore", "1:[a][b]!2"},
      {"only", "1:[only]"},
  };
  for (const auto& [text, rows] : kCases)
    for (const std::size_t part : {1UL, 2UL, 3UL, 1000UL}) EXPECT_EQ(rows_of(text, part), rows) << text << " in parts of " << part;
}

// The records of a text, with what "around" says of `p`, and where the reading ended.
std::string records_of(std::string_view text, std::size_t part) {
  std::string out;
  JsonRecords reader({.record =
                          [&](json::object& record, const Around& around) {
                            out += json::serialize(record);
                            if (const auto* p = around.find("p")) out += "/" + json::serialize(*p);
                            out += " ";
                          },
                      .row = [&](json::array& row, const Around& around) { out += json::serialize(row) + (around.find("columns") ? "" : "?") + " "; },
                      .page_end = [](const Around&) {},
                      .too_large = [&] { out += "large "; }});
  for (std::size_t at = 0; at < text.size(); at += part)
    if (auto took = reader.write(text.substr(at, part), false); !took) return out + "!" + std::to_string(reader.line()) + "." + std::to_string(reader.offset());
  if (auto took = reader.write("", true); !took) out += "!end";
  return out;
}

TEST(JsonRecords, AreFoundWhereverExportsKeepThem) {
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {R"({"count":2,"data":[{"a":1},{"a":2}],"skip_token":null})", R"({"a":1} {"a":2} )"},
      {R"({"data":{"columns":[{"name":"x"}],"rows":[[1],["b"]]}})", R"([1] ["b"] )"},
      {R"({"data":{"rows":[[1]],"columns":[]}})", R"([1]? )"},
      {R"([{"a":"é\n"},{"data":[{"b":2}]},3,[4]])", R"({"a":"é\n"} {"b":2} )"},
      {"{\"a\":1}\n{\"a\":2}\n", R"({"a":1} {"a":2} )"},
      {R"({"p":{"x":1},"resources":[{"r":1}],"outputs":{"s":"secret"}})", R"({"r":1}/{"x":1} )"},
      {R"({"resources":{"one":{"r":1}}})", R"({"r":1,"name":"one"} )"},
      {R"({"values":{"root_module":{"resources":[{"r":1}],"child_modules":[{"resources":[{"r":2}],"child_modules":[{"resources":[{"r":3}]}]}]}}})", R"({"r":1} {"r":2} {"r":3} )"},
      {R"({"id":"/x","type":"y","data":[1],"value":[2],"resources":[]})", R"({"id":"/x","type":"y","data":[1],"value":[2],"resources":[]} )"},
      {R"({"tables":[{"columns":[],"rows":[[true]]}]})", R"([true] )"},
      {R"({"data":[{"a":{"deep":[[{"b":null}]]}}]})", R"({"a":{"deep":[[{"b":null}]]}} )"},
      {R"({"data":[{"a":1},oops]})", R"({"a":1} !1.17)"},
      {R"({"data":[{"a":1})", R"({"a":1} !end)"},
      {"nonsense", "!1.0"},
  };
  for (const auto& [text, records] : kCases)
    for (const std::size_t part : {1UL, 3UL, 1000UL}) EXPECT_EQ(records_of(text, part), records) << text << " in parts of " << part;
}

TEST(JsonRecords, LimitsAreKept) {
  const std::string big(kMostRecordBytes + 1, 'x');
  EXPECT_EQ(records_of(R"({"data":[{"a":")" + big + R"("},{"b":1}]})", 1 << 16), R"(large {"b":1} )");
  EXPECT_EQ(records_of(R"({"a":")" + big + "\"}\n{\"b\":1}", 1 << 16), R"(large {"b":1} )");
  EXPECT_TRUE(records_of(std::string(1000, '['), 100).starts_with("!"));
}

}  // namespace
}  // namespace bascule::estate
