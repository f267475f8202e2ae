// What the estate would cost at given prices. What has no price, or no known size, is left out and counted.
#pragma once
#include <vector>

#include "estate/prices.h"
#include "estate/table.h"

namespace bascule::estate {

std::vector<ProviderCost> reckon_costs(Assessment::Table& table, const Assessment& assessment, const Prices& prices);

}  // namespace bascule::estate
