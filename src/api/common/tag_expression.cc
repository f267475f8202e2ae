#include "api/common/tag_expression.h"

#include <algorithm>
#include <array>

#include "api/common/text.h"

namespace bascule::api {
namespace {

constexpr std::size_t kMaxDepth = 32;         // parentheses within each other
constexpr std::size_t kMaxComparisons = 100;  // of one condition

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_container_text(std::string_view text) {   // "$root" too
  return std::ranges::all_of(text, [](char c) { return is_word(c) || c == '-' || c == '$'; });
}

struct Trouble {
  std::size_t position = 0;  // of a character, from 1
  std::string text;
};
template <class T = void>
using Read = std::expected<T, Trouble>;

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() {
    skip();
    return at_ == text_.size();
  }
  bool next_is(char c) { return !at_end() && text_[at_] == c; }
  bool take(std::string_view symbol) {
    skip();
    if (!text_.substr(at_).starts_with(symbol)) return false;
    at_ += symbol.size();
    return true;
  }
  bool take_word(std::string_view word) {
    skip();
    const std::size_t end = at_ + word.size();
    if (!same_text(text_.substr(at_, word.size()), word) || (end < text_.size() && is_word(text_[end]))) return false;
    at_ = end;
    return true;
  }
  std::string_view word() {
    skip();
    const std::size_t from = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    return text_.substr(from, at_ - from);
  }
  // What stands between two of `quote`, which is what comes next.
  Read<std::string> quoted(char quote, bool (*allowed)(std::string_view) = is_tag_text) {
    skip();
    const std::size_t from = ++at_;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == quote) return std::string(text_.substr(from, at_++ - from));
      if (!allowed(text_.substr(at_, 1)))
        return trouble("'" + std::string(1, text_[at_]) + "' not permitted in tag name or value");
    }
    return trouble("unterminated " + std::string(quote == '"' ? "tag name" : "tag value"));
  }
  std::unexpected<Trouble> trouble(std::string text) const { return std::unexpected(Trouble{at_ + 1, std::move(text)}); }
  std::unexpected<Trouble> unexpected_here() {
    if (at_end()) return trouble("unexpected end of query");
    return trouble("unexpected '" + std::string(1, text_[at_]) + "'");
  }

 private:
  void skip() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  const std::string_view text_;
  std::size_t at_ = 0;
};

Read<std::string> read_key(Reader& reader) {
  if (reader.next_is('"')) return reader.quoted('"');
  const std::string_view word = reader.word();
  if (word.empty()) return reader.unexpected_here();
  return std::string(word);
}
Read<std::string> read_value(Reader& reader) {
  if (!reader.next_is('\'')) return reader.at_end() ? reader.unexpected_here() : reader.trouble("expecting tag value");
  return reader.quoted('\'');
}
Read<ops::TagOperator> read_operator(Reader& reader) {
  using enum ops::TagOperator;
  static constexpr std::array<std::pair<std::string_view, ops::TagOperator>, 6> kOperators = {
      {{"<>", not_equal}, {">=", greater_or_equal}, {"<=", less_or_equal}, {"=", equal}, {">", greater}, {"<", less}}};
  for (const auto& [symbol, op] : kOperators)
    if (reader.take(symbol)) return op;
  return reader.unexpected_here();
}

// --- conditions ------------------------------------------------------------------------------------------------------

class ConditionParser {
 public:
  explicit ConditionParser(std::string_view text) : reader_(text) {}

  Read<ops::TagFilter> parse() {
    BASCULE_TRY(either(0));
    if (!reader_.at_end()) return reader_.unexpected_here();
    return std::move(filter_);
  }

 private:
  using Step = ops::TagFilter::Step;

  Read<> either(std::size_t depth) {
    BASCULE_TRY(both(depth));
    while (reader_.take_word("OR")) {
      BASCULE_TRY(both(depth));
      filter_.steps.push_back({.kind = Step::Kind::either});
    }
    return {};
  }
  Read<> both(std::size_t depth) {
    BASCULE_TRY(factor(depth));
    while (reader_.take_word("AND")) {
      BASCULE_TRY(factor(depth));
      filter_.steps.push_back({.kind = Step::Kind::both});
    }
    return {};
  }
  Read<> factor(std::size_t depth) {
    if (!reader_.take("(")) return comparison();
    if (depth == kMaxDepth) return reader_.trouble("too many parentheses");
    BASCULE_TRY(either(depth + 1));
    if (!reader_.take(")")) return reader_.unexpected_here();
    return {};
  }
  Read<> comparison() {
    if (++comparisons_ > kMaxComparisons) return reader_.trouble("too many comparisons");
    Step step;
    BASCULE_ASSIGN(step.key, read_key(reader_));
    BASCULE_ASSIGN(step.op, read_operator(reader_));
    BASCULE_ASSIGN(step.value, read_value(reader_));
    filter_.steps.push_back(std::move(step));
    return {};
  }

