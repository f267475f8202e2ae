#include "estate/compare.h"

#include <algorithm>

namespace bascule::estate {

std::size_t ComparedProvider::count(profile::Outcome outcome) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(places, [&](const ComparedPlace& place) { return place.verdict && place.verdict->outcome == outcome; }));
}

std::size_t Comparison::count(profile::Outcome outcome) const {
  std::size_t sum = 0;
  for (const ComparedProvider& provider : providers) sum += provider.count(outcome);
  return sum;
}

std::size_t Comparison::places() const {
  std::size_t sum = 0;
  for (const ComparedProvider& provider : providers) sum += provider.places.size();
  return sum;
}

Label label(const profile::Fact& fact) {
  return fact.known ? Label::declared(fact.source, fact.date) : Label::unknown(fact.source, fact.date);
}

Label label(const profile::Check& check) {
  return check.unknown ? Label::unknown(check.source, check.date) : Label::declared(check.source, check.date);
}

// As a reader looks a name up: OVHcloud after Outscale.
static std::string folded(std::string_view title) {
  std::string out(title);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

Comparison compare(CompareInput input) {
  Comparison out{.made = std::move(input.made), .program_version = std::move(input.program_version), .rule = std::move(input.rule),
                 .rule_file = std::move(input.rule_file), .providers = {}, .set = {}, .framework = &shipped_framework()};
  std::vector<const profile::Profile*> profiles = input.own;
  for (const profile::Profile& shipped : profile::shipped_profiles())
    if (std::ranges::none_of(input.own, [&](const profile::Profile* own) { return own->id == shipped.id; })) profiles.push_back(&shipped);
  std::ranges::sort(profiles, {}, [](const profile::Profile* profile) { return std::pair(folded(profile->title), std::string_view(profile->id)); });

  const std::string today = out.made.substr(0, 10);
  std::vector<profile::Place> allowed;
  const auto look = [&](ComparedProvider& provider, const profile::Region* region) {
    ComparedPlace& place = provider.places.emplace_back(ComparedPlace{.region = region, .verdict = {}});
    if (!out.rule) return;
    place.verdict = evaluate(*provider.profile, region, *out.rule, today);
    if (place.verdict->outcome == profile::Outcome::allowed) allowed.push_back({provider.profile, region});
  };
  for (const profile::Profile* profile : profiles) {
    ComparedProvider& provider = out.providers.emplace_back(ComparedProvider{.profile = profile});
    for (const profile::Region& region : profile->regions) look(provider, &region);
    if (profile->regions.empty()) look(provider, nullptr);
    provider.evidence = gather_evidence(*out.framework, *profile);
    for (const ObjectiveEvidence& objective : provider.evidence) provider.unknown_factors += objective.unknown;
  }
  if (out.rule) out.set = evaluate_set(allowed, *out.rule);
  for (profile::Check& check : out.set) {   // it is decided by this answer, of today
    check.source = "the allowed places of this answer";
    check.date = today;
  }
  return out;
}

}  // namespace bascule::estate
