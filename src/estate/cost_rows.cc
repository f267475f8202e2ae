#include "estate/cost_rows.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "estate/ascii.h"
#include "estate/columns.h"

namespace bascule::estate {
namespace {

bool has_word(std::string_view text, std::string_view word) { return lowered(text).find(lowered(word)) != std::string::npos; }

// "1 GB", "100 GB/Month", "10 TB" -> bytes of one unit; 0 = no amount of data. The meters count in powers of 1024
// (Azure's storage prices: "1 GB" of a meter is 2^30 bytes).
double unit_bytes(std::string_view unit) {
  double count = 1;
  const auto end = std::from_chars(unit.data(), unit.data() + unit.size(), count);
  if (end.ec == std::errc()) unit.remove_prefix(static_cast<std::size_t>(end.ptr - unit.data()));
  unit = trimmed(unit);
  const std::string_view word = unit.substr(0, unit.find_first_of("/ "));
  constexpr std::pair<std::string_view, int> kUnits[] = {{"GB", 30}, {"GiB", 30}, {"TB", 40}, {"TiB", 40}, {"MB", 20}, {"MiB", 20}, {"PB", 50}};
  for (const auto& [name, bits] : kUnits)
    if (same_word(word, name)) return count * std::exp2(bits);
  return 0;
}

bool digits(std::string_view text) { return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }); }

}  // namespace

std::optional<double> read_decimal(std::string_view text) {
  text = trimmed(text);
  std::string plain;
  const std::size_t dot = text.rfind('.'), comma = text.rfind(',');
  const bool decimal_comma = comma != std::string_view::npos && (dot == std::string_view::npos || comma > dot);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ',' || text[i] == '.') {
      if (i == (decimal_comma ? comma : dot)) plain += '.';
    } else {
      plain += text[i];
    }
  }
  double number = 0;
  const auto end = std::from_chars(plain.data(), plain.data() + plain.size(), number);
  if (plain.empty() || end.ec != std::errc() || end.ptr != plain.data() + plain.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::string read_date(std::string_view text) {
  text = trimmed(text);
  if (text.size() >= 10 && text[4] == '-' && text[7] == '-' && digits(text.substr(0, 4)) && digits(text.substr(5, 2)) && digits(text.substr(8, 2)))
    return std::string(text.substr(0, 10));
  if (text.size() == 8 && digits(text)) return std::string(text.substr(0, 4)) + "-" + std::string(text.substr(4, 2)) + "-" + std::string(text.substr(6, 2));
  const std::size_t first = text.find('/'), second = text.find('/', first + 1);
  if (second == std::string_view::npos || text.size() < second + 5) return {};
  const std::string_view month = text.substr(0, first), day = text.substr(first + 1, second - first - 1), year = text.substr(second + 1, 4);
  if (!digits(month) || !digits(day) || !digits(year) || month.size() > 2 || day.size() > 2) return {};
  const auto two = [](std::string_view number) { return (number.size() == 1 ? "0" : "") + std::string(number); };
  return std::string(year) + "-" + two(month) + "-" + two(day);
}

std::optional<CostColumns> CostColumns::of(std::span<const std::string_view> header) {
  CostColumns columns;
  columns.cost_ = column(header, {"CostInBillingCurrency", "Cost", "PreTaxCost", "CostInPricingCurrency", "ExtendedCost"});
  columns.resource_ = column(header, {"ResourceId", "InstanceId", "Instance ID", "InstanceName"});
  if (columns.cost_ < 0 || columns.resource_ < 0) return std::nullopt;
  columns.currency_ = column(header, {"BillingCurrency", "BillingCurrencyCode", "Currency", "PricingCurrency"});
  columns.date_ = column(header, {"Date", "UsageDate", "UsageDateTime", "Usage Date"});
  columns.category_ = column(header, {"MeterCategory", "Meter Category"});
  columns.meter_ = column(header, {"MeterName", "Meter", "Meter Name"});
  columns.quantity_ = column(header, {"Quantity", "UsageQuantity", "ConsumedQuantity", "Consumed Quantity"});
  columns.unit_ = column(header, {"UnitOfMeasure", "Unit Of Measure"});
  return columns;
}

std::optional<CostRow> CostColumns::row(std::span<const std::string_view> cells) const {
  const auto cost = read_decimal(cell(cells, cost_));
  if (!cost) return std::nullopt;
  CostRow row{.resource = cell(cells, resource_), .cost = *cost, .currency = cell(cells, currency_), .date = read_date(cell(cells, date_))};
  const std::string_view category = cell(cells, category_), meter = cell(cells, meter_);
  const bool outgoing = has_word(meter, "Data Transfer Out") || has_word(meter, "Egress");
  const bool stored = same_word(category, "Storage") && has_word(meter, "Data Stored");
  if (!outgoing && !stored) return row;
  const auto quantity = read_decimal(cell(cells, quantity_));
  const double bytes = quantity ? *quantity * unit_bytes(cell(cells, unit_)) : 0;
  if (bytes > 0) (outgoing ? row.outgoing_bytes : row.stored_gib_months) = outgoing ? bytes : bytes / std::exp2(30);
  return row;
}

}  // namespace bascule::estate
