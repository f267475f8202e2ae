// A reader of tokens, and the grammar by recursive descent: OR, AND, NOT, comparisons, sums, products, signs, primaries.
#include "query/sql.h"

#include <charconv>

#include "query/text.h"

namespace bascule::query {
namespace {

enum class Kind : std::uint8_t { end, word, quoted, text, integer, real, sign, bad };
struct Token {
  Kind kind = Kind::end;
  std::string_view raw;
  std::string text;   // of what is quoted, unescaped
};

constexpr std::uint64_t kLeastSplit = 10'485'760;

// Words that are no names of fields unless they are quoted.
bool reserved(std::string_view word) {
  constexpr std::string_view kWords[] = {"select", "from", "where", "limit", "and", "or", "not", "in", "between", "is", "null",
                                         "missing", "true", "false", "cast", "as", "like", "escape"};
  return std::ranges::any_of(kWords, [word](std::string_view w) { return same(w, word); });
}

struct Function {
  std::string_view name;
  Op op;
  std::size_t least, most;
};
constexpr Function kFunctions[] = {
    {"nullif", Op::nullif, 2, 2},          {"coalesce", Op::coalesce, 1, kMostNodes}, {"char_length", Op::char_length, 1, 1},
    {"character_length", Op::char_length, 1, 1}, {"lower", Op::lower, 1, 1},          {"upper", Op::upper, 1, 1},
    {"to_string", Op::to_string, 2, 2},    {"to_timestamp", Op::to_timestamp, 1, 1},  {"utcnow", Op::utcnow, 0, 0},
};
constexpr std::pair<std::string_view, Aggregate> kAggregates[] = {
    {"count", Aggregate::count},   {"avg", Aggregate::average}, {"average", Aggregate::average},
    {"min", Aggregate::minimum},   {"max", Aggregate::maximum}, {"sum", Aggregate::sum},
};
constexpr std::pair<std::string_view, Type> kTypes[] = {
    {"int", Type::integer},    {"integer", Type::integer}, {"float", Type::real},         {"string", Type::string},
    {"timestamp", Type::timestamp}, {"bool", Type::boolean}, {"boolean", Type::boolean},
};
constexpr std::pair<std::string_view, Op> kComparisons[] = {
    {"=", Op::equal}, {"!=", Op::not_equal}, {"<>", Op::not_equal}, {"<=", Op::less_or_equal},
    {">=", Op::greater_or_equal}, {"<", Op::less}, {">", Op::greater},
};
template <class Table> auto find(const Table& table, std::string_view name) {
  const auto at = std::ranges::find_if(table, [name](const auto& row) { return same(row.first, name); });
  return at == std::end(table) ? nullptr : &at->second;
}

// What the table was called is known only behind the columns that use the name.
void drop_alias(Expression& e, std::string_view alias) {
  if (e.op == Op::field && e.path.size() > 1 && e.path.front().kind == Step::Kind::name && same(e.path.front().name, alias))
    e.path.erase(e.path.begin());
  for (Expression& part : e.of) drop_alias(part, alias);
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) { advance(); }

  std::expected<Statement, std::string> statement() {
    Statement s;
    if (!take("select")) return wrong("SELECT");
    if (!items(s) || !from(s)) return failed();
    if (take("where") && !expression(s.where.emplace(), 0)) return failed();
    if (take("limit") && !number(s.limit.emplace())) return failed();
    sign(";");
    if (!alias_.empty()) {
      for (Item& item : s.items) drop_alias(item.expression, alias_);
      if (s.where) drop_alias(*s.where, alias_);
    }
    if (token_.kind != Kind::end) return wrong("the end of the statement");
    if (s.split && (s.where || s.limit || !s.from.empty())) return std::unexpected("sys.split stands alone");
    if (s.aggregate == Aggregate::none && s.items.size() > kMostItems)
      return std::unexpected("at most " + std::to_string(kMostItems) + " columns can be selected");
    return s;
  }

