#include "query/evaluate.h"

#include <limits>

#include "base/result.h"
#include "query/text.h"

namespace bascule::query {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }   // a character's later bytes in UTF-8
std::int64_t characters(std::string_view text) { return std::ranges::count_if(text, [](char c) { return !continues(c); }); }
// The byte at which character `index` begins; the text's end where it has fewer.
std::size_t place_of(std::string_view text, std::int64_t index) {
  std::size_t at = 0;
  for (; at < text.size(); ++at)
    if (!continues(text[at]) && index-- == 0) return at;
  return at;
}

class Evaluator {
 public:
  Evaluator(const Record& record, const Timestamp& now) : record_(record), now_(now) {}

  Outcome<Value> value(const Expression& e) {
    switch (e.op) {
      case Op::literal: return e.value;
      case Op::field: return record_.get(e.path);
      case Op::and_: case Op::or_: return both(e);
      case Op::not_: return inverse(e.of[0]);
      case Op::equal: case Op::not_equal: case Op::less: case Op::less_or_equal: case Op::greater: case Op::greater_or_equal:
        return comparison(e);
      case Op::add: return reckoned(Arithmetic::add, e);
      case Op::subtract: return reckoned(Arithmetic::subtract, e);
      case Op::multiply: return reckoned(Arithmetic::multiply, e);
      case Op::divide: return reckoned(Arithmetic::divide, e);
      case Op::modulo: return reckoned(Arithmetic::modulo, e);
      case Op::negate: {
        BASCULE_ASSIGN(const Value v, value(e.of[0]));
        return reckon(Arithmetic::subtract, std::int64_t{0}, v);
      }
      case Op::between: return between(e);
      case Op::in: return in(e);
      case Op::like: return like(e);
      case Op::is_null: case Op::is_missing: {
        BASCULE_ASSIGN(const Value v, value(e.of[0]));
        return e.op == Op::is_missing ? std::holds_alternative<Missing>(v) : unknown(v);
      }
      case Op::cast: {
        BASCULE_ASSIGN(const Value v, value(e.of[0]));
        return query::cast(v, e.type);
      }
      case Op::nullif: {
        BASCULE_ASSIGN(Value a, value(e.of[0]));
        BASCULE_ASSIGN(const Value b, value(e.of[1]));
        if (unknown(a) || unknown(b)) return a;
        BASCULE_ASSIGN(const int order, compare(a, b));
        return order == 0 ? Value(Null()) : std::move(a);
      }
      case Op::coalesce:
        for (const Expression& part : e.of) {
          BASCULE_ASSIGN(Value v, value(part));
          if (!unknown(v)) return v;
        }
        return Null();
      default: return text_function(e);
    }
  }

 private:
  // Null where it is unknown.
  Outcome<Value> truth(const Expression& e) {
    BASCULE_ASSIGN(const Value v, value(e));
    return query::cast(v, Type::boolean);
  }
  Outcome<Value> both(const Expression& e) {
    const bool decides = e.op == Op::or_;   // the value that decides alone
    BASCULE_ASSIGN(const Value a, truth(e.of[0]));
    if (const bool* known = std::get_if<bool>(&a); known && *known == decides) return decides;
    BASCULE_ASSIGN(const Value b, truth(e.of[1]));
    if (const bool* known = std::get_if<bool>(&b); known && *known == decides) return decides;
    if (unknown(a) || unknown(b)) return Null();
    return !decides;
  }
  Outcome<Value> inverse(const Expression& e) {
    BASCULE_ASSIGN(const Value v, truth(e));
    if (unknown(v)) return Null();
    return !std::get<bool>(v);
  }
  Outcome<Value> comparison(const Expression& e) {
    BASCULE_ASSIGN(const Value a, value(e.of[0]));
    BASCULE_ASSIGN(const Value b, value(e.of[1]));
    if (unknown(a) || unknown(b)) return Null();
    BASCULE_ASSIGN(const int order, compare(a, b));
    switch (e.op) {
      case Op::equal: return order == 0;
      case Op::not_equal: return order != 0;
      case Op::less: return order < 0;
      case Op::less_or_equal: return order <= 0;
      case Op::greater: return order > 0;
      default: return order >= 0;
    }
  }
  Outcome<Value> reckoned(Arithmetic operation, const Expression& e) {
    BASCULE_ASSIGN(const Value a, value(e.of[0]));
    BASCULE_ASSIGN(const Value b, value(e.of[1]));
    return reckon(operation, a, b);
  }
  Outcome<Value> between(const Expression& e) {
    BASCULE_ASSIGN(const Value v, value(e.of[0]));
    BASCULE_ASSIGN(const Value first, value(e.of[1]));
    BASCULE_ASSIGN(const Value last, value(e.of[2]));
    if (unknown(v) || unknown(first) || unknown(last)) return Null();
    BASCULE_ASSIGN(const int low, compare(v, first));
    BASCULE_ASSIGN(const int high, compare(v, last));
    return low >= 0 && high <= 0;
  }
  Outcome<Value> in(const Expression& e) {
    BASCULE_ASSIGN(const Value v, value(e.of[0]));
    bool unsure = unknown(v);
    for (std::size_t i = 1; i < e.of.size() && !unknown(v); ++i) {
      BASCULE_ASSIGN(const Value other, value(e.of[i]));
      if (unknown(other)) {
        unsure = true;
        continue;
      }
      BASCULE_ASSIGN(const int order, compare(v, other));
      if (order == 0) return true;
    }
    return unsure ? Value(Null()) : Value(false);
  }

