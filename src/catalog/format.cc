#include "catalog/format.h"

namespace bascule::catalog {

Result<void> check_format(std::uint32_t format, std::string_view where, std::string_view program) {
  if (format >= kOldestFormat && format <= kFormat) return {};
  std::string message = std::string(where) + " has the format " + std::to_string(format);
  if (!program.empty()) message += ", first written by Bascule " + std::string(program);
  message += "; this program opens formats " + std::to_string(kOldestFormat) + " to " + std::to_string(kFormat) + ". Nothing was changed. ";
  message += format > kFormat ? "Install that program again, or restore a backup from before the upgrade (docs/upgrade.md)"
                              : "Open it with the release that docs/upgrade.md names first";
  return fail(Code::unsupported, std::move(message));
}

}  // namespace bascule::catalog
