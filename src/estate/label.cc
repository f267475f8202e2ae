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

std::string words(const Label& label, Language language) {
  const std::string key = "label." + std::string(name(label.known));
  if (label.known == Known::unknown && label.by.empty() && !label.date.empty()) return say(language, key + ".on", {label.date});
  if (label.by.empty()) return std::string(say(language, key));
  return say(language, key + ".by", {label.by, label.date});
}

}  // namespace bascule::estate
