// Delimited text: rows are the same in whatever parts the text comes, and cells hold no more than it. The first byte is the
// size of the parts. Prices, dates, numbers and columns are read from the same text.
#include "estate/access_log.h"
#include "estate/cost_rows.h"
#include "estate/csv_records.h"
#include "estate/prices.h"
#include "fuzz.h"

namespace {

using namespace bascule;

std::string rows(std::string_view text, std::size_t part) {
  std::string out;
  std::size_t cells_bytes = 0;
  estate::CsvReader reader([&](std::span<const std::string_view> cells, std::uint64_t line) {
    out += std::to_string(line);
    for (const std::string_view cell : cells) {
      cells_bytes += cell.size();
      out.append("\x1f").append(cell);
    }
    out += '\x1e';
    return true;
  });
  bool good = true;
  for (std::size_t at = 0; good && at < text.size(); at += part) good = reader.write(text.substr(at, part), false).has_value();
  good = good && reader.write("", true).has_value();
  fuzz::must(cells_bytes <= text.size(), "cells hold more than the text");
  return out + (good ? "" : "!" + std::to_string(reader.error_line()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text = fuzz::text(data + 1, size - 1);
  fuzz::must(rows(text, data[0] % 32 + 1UL) == rows(text, text.size() + 1), "rows depend on how the text is parted");
  if (const auto prices = estate::parse_prices(text, "prices", ""))
    for (const auto& price : prices->rows) fuzz::must(price.price >= 0 && !price.provider.empty() && !price.currency.empty(), "a price that is none");
  std::string_view rest = text;
  const std::string_view first = fuzz::next_part(rest, '\n');
  if (const std::string date = estate::read_date(first); !date.empty()) fuzz::must(date.size() == 10 && date[4] == '-' && date[7] == '-', "a date of another form");
  (void)estate::read_decimal(first);
  const std::string agent = estate::short_user_agent(first);
  fuzz::must(!agent.empty() && agent.size() <= 64, "a user agent beyond its size");
  return 0;
}