 private:
  // -- tokens
  void advance() {
    while (!rest_.empty() && (rest_.front() == ' ' || (rest_.front() >= '\t' && rest_.front() <= '\r'))) rest_.remove_prefix(1);
    token_ = {};
    if (rest_.empty()) return;
    const char c = rest_.front();
    if (c == '\'' || c == '"') return quoted(c);
    std::size_t size = 0;
    if (is_letter(c) || c == '_') {
      while (size < rest_.size() && (is_letter(rest_[size]) || is_digit(rest_[size]) || rest_[size] == '_')) ++size;
      return cut(Kind::word, size);
    }
    if (is_digit(c) || (c == '.' && rest_.size() > 1 && is_digit(rest_[1]))) return numeral();
    for (const std::string_view two : {"!=", "<>", "<=", ">="})
      if (rest_.starts_with(two)) return cut(Kind::sign, 2);
    cut(std::string_view("=<>+-*/%(),.[];").contains(c) ? Kind::sign : Kind::bad, 1);
  }
  void cut(Kind kind, std::size_t size) {
    token_.kind = kind;
    token_.raw = rest_.substr(0, size);
    rest_.remove_prefix(size);
  }
  void numeral() {
    std::size_t size = 0;
    bool real = false;
    while (size < rest_.size() && is_digit(rest_[size])) ++size;
    if (size < rest_.size() && rest_[size] == '.') {
      real = true;
      for (++size; size < rest_.size() && is_digit(rest_[size]);) ++size;
    }
    if (size < rest_.size() && lower(rest_[size]) == 'e') {
      std::size_t exponent = size + 1;
      if (exponent < rest_.size() && (rest_[exponent] == '+' || rest_[exponent] == '-')) ++exponent;
      if (exponent < rest_.size() && is_digit(rest_[exponent])) {
        real = true;
        for (size = exponent; size < rest_.size() && is_digit(rest_[size]);) ++size;
      }
    }
    cut(real ? Kind::real : Kind::integer, size);
  }
  void quoted(char quote) {   // a doubled quote stands for itself
    std::string text;
    for (std::size_t at = 1; at < rest_.size(); ++at) {
      if (rest_[at] != quote) {
        text += rest_[at];
      } else if (at + 1 < rest_.size() && rest_[at + 1] == quote) {
        text += rest_[at++];
      } else {
        cut(quote == '"' ? Kind::quoted : Kind::text, at + 1);
        token_.text = std::move(text);
        return;
      }
    }
    cut(Kind::bad, rest_.size());
  }

  bool is(std::string_view word) const { return token_.kind == Kind::word && same(token_.raw, word); }
  bool take(std::string_view word) {
    if (!is(word)) return false;
    advance();
    return true;
  }
  bool sign(std::string_view text) {
    if (token_.kind != Kind::sign || token_.raw != text) return false;
    advance();
    return true;
  }
  bool need_word(std::string_view word) { return take(word) || expect(word); }
  bool need(std::string_view text) { return sign(text) || expect(text); }
  // Says what was expected where the token stands; false.
  bool expect(std::string_view what) {
    if (error_.empty())
      error_ = "expected " + std::string(what) + (token_.kind == Kind::end ? " at the end" : " at \"" + std::string(token_.raw.substr(0, 40)) + "\"");
    return false;
  }
  std::unexpected<std::string> failed() { return std::unexpected(error_); }
  std::unexpected<std::string> wrong(std::string_view what) {
    expect(what);
    return failed();
  }

  template <class T> bool number(T& value) {
    if (token_.kind != Kind::integer) return expect("a whole number");
    const auto read = std::from_chars(token_.raw.data(), token_.raw.data() + token_.raw.size(), value);
    if (read.ec != std::errc()) return expect("a smaller number");
    advance();
    return true;
  }

