// Reads inputs, one after the other, into one table of resources. What an input is, is told from its content. Nothing in an
// input can make it fail: what is wrong stands in the input's notes.
#pragma once
#include <boost/json/object.hpp>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "estate/access_log.h"
#include "estate/assessment.h"
#include "estate/catalogue.h"
#include "estate/cost_rows.h"
#include "estate/facts.h"
#include "estate/json_records.h"
#include "estate/notes.h"
#include "estate/table.h"
#include "estate/terraform.h"
#include "estate/text_source.h"

namespace bascule::estate {

struct Progress {
  std::string_view file;
  std::size_t number = 0;          // of the input, from 1
  std::uint64_t read_bytes = 0;    // of this input
  std::uint64_t size_bytes = 0;
  std::uint64_t resources = 0;     // so far, of all inputs
};
using OnProgress = std::function<void(const Progress&)>;   // after every block: often

struct Charges {
  std::unordered_map<std::string, double> by_currency;
  std::string from, to;            // dates
  double outgoing_bytes = 0;
  std::unordered_map<Assessment::Table::Index, double> stored_gib_months;
};

// The days that cost exports have charged for a resource: those of earlier inputs, and those of the one under way.
struct ChargedDays {
  std::int32_t from = 0, to = -1;            // days since 1970; none where from > to
  std::int32_t current_from = 0, current_to = -1;
  std::uint32_t input = ~0U;
  // True where an earlier input has charged that day already.
  bool again(std::int32_t day, std::uint32_t of_input);
};

// All that the inputs said, before any conclusion.
struct Gathered {
  explicit Gathered(const Catalogue& catalogue) : table(std::make_shared<Assessment::Table>(catalogue)) {}
  std::shared_ptr<Assessment::Table> table;
  std::vector<Input> inputs;
  AccessCounter access;
  Charges charges;
  std::uint64_t merged = 0;
};

class Gatherer {
 public:
  explicit Gatherer(const Catalogue& catalogue, OnProgress on_progress = {})
      : catalogue_(catalogue), on_progress_(std::move(on_progress)), gathered_(catalogue) {}

  std::uint64_t read(const std::string& file);   // the file's size
  void read_text(const std::string& name, std::string bytes);   // what such a file would hold
  Gathered finish() &&;

 private:
  using Index = Assessment::Table::Index;
  struct Current;                  // the input under way
  void read_source(TextSource& source, Current& current);
  void read_json(TextSource& source, std::string_view first, Current& current);
  Result<void> feed(JsonRecords& reader, std::string_view text, bool last, Current& current);
  void read_csv(TextSource& source, std::string_view first, Current& current);
  void read_input(const std::string& name, Result<TextSource> source);
  void end_input(Current& current);

  void record(boost::json::object& record, const Around& around, Current& current);
  void template_record(const boost::json::object& record, const Around& around, Current& current);
  void terraform(const boost::json::object& record, TerraformRecord kind, Current& current);
  void metric(const boost::json::object& record, std::string_view id, Current& current);
  void graph_record(const boost::json::object& record, const ArmId& id, Form form, Current& current);
  void table_row(boost::json::array& cells, const Around& around, Current& current);
  void page_end(const Around& around, Current& current);
  void charged_resource(std::string_view resource_id, Current& current);
  void cost_row(const CostRow& row, Current& current);
  // The row of a resource that this input names; kNone where there are too many.
  Index resource(const ArmId& id, Current& current);
  void apply(Index row, const boost::json::object& body, Dialect dialect, const boost::json::value* sensitive, Current& current);
  void refer(Index from, const ArmId& to);
  void set_size(Index row, double bytes, std::uint8_t rank, Current& current);
  void met(Form form, Current& current);
  void too_many_rows(Current& current);

  const Catalogue& catalogue_;
  OnProgress on_progress_;
  Gathered gathered_;
  std::uint64_t resources_ = 0;
  std::uint64_t paged_rows_ = 0, paged_total_ = 0;   // of Resource Graph pages with a token for the next
  bool paged_ = false;
  std::vector<ChargedDays> charged_days_;   // by row, and at 0 what belongs to no resource
};

}  // namespace bascule::estate
