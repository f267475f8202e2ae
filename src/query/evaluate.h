// What an expression gives for a record. Unknown values (a field that is missing, NULL) follow SQL's three-valued logic.
#pragma once
#include "query/sql.h"

namespace bascule::query {

struct Column {
  std::string name;
  Value value;
};

// A record of the input; valid until its reader's next call.
class Record {
 public:
  virtual ~Record() = default;
  virtual Outcome<Value> get(const Path& path) const = 0;   // Missing where the record lacks it
  virtual void all(std::vector<Column>& columns) const = 0; // replaces them by the record's own, in its order
};

Outcome<Value> evaluate(const Expression& expression, const Record& record, const Timestamp& now);
// Does the record meet the condition? What is unknown does not.
Outcome<bool> holds(const Expression& condition, const Record& record, const Timestamp& now);

}  // namespace bascule::query
