#include "estate/csv_records.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace bascule::estate {

// The delimiter is what the first line has most of, outside quotes. Excel's "sep=;" line says it outright.
bool CsvReader::choose_delimiter(std::string_view text, bool last) {
  head_.append(text);
  std::array<std::size_t, 3> counts{};
  constexpr std::string_view kDelimiters = ",;\t";
  bool quoted = false, ended = false;
  for (const char c : head_) {
    if (c == '"') quoted = !quoted;
    else if (!quoted && c == '\n') {
      ended = true;
      break;
    } else if (const std::size_t at = kDelimiters.find(c); !quoted && at != std::string_view::npos) ++counts[at];
  }
  if (!ended && !last && head_.size() < (1 << 20)) return false;
  delimiter_ = kDelimiters[static_cast<std::size_t>(std::ranges::max_element(counts) - counts.begin())];
  if (head_.starts_with("sep=") && head_.size() > 5 && std::string_view(",;\t|").contains(head_[4]) && (head_[5] == '\r' || head_[5] == '\n')) {
    delimiter_ = head_[4];
    head_.erase(0, std::min(head_.find('\n'), head_.size() - 1) + 1);
    line_ = row_line_ = 2;
  }
  return true;
}

Result<void> CsvReader::too_long() {
  error_line_ = row_line_;
  return fail(Code::invalid_argument, "a row is longer than " + std::to_string(kMostRowBytes >> 20) + " MiB: a quotation mark may be missing");
}

Result<void> CsvReader::end_cell() {
  if (ends_.size() == kMostColumns) {
    error_line_ = row_line_;
    return fail(Code::invalid_argument, "a row has more than " + std::to_string(kMostColumns) + " columns");
  }
  ends_.push_back(row_.size());
  state_ = State::cell_begin;
  return {};
}

Result<void> CsvReader::end_row() {
  BASCULE_TRY(end_cell());
  cells_.clear();
  std::size_t begin = 0;
  for (const std::size_t end : ends_) {
    cells_.push_back(std::string_view(row_).substr(begin, end - begin));
    begin = end;
  }
  const bool empty = cells_.size() == 1 && cells_[0].empty();
  if (!empty && !on_row_(cells_, row_line_)) stopped_ = true;
  row_.clear();
  ends_.clear();
  return {};
}

Result<void> CsvReader::write(std::string_view text, bool last) {
  if (delimiter_ == 0) {
    if (!choose_delimiter(text, last)) return {};
    text = head_;
  }
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end && !stopped_) {
    if (state_ == State::quoted) {
      const auto* quote = static_cast<const char*>(std::memchr(at, '"', static_cast<std::size_t>(end - at)));
      const char* const until = quote ? quote : end;
      line_ += static_cast<std::uint64_t>(std::count(at, until, '\n'));
      row_.append(at, until);
      if (row_.size() > kMostRowBytes) return too_long();
      at = until;
      if (quote) {
        ++at;
        state_ = State::quote_in_quoted;
      }
      continue;
    }
    const char c = *at;
    if (state_ == State::quote_in_quoted && c == '"') {   // a doubled one stands for itself
      row_ += '"';
      state_ = State::quoted;
      ++at;
    } else if (state_ == State::cell_begin && c == '"') {
      quote_line_ = line_;
      state_ = State::quoted;
      ++at;
    } else if (c == delimiter_) {
      BASCULE_TRY(end_cell());
      ++at;
    } else if (c == '\n') {
      if (!row_.empty() && row_.back() == '\r' && state_ == State::plain) row_.pop_back();
      BASCULE_TRY(end_row());
      row_line_ = ++line_;
      ++at;
    } else if (state_ == State::quote_in_quoted) {
      if (c != '\r') row_ += c;   // text behind the closing mark: taken as it is
      ++at;
    } else {
      const char* until = at;
      while (until != end && *until != delimiter_ && *until != '\n') ++until;
      row_.append(at, until);
      if (row_.size() > kMostRowBytes) return too_long();
      state_ = State::plain;
      at = until;
    }
  }
  if (!head_.empty()) {
    head_.clear();
    head_.shrink_to_fit();
  }
  if (!last || stopped_) return {};
  if (state_ == State::quoted) {
    error_line_ = quote_line_;
    return fail(Code::invalid_argument, "a quotation mark is opened here and never closed: the file was cut short, or the mark is stray");
  }
  if (!row_.empty() && row_.back() == '\r' && state_ == State::plain) row_.pop_back();
  if (!row_.empty() || !ends_.empty()) BASCULE_TRY(end_row());
  return {};
}

}  // namespace bascule::estate
