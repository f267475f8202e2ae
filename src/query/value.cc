#include "query/value.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "query/text.h"

namespace bascule::query {
namespace {

template <class... F> struct Overloaded : F... { using F::operator()...; };

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// An INT where it is one, else a FLOAT; nothing where it is no number.
std::optional<Value> number_in(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  const char *begin = text.data(), *end = begin + text.size();
  std::int64_t integer = 0;
  if (const auto read = std::from_chars(begin, end, integer); read.ec == std::errc() && read.ptr == end) return integer;
  double real = 0;
  if (const auto read = std::from_chars(begin, end, real); read.ec == std::errc() && read.ptr == end && std::isfinite(real)) return real;
  return std::nullopt;
}

std::optional<std::int64_t> whole(double real) {
  if (!(real >= -9223372036854775808.0 && real < 9223372036854775808.0)) return std::nullopt;
  return static_cast<std::int64_t>(real);
}

bool is_number(const Value& v) { return std::holds_alternative<std::int64_t>(v) || std::holds_alternative<double>(v); }
double real_of(const Value& v) {
  if (const auto* i = std::get_if<std::int64_t>(&v)) return static_cast<double>(*i);
  return std::get<double>(v);
}

template <class T> int order(const T& a, const T& b) { return a < b ? -1 : b < a ? 1 : 0; }

// Text read as what stands beside it.
Outcome<Value> like(const Value& value, const Value& beside) {
  const auto* text = std::get_if<std::string>(&value);
  if (!text || std::holds_alternative<std::string>(beside)) return value;
  if (is_number(beside)) {
    auto number = number_in(*text);
    if (!number) return std::unexpected(kBadConversion);
    return *number;
  }
  return cast(value, std::holds_alternative<bool>(beside) ? Type::boolean : Type::timestamp);
}

Outcome<Value> integers(Arithmetic operation, std::int64_t a, std::int64_t b) {
  std::int64_t out = 0;
  bool over = false;
  switch (operation) {
    case Arithmetic::add: over = __builtin_add_overflow(a, b, &out); break;
    case Arithmetic::subtract: over = __builtin_sub_overflow(a, b, &out); break;
    case Arithmetic::multiply: over = __builtin_mul_overflow(a, b, &out); break;
    case Arithmetic::divide:
    case Arithmetic::modulo:
      if (b == 0) return std::unexpected(kDivideByZero);
      if (b == -1) {   // the one quotient that can overflow
        if (operation == Arithmetic::modulo) return std::int64_t{0};
        over = __builtin_sub_overflow(std::int64_t{0}, a, &out);
      } else {
        out = operation == Arithmetic::divide ? a / b : a % b;
      }
  }
  if (over) return std::unexpected(kOverflow);
  return out;
}

Outcome<Value> reals(Arithmetic operation, double a, double b) {
  double out = 0;
  switch (operation) {
    case Arithmetic::add: out = a + b; break;
    case Arithmetic::subtract: out = a - b; break;
    case Arithmetic::multiply: out = a * b; break;
    case Arithmetic::divide:
      if (b == 0) return std::unexpected(kDivideByZero);
      out = a / b;
      break;
    case Arithmetic::modulo:
      if (b == 0) return std::unexpected(kDivideByZero);
      out = std::fmod(a, b);
  }
  if (!std::isfinite(out)) return std::unexpected(kOverflow);
  return out;
}

// A timestamp and a number of days.
Outcome<Value> moved(const Timestamp& t, const Value& days, bool back) {
  const double milliseconds = real_of(days) * 86'400'000.0 * (back ? -1 : 1);
  const auto by = whole(milliseconds);
  Timestamp out = t;
  if (!by || __builtin_add_overflow(out.milliseconds, *by, &out.milliseconds) || !date_add(DatePart::second, 0, out))
    return std::unexpected(kOverflow);
  return out;
}

}  // namespace

std::string text_of(double number) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number);
  return {buffer, end.ptr};
}

