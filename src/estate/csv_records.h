// Delimited text (RFC 4180, as Azure's portal and Excel write it), row by row, in parts of any size.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bascule::estate {

inline constexpr std::size_t kMostRowBytes = 32 << 20;
inline constexpr std::size_t kMostColumns = 4096;

class CsvReader {
 public:
  // A row's cells live during the call only. Return false to end.
  using OnRow = std::function<bool(std::span<const std::string_view> cells, std::uint64_t line)>;
  explicit CsvReader(OnRow on_row) : on_row_(std::move(on_row)) {}

  // Takes text; `last` = nothing follows. An error names the line in `error_line`; nothing may be written after it.
  Result<void> write(std::string_view text, bool last);
  bool stopped() const { return stopped_; }
  std::uint64_t error_line() const { return error_line_; }
  char delimiter() const { return delimiter_; }

 private:
  enum class State : std::uint8_t { cell_begin, plain, quoted, quote_in_quoted };
  Result<void> end_cell();
  Result<void> end_row();
  Result<void> too_long();
  bool choose_delimiter(std::string_view text, bool last);

  OnRow on_row_;
  std::string head_;                 // until the delimiter is chosen
  std::string row_;                  // the cells' text, one after the other
  std::vector<std::size_t> ends_;
  std::vector<std::string_view> cells_;
  State state_ = State::cell_begin;
  char delimiter_ = 0;
  bool stopped_ = false;
  std::uint64_t line_ = 1, row_line_ = 1, quote_line_ = 0, error_line_ = 0;
};

}  // namespace bascule::estate
