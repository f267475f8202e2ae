#include "estate/compare_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "profile/country.h"

namespace bascule::estate {
namespace {

using profile::Demand;
using profile::FactType;

std::string join(const std::vector<std::string>& parts) { return fmt::format("{}", fmt::join(parts, ", ")); }

// "EU, CH" as the evaluation writes it, each in words.
template <class In> std::string each_in_words(std::string_view list, In in_words) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const std::size_t end = list.find(", ");
    out.push_back(in_words(list.substr(0, end)));
    list.remove_prefix(end == std::string_view::npos ? list.size() : end + 2);
  }
  return join(out);
}

std::string translated(Language language, std::string_view word) {
  const std::string key = "value." + std::string(word);
  return has_words(key) ? std::string(say(language, key)) : std::string(word);
}

bool about_countries(Demand demand) {
  switch (demand) {
    case Demand::data_countries:
    case Demand::seat:
    case Demand::control:
    case Demand::technology:
    case Demand::resale:
    case Demand::presence: return true;
    default: return false;
  }
}
bool about_words(Demand demand) { return demand == Demand::services || demand == Demand::exit_egress; }

std::string demand_value(Language language, Demand demand, std::string_view value) {
  if (about_countries(demand)) return each_in_words(value, [&](std::string_view code) { return country_words(language, code); });
  if (about_words(demand)) return each_in_words(value, [&](std::string_view word) { return translated(language, word); });
  return std::string(value);
}

}  // namespace

std::string country_words(Language language, std::string_view code) {
  if (code == "EU") return language == Language::fr ? "UE" : "EU";
  if (code == "EEA") return language == Language::fr ? "EEE" : "EEA";
  if (code == "any") return language == Language::fr ? "tous" : "any";
  const profile::CountryName name = profile::country_name(code);
  return std::string(language == Language::fr ? name.fr : name.en);
}

bool in_english(const profile::FactKind& kind, const profile::Fact& fact) {
  if (!fact.known || kind.type != FactType::text) return false;
  // Names are names in every language; what is a sentence is in English.
  return kind.id != profile::FactId::operator_name && kind.id != profile::FactId::endpoint && fact.text != "none";
}

std::string value_words(Language language, const profile::FactKind& kind, const profile::Fact& fact) {
  if (!fact.known) return std::string(say(language, "label.unknown"));
  switch (kind.type) {
    case FactType::text: return fact.text == "none" ? std::string(say(language, "word.none")) : fact.text;
    case FactType::country: return country_words(language, fact.text);
    case FactType::word: return translated(language, fact.text);
    case FactType::countries:
    case FactType::words: {
      if (fact.items.empty()) return std::string(say(language, "word.none"));
      std::vector<std::string> out;
      for (const std::string& item : fact.items)
        out.push_back(kind.type == FactType::countries ? country_words(language, item) : translated(language, item));
      return join(out);
    }
    case FactType::bytes: return bytes(language, static_cast<std::uint64_t>(fact.number));
    case FactType::number:
    case FactType::percent: return number(language, static_cast<std::uint64_t>(fact.number));
  }
  return {};
}

std::string demanded_words(Language language, Demand demand, const profile::Rule& rule) {
  return demand_value(language, demand, rule.demanded(demand));
}
std::string demanded_words(Language language, const profile::Check& check) { return demand_value(language, check.demand, check.demanded); }

std::string found_words(Language language, const profile::Check& check) {
  if (check.unknown && check.found.empty()) return std::string(say(language, "label.unknown"));
  if (check.demand == Demand::qualifications_all || check.demand == Demand::qualifications_any) {
    // "held; object storage: no": the status, then what it covers.
    const std::string_view found = check.found;
    const std::size_t end = found.find("; object storage: ");
    std::string out(say(language, "status." + std::string(found.substr(0, end))));
    if (end != std::string_view::npos)
      out += fmt::format("; {}: {}", say(language, "col.covers"), say(language, "covers." + std::string(found.substr(end + 18))));
    return out;
  }
  if (check.found.empty()) return std::string(say(language, "word.none"));
  return demand_value(language, check.demand, check.found);
}

std::string fact_words(Language language, const profile::Check& check) {
  constexpr std::string_view kQualification = "qualification ";
  if (check.fact.starts_with(kQualification)) return say(language, "fact.qualification", {std::string_view(check.fact).substr(kQualification.size())});
  return std::string(say(language, "fact." + check.fact));
}

std::string because(Language language, const profile::Verdict& verdict) {
  if (!verdict.deciding) return {};
  const profile::Check& check = verdict.checks[*verdict.deciding];
  if (check.unknown && check.found.empty()) return say(language, "because.unknown", {fact_words(language, check), demanded_words(language, check)});
  return say(language, "because.found", {fact_words(language, check), found_words(language, check), demanded_words(language, check)});
}

std::string data_countries(Language language, const profile::Profile& profile) {
  std::vector<std::string> out;
  for (const profile::Region& region : profile.regions) out.push_back(country_words(language, region.country));
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out.empty() ? std::string(say(language, "label.unknown")) : join(out);
}

std::string held_qualifications(Language language, const profile::Profile& profile) {
  std::vector<std::string> out;
  for (const profile::Qualification& q : profile.qualifications)
    if (q.status == profile::Qualification::Status::held) out.push_back(q.name);
  return out.empty() ? std::string(say(language, "label.unknown")) : join(out);
}

}  // namespace bascule::estate
