#include "query/run.h"

#include "base/result.h"

namespace bascule::query {
namespace {

constexpr std::size_t kAnswerBytes = 64 * 1024;                 // of a data record
constexpr std::uint64_t kProgressBytes = 4 * 1024 * 1024;       // between two tellings of how far it is

}  // namespace

Run::Run(Request request, std::uint64_t total_bytes, Timestamp now, const AvroWriter::Mark& mark)
    : request_(std::move(request)), total_bytes_(total_bytes), now_(now), avro_(mark),
      reader_(request_.input.json ? make_json_reader(request_.statement.from) : make_delimited_reader(request_.input)),
      writer_(request_.output.json ? make_json_writer(request_.output) : make_delimited_writer(request_.output)) {}
Run::~Run() = default;

void Run::feed(std::string_view content, bool last, std::string& out) {
  if (!begun_) {
    avro_.head(out);
    avro_.progress(0, total_bytes_, out);   // Python's SDK fails where the first record is an error
    begun_ = true;
  }
  scanned_bytes_ += content.size();
  reader_->feed(content, last);
  while (!done_) {
    const auto record = reader_->next();
    if (!record) return fail(record.error(), out);
    if (!*record) break;
    take(**record, out);
  }
  if (last && !done_) {
    done_ = true;
    if (request_.statement.aggregate != Aggregate::none) finish_aggregate(out);
    if (request_.statement.split && total_bytes_ > part_at_) writer_->write({{"", static_cast<std::int64_t>(total_bytes_ - part_at_)}}, answer_);
  }
  if (scanned_bytes_ - told_bytes_ >= kProgressBytes) {
    flush(out);
    told_bytes_ = scanned_bytes_;
    avro_.progress(scanned_bytes_, total_bytes_, out);
  }
}

void Run::take(const Record& record, std::string& out) {
  const Statement& s = request_.statement;
  if (s.split) {   // a part ends before the first record that begins behind its size
    if (const std::uint64_t at = reader_->offset(); at - part_at_ >= *s.split) {
      writer_->write({{"", static_cast<std::int64_t>(at - part_at_)}}, answer_);
      part_at_ = at;
    }
    return;
  }
  const bool limited = s.limit && s.aggregate == Aggregate::none;   // an aggregate is one record
  if (limited && *s.limit == 0) {
    done_ = true;
    return;
  }
  const Outcome<bool> added = add(record);
  if (!added) return fail(added.error(), out);
  taken_ += *added;
  done_ = limited && taken_ == *s.limit;
  if (answer_.size() >= kAnswerBytes) flush(out);
}

// Judges a record and, where it meets the condition, adds what it gives.
Outcome<bool> Run::add(const Record& record) {
  const Statement& s = request_.statement;
  if (s.where) {
    BASCULE_ASSIGN(const bool met, holds(*s.where, record, now_));
    if (!met) return false;
  }
  if (s.aggregate == Aggregate::count_all) {
    ++counted_;
    return true;
  }
  if (s.aggregate != Aggregate::none) {
    BASCULE_ASSIGN(Value value, evaluate(s.items.front().expression, record, now_));
    if (unknown(value)) return true;
    if (s.aggregate == Aggregate::minimum || s.aggregate == Aggregate::maximum) {
      if (!unknown(reckoned_)) {
        BASCULE_ASSIGN(const int order, compare(value, reckoned_));
        if (s.aggregate == Aggregate::minimum ? order >= 0 : order <= 0) value = reckoned_;
      }
      reckoned_ = std::move(value);
    } else if (s.aggregate != Aggregate::count) {
      const Value before = unknown(reckoned_) ? Value(std::int64_t{0}) : reckoned_;
      BASCULE_ASSIGN(reckoned_, reckon(Arithmetic::add, before, value));
    }
    ++counted_;
    return true;
  }
  if (s.items.empty()) {
    record.all(columns_);
  } else {
    columns_.resize(s.items.size());
    for (std::size_t i = 0; i < s.items.size(); ++i) {
      columns_[i].name = s.items[i].name;
      BASCULE_ASSIGN(columns_[i].value, evaluate(s.items[i].expression, record, now_));
    }
  }
  writer_->write(columns_, answer_);
  return true;
}

void Run::finish_aggregate(std::string& out) {
  const Aggregate aggregate = request_.statement.aggregate;
  Value value = reckoned_;
  if (aggregate == Aggregate::count || aggregate == Aggregate::count_all) value = static_cast<std::int64_t>(counted_);
  if (aggregate == Aggregate::average && counted_ > 0) {
    const auto mean = reckon(Arithmetic::divide, *cast(reckoned_, Type::real), static_cast<std::int64_t>(counted_));
    if (!mean) return fail(mean.error(), out);
    value = *mean;
  }
  if (request_.statement.limit != 0) writer_->write({{request_.statement.items.front().name, std::move(value)}}, answer_);
}

void Run::fail(const Failure& failure, std::string& out) {
  flush(out);
  avro_.error(failure.fatal, failure.name, failure.description, reader_->offset(), out);
  done_ = done_ || failure.fatal;
}

void Run::flush(std::string& out) {
  if (!answer_.empty()) avro_.data(answer_, out);
  answer_.clear();
}

void Run::finish(std::string& out) {
  flush(out);
  avro_.progress(scanned_bytes_, total_bytes_, out);
  avro_.end(total_bytes_, out);
}

}  // namespace bascule::query
