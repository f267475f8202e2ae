// The assessment for a terminal: what a person wants to know first, in about a screen and a half.
#pragma once
#include <string>

#include "estate/assessment.h"

namespace bascule::estate {

// Plain text, lines of about 110 characters. Nothing in it can steer a terminal.
std::string summary(const Assessment& assessment, Language language);

}  // namespace bascule::estate
