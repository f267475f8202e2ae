// The assessment as JSON: docs/schemas/assess.schema.json says what it looks like. Written as it goes: a million resources
// never stand in memory as text.
#pragma once
#include <functional>
#include <string_view>

#include "estate/assessment.h"

namespace bascule::estate {

inline constexpr std::string_view kAssessmentSchema = "bascule-assess-1";   // another name when a member changes its meaning or goes

// `write` takes the text in parts, in order; false = it cannot take more (a full disk, a closed pipe), and the writing ends.
bool write_json(const Assessment& assessment, Language language, const std::function<bool(std::string_view)>& write);

}  // namespace bascule::estate
