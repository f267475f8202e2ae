// The one label that every answer of the estate commands carries: how it is known. An answer without one is not shown.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "estate/words.h"

namespace bascule::estate {

enum class Known : std::uint8_t {
  unknown,   // nobody has said it, or it was looked for and not found
  declared,  // a source says so: an operator's documentation, an export that was read
  enforced,  // a rule of this installation makes it so
  measured,  // a command tried it, here
};

struct Label {
  Known known = Known::unknown;
  // declared: the source (an address, a document, an input file). enforced: the rule. measured: the command.
  // unknown: where it was looked for, or empty.
  std::string by;
  // declared: the date of the source or of the look, YYYY-MM-DD. measured: the time, ISO 8601. enforced: empty.
  // unknown: the date of the look, or empty.
  std::string date;

  static Label unknown(std::string where = {}, std::string date = {}) { return {Known::unknown, std::move(where), std::move(date)}; }
  static Label declared(std::string source, std::string date) { return {Known::declared, std::move(source), std::move(date)}; }
  static Label enforced(std::string rule) { return {Known::enforced, std::move(rule), {}}; }
  static Label measured(std::string command, std::string time) { return {Known::measured, std::move(command), std::move(time)}; }

  bool operator==(const Label&) const = default;
};

// "unknown", "declared", "enforced", "measured": in JSON, and the key of the words for people.
std::string_view name(Known known);
// "declared: https://…, 2026-11-23": the label as people read it. Not escaped.
std::string words(const Label& label, Language language);

}  // namespace bascule::estate
