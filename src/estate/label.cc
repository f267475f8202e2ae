#include "estate/label.h"

namespace bascule::estate {

std::string_view name(Known known) {
  switch (known) {
    case Known::unknown: return "unknown";
    case Known::declared: return "declared";
    case Known::enforced: return "enforced";
    case Known::measured: return "measured";
  }
  return "unknown";
}

}  // namespace bascule::estate
