// JSON records: objects, one after the other; an array stands for its elements.
#include <boost/json.hpp>
#include <deque>

#include "base/result.h"
#include "query/format.h"
#include "query/text.h"

namespace bascule::query {
namespace {

namespace json = boost::json;

constexpr Failure kNoJson{"ParseError", "The content is not JSON.", true};

const json::value* member(const json::value& in, const Step& step) {
  if (step.kind == Step::Kind::index) {
    const auto* array = in.if_array();
    return array && step.index < array->size() ? &(*array)[step.index] : nullptr;
  }
  const auto* object = in.if_object();
  if (!object) return nullptr;
  if (const auto* exact = object->if_contains(step.name)) return exact;
  if (step.kind == Step::Kind::exact_name) return nullptr;
  for (const auto& [key, value] : *object)
    if (same(key, step.name)) return &value;
  return nullptr;
}

Value value_of(const json::value& v) {
  switch (v.kind()) {
    case json::kind::null: return Null();
    case json::kind::bool_: return v.get_bool();
    case json::kind::int64: return v.get_int64();
    case json::kind::uint64: return static_cast<double>(v.get_uint64());   // beyond an INT
    case json::kind::double_: return v.get_double();
    case json::kind::string: return std::string(v.get_string());
    default: return Composite{json::serialize(v)};
  }
}

class JsonRecord final : public Record {
 public:
  const json::value* value = nullptr;

  Outcome<Value> get(const Path& path) const override {
    const json::value* at = value;
    for (const Step& step : path) {
      at = member(*at, step);
      if (!at) return Missing();
    }
    return value_of(*at);
  }
  void all(std::vector<Column>& columns) const override {
    columns.clear();
    if (const auto* object = value->if_object())
      for (const auto& [key, v] : *object) columns.push_back({std::string(key), value_of(v)});
    else
      columns.push_back({"", value_of(*value)});
  }
};

class JsonReader final : public Reader {
 public:
  explicit JsonReader(const Path& from) : from_(from) {}

  Outcome<const Record*> next() override {
    while (waiting_.empty()) {
      BASCULE_ASSIGN(const bool read, read_value());
      if (!read) return nullptr;
      spread();
    }
    record_.value = waiting_.front();
    waiting_.pop_front();
    return &record_;
  }

 private:
  static bool between(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\x1e'; }   // RFC 7464's mark too

  // One value of the text into value_; false where it does not end in what there is.
  Outcome<bool> read_value() {
    if (!begun_) {
      while (at_ < text_.size() && between(text_[at_])) ++at_;
      record_at_ = begin_ + at_;
      if (at_ == text_.size()) return false;
      if (text_[at_] != '{' && text_[at_] != '[') return std::unexpected(kNoJson);
      parser_.reset();
      begun_ = true;
      read_ = 0;
    }
    boost::system::error_code error;
    const std::size_t took = parser_.write_some(text_.data() + at_, text_.size() - at_, error);
    if (error) return std::unexpected(kNoJson);
    at_ += took;
    read_ += took;
    if (read_ > kMostRecordBytes) return std::unexpected(kTooLong);
    if (!parser_.done() && last_) return std::unexpected(kNoJson);
    if (!parser_.done()) return false;
    value_ = parser_.release();
    begun_ = false;
    return true;
  }

  // The records that value_ holds, along from_.
  void spread() {
    if (const auto* array = value_.if_array())
      for (const auto& element : *array) follow(element, 0);
    else
      follow(value_, 0);
  }
  void follow(const json::value& v, std::size_t depth) {
    if (depth == from_.size()) {
      waiting_.push_back(&v);
    } else if (from_[depth].kind != Step::Kind::all) {
      if (const json::value* found = member(v, from_[depth])) follow(*found, depth + 1);
    } else if (const auto* array = v.if_array()) {
      for (const auto& element : *array) follow(element, depth + 1);
    }
  }

  const Path from_;
  std::size_t read_ = 0;   // of the value that has begun
  bool begun_ = false;
  json::stream_parser parser_;
  json::value value_;
  std::deque<const json::value*> waiting_;   // in value_
  JsonRecord record_;
};

class JsonWriter final : public Writer {
 public:
  explicit JsonWriter(const Format& format) : separator_(format.record_separator) {}

  void write(const std::vector<Column>& columns, std::string& out) override {
    char next = '{';
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (std::holds_alternative<Missing>(columns[i].value)) continue;
      out += next;
      out += json::serialize(json::string(columns[i].name.empty() ? "_" + std::to_string(i + 1) : columns[i].name));
      out += ':';
      value(columns[i].value, out);
      next = ',';
    }
    out += next == '{' ? "{}" : "}";
    out += separator_;
  }

 private:
  static void value(const Value& v, std::string& out) {
    if (std::holds_alternative<Null>(v)) out += "null";
    else if (std::holds_alternative<std::string>(v) || std::holds_alternative<Timestamp>(v)) out += json::serialize(json::string(text_of(v)));
    else out += text_of(v);
  }
  const std::string separator_;
};

}  // namespace

std::unique_ptr<Reader> make_json_reader(const Path& from) { return std::make_unique<JsonReader>(from); }
std::unique_ptr<Writer> make_json_writer(const Format& format) { return std::make_unique<JsonWriter>(format); }

}  // namespace bascule::query