  // The text of a part; nothing where it is unknown.
  Outcome<std::optional<std::string>> text(const Expression& e) {
    BASCULE_ASSIGN(const Value v, value(e));
    if (unknown(v)) return std::nullopt;
    return text_of(v);
  }
  // % is any text, _ one character; the one escape character makes the next stand for itself.
  Outcome<Value> like(const Expression& e) {
    BASCULE_ASSIGN(const auto subject, text(e.of[0]));
    BASCULE_ASSIGN(const auto pattern, text(e.of[1]));
    std::optional<std::string> escape{""};
    if (e.of.size() > 2) {
      BASCULE_ASSIGN(escape, text(e.of[2]));
      if (escape && escape->size() != 1) return std::unexpected(kBadConversion);
    }
    if (!subject || !pattern || !escape) return Null();
    return matches(*subject, *pattern, escape->empty() ? '\0' : escape->front());
  }
  // Goes back to the last % alone, so that time is bounded by the product of both lengths.
  static bool matches(std::string_view text, std::string_view pattern, char escape) {
    std::size_t at = 0, p = 0, mark = std::string_view::npos, resume = 0;
    while (at < text.size()) {
      const bool escaped = escape && p + 1 < pattern.size() && pattern[p] == escape;
      if (p < pattern.size() && !escaped && pattern[p] == '%') {
        mark = p++;
        resume = at;
      } else if (p < pattern.size() && !escaped && pattern[p] == '_') {
        do ++at;
        while (at < text.size() && continues(text[at]));
        ++p;
      } else if (p < pattern.size() && text[at] == pattern[p + escaped]) {
        p += 1 + escaped;
        ++at;
      } else if (mark != std::string_view::npos) {
        p = mark + 1;
        at = ++resume;
      } else {
        return false;
      }
    }
    while (p < pattern.size() && pattern[p] == '%') ++p;
    return p == pattern.size();
  }

  Outcome<Value> text_function(const Expression& e) {
    if (e.op == Op::utcnow) return now_;
    if (e.op >= Op::date_add) return date_function(e);
    BASCULE_ASSIGN(auto subject, text(e.of[0]));
    if (!subject) return Null();
    switch (e.op) {
      case Op::char_length: return characters(*subject);
      case Op::lower: return lowered(*subject);
      case Op::upper:
        std::ranges::transform(*subject, subject->begin(), upper);
        return std::move(*subject);
      case Op::substring: return substring(e, *subject);
      default: return trimmed(e, *subject);
    }
  }
  // From 0, as the reference's example counts.
  Outcome<Value> substring(const Expression& e, std::string_view subject) {
    std::int64_t bounds[2] = {0, std::numeric_limits<std::int64_t>::max()};
    for (std::size_t i = 1; i < e.of.size(); ++i) {
      BASCULE_ASSIGN(const Value given, value(e.of[i]));
      if (unknown(given)) return Null();
      BASCULE_ASSIGN(const Value number, query::cast(given, Type::integer));
      bounds[i - 1] = std::max<std::int64_t>(std::get<std::int64_t>(number), 0);
    }
    const std::string_view rest = subject.substr(place_of(subject, bounds[0]));
    return std::string(rest.substr(0, place_of(rest, bounds[1])));
  }
  Outcome<Value> trimmed(const Expression& e, std::string_view subject) {
    std::optional<std::string> given{" "};
    if (e.of.size() > 1) { BASCULE_ASSIGN(given, text(e.of[1])); }
    if (!given) return Null();
    if (e.op != Op::trim_trailing) subject.remove_prefix(std::min(subject.find_first_not_of(*given), subject.size()));
    if (e.op != Op::trim_leading) subject = subject.substr(0, subject.find_last_not_of(*given) + 1);
    return std::string(subject);
  }

  // Null where it is unknown.
  Outcome<std::optional<Timestamp>> timestamp(const Expression& e) {
    BASCULE_ASSIGN(const Value v, value(e));
    BASCULE_ASSIGN(const Value t, query::cast(v, Type::timestamp));
    if (unknown(t)) return std::nullopt;
    return std::get<Timestamp>(t);
  }
  Outcome<Value> date_function(const Expression& e) {
    if (e.op == Op::date_add) {
      BASCULE_ASSIGN(const Value given, value(e.of[0]));
      BASCULE_ASSIGN(const auto to, timestamp(e.of[1]));
      if (unknown(given) || !to) return Null();
      BASCULE_ASSIGN(const Value quantity, query::cast(given, Type::integer));
      const auto sum = date_add(e.part, std::get<std::int64_t>(quantity), *to);
      if (!sum) return std::unexpected(kOverflow);
      return *sum;
    }
    BASCULE_ASSIGN(const auto at, timestamp(e.of[0]));
    if (!at) return Null();
    if (e.op == Op::extract) return extract(e.part, *at);
    if (e.op == Op::to_timestamp) return *at;
    if (e.op == Op::date_diff) {
      BASCULE_ASSIGN(const auto to, timestamp(e.of[1]));
      if (!to) return Null();
      return date_diff(e.part, *at, *to);
    }
    BASCULE_ASSIGN(const auto pattern, text(e.of[1]));   // to_string
    if (!pattern) return Null();
    auto shown = format(*at, *pattern);
    if (!shown) return std::unexpected(Failure{"InvalidDateFormat", "Invalid date format."});
    return std::move(*shown);
  }

  const Record& record_;
  const Timestamp& now_;
};

}  // namespace

Outcome<Value> evaluate(const Expression& expression, const Record& record, const Timestamp& now) {
  return Evaluator(record, now).value(expression);
}

Outcome<bool> holds(const Expression& condition, const Record& record, const Timestamp& now) {
  BASCULE_ASSIGN(const Value v, evaluate(condition, record, now));
  BASCULE_ASSIGN(const Value truth, cast(v, Type::boolean));
  return !unknown(truth) && std::get<bool>(truth);
}

}  // namespace bascule::query
