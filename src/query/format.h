// The two text formats that a query reads and writes. Source: "Query Blob Contents", InputSerialization and
// OutputSerialization. (Parquet and Arrow are not offered: no library of Debian 12 reads them.)
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "query/evaluate.h"

namespace bascule::query {

struct Format {
  bool json = false;
  std::string record_separator = "\n";
  // Delimited text alone; "" = none.
  std::string column_separator = ",";
  std::string quote = "\"";
  std::string escape;
  bool headers = false;   // the first record names the columns
};

inline constexpr std::size_t kMostRecordBytes = 4 * 1024 * 1024;
inline constexpr Failure kTooLong{"RecordTooLong", "A record is longer than 4 MiB.", true};

// Cuts content into records. A carriage return before a line feed that separates records is not part of the record.
class Reader {
 public:
  virtual ~Reader() = default;
  // More content, which it copies; `last`: there is no more.
  void feed(std::string_view content, bool last) {
    text_.erase(0, at_);
    begin_ += at_;
    at_ = 0;
    text_ += content;
    last_ = last;
  }
  // The next record; null where more content is needed, or at the end. A Failure of a reader is always fatal.
  virtual Outcome<const Record*> next() = 0;
  std::uint64_t offset() const { return record_at_; }   // in the content, of what next() gave or failed at

 protected:
  std::string text_;            // what is not read to its end
  std::size_t at_ = 0;          // in text_: the next record
  std::uint64_t begin_ = 0;     // of text_, in the content
  std::uint64_t record_at_ = 0;
  bool last_ = false;
};
// `from`: which part of a JSON record is the record.
std::unique_ptr<Reader> make_json_reader(const Path& from);
std::unique_ptr<Reader> make_delimited_reader(const Format& format);

class Writer {
 public:
  virtual ~Writer() = default;
  virtual void write(const std::vector<Column>& columns, std::string& out) = 0;
};
std::unique_ptr<Writer> make_json_writer(const Format& format);
std::unique_ptr<Writer> make_delimited_writer(const Format& format);

}  // namespace bascule::query
