#include "app/version.h"

#include <fmt/core.h>

#include "app/admin/control.h"
#include "app/commands/commands.h"

namespace bascule::app {

int run_version(bool json) {
  fmt::print(fmt::runtime(json ? R"({{"version":"{}","commit":"{}","compiler":"{}"}})" "\n" : "bascule {} ({}, {})\n"), kVersion, kCommit,
             kCompiler);
  return kDone;
}

}  // namespace bascule::app
