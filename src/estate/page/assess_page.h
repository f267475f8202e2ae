// The assessment as a page: the first screen for whoever decides, everything else folded beneath it down to single resources.
// Bounded, whatever the size of the estate: groups first, of each the first resources, and for the rest the JSON (said so there).
#pragma once
#include <string>

#include "estate/assessment.h"

namespace bascule::estate {

// At most so many resources stand on a page, and so many of one type under one kind of move.
inline constexpr std::size_t kMostPageResources = 4000, kMostPageResourcesOfType = 100;

std::string assess_page(const Assessment& assessment, Language language);

}  // namespace bascule::estate