  // -- the statement
  bool items(Statement& s) {
    if (sign("*")) return true;
    do {
      Item& item = s.items.emplace_back();
      if (s.items.size() > kMostItems + 1) return true;   // refused by number
      if (is("sys")) return split(s);
      if (!aggregate(s) && !(error_.empty() && expression(item.expression, 0))) return false;
      if (take("as")) {
        if (!name(item.name)) return false;
      } else if (item.expression.op == Op::field && s.aggregate == Aggregate::none && item.expression.path.back().kind != Step::Kind::index) {
        item.name = item.expression.path.back().name;
      }
    } while (s.aggregate == Aggregate::none && sign(","));
    return true;
  }
  // An aggregate stands alone; false where the item is none.
  bool aggregate(Statement& s) {
    if (s.items.size() > 1 || token_.kind != Kind::word || !rest_.starts_with('(')) return false;
    const Aggregate* found = find(kAggregates, token_.raw);
    if (!found) return false;
    advance();
    advance();
    s.aggregate = *found;
    if (*found == Aggregate::count && sign("*")) s.aggregate = Aggregate::count_all;
    else if (!expression(s.items.back().expression, 0)) return false;
    return need(")");
  }
  bool split(Statement& s) {
    s.items.clear();
    advance();
    if (!need(".") || !need_word("split") || !need("(") || !number(s.split.emplace()) || !need(")")) return false;
    return *s.split >= kLeastSplit || expect("a split size of 10485760 bytes or more before");
  }
  bool from(Statement& s) {
    if (!need_word("from") || !need_word("BlobStorage")) return false;
    if (!steps(s.from)) return false;
    if (!s.from.empty() && s.from.front().kind == Step::Kind::all) s.from.erase(s.from.begin());   // the records themselves
    else if (!s.from.empty()) return expect("BlobStorage[*] before the path;");
    if (take("as") || (token_.kind == Kind::word && !reserved(token_.raw))) return name(alias_);
    return true;
  }
  bool name(std::string& into) {
    if (token_.kind == Kind::quoted) into = token_.text;
    else if (token_.kind == Kind::word && !reserved(token_.raw)) into = token_.raw;
    else return expect("a name");
    advance();
    return true;
  }
  // .name, ."Name", [2], [*] behind the first name.
  bool steps(Path& path) {
    while (path.size() <= kMostDepth) {
      if (sign(".")) {
        Step& step = path.emplace_back();
        step.kind = token_.kind == Kind::quoted ? Step::Kind::exact_name : Step::Kind::name;
        if (token_.kind == Kind::word) step.name = token_.raw, advance();
        else if (!name(step.name)) return false;
      } else if (sign("[")) {
        Step& step = path.emplace_back();
        step.kind = sign("*") ? Step::Kind::all : Step::Kind::index;
        if (step.kind == Step::Kind::index && !number(step.index)) return false;
        if (!need("]")) return false;
      } else {
        return true;
      }
    }
    return expect("a shorter path before");
  }

  // -- expressions: each takes what it reads into `into` and says whether it could
  static Expression joined(Op op, Expression left) {
    Expression e{.op = op};
    e.of.push_back(std::move(left));
    return e;
  }
  bool deeper(std::size_t depth) { return (depth < kMostDepth && ++nodes_ <= kMostNodes) || expect("a simpler expression"); }
  // into = into OP (what `next` reads).
  template <class Next> bool join(Op op, Expression& into, Next next) {
    into = joined(op, std::move(into));
    return next(into.of.emplace_back());
  }

