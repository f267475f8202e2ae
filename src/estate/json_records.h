// The records of a JSON text of any size, one at a time, wherever the exports that we read keep them:
//
//   {"count":…, "data":[R, …], "skip_token":…}        az graph query, and the REST answer as objectArray
//   {"data":{"columns":[…], "rows":[[…], …]}}         the REST answer as a table; also {"tables":[{"columns":…, "rows":…}]}
//   {"value":[R, …]}  {"records":[R, …]}              REST lists, log files
//   {"parameters":…, "resources":[R, …]}              an ARM template; resources may also be an object of named ones
//   {"values":{"root_module":{"resources":[R, …], "child_modules":[…]}}}    terraform show; also under planned_values and prior_state
//   [R, …]  [{"data":[R, …]}, …]                      bare arrays, pages of the above
//   R R R …                                           JSON lines; texts one after the other
//
// What lies beside the records (outputs, resource_changes, configuration, …) is passed over without being kept.
#pragma once
#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bascule::estate {

inline constexpr std::size_t kMostRecordBytes = 16 << 20;   // one record, or what stands around the records
inline constexpr std::size_t kMostJsonDepth = 128;

// The members that stand around records: a template's parameters, a table's columns, a state's version.
class Around {
 public:
  // The innermost member of that name; null where there is none (yet).
  const boost::json::value* find(std::string_view key) const;
  std::vector<const boost::json::object*> objects;   // outermost first
};

class JsonRecords {
 public:
  // What is met. Values live during the call only and may be changed by it.
  struct Events {
    std::function<void(boost::json::object& record, const Around& around)> record;
    // A row of a table, with its columns' names from `around` ("columns"); absent when they come only after the rows.
    std::function<void(boost::json::array& cells, const Around& around)> row;
    // The end of what stands around records: what came after them is there now, too.
    std::function<void(const Around& around)> page_end;
    std::function<void()> too_large;      // a record was left out
  };
  explicit JsonRecords(Events events);
  ~JsonRecords();

  // Takes text; `last` = nothing follows. An error ends the text unless resume() is called.
  Result<void> write(std::string_view text, bool last);
  // After an error: goes on with what follows `skipped`, the text from offset() to the end of the line.
  void resume(std::string_view skipped);

  std::uint64_t offset() const;           // of the error, or of what was taken, in bytes of text
  std::uint64_t line() const;
  // True when the text that holds the error began on the error's own line: JSON lines, so the next line may be well.
  bool within_one_line() const;
  std::uint64_t records() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bascule::estate
