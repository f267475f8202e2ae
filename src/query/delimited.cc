// Delimited text (RFC 4180 with separators, quotes and escapes of the request's choice).
#include <charconv>
#include <map>

#include "base/result.h"
#include "query/format.h"
#include "query/text.h"

namespace bascule::query {
namespace {

constexpr Failure kNoColumn{"InvalidColumnName", "The query names a column that the content does not have.", true};

// _3 is the third column.
std::optional<std::size_t> ordinal(std::string_view name) {
  if (name.size() < 2 || name[0] != '_') return std::nullopt;
  std::size_t number = 0;
  const auto read = std::from_chars(name.data() + 1, name.data() + name.size(), number);
  if (read.ec != std::errc() || read.ptr != name.data() + name.size() || number == 0) return std::nullopt;
  return number - 1;
}

class DelimitedRecord final : public Record {
 public:
  std::vector<std::string> fields, names;

  void name_columns() {
    names = fields;
    for (std::size_t i = 0; i < names.size(); ++i) {
      exact_.try_emplace(names[i], i);
      any_case_.try_emplace(lowered(names[i]), i);
    }
  }
  Outcome<Value> get(const Path& path) const override {
    if (path.size() != 1) return Missing();
    const Step& step = path.front();
    const bool exact = step.kind == Step::Kind::exact_name;
    const auto& index = exact ? exact_ : any_case_;
    const auto named = index.find(exact ? step.name : lowered(step.name));
    auto at = named != index.end() ? std::optional(named->second) : ordinal(step.name);
    if (!at) return std::unexpected(kNoColumn);
    if (*at >= fields.size()) return Missing();
    return fields[*at];
  }
  void all(std::vector<Column>& columns) const override {
    columns.resize(fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) columns[i] = {i < names.size() ? names[i] : std::string(), fields[i]};
  }

 private:
  std::map<std::string, std::size_t> exact_, any_case_;
};

class DelimitedReader final : public Reader {
 public:
  explicit DelimitedReader(const Format& format) : format_(format), stops_("\r"), headers_due_(format.headers) {
    for (const auto& mark : {format.record_separator, format.column_separator, format.quote, format.escape}) stops_ += mark.substr(0, 1);
  }

  Outcome<const Record*> next() override {
    if (headers_due_) {
      BASCULE_ASSIGN(const bool read, read_record());
      if (!read) return nullptr;
      record_.name_columns();
      headers_due_ = false;
    }
    BASCULE_ASSIGN(const bool read, read_record());
    return read ? &record_ : nullptr;
  }

 private:
  bool here(std::size_t at, std::string_view what) const { return !what.empty() && std::string_view(text_).substr(at).starts_with(what); }

  // False where the record does not end in what there is.
  Outcome<bool> read_record() {
    std::size_t at = at_, count = 0;
    record_at_ = begin_ + at_;
    if (at == text_.size()) return false;
    auto& fields = record_.fields;
    while (true) {
      if (fields.size() <= count) fields.emplace_back();
      const End end = read_field(at, fields[count++]);
      if (at - at_ > kMostRecordBytes) return std::unexpected(kTooLong);
      if (end == End::content && !last_) return false;
      if (end != End::field) break;
    }
    fields.resize(count);
    at_ = at;
    return true;
  }
  enum class End : std::uint8_t { field, record, content };
  // Leaves `at` behind the separator.
  End read_field(std::size_t& at, std::string& field) const {
    field.clear();
    bool quoted = here(at, format_.quote);
    const bool trims = format_.record_separator == "\n" && !quoted;
    if (quoted) at += format_.quote.size();
    while (at < text_.size()) {
      if (here(at, format_.escape) && at + format_.escape.size() < text_.size()) {
        at += format_.escape.size();
        field += text_[at++];
      } else if (quoted && here(at, format_.quote)) {
        at += format_.quote.size();
        if (here(at, format_.quote)) field += format_.quote, at += format_.quote.size();
        else quoted = false;
      } else if (!quoted && here(at, format_.record_separator)) {
        at += format_.record_separator.size();
        if (trims && field.ends_with('\r')) field.pop_back();
        return End::record;
      } else if (!quoted && here(at, format_.column_separator)) {
        at += format_.column_separator.size();
        return End::field;
      } else if (!quoted && !trims && text_[at] == '\r' && format_.record_separator == "\n" && here(at + 1, "\n")) {
        ++at;   // between a closing quote and the end of the line
      } else {
        const std::size_t next = std::min(text_.find_first_of(stops_, at + 1), text_.size());
        field.append(text_, at, next - at);
        at = next;
      }
    }
    return End::content;
  }

  const Format format_;
  std::string stops_;   // the bytes at which something other than a field's text may begin
  bool headers_due_;
  DelimitedRecord record_;
};

class DelimitedWriter final : public Writer {
 public:
  explicit DelimitedWriter(const Format& format) : format_(format), headers_due_(format.headers) {}

  void write(const std::vector<Column>& columns, std::string& out) override {
    if (headers_due_) {
      line(columns, out, [](const Column& c, std::size_t i) { return c.name.empty() ? "_" + std::to_string(i + 1) : c.name; });
      headers_due_ = false;
    }
    line(columns, out, [](const Column& c, std::size_t) { return text_of(c.value); });
  }

 private:
  template <class Shown> void line(const std::vector<Column>& columns, std::string& out, Shown shown) const {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (i) out += format_.column_separator;
      field(shown(columns[i], i), out);
    }
    out += format_.record_separator;
  }
  bool holds(std::string_view text, std::string_view what) const { return !what.empty() && text.contains(what); }
  void field(const std::string& text, std::string& out) const {
    if (format_.quote.empty() || !(holds(text, format_.quote) || holds(text, format_.column_separator) || holds(text, format_.record_separator))) {
      out += text;
      return;
    }
    out += format_.quote;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t next = std::min(text.find(format_.quote, at), text.size());
      out.append(text, at, next - at);
      if (next < text.size()) (out += format_.escape.empty() ? format_.quote : format_.escape) += format_.quote;
      at = next < text.size() ? next + format_.quote.size() : next;
    }
    out += format_.quote;
  }

  const Format format_;
  bool headers_due_;
};

}  // namespace

std::unique_ptr<Reader> make_delimited_reader(const Format& format) { return std::make_unique<DelimitedReader>(format); }
std::unique_ptr<Writer> make_delimited_writer(const Format& format) { return std::make_unique<DelimitedWriter>(format); }

}  // namespace bascule::query
