// Columns of a CSV, found by their names.
#pragma once
#include <initializer_list>
#include <span>
#include <string_view>

#include "estate/ascii.h"

namespace bascule::estate {

inline std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The column that has the first of the names that there is, without case; -1 = none.
inline int column(std::span<const std::string_view> header, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names)
    for (std::size_t i = 0; i < header.size(); ++i)
      if (same_word(trimmed(header[i]), name)) return static_cast<int>(i);
  return -1;
}

inline std::string_view cell(std::span<const std::string_view> cells, int column) {
  return column >= 0 && static_cast<std::size_t>(column) < cells.size() ? cells[static_cast<std::size_t>(column)] : std::string_view();
}

}  // namespace bascule::estate
