// This process's own operations as the target.
#pragma once
#include "migrate/target.h"

namespace bascule::migrate {

// The operations outlive it.
std::unique_ptr<Target> make_ops_target(ops::Operations& operations, std::string account);

}  // namespace bascule::migrate
