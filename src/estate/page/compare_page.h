// The comparison as a page.
#pragma once
#include <string>

#include "estate/compare.h"

namespace bascule::estate {

std::string compare_page(const Comparison& comparison, Language language);

}  // namespace bascule::estate
