// A blob's tags, the condition on them that x-ms-if-tags states, and the search that Find Blobs by Tags states. Values;
// api/common/tag_expression.h reads their texts. A tag that a blob does not have satisfies no comparison, "not equal"
// included. Values compare bytewise.
// Source: "Manage and find Azure Blob data with blob index tags".
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bascule::ops {

using Tags = std::vector<std::pair<std::string, std::string>>;  // bytewise by key, each key once

const std::string* find_tag(const Tags& tags, std::string_view key);  // null: it has none of that key

enum class TagOperator { equal, not_equal, greater, greater_or_equal, less, less_or_equal };
bool compares(std::string_view value, TagOperator op, std::string_view with);

// Comparisons joined by AND and OR, in the order in which a stack evaluates them.
struct TagFilter {
  struct Step {
    enum class Kind { compare, both, either } kind = Kind::compare;
    std::string key;                    // compare
    TagOperator op = TagOperator::equal;
    std::string value;
  };
  std::vector<Step> steps;              // well formed: what it was parsed from was

  bool holds(const Tags& tags) const;
};

// What every found blob must satisfy: for each key a range of values.
struct TagSearch {
  struct Bound {
    std::string value;
    bool inclusive = true;
  };
  struct Key {
    std::string key;
    std::optional<Bound> lower, upper;
    bool exact() const { return lower && upper && lower->inclusive && upper->inclusive && lower->value == upper->value; }
    bool holds(std::string_view value) const;
  };
  std::vector<Key> keys;                // 1 to 10, each key once, as they were named
  std::optional<std::string> container; // only there
};

}  // namespace bascule::ops
