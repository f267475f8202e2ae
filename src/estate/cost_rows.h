// Cost exports (actual or amortised; Enterprise Agreement, Microsoft Customer Agreement, pay as you go): what each resource is
// charged, and what the meters say of stored and outgoing bytes.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bascule::estate {

// A row as far as it concerns us.
struct CostRow {
  std::string_view resource;             // the id as it stands; may be empty (purchases, marketplace)
  double cost = 0;
  std::string_view currency;
  std::string date;                      // YYYY-MM-DD; empty = not readable
  double stored_gib_months = 0;          // what it says of data kept in a storage account
  double outgoing_bytes = 0;             // what it says of data sent out of Azure
};

class CostColumns {
 public:
  static std::optional<CostColumns> of(std::span<const std::string_view> header);
  // Nothing where the row's cost is no number.
  std::optional<CostRow> row(std::span<const std::string_view> cells) const;

 private:
  int resource_ = -1, cost_ = -1, currency_ = -1, date_ = -1, category_ = -1, meter_ = -1, quantity_ = -1, unit_ = -1;
};

// "1,234.5", "1234,5", "-3E-05" as numbers.
std::optional<double> read_decimal(std::string_view text);
// "10/31/2025" (as the exports write it: month first), "2025-10-31", "2025-10-31T00:00:00Z", "20251031" as YYYY-MM-DD.
std::string read_date(std::string_view text);

}  // namespace bascule::estate
