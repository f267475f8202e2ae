// This process's own operations as the target.
#pragma once
#include "migrate/target.h"
#include "ops/service.h"

namespace bascule::migrate {

// The operations outlive it.
std::unique_ptr<Target> make_ops_target(ops::Service& operations, std::string account);

}  // namespace bascule::migrate
