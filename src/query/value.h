// The values that a query reckons with, and how one type becomes another.
// Source: "Query acceleration SQL language reference", Data Types, Casts.
#pragma once
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>

#include "query/timestamp.h"

namespace bascule::query {

struct Missing {};                          // a field that the record does not have
struct Null {};
struct Composite { std::string json; };     // an object or array of a JSON record, as text
using Value = std::variant<Missing, Null, bool, std::int64_t, double, std::string, Timestamp, Composite>;

enum class Type : std::uint8_t { boolean, integer, real, string, timestamp };

// Why a record could not be judged: the name and text of the answer's error event. Both are constants.
struct Failure {
  const char* name;
  const char* description;
  bool fatal = false;   // no other record would fare better
};
inline constexpr Failure kBadConversion{"InvalidTypeConversion", "Invalid type conversion."};
inline constexpr Failure kOverflow{"ArithmeticOverflow", "Arithmetic overflow."};
inline constexpr Failure kDivideByZero{"DivideByZero", "Division by zero."};
template <class T> using Outcome = std::expected<T, Failure>;

inline bool unknown(const Value& v) { return std::holds_alternative<Missing>(v) || std::holds_alternative<Null>(v); }

// What is unknown stays Null.
Outcome<Value> cast(const Value& value, Type type);
// As delimited text shows it; nothing where it is unknown.
std::string text_of(const Value& value);
std::string text_of(double number);   // the shortest that reads back the same

// Negative, zero or positive; both are known. Text beside another type is converted to that type.
Outcome<int> compare(const Value& a, const Value& b);

enum class Arithmetic : std::uint8_t { add, subtract, multiply, divide, modulo };
// Null where one side is unknown. A number added to a timestamp counts days.
Outcome<Value> reckon(Arithmetic operation, const Value& a, const Value& b);

}  // namespace bascule::query
