// A statement at work on content that comes in parts. One request's; no locks.
#pragma once
#include <memory>

#include "query/avro.h"
#include "query/format.h"

namespace bascule::query {

struct Request {
  Statement statement;
  Format input, output;
};

class Run {
 public:
  // `total_bytes`: the length of the content. `now`: what UTCNOW() gives.
  Run(Request request, std::uint64_t total_bytes, Timestamp now, const AvroWriter::Mark& mark);
  ~Run();

  // Takes the next part and appends what can be answered. `last` with the content's last part (an empty one, where it is
  // empty). Holds back less than a record and kAnswerBytes of the answer.
  void feed(std::string_view content, bool last, std::string& out);
  // The limit is reached, or a fatal error was told: nothing more need be read.
  bool done() const { return done_; }
  // The end of the answer.
  void finish(std::string& out);

 private:
  void take(const Record& record, std::string& out);
  Outcome<bool> add(const Record& record);
  void fail(const Failure& failure, std::string& out);
  void flush(std::string& out);
  void finish_aggregate(std::string& out);

  const Request request_;
  const std::uint64_t total_bytes_;
  const Timestamp now_;
  const AvroWriter avro_;
  std::unique_ptr<Reader> reader_;
  std::unique_ptr<Writer> writer_;
  std::string answer_;   // records that are not sent yet
  std::vector<Column> columns_;
  std::uint64_t scanned_bytes_ = 0, told_bytes_ = 0, taken_ = 0, part_at_ = 0;
  std::uint64_t counted_ = 0;   // of an aggregate
  Value reckoned_ = Null();
  bool begun_ = false, done_ = false;
};

}  // namespace bascule::query