  Reader reader_;
  ops::TagFilter filter_;
  std::size_t comparisons_ = 0;
};

// --- searches --------------------------------------------------------------------------------------------------------

Read<> narrow(Reader& reader, ops::TagSearch::Key& key, ops::TagOperator op, std::string value) {
  using enum ops::TagOperator;
  const bool below = op != greater && op != greater_or_equal, above = op != less && op != less_or_equal;
  if ((above && key.lower) || (below && key.upper))
    return reader.trouble("can't have multiple conditions for a single tag unless they define a range");
  const ops::TagSearch::Bound bound{std::move(value), op != greater && op != less};
  if (above) key.lower = bound;
  if (below) key.upper = bound;
  return {};
}

Read<> read_container(Reader& reader, bool in_container, ops::TagSearch& search) {
  const std::string_view word = reader.word();
  if (!same_text(word, "container")) return reader.trouble("unsupported parameter '@" + std::string(word) + "'");
  if (in_container) return reader.trouble("'@container' not permitted in the context of a container");
  if (search.container) return reader.trouble("'@container' given twice");
  if (!reader.take("=")) return reader.unexpected_here();
  if (!reader.next_is('\'')) return reader.trouble("expecting container name");
  BASCULE_ASSIGN(search.container, reader.quoted('\'', is_container_text));
  return {};
}

Read<> read_clause(Reader& reader, bool in_container, ops::TagSearch& search) {
  if (reader.take("@")) return read_container(reader, in_container, search);
  BASCULE_ASSIGN(std::string name, read_key(reader));
  if (name.empty() || name.size() > kMaxTagKey) return reader.trouble("tag must be between 1 and 128 characters in length");
  BASCULE_ASSIGN(const ops::TagOperator op, read_operator(reader));
  if (op == ops::TagOperator::not_equal) return reader.trouble("unexpected '<>'");
  BASCULE_ASSIGN(std::string value, read_value(reader));
  if (value.size() > kMaxTagValue) return reader.trouble("tag value must be between 0 and 256 characters in length");
  auto key = std::ranges::find(search.keys, name, &ops::TagSearch::Key::key);
  if (key == search.keys.end()) {
    if (search.keys.size() == kMaxTags) return reader.trouble("there can be at most 10 unique tags in a query");
    search.keys.push_back({.key = std::move(name)});
    key = std::prev(search.keys.end());
  }
  return narrow(reader, *key, op, std::move(value));
}

Read<ops::TagSearch> read_search(std::string_view where, bool in_container) {
  Reader reader(where);
  ops::TagSearch search;
  do {
    BASCULE_TRY(read_clause(reader, in_container, search));
  } while (reader.take_word("AND"));
  if (!reader.at_end()) return reader.unexpected_here();
  if (search.keys.empty()) return reader.trouble("expecting tag name");
  return search;
}

}  // namespace

bool is_tag_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return is_word(c) || std::string_view(" +-./:=").contains(c); });
}

Parsed<std::shared_ptr<const ops::TagFilter>> parse_tag_condition(const HeaderIndex& headers, H header) {
  const auto text = headers.find(header);
  if (!text) return nullptr;
  auto filter = ConditionParser(*text).parse();
  if (!filter) return bad_header(name(header), *text);
  return std::make_shared<const ops::TagFilter>(std::move(*filter));
}

Parsed<ops::TagSearch> parse_tag_search(std::string_view where, bool in_container) {
  auto search = read_search(where, in_container);
  if (search) return std::move(*search);
  Problem problem(Fault::invalid_query_parameter_value,
                  {{"QueryParameterName", "where"},
                   {"QueryParameterValue", std::string(where)},
                   {"Reason", "This query parameter value is invalid."}});
  problem.text = "Error parsing query at or near character position " + decimal(search.error().position) + ": " +
                 search.error().text;
  return refuse(std::move(problem));
}

}  // namespace bascule::api