std::string text_of(const Value& value) {
  return std::visit(Overloaded{[](Missing) { return std::string(); },
                               [](Null) { return std::string(); },
                               [](bool b) { return std::string(b ? "true" : "false"); },
                               [](std::int64_t i) { return std::to_string(i); },
                               [](double d) { return text_of(d); },
                               [](const std::string& s) { return s; },
                               [](const Timestamp& t) { return text_of(t); },
                               [](const Composite& c) { return c.json; }},
                    value);
}

Outcome<Value> cast(const Value& value, Type type) {
  if (unknown(value)) return Null();
  const auto* text = std::get_if<std::string>(&value);
  switch (type) {
    case Type::string: return text_of(value);
    case Type::boolean:
      if (std::holds_alternative<bool>(value)) return value;
      if (is_number(value)) return real_of(value) != 0;
      if (text && (same(trimmed(*text), "true") || trimmed(*text) == "1")) return true;
      if (text && (same(trimmed(*text), "false") || trimmed(*text) == "0")) return false;
      break;
    case Type::integer:
      if (std::holds_alternative<std::int64_t>(value)) return value;
      if (const auto* b = std::get_if<bool>(&value)) return std::int64_t{*b};
      if (const auto* d = std::get_if<double>(&value)) {
        const auto cut = whole(*d);
        if (cut) return *cut;
        return std::unexpected(kOverflow);
      }
      if (text)
        if (const auto number = number_in(*text); number && std::holds_alternative<std::int64_t>(*number)) return *number;
      break;
    case Type::real:
      if (is_number(value)) return real_of(value);
      if (const auto* b = std::get_if<bool>(&value)) return *b ? 1.0 : 0.0;
      if (text)
        if (const auto number = number_in(*text)) return real_of(*number);
      break;
    case Type::timestamp:
      if (std::holds_alternative<Timestamp>(value)) return value;
      if (text)
        if (const auto read = parse_timestamp(*text)) return *read;
      break;
  }
  return std::unexpected(kBadConversion);
}

Outcome<int> compare(const Value& left, const Value& right) {
  auto a = like(left, right), b = like(right, left);
  if (!a) return std::unexpected(a.error());
  if (!b) return std::unexpected(b.error());
  if (is_number(*a) && is_number(*b)) {
    const auto *i = std::get_if<std::int64_t>(&*a), *j = std::get_if<std::int64_t>(&*b);
    return i && j ? order(*i, *j) : order(real_of(*a), real_of(*b));
  }
  if (a->index() != b->index()) return std::unexpected(kBadConversion);
  if (const auto* s = std::get_if<std::string>(&*a)) return order(*s, std::get<std::string>(*b));
  if (const auto* t = std::get_if<Timestamp>(&*a)) return order(t->milliseconds, std::get<Timestamp>(*b).milliseconds);
  if (const auto* f = std::get_if<bool>(&*a)) return order(*f, std::get<bool>(*b));
  return std::unexpected(kBadConversion);   // objects and arrays have no order
}

Outcome<Value> reckon(Arithmetic operation, const Value& left, const Value& right) {
  if (unknown(left) || unknown(right)) return Null();
  const auto numeric = [](const Value& v) -> Outcome<Value> {
    const auto* text = std::get_if<std::string>(&v);
    if (!text) return v;
    auto number = number_in(*text);
    if (!number) return std::unexpected(kBadConversion);
    return *number;
  };
  const auto a = numeric(left), b = numeric(right);
  if (!a) return std::unexpected(a.error());
  if (!b) return std::unexpected(b.error());
  if (const auto* t = std::get_if<Timestamp>(&*a); t && is_number(*b) && operation <= Arithmetic::subtract)
    return moved(*t, *b, operation == Arithmetic::subtract);
  if (const auto* t = std::get_if<Timestamp>(&*b); t && is_number(*a) && operation == Arithmetic::add) return moved(*t, *a, false);
  if (!is_number(*a) || !is_number(*b)) return std::unexpected(kBadConversion);
  const auto *i = std::get_if<std::int64_t>(&*a), *j = std::get_if<std::int64_t>(&*b);
  return i && j ? integers(operation, *i, *j) : reals(operation, real_of(*a), real_of(*b));
}

}  // namespace bascule::query
