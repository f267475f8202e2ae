// admin_answers.json: the schemas of the admin API's answers, by name.
#pragma once
#include "base/embedded.h"

namespace bascule::app {

std::span<const EmbeddedFile> admin_answers();

}  // namespace bascule::app
