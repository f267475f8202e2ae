// What the terminal and the page say of facts and answers, in both languages. Not escaped.
#pragma once
#include <string>

#include "estate/compare.h"

namespace bascule::estate {

// A fact's value for people: countries by name, bytes with units, words translated. "unknown" where it is.
std::string value_words(Language language, const profile::FactKind& kind, const profile::Fact& fact);
// True where the value is a text of the profile itself, which is in English.
bool in_english(const profile::FactKind& kind, const profile::Fact& fact);

std::string country_words(Language language, std::string_view code);    // "France"
std::string demanded_words(Language language, const profile::Check& check);
std::string demanded_words(Language language, profile::Demand demand, const profile::Rule& rule);
std::string found_words(Language language, const profile::Check& check);
std::string fact_words(Language language, const profile::Check& check);
// "Effective control from: Mexico; demanded: EU". Empty where the place is allowed.
std::string because(Language language, const profile::Verdict& verdict);

std::string data_countries(Language language, const profile::Profile& profile);
std::string held_qualifications(Language language, const profile::Profile& profile);

}  // namespace bascule::estate