  bool expression(Expression& into, std::size_t depth) {
    if (!deeper(depth) || !conjunction(into, depth)) return false;
    while (take("or"))
      if (!deeper(0) || !join(Op::or_, into, [&](Expression& e) { return conjunction(e, depth); })) return false;
    return true;
  }
  bool conjunction(Expression& into, std::size_t depth) {
    if (!negation(into, depth)) return false;
    while (take("and"))
      if (!deeper(0) || !join(Op::and_, into, [&](Expression& e) { return negation(e, depth); })) return false;
    return true;
  }
  bool negation(Expression& into, std::size_t depth) {
    if (!take("not")) return comparison(into, depth);
    if (!deeper(depth)) return false;
    into = {.op = Op::not_};
    return negation(into.of.emplace_back(), depth + 1);
  }
  bool comparison(Expression& into, std::size_t depth) {
    if (!sum(into, depth)) return false;
    if (token_.kind == Kind::sign)
      if (const Op* op = find(kComparisons, token_.raw)) {
        advance();
        return deeper(depth) && join(*op, into, [&](Expression& e) { return sum(e, depth); });
      }
    if (take("is")) {
      const bool no = take("not");
      if (!is("null") && !is("missing")) return expect("NULL or MISSING");
      into = joined(is("null") ? Op::is_null : Op::is_missing, std::move(into));
      advance();
      if (no) into = joined(Op::not_, std::move(into));
      return true;
    }
    const bool no = take("not");
    if (take("between")) {
      into = joined(Op::between, std::move(into));
      if (!sum(into.of.emplace_back(), depth) || !need_word("and") || !sum(into.of.emplace_back(), depth)) return false;
    } else if (take("in")) {
      into = joined(Op::in, std::move(into));
      if (!need("(") || !list(into, depth) || !need(")")) return false;
    } else if (take("like")) {
      into = joined(Op::like, std::move(into));
      if (!sum(into.of.emplace_back(), depth) || (take("escape") && !sum(into.of.emplace_back(), depth))) return false;
    } else {
      return !no || expect("BETWEEN, IN or LIKE");
    }
    if (no) into = joined(Op::not_, std::move(into));
    return true;
  }
  bool list(Expression& into, std::size_t depth) {
    do {
      if (!expression(into.of.emplace_back(), depth + 1)) return false;
    } while (sign(","));
    return true;
  }
  bool sum(Expression& into, std::size_t depth) {
    if (!product(into, depth)) return false;
    while (true) {
      const Op op = sign("+") ? Op::add : sign("-") ? Op::subtract : Op::literal;
      if (op == Op::literal) return true;
      if (!deeper(0) || !join(op, into, [&](Expression& e) { return product(e, depth); })) return false;
    }
  }
  bool product(Expression& into, std::size_t depth) {
    if (!signed_primary(into, depth)) return false;
    while (true) {
      const Op op = sign("*") ? Op::multiply : sign("/") ? Op::divide : sign("%") ? Op::modulo : Op::literal;
      if (op == Op::literal) return true;
      if (!deeper(0) || !join(op, into, [&](Expression& e) { return signed_primary(e, depth); })) return false;
    }
  }
  bool signed_primary(Expression& into, std::size_t depth) {
    if (sign("+")) return deeper(depth) && signed_primary(into, depth + 1);
    if (!sign("-")) return primary(into, depth);
    if (!deeper(depth)) return false;
    into = {.op = Op::negate};
    return signed_primary(into.of.emplace_back(), depth + 1);
  }
  bool literal(Expression& into, Value value) {
    into.value = std::move(value);
    advance();
    return true;
  }
  bool primary(Expression& into, std::size_t depth) {
    if (!deeper(depth)) return false;
    switch (token_.kind) {
      case Kind::text: return literal(into, std::move(token_.text));
      case Kind::integer: {
        std::int64_t value = 0;
        return number(value) && (into.value = value, true);
      }
      case Kind::real: {
        double value = 0;
        const auto read = std::from_chars(token_.raw.data(), token_.raw.data() + token_.raw.size(), value);
        return read.ec == std::errc() ? literal(into, value) : expect("a smaller number");
      }
      case Kind::sign: return sign("(") ? expression(into, depth + 1) && need(")") : expect("an expression");
      case Kind::quoted: return field(into);
      case Kind::word: break;
      default: return expect("an expression");
    }
    if (is("null")) return literal(into, Null());
    if (is("true") || is("false")) return literal(into, is("true"));
    if (is("cast")) return cast(into, depth);
    if (rest_.starts_with('(')) return call(into, depth);
    return reserved(token_.raw) ? expect("an expression") : field(into);
  }
  // BlobStorage[*]. and the table's alias may stand before a field's name.
  bool field(Expression& into) {
    into.op = Op::field;
    Step first{token_.kind == Kind::quoted ? Step::Kind::exact_name : Step::Kind::name,
               token_.kind == Kind::quoted ? token_.text : std::string(token_.raw)};
    advance();
    into.path.push_back(std::move(first));
    if (!steps(into.path)) return false;
    const bool table = into.path.front().kind == Step::Kind::name && same(into.path.front().name, "BlobStorage");
    if (table) into.path.erase(into.path.begin());
    if (table && !into.path.empty() && into.path.front().kind == Step::Kind::all) into.path.erase(into.path.begin());
    if (into.path.empty() || into.path.front().kind == Step::Kind::index) return expect("a field's name");
    return !std::ranges::any_of(into.path, [](const Step& s) { return s.kind == Step::Kind::all; }) || expect("an index instead of [*]");
  }
  bool cast(Expression& into, std::size_t depth) {
    advance();
    into.op = Op::cast;
    if (!need("(") || !expression(into.of.emplace_back(), depth + 1) || !need_word("as")) return false;
    const Type* type = token_.kind == Kind::word ? find(kTypes, token_.raw) : nullptr;
    if (!type) return expect("INT, FLOAT, STRING, TIMESTAMP or BOOLEAN");
    into.type = *type;
    advance();
    return need(")");
  }
  bool part(DatePart& into) {
    const auto read = token_.kind == Kind::word   ? parse_date_part(token_.raw)
                      : token_.kind == Kind::text ? parse_date_part(token_.text)
                                                  : std::nullopt;
    if (!read) return expect("a part of a date");
    into = *read;
    advance();
    return true;
  }
  bool call(Expression& into, std::size_t depth) {
    const std::string name = lowered(token_.raw);
    if (name == "trim") return trim(into, depth);
    if (name == "substring") return substring(into, depth);
    if (name == "date_add" || name == "date_diff") {
      into.op = name == "date_add" ? Op::date_add : Op::date_diff;
      advance();
      advance();
      if (!part(into.part)) return false;
      if (into.part > DatePart::second) return expect("year, month, day, hour, minute or second before");
      return need(",") && expression(into.of.emplace_back(), depth + 1) && need(",") && expression(into.of.emplace_back(), depth + 1) && need(")");
    }
    if (name == "extract") {
      into.op = Op::extract;
      advance();
      advance();
      return part(into.part) && need_word("from") && expression(into.of.emplace_back(), depth + 1) && need(")");
    }
    const auto* function = std::ranges::find_if(kFunctions, [&](const Function& f) { return f.name == name; });
    if (function == std::end(kFunctions)) return expect("a function of the query language");
    into.op = function->op;
    advance();
    advance();
    if (function->most > 0 && !list(into, depth)) return false;
    if (into.of.size() < function->least || into.of.size() > function->most)
      return expect("another number of arguments before");
    return need(")");
  }
  // TRIM(text), TRIM([BOTH|LEADING|TRAILING] [characters] FROM text): of = text, characters.
  bool trim(Expression& into, std::size_t depth) {
    advance();
    advance();
    into.op = take("leading") ? Op::trim_leading : take("trailing") ? Op::trim_trailing : Op::trim;
    const bool both = into.op == Op::trim && take("both");
    into.of.resize(1);
    if (into.op != Op::trim || both) {
      if (!take("from")) {
        into.of.resize(2);
        if (!expression(into.of[1], depth + 1) || !need_word("from")) return false;
      }
      return expression(into.of[0], depth + 1) && need(")");
    }
    if (!expression(into.of[0], depth + 1)) return false;
    if (take("from")) {
      into.of.insert(into.of.begin(), Expression());
      if (!expression(into.of[0], depth + 1)) return false;
    }
    return need(")");
  }
  // SUBSTRING(text, first[, length]) or (text FROM first [FOR length]).
  bool substring(Expression& into, std::size_t depth) {
    advance();
    advance();
    into.op = Op::substring;
    if (!expression(into.of.emplace_back(), depth + 1)) return false;
    if (!sign(",") && !take("from")) return expect("where the text begins");
    if (!expression(into.of.emplace_back(), depth + 1)) return false;
    if ((sign(",") || take("for")) && !expression(into.of.emplace_back(), depth + 1)) return false;
    return need(")");
  }

  std::string_view rest_;   // behind token_
  Token token_;
  std::string error_, alias_;
  std::size_t nodes_ = 0;
};

}  // namespace

std::expected<Statement, std::string> parse(std::string_view text) {
  return Parser(text).statement();
}

}  // namespace bascule::query
