// The assessment's page, second half: what applications use, costs, the checklist, what was read; and small words for both.
#pragma once
#include <array>
#include <string>

#include "estate/assessment.h"
#include "estate/page/page.h"

namespace bascule::estate {

class AssessSections {
 public:
  AssessSections(const Assessment& assessment, Page& page) : a_(assessment), page_(page) {}   // both outlive it

  void access();
  void costs();
  void checklist();
  void inputs();

  std::string size(std::uint64_t known_bytes, std::uint64_t unknown) const;   // "1.5 TiB, and 3 of unknown size"
  std::string charged() const;
  std::string by_move(const std::array<std::uint64_t, kMoves>& counts) const;
  void equivalents(Table& table, const Mapping& mapping);
  void and_more(std::uint64_t all, std::uint64_t shown);                       // "… and 12 more: the JSON has them all"

 private:
  std::string count(std::uint64_t value) const { return number(page_.language(), value); }
  std::string amount(const Money& money) const { return estate::money(page_.language(), money.amount, money.currency); }
  void cost_lines(const ProviderCost& cost);

  const Assessment& a_;
  Page& page_;
};

}  // namespace bascule::estate
