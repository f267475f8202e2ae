#include "ops/tag_filter.h"

#include <algorithm>

namespace bascule::ops {

const std::string* find_tag(const Tags& tags, std::string_view key) {
  const auto at = std::ranges::lower_bound(tags, key, {}, [](const auto& tag) { return std::string_view(tag.first); });
  return at != tags.end() && at->first == key ? &at->second : nullptr;
}

bool compares(std::string_view value, TagOperator op, std::string_view with) {
  switch (op) {
    case TagOperator::equal: return value == with;
    case TagOperator::not_equal: return value != with;
    case TagOperator::greater: return value > with;
    case TagOperator::greater_or_equal: return value >= with;
    case TagOperator::less: return value < with;
    case TagOperator::less_or_equal: return value <= with;
  }
  return false;
}

bool TagFilter::holds(const Tags& tags) const {
  std::vector<bool> stack;
  for (const Step& step : steps) {
    if (step.kind == Step::Kind::compare) {
      const std::string* value = find_tag(tags, step.key);
      stack.push_back(value && compares(*value, step.op, step.value));
      continue;
    }
    const bool right = stack.back();
    stack.pop_back();
    stack.back() = step.kind == Step::Kind::both ? stack.back() && right : stack.back() || right;
  }
  return stack.back();
}

bool TagSearch::Key::holds(std::string_view value) const {
  if (lower && (lower->inclusive ? value < lower->value : value <= lower->value)) return false;
  return !upper || (upper->inclusive ? value <= upper->value : value < upper->value);
}

}  // namespace bascule::ops
