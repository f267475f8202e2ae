// The answer of Get Page Ranges, as another server gives it.
#pragma once
#include <string>
#include <vector>

#include "base/result.h"
#include "ops/operations.h"

namespace bascule::fetch {

struct PageList {
  std::vector<ops::PageRange> ranges;   // in order, apart from one another
  std::string next;                     // a marker; "" = complete
};

// unavailable: it is no such document, or the ranges are not in order.
Result<PageList> parse_page_list(std::string body);

}  // namespace bascule::fetch
