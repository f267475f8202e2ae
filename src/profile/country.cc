#include "profile/country.h"

#include <algorithm>

namespace bascule::profile {
namespace {

// ISO 3166-1 alpha-2, in order, without separators.
constexpr std::string_view kCodes =
    "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDM"
    "DODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKN"
    "KPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPM"
    "PNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVI"
    "VNVUWFWSYEYTZAZMZW";
static_assert(kCodes.size() == 2 * 249);

constexpr std::string_view kEu = "ATBEBGCYCZDEDKEEESFIFRGRHRHUIEITLTLULVMTNLPLPTROSESISK";
static_assert(kEu.size() == 2 * 27);

bool among(std::string_view list, std::string_view code) {
  if (code.size() != 2) return false;
  for (std::size_t i = 0; i < list.size(); i += 2)
    if (list.substr(i, 2) == code) return true;
  return false;
}

constexpr CountryName kNames[] = {
    {"AT", "Austria", "Autriche"},        {"AU", "Australia", "Australie"},     {"BE", "Belgium", "Belgique"},
    {"BG", "Bulgaria", "Bulgarie"},       {"BR", "Brazil", "Brésil"},           {"BY", "Belarus", "Biélorussie"},   {"CA", "Canada", "Canada"},
    {"CH", "Switzerland", "Suisse"},      {"CN", "China", "Chine"},             {"CY", "Cyprus", "Chypre"},
    {"CZ", "Czechia", "Tchéquie"},        {"DE", "Germany", "Allemagne"},       {"DK", "Denmark", "Danemark"},
    {"EE", "Estonia", "Estonie"},         {"ES", "Spain", "Espagne"},           {"FI", "Finland", "Finlande"},
    {"FR", "France", "France"},           {"GB", "United Kingdom", "Royaume-Uni"}, {"GR", "Greece", "Grèce"},
    {"HR", "Croatia", "Croatie"},         {"HU", "Hungary", "Hongrie"},         {"IE", "Ireland", "Irlande"},
    {"IN", "India", "Inde"},              {"IS", "Iceland", "Islande"},         {"IT", "Italy", "Italie"},
    {"JP", "Japan", "Japon"},             {"LI", "Liechtenstein", "Liechtenstein"}, {"LT", "Lithuania", "Lituanie"},
    {"LU", "Luxembourg", "Luxembourg"},   {"LV", "Latvia", "Lettonie"},         {"MK", "North Macedonia", "Macédoine du Nord"}, {"MT", "Malta", "Malte"},
    {"MX", "Mexico", "Mexique"},          {"NL", "Netherlands", "Pays-Bas"},    {"NO", "Norway", "Norvège"},
    {"PL", "Poland", "Pologne"},          {"PT", "Portugal", "Portugal"},       {"RO", "Romania", "Roumanie"},
    {"RS", "Serbia", "Serbie"},           {"SE", "Sweden", "Suède"},            {"SG", "Singapore", "Singapour"},
    {"SI", "Slovenia", "Slovénie"},       {"SK", "Slovakia", "Slovaquie"},      {"US", "United States", "États-Unis"},
};

}  // namespace

bool is_country(std::string_view code) { return among(kCodes, code); }
bool in_eu(std::string_view code) { return among(kEu, code); }
bool in_eea(std::string_view code) { return in_eu(code) || code == "IS" || code == "LI" || code == "NO"; }

bool is_country_word(std::string_view word) { return word == "EU" || word == "EEA" || word == "any" || is_country(word); }

bool matches_country(std::string_view word, std::string_view code) {
  if (word == "any") return true;
  if (word == "EU") return in_eu(code);
  if (word == "EEA") return in_eea(code);
  return word == code;
}

CountryName country_name(std::string_view code) {
  const auto* found = std::ranges::find(kNames, code, &CountryName::code);
  return found != std::end(kNames) ? *found : CountryName{code, code, code};
}

}  // namespace bascule::profile
