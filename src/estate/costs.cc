#include "estate/costs.h"

#include <algorithm>

#include "estate/ascii.h"

namespace bascule::estate {
namespace {

using Table = Assessment::Table;
constexpr double kGb = 1e9;

// The sizes of what keeps data of one kind and moves.
struct Kept {
  double bytes = 0;
  std::uint64_t unknown = 0;
};
Kept kept(const Assessment& assessment, std::string_view holds) {
  Kept sum;
  for (const TypeCount& type : assessment.types) {
    if (!type.mapping || type.mapping->holds != holds) continue;
    sum.bytes += static_cast<double>(type.size_bytes);
    sum.unknown += type.size_unknown;
  }
  return sum;
}

void add(std::optional<Money>& sum, const Money& more) {
  if (!sum) sum = Money{0, more.currency};
  if (sum->currency == more.currency) sum->amount += more.amount;
}

}  // namespace

std::vector<ProviderCost> reckon_costs(Table& table, const Assessment& assessment, const Prices& prices) {
  std::vector<ProviderCost> out;
  const auto text = [&](const std::string& word) { return table.texts.text(table.texts.number(word)); };
  for (const Price& price : prices.rows) {
    auto found = std::ranges::find(out, price.provider, &ProviderCost::provider);
    if (found == out.end()) found = out.insert(out.end(), ProviderCost{.provider = price.provider});
    CostLine line{.subject = text(price.item), .unit = text(price.unit), .price = price.price};
    line.label = Label::declared(price.source.empty() ? prices.file : price.source, price.date.empty() ? prices.file_date : price.date);
    if (price.item == "egress") {
      line.what = {"data leaving, once", "données qui sortent, une fois"};
      line.quantity = {assessment.egress_bytes.value ? std::optional(*assessment.egress_bytes.value / kGb) : std::nullopt, assessment.egress_bytes.label};
    } else if (price.item.find('/') == std::string::npos) {
      const Kept sum = kept(assessment, price.item);
      line.what = {"data kept", "données conservées"};
      if (sum.bytes > 0 || sum.unknown == 0) line.quantity = {sum.bytes / kGb, assessment.size_label};
      else line.quantity.label = Label::unknown("no size is known", assessment.size_label.date);
    } else {
      const auto type = std::ranges::find_if(assessment.types, [&](const TypeCount& one) { return same_word(one.type, price.item); });
      line.what = {"resources", "ressources"};
      line.quantity = {type == assessment.types.end() ? 0.0 : static_cast<double>(type->count), Label::measured(assessment.command, assessment.made)};
    }
    if (line.quantity.value) {
      line.cost = Money{*line.quantity.value * price.price, price.currency};
      add(price.item == "egress" ? found->once : found->monthly, *line.cost);
    }
    found->lines.push_back(std::move(line));
  }
  for (ProviderCost& provider : out) {
    for (const TypeCount& type : assessment.types) {
      const std::uint64_t moving = type.count - type.by_move[static_cast<std::size_t>(Move::none)] - type.by_move[static_cast<std::size_t>(Move::not_ours)];
      const bool priced = std::ranges::any_of(provider.lines, [&](const CostLine& line) {
        return same_word(line.subject, type.type) || (type.mapping && !type.mapping->holds.empty() && line.subject == type.mapping->holds);
      });
      if (!priced) provider.unpriced_resources += moving;
      else if (type.mapping && !type.mapping->holds.empty()) provider.unpriced_resources += type.size_unknown;
    }
  }
  return out;
}

}  // namespace bascule::estate
