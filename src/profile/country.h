// Countries as ISO 3166-1 names them (two letters), and the groups that a rule may name.
#pragma once
#include <span>
#include <string_view>

namespace bascule::profile {

// A code that ISO 3166-1 gives out; upper case only.
bool is_country(std::string_view code);
bool in_eu(std::string_view code);    // the Union's 27 members (Regulation texts apply to them as such)
bool in_eea(std::string_view code);   // those, and Iceland, Liechtenstein and Norway

// Is `code` what `word` names? A word is "EU", "EEA", "any", or a country's own code.
bool is_country_word(std::string_view word);
bool matches_country(std::string_view word, std::string_view code);

struct CountryName {
  std::string_view code, en, fr;
};
// Names for people; the code itself for countries that no profile is likely to name.
CountryName country_name(std::string_view code);

}  // namespace bascule::profile
