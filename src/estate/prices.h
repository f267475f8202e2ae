// Prices, as the operator enters them: a CSV with the columns provider,item,unit,price,currency and, if wanted, source,date.
//   item   object, disk, file, database (GB/month), egress (GB), or a resource type such as
//          Microsoft.Compute/virtualMachines (resource/month)
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bascule::estate {

struct Price {
  std::string provider, item, unit, currency, source, date;
  double price = 0;
};

struct Prices {
  std::string file, file_date;
  std::vector<Price> rows;
};

// An error names the line.
Result<Prices> parse_prices(std::string_view text, const std::string& file, const std::string& file_date);

}  // namespace bascule::estate
