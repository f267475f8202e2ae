// The one statement of the query language, SELECT, as a tree.
// Source: "Query acceleration SQL language reference".
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "query/value.h"

namespace bascule::query {

struct Step {
  enum class Kind : std::uint8_t { name, exact_name, index, all } kind;   // exact_name: quoted, its case counts; all: [*]
  std::string name;
  std::size_t index = 0;
};
using Path = std::vector<Step>;

enum class Op : std::uint8_t {
  literal, field, and_, or_, not_,
  equal, not_equal, less, less_or_equal, greater, greater_or_equal,
  add, subtract, multiply, divide, modulo, negate,
  between, in, like, is_null, is_missing, cast, nullif, coalesce,
  char_length, lower, upper, substring, trim, trim_leading, trim_trailing,
  date_add, date_diff, extract, to_string, to_timestamp, utcnow,
};

struct Expression {
  Op op = Op::literal;
  Value value;                      // literal
  Path path;                        // field
  std::vector<Expression> of;       // what the operation takes, in its order
  Type type = Type::string;         // cast
  DatePart part = DatePart::year;   // date_add, date_diff, extract
};

enum class Aggregate : std::uint8_t { none, count_all, count, average, minimum, maximum, sum };

struct Item {
  Expression expression;
  std::string name;   // of the column; "" = by its place: _1, _2, …
};

struct Statement {
  std::vector<Item> items;                  // empty: SELECT *
  Aggregate aggregate = Aggregate::none;    // of the one item
  std::optional<std::uint64_t> split;       // SELECT sys.split(bytes): the sizes of such parts, and nothing else
  Path from;                                // below BlobStorage
  std::optional<Expression> where;
  std::optional<std::uint64_t> limit;
};

// Limits: kMostItems columns, kMostNodes parts, kMostDepth levels of nesting. The error says what was expected.
inline constexpr std::size_t kMostItems = 49, kMostNodes = 500, kMostDepth = 64;
std::expected<Statement, std::string> parse(std::string_view text);

}  // namespace bascule::query
