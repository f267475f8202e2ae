#include "estate/prices.h"

#include <algorithm>
#include <array>

#include "estate/ascii.h"
#include "estate/columns.h"
#include "estate/cost_rows.h"
#include "estate/csv_records.h"
#include "estate/facts.h"

namespace bascule::estate {
namespace {

constexpr std::size_t kMostPrices = 10'000;

// The unit that an item is sold by; empty for an item that is none.
std::string_view unit_of(std::string_view item) {
  for (const std::string_view kept : {"object", "disk", "file", "database"})
    if (item == kept) return "GB/month";
  if (item == "egress") return "GB";
  return item.find('/') != std::string_view::npos ? "resource/month" : std::string_view();
}

}  // namespace

Result<Prices> parse_prices(std::string_view text, const std::string& file, const std::string& file_date) {
  Prices prices{.file = file, .file_date = file_date};
  std::array<int, 7> at{};
  bool begun = false;
  Result<void> wrong;
  const auto refuse = [&](std::uint64_t line, const std::string& why) {
    wrong = fail(Code::invalid_argument, file + ", line " + std::to_string(line) + ": " + why);
    return false;
  };
  CsvReader reader([&](std::span<const std::string_view> cells, std::uint64_t line) {
    if (cells[0].starts_with('#')) return true;
    if (!begun) {
      begun = true;
      constexpr std::string_view kNames[] = {"provider", "item", "unit", "price", "currency", "source", "date"};
      for (std::size_t i = 0; i < at.size(); ++i) {
        at[i] = column(cells, {kNames[i]});
        if (at[i] < 0 && i < 5) return refuse(line, "the heading lacks the column " + std::string(kNames[i]));
      }
      return true;
    }
    const auto word = [&](std::size_t i) { return clean_word(trimmed(cell(cells, at[i])), 200); };
    Price price{word(0), word(1), word(2), word(4), word(5), word(6), 0};
    const auto number = read_decimal(cell(cells, at[3]));
    if (!number || *number < 0) return refuse(line, "the price is no number");
    price.price = *number;
    const std::string_view unit = unit_of(price.item);
    if (unit.empty()) return refuse(line, "unknown item " + price.item + "; known are object, disk, file, database, egress and resource types");
    if (!same_word(price.unit, unit)) return refuse(line, "the unit of " + price.item + " must be " + std::string(unit));
    if (price.provider.empty() || price.currency.empty()) return refuse(line, "provider and currency must be given");
    if (prices.rows.size() == kMostPrices) return refuse(line, "more than " + std::to_string(kMostPrices) + " prices");
    const auto same = [&](const Price& other) { return other.provider == price.provider && same_word(other.item, price.item); };
    if (std::ranges::any_of(prices.rows, same)) return refuse(line, price.item + " has two prices at " + price.provider);
    if (std::ranges::any_of(prices.rows, [&](const Price& other) { return other.provider == price.provider && other.currency != price.currency; }))
      return refuse(line, price.provider + " has prices in two currencies");
    prices.rows.push_back(std::move(price));
    return true;
  });
  if (auto took = reader.write(text, true); !took) return fail(Code::invalid_argument, file + ", line " + std::to_string(reader.error_line()) + ": " + took.error().message);
  if (!wrong) return fail(wrong.error());
  if (prices.rows.empty()) return fail(Code::invalid_argument, file + ": no prices in it; expected is a CSV with provider,item,unit,price,currency");
  return prices;
}

}  // namespace bascule::estate
