// The query language as its reference describes it, statement by statement; formats; what an answer holds.
#include <gtest/gtest.h>

#include "query/run.h"

namespace bascule::query {
namespace {

// What an answer's records say. The test's own reader of Avro, as the specification has it.
struct Answer {
  std::string data, errors;   // "name@position" or "name!" for a fatal one, each with a space
  std::uint64_t scanned = 0, total = 0;
  std::size_t records = 0;
};
class Avro {
 public:
  explicit Avro(std::string_view text) : rest_(text) {}
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value >> 1;
    }
  }
  std::string_view take(std::size_t size) {
    if (size > rest_.size()) throw std::runtime_error("the answer is cut");
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::string_view text() { return take(number()); }
  bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};
Answer read_answer(std::string_view text) {
  Avro in(text);
  Answer answer;
  EXPECT_EQ(in.take(4), std::string_view("Obj\x01"));
  for (std::uint64_t entries = in.number(); entries > 0; entries = in.number())
    for (; entries > 0; --entries) in.text(), in.text();
  const std::string_view mark = in.take(16);
  while (!in.empty()) {
    EXPECT_EQ(in.number(), 1u);
    Avro record(in.text());
    EXPECT_EQ(in.take(16), mark);
    ++answer.records;
    switch (record.number()) {
      case 0: answer.data += record.text(); break;
      case 1: {
        const bool fatal = record.take(1)[0] != 0;
        answer.errors += record.text();
        record.text();
        const auto position = record.number();
        answer.errors += (fatal ? "!" : "@") + std::to_string(position) + " ";
        break;
      }
      case 2: answer.scanned = record.number(), answer.total = record.number(); break;
      case 3: EXPECT_EQ(record.number(), answer.total); break;
      default: ADD_FAILURE() << "an unknown record";
    }
    EXPECT_TRUE(record.empty());
  }
  return answer;
}

const Timestamp kNow = *parse_timestamp("2026-11-23T01:02:03Z");

Answer asked(std::string_view sql, std::string_view content, Format in = {}, Format out = {}, std::size_t part = 1'000'000) {
  auto statement = parse(sql);
  if (!statement) return {.errors = statement.error()};
  Run run({std::move(*statement), in, out}, content.size(), kNow, {});
  std::string answer;
  for (std::size_t at = 0; !run.done();) {
    const auto next = content.substr(at, part);
    at += next.size();
    run.feed(next, at == content.size(), answer);
  }
  run.finish(answer);
  return read_answer(answer);
}
std::string data(std::string_view sql, std::string_view content, Format in = {}, Format out = {}) {
  const Answer whole = asked(sql, content, in, out), bit_by_bit = asked(sql, content, in, out, 1);
  EXPECT_EQ(whole.data, bit_by_bit.data) << sql;
  EXPECT_EQ(whole.errors, bit_by_bit.errors) << sql;
  return whole.errors.empty() ? whole.data : whole.errors;
}
// The one value of an expression.
std::string value(std::string_view expression) { return data("SELECT " + std::string(expression) + " FROM BlobStorage", "x\n"); }

const Format kHeaders{.headers = true}, kJson{.json = true};
constexpr std::string_view kTable = "Name,Age,Town\nAnna,30,Bonn\nBob,9,\"Gent, BE\"\nCleo,,Aruba\n";

TEST(Query, Rows_of_delimited_text) {
  EXPECT_EQ(data("SELECT * FROM BlobStorage", "100,200\n150,250\n"), "100,200\n150,250\n");
  EXPECT_EQ(data("select * from blobstorage", "a,b\r\nc,d\r\n"), "a,b\nc,d\n");
  EXPECT_EQ(data("SELECT _2 from BlobStorage WHERE _1 > 250;", "100,200,300,400\n300,400,500,600"), "400\n");
  EXPECT_EQ(data("SELECT * FROM BlobStorage", ""), "");
  EXPECT_EQ(data("SELECT Name, Town FROM BlobStorage WHERE NULLIF(Age, '') BETWEEN 1 AND 29", kTable, kHeaders), "Bob,\"Gent, BE\"\n");
  EXPECT_EQ(data("SELECT \"Name\" FROM BlobStorage WHERE town = 'Bonn'", kTable, kHeaders), "Anna\n");
  EXPECT_EQ(data("SELECT b.name FROM BlobStorage b WHERE b.Age = ''", kTable, kHeaders), "Cleo\n");
  EXPECT_EQ(data("SELECT Name FROM BlobStorage LIMIT 2", kTable, kHeaders), "Anna\nBob\n");
  EXPECT_EQ(data("SELECT Name FROM BlobStorage LIMIT 0", kTable, kHeaders), "");
  EXPECT_EQ(data("SELECT _3, _9 FROM BlobStorage", "1,2,3\n"), "3,\n");
}

TEST(Query, What_cannot_be_judged_is_told_and_left_out) {
  EXPECT_EQ(asked("SELECT _1 FROM BlobStorage WHERE _2 > 250", "100,pizza,300\n300,400,500\n").data, "300\n");
  EXPECT_EQ(asked("SELECT _1 FROM BlobStorage WHERE _2 > 250", "300,400\n100,pizza\n").errors, "InvalidTypeConversion@8 ");
  EXPECT_EQ(asked("SELECT _1/_2 FROM BlobStorage", "1,0\n6,2\n").errors, "DivideByZero@0 ");
  EXPECT_EQ(asked("SELECT nothing FROM BlobStorage", kTable, kHeaders).errors, "InvalidColumnName!14 ");
  EXPECT_EQ(asked("SELECT * FROM BlobStorage", "a,b\n", kJson).errors, "ParseError!0 ");
  EXPECT_EQ(asked("SELECT * FROM BlobStorage", std::string(kMostRecordBytes + 1, 'x')).errors, "RecordTooLong!0 ");
  EXPECT_EQ(asked("SELECT * FROM BlobStorage", "{\"a\":1}\n{\"a\":", kJson).errors, "ParseError!8 ");
}

TEST(Query, Formats_are_read_and_written) {
  const Format odd{.record_separator = ".", .column_separator = ";", .quote = "'", .escape = "\\"};
  EXPECT_EQ(data("SELECT * FROM BlobStorage", "a,b;c\nit's,d\n", {}, odd), "a;'b;c'.'it\\'s';d.");
  EXPECT_EQ(data("SELECT _2 FROM BlobStorage", "1;'it\\'s'.2;'a;b.c'.", odd), "it's\na;b.c\n");
  EXPECT_EQ(data("SELECT * FROM BlobStorage", "a||b##c||d", {.record_separator = "##", .column_separator = "||"}), "a,b\nc,d\n");
  EXPECT_EQ(data("SELECT * FROM BlobStorage", "\"say \"\"hi\"\"\",2\n"), "\"say \"\"hi\"\"\",2\n");
  EXPECT_EQ(data("SELECT * FROM BlobStorage", "1,x\n", {}, kJson), "{\"_1\":\"1\",\"_2\":\"x\"}\n");
  EXPECT_EQ(data("SELECT * FROM BlobStorage", kTable.substr(0, 25), kHeaders, kJson), "{\"Name\":\"Anna\",\"Age\":\"30\",\"Town\":\"Bon\"}\n");
  EXPECT_EQ(data("SELECT Name AS n, Age+1 FROM BlobStorage LIMIT 1", kTable, kHeaders, kHeaders), "n,_2\nAnna,31\n");
  EXPECT_EQ(data("SELECT Name AS n, Age+1 FROM BlobStorage LIMIT 1", kTable, kHeaders, kJson), "{\"n\":\"Anna\",\"_2\":31}\n");
}

TEST(Query, Parts_of_json) {
  constexpr std::string_view kMouse =
      R"({"id":1,"name":"mouse","price":12.5,"tags":["wireless","accessory"],"dimensions":{"length":3},"warehouses":[{"lat":41.8},{"lat":-2}],"none":null})";
  const auto json = [&](std::string_view sql) { return data(sql, kMouse, kJson, kJson); };
  EXPECT_EQ(json("SELECT lat FROM BlobStorage[*].warehouses[*]"), "{\"lat\":41.8}\n{\"lat\":-2}\n");
  EXPECT_EQ(json("SELECT length FROM BlobStorage[*].dimensions"), "{\"length\":3}\n");
  EXPECT_EQ(json("SELECT price,warehouses[0].lat,ID,tags[1] FROM BlobStorage[*]"), "{\"price\":12.5,\"lat\":41.8,\"ID\":1,\"_4\":\"accessory\"}\n");
  EXPECT_EQ(json("SELECT tags FROM BlobStorage"), "{\"tags\":[\"wireless\",\"accessory\"]}\n");
  EXPECT_EQ(json("SELECT id FROM BlobStorage WHERE gone IS MISSING AND none IS NOT MISSING AND none IS NULL"), "{\"id\":1}\n");
  EXPECT_EQ(json("SELECT id FROM BlobStorage WHERE \"ID\" IS NOT MISSING"), "");
  EXPECT_EQ(json("SELECT none, gone FROM BlobStorage"), "{\"none\":null}\n");
  EXPECT_EQ(data("SELECT a FROM BlobStorage WHERE a >= 2", "[{\"a\":1},{\"a\":2}]\n{\"a\":3} {\"a\":\"4\"}", kJson), "2\n3\n4\n");
  EXPECT_EQ(data("SELECT * FROM BlobStorage", "{\"a\":\"x,y\",\"b\":{\"c\":1}}\n", kJson), "\"x,y\",\"{\"\"c\"\":1}\"\n");
  EXPECT_EQ(data("SELECT * FROM BlobStorage", "[12]", kJson), "12\n");
  EXPECT_EQ(data("SELECT * FROM BlobStorage", "{\"a\":1}\n12", kJson), "ParseError!8 ");
}

TEST(Query, Aggregates) {
  EXPECT_EQ(data("SELECT COUNT(*) FROM BlobStorage", kTable, kHeaders), "3\n");
  EXPECT_EQ(data("SELECT COUNT(NULLIF(Age, '')) AS n FROM BlobStorage", kTable, kHeaders, kJson), "{\"n\":2}\n");
  EXPECT_EQ(data("SELECT SUM(_1) FROM BlobStorage", "1\n2.5\n"), "3.5\n");
  EXPECT_EQ(data("SELECT AVG(_1) FROM BlobStorage", "1\n2\n"), "1.5\n");
  EXPECT_EQ(data("SELECT MIN(CAST(_1 AS INT)) FROM BlobStorage WHERE _1 <> 9 LIMIT 1", "10\n9\n11\n"), "10\n");
  EXPECT_EQ(data("SELECT MAX(_1) FROM BlobStorage", "b\na\n"), "b\n");
  EXPECT_EQ(data("SELECT SUM(_1) FROM BlobStorage WHERE _1 > 5", "1\n"), "\n");
  EXPECT_EQ(data("SELECT COUNT(*) FROM BlobStorage", ""), "0\n");
}

TEST(Query, Splits_end_with_records) {
  std::string content;
  while (content.size() < 25'000'000) content += std::string(999'999, 'x') + "\n";
  EXPECT_EQ(asked("SELECT sys.split(10485760) FROM BlobStorage", content, {}, {}, 65536).data, "11000000\n11000000\n3000000\n");
  EXPECT_EQ(asked("SELECT sys.split(10) FROM BlobStorage", "").errors, "expected a split size of 10485760 bytes or more before at \"FROM\"");
}

TEST(Query, Expressions) {
  const std::pair<const char*, const char*> rows[] = {
      {"1 + 2 * 3", "7"}, {"(1 + 2) * 3", "9"}, {"7 / 2", "3"}, {"7 / 2.0", "3.5"}, {"7 % 4", "3"}, {"-7 % 4", "-3"}, {"2 - -3", "5"},
      {"'4' + 1", "5"}, {"1e2 + 0.5", "100.5"}, {"9223372036854775807 + 1", "ArithmeticOverflow@0 "}, {"NULL + 1", ""},
      {"CAST('12' AS INT)", "12"}, {"CAST(3.9 AS INT)", "3"}, {"CAST('x' AS FLOAT)", "InvalidTypeConversion@0 "}, {"CAST(1 AS STRING)", "1"},
      {"CAST('true' AS BOOLEAN)", "true"}, {"CAST(NULL AS INT)", ""},
      {"1 = 1 AND NOT 1 > 2", "true"}, {"NULL = NULL", ""}, {"NULL = 1 OR TRUE", "true"}, {"NULL = 1 AND FALSE", "false"}, {"NOT (NULL = 1)", ""},
      {"2 IN (1, '2')", "true"}, {"3 NOT IN (1, 2)", "true"}, {"3 IN (1, NULL)", ""}, {"5 NOT BETWEEN 1 AND 4", "true"}, {"1 != 2", "true"},
      {"'abc' LIKE 'a%'", "true"}, {"'abc' LIKE '_b_'", "true"}, {"'a%c' LIKE 'a!%c' ESCAPE '!'", "true"}, {"'abc' LIKE 'a!%c' ESCAPE '!'", "false"},
      {"'\xC3\xA4x' LIKE '_x'", "true"}, {"'x' NOT LIKE 'y'", "true"}, {"'aaaaaaaaaaaaaaaaaaaaaaaaab' LIKE '%a%a%a%a%a%a%c'", "false"},
      {"NULLIF(1, 1)", ""}, {"NULLIF(1, 2)", "1"}, {"COALESCE(NULL, 'a', 'b')", "a"},
      {"CHARACTER_LENGTH('abcdefg')", "7"}, {"CHAR_LENGTH('\xC3\xA4')", "1"}, {"LOWER('AbC')", "abc"}, {"UPPER('AbC')", "ABC"},
      {"SUBSTRING('123456789', 1, 5)", "23456"}, {"SUBSTRING('abc' FROM 1)", "bc"}, {"SUBSTRING('a\xC3\xA4z', 1, 1)", "\xC3\xA4"}, {"SUBSTRING('abc', 9)", ""},
      {"TRIM(BOTH '123' FROM '1112211Microsoft22211122')", "Microsoft"}, {"TRIM('  a ')", "a"}, {"TRIM(LEADING FROM ' a ')", "a "},
      {"TRIM(TRAILING 'x' FROM 'axx')", "a"}, {"TRIM('x' FROM 'xax')", "a"}, {"'it''s'", "it's"},
      {"DATE_ADD('minute', 1, CAST('2017-01-02T03:04:05.006Z' AS TIMESTAMP))", "2017-01-02T03:05:05.006Z"},
      {"DATE_ADD(month, 1, '2024-01-31T')", "2024-02-29T00:00:00Z"}, {"DATE_ADD(year, -1, '2024-02-29T')", "2023-02-28T00:00:00Z"},
      {"DATE_DIFF('hour','2018-11-09T00:00+05:30','2018-11-09T01:00:23-08:00')", "14"}, {"DATE_DIFF(month, '2024-01-31T', '2024-02-29T')", "0"},
      {"DATE_DIFF(year, '2020-05-01T', '2026-05-01T')", "6"}, {"EXTRACT(YEAR FROM '2010-01-01T')", "2010"},
      {"EXTRACT(timezone_hour FROM '2018-11-09T00:00+05:30')", "5"}, {"EXTRACT(HOUR FROM '2018-11-09T07:00+05:30')", "7"},
      {"TO_STRING(CAST('1969-07-20T20:18Z' AS TIMESTAMP), 'MMMM d, y')", "\"July 20, 1969\""},
      {"TO_STRING('1969-07-20T20:18:07.25Z', 'yy MM dd hh:mm:ss.SSS a XXXXX')", "69 07 20 08:18:07.250 PM Z"},
      {"TO_STRING('2018-11-09T00:00+05:30', 'xx X')", "+0530 +0530"}, {"TO_STRING('2018T', 'q')", "InvalidDateFormat@0 "},
      {"TO_TIMESTAMP('2007T')", "2007-01-01T00:00:00Z"}, {"TO_TIMESTAMP('2007-13T')", "InvalidTypeConversion@0 "}, {"UTCNOW()", "2026-11-23T01:02:03Z"},
      {"CAST('2024-01-01T' AS TIMESTAMP) + 1.5", "2024-01-02T12:00:00Z"}, {"CAST('2024-01-01T' AS TIMESTAMP) < '2024-01-01T00:01Z'", "true"},
      {"DATE_ADD(second, 9223372036854775807, '2024T')", "ArithmeticOverflow@0 "},
  };
  for (const auto& [expression, expected] : rows) {
    const std::string text = expected;
    EXPECT_EQ(value(expression), text.ends_with("@0 ") ? text : text + "\n") << expression;
  }
}

TEST(Query, Statements_that_are_none) {
  const char* const kBad[] = {
      "", "SELECT", "SELECT *", "SELECT * FROM", "SELECT * FROM Other", "SELECT * FROM BlobStorage WHERE", "SELECT FROM BlobStorage",
      "SELECT * FROM BlobStorage LIMIT x", "SELECT * FROM BlobStorage LIMIT -1", "SELECT * FROM BlobStorage; SELECT", "SELECT 'x FROM BlobStorage",
      "SELECT a b c FROM BlobStorage", "SELECT COUNT(*), a FROM BlobStorage", "SELECT a, COUNT(*) FROM BlobStorage", "DELETE FROM BlobStorage",
      "SELECT (1 FROM BlobStorage", "SELECT CAST(a AS BLOB) FROM BlobStorage", "SELECT NOTHING(1) FROM BlobStorage", "SELECT NULLIF(1) FROM BlobStorage",
      "SELECT a[*] FROM BlobStorage", "SELECT a FROM BlobStorage.path", "SELECT 99999999999999999999 FROM BlobStorage", "SELECT # FROM BlobStorage",
      "SELECT DATE_ADD(timezone_hour, 1, a) FROM BlobStorage", "SELECT sys.split(10485760) FROM BlobStorage LIMIT 1", "SELECT a IS b FROM BlobStorage",
  };
  for (const char* text : kBad) EXPECT_FALSE(parse(text)) << text;
  const auto repeated = [](std::string_view part, int times) {
    std::string text;
    while (times-- > 0) text += part;
    return text;
  };
  EXPECT_FALSE(parse("SELECT " + repeated("(", 100) + "1" + repeated(")", 100) + " FROM BlobStorage"));
  EXPECT_FALSE(parse("SELECT " + repeated("-", 100'000) + "1 FROM BlobStorage"));
  EXPECT_FALSE(parse("SELECT * FROM BlobStorage WHERE " + repeated("NOT ", 100'000) + "TRUE"));
  EXPECT_FALSE(parse("SELECT 1" + repeated("+1", 100'000) + " FROM BlobStorage"));
  EXPECT_FALSE(parse("SELECT a" + repeated(",a", 49) + " FROM BlobStorage"));
  EXPECT_TRUE(parse("SELECT a" + repeated(",a", 48) + " FROM BlobStorage"));
}

TEST(Query, A_long_answer_comes_in_parts_with_how_far_it_is) {
  std::string content;
  for (int i = 0; content.size() < 9'000'000; ++i) content += std::to_string(i) + ",abcdefgh\n";
  const Answer answer = asked("SELECT * FROM BlobStorage", content, {}, {}, 100'000);
  EXPECT_EQ(answer.data, content);
  EXPECT_EQ(answer.scanned, content.size());
  EXPECT_GT(answer.records, 100u);
}

}  // namespace
}  // namespace bascule::query
