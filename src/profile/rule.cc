#include "profile/rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace bascule::profile {
namespace {

constexpr std::string_view kNames[] = {"data_countries",       "seat",       "control",  "control_reviewed_days",
                                       "non_eu_share_largest", "non_eu_share_total", "technology", "resale",
                                       "presence",             "qualifications_all", "qualifications_any", "services",
                                       "exit_egress",          "exit_notice_days",   "distinct_operators", "distinct_countries"};
static_assert(std::size(kNames) == kDemands);

// The two kinds of values that a demand can have; exactly one is there.
struct Value {
  const std::vector<std::string>* list = nullptr;
  const std::optional<std::int64_t>* number = nullptr;
};
Value value(const Rule& rule, Demand demand) {
  switch (demand) {
    case Demand::data_countries: return {.list = &rule.data_countries};
    case Demand::seat: return {.list = &rule.seat};
    case Demand::control: return {.list = &rule.control};
    case Demand::control_reviewed_days: return {.number = &rule.control_reviewed_days};
    case Demand::non_eu_share_largest: return {.number = &rule.non_eu_share_largest};
    case Demand::non_eu_share_total: return {.number = &rule.non_eu_share_total};
    case Demand::technology: return {.list = &rule.technology};
    case Demand::resale: return {.list = &rule.resale};
    case Demand::presence: return {.list = &rule.presence};
    case Demand::qualifications_all: return {.list = &rule.qualifications_all};
    case Demand::qualifications_any: return {.list = &rule.qualifications_any};
    case Demand::services: return {.list = &rule.services};
    case Demand::exit_egress: return {.list = &rule.exit_egress};
    case Demand::exit_notice_days: return {.number = &rule.exit_notice_days};
    case Demand::distinct_operators: return {.number = &rule.distinct_operators};
    case Demand::distinct_countries: return {.number = &rule.distinct_countries};
  }
  return {.list = &rule.data_countries};
}

// A TOML basic string. Control characters as \uXXXX; everything else stands as it is.
std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') (out += '\\') += c;
    else if (u < 0x20 || u == 0x7f) out += fmt::format("\\u{:04x}", u);
    else out += c;
  }
  return out + '"';
}

}  // namespace

std::string_view name(Demand demand) { return kNames[static_cast<std::size_t>(demand)]; }

std::optional<Demand> parse_demand(std::string_view name) {
  const auto* found = std::ranges::find(kNames, name);
  if (found == std::end(kNames)) return std::nullopt;
  return static_cast<Demand>(found - std::begin(kNames));
}

std::string_view name(Unknown unknown) { return unknown == Unknown::refuse ? "refuse" : "undecided"; }

bool Rule::demands(Demand demand) const {
  const Value found = value(*this, demand);
  return found.list != nullptr ? !found.list->empty() : found.number->has_value();
}

std::string Rule::demanded(Demand demand) const {
  const Value found = value(*this, demand);
  if (found.list != nullptr) return fmt::format("{}", fmt::join(*found.list, ", "));
  return found.number->has_value() ? std::to_string(**found.number) : std::string();
}

std::string rule_text(const Rule& rule) {
  std::string out;
  if (!rule.title.empty()) out += "title = " + quote(rule.title) + "\n";
  out += fmt::format("unknown = \"{}\"\n", name(rule.unknown));
  for (std::size_t i = 0; i < kDemands; ++i) {
    const auto demand = static_cast<Demand>(i);
    if (!rule.demands(demand)) continue;
    const Value found = value(rule, demand);
    out += fmt::format("{} = ", name(demand));
    if (found.number != nullptr) {
      out += std::to_string(**found.number);
    } else {
      out += "[";
      for (const std::string& item : *found.list) out += (out.ends_with('[') ? "" : ", ") + quote(item);
      out += "]";
    }
    out += "\n";
  }
  return out;
}

}  // namespace bascule::profile
