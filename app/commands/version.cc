#include "app/version.h"

#include <cstdio>

#include "app/admin/control.h"
#include "app/commands/commands.h"

namespace bascule::app {

int run_version(bool json) {
  const char* form = json ? "{\"version\":\"%.*s\",\"commit\":\"%.*s\",\"compiler\":\"%.*s\"}\n" : "bascule %.*s (%.*s, %.*s)\n";
  const auto length = [](std::string_view text) { return static_cast<int>(text.size()); };
  std::printf(form, length(kVersion), kVersion.data(), length(kCommit), kCommit.data(), length(kCompiler), kCompiler.data());
  return kDone;
}

}  // namespace bascule::app
