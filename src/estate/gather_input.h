// What the gatherer knows of the input that it is reading. Private to gather*.cc.
#pragma once
#include <boost/json/value.hpp>
#include <string>
#include <utility>
#include <vector>

#include "estate/arm_template.h"
#include "estate/gather.h"

namespace bascule::estate {

struct Gatherer::Current {
  Current(Input& in, std::uint32_t index) : input(in), notes(in), number(index) {}

  Input& input;
  Notes notes;
  std::uint32_t number;
  const JsonRecords* reader = nullptr;

  // Templates and tables whose parameters or columns come behind their records are read a second time.
  bool deferred = false, second_pass = false;
  std::size_t page = 0;
  std::vector<boost::json::object> late;
  static constexpr std::size_t kMostLate = 16;
  void keep_late(const Around& around) {
    if (!deferred || late.size() == kMostLate) {
      if (late.size() < kMostLate) late.emplace_back();
      return;
    }
    boost::json::object kept;
    for (const std::string_view name : {"parameters", "variables", "columns"})
      if (const auto* found = around.objects.back()->if_contains(name)) kept[name] = *found;
    late.push_back(std::move(kept));
  }
  const boost::json::object* late_around() const { return second_pass && page < late.size() ? &late[page] : nullptr; }
  // In the second pass only what was put off is taken.
  bool wants_second_pass(const boost::json::object& record) const {
    return record.contains("type") && record.contains("name") && record.contains("apiVersion") && !record.contains("id");
  }

  // Terraform's addresses, by their hashes.
  struct Depends {
    Index from;
    std::size_t address;
  };
  std::vector<std::pair<std::size_t, Index>> addresses;
  std::vector<Depends> depends;

  std::uint64_t unrecognised = 0, first_unrecognised = 0, foreign = 0, unnamed = 0;
  bool skip_line = false;          // the rest of a broken line is still to come
  std::uint64_t charged_again = 0;
  bool cost_known = false;
  std::string cost_id;
  Index cost_index = Assessment::Table::kNone;

  std::uint64_t reader_line() const { return reader ? reader->line() : 0; }
};

// The id of a row that has none, from its subscription, group, type and name; nothing where they do not suffice.
std::optional<ArmId> id_of_row(const boost::json::object& record);

// Days since 1970 of YYYY-MM-DD.
std::optional<std::int32_t> day_number(std::string_view date);

// Months from the first day to the last, both included; a whole calendar month is exactly one.
double covered_months(std::string_view from, std::string_view to);

}  // namespace bascule::estate
