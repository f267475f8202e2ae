// The comparison as JSON. A change of what is here is a change of docs/schemas/compare.schema.json and of its version.
#include <boost/json.hpp>

#include "estate/compare.h"
#include "estate/label_json.h"

namespace bascule::estate {
namespace json = boost::json;
namespace {

json::value number_or_null(std::optional<int> value) { return value ? json::value(*value) : json::value(nullptr); }

json::value fact_value(const profile::FactKind& kind, const profile::Fact& fact) {
  if (!fact.known) return nullptr;
  switch (kind.type) {
    case profile::FactType::text:
    case profile::FactType::country:
    case profile::FactType::word: return json::value(fact.text);
    case profile::FactType::countries:
    case profile::FactType::words: return json::array(fact.items.begin(), fact.items.end());
    case profile::FactType::number:
    case profile::FactType::bytes:
    case profile::FactType::percent: return fact.number;
  }
  return nullptr;
}

json::object check_json(const profile::Check& check) {
  return {{"demand", name(check.demand)}, {"demanded", check.demanded},   {"outcome", name(check.outcome)}, {"fact", check.fact},
          {"found", check.unknown && check.found.empty() ? json::value(nullptr) : json::value(check.found)}, {"label", label_json(label(check))}};
}

json::array checks_json(const std::vector<profile::Check>& checks) {
  json::array out;
  for (const profile::Check& check : checks) out.push_back(check_json(check));
  return out;
}

json::object place_json(const profile::Profile& profile, const ComparedPlace& place) {
  json::object out;
  if (place.region == nullptr) {
    out = {{"region", nullptr}, {"place", nullptr}, {"country", nullptr}, {"endpoint", nullptr},
           {"label", label_json(Label::unknown({}, profile.reviewed))}};
  } else {
    const profile::Region& region = *place.region;
    const auto address = endpoint(profile, region);
    out = {{"region", region.id},
           {"place", region.place},
           {"country", region.country},
           {"endpoint", address ? json::value(*address) : json::value(nullptr)},
           {"label", label_json(Label::declared(region.source, region.date))}};
  }
  if (!place.verdict) return out;
  out["outcome"] = name(place.verdict->outcome);
  out["decided_by"] = place.verdict->deciding ? json::value(check_json(place.verdict->checks[*place.verdict->deciding])) : json::value(nullptr);
  out["checks"] = checks_json(place.verdict->checks);
  return out;
}

json::object qualification_json(const profile::Qualification& q) {
  return {{"name", q.name},   {"status", name(q.status)}, {"covers_object_storage", name(q.object_storage)},
          {"scope", q.scope}, {"label", label_json(Label::declared(q.source, q.date))}};
}

json::object evidence_json(const ComparedProvider& provider, const Framework& framework) {
  json::array objectives;
  for (const ObjectiveEvidence& objective : provider.evidence) {
    json::array factors;
    for (const FactorEvidence& factor : objective.factors) {
      json::array evidence;
      for (const Evidence& each : factor.evidence)
        evidence.push_back({{"fact", each.fact}, {"value", each.value}, {"label", label_json(Label::declared(each.source, each.date))}});
      factors.push_back({{"id", factor.factor->id}, {"known", !factor.evidence.empty()}, {"evidence", std::move(evidence)}});
    }
    objectives.push_back({{"id", objective.objective->id}, {"unknown", objective.unknown}, {"level", nullptr}, {"factors", std::move(factors)}});
  }
  return {{"factors", framework.factors()}, {"unknown", provider.unknown_factors}, {"level", nullptr}, {"objectives", std::move(objectives)}};
}

json::object provider_json(const ComparedProvider& provider, const Framework& framework) {
  const profile::Profile& profile = *provider.profile;
  json::object facts;
  for (const profile::FactKind& kind : profile::kinds()) {
    const profile::Fact& fact = profile.fact(kind.id);
    json::object& out = facts[kind.name].emplace_object();
    out = {{"value", fact_value(kind, fact)}, {"label", label_json(label(fact))}};
    if (!fact.note.empty()) out["note"] = fact.note;
  }
  json::array places, qualifications;
  for (const ComparedPlace& place : provider.places) places.push_back(place_json(profile, place));
  for (const profile::Qualification& q : profile.qualifications) qualifications.push_back(qualification_json(q));
  return {{"id", profile.id},
          {"title", profile.title},
          {"shipped", profile.shipped},
          {"reviewed", profile.reviewed},
          {"note", profile.note},
          {"facts", std::move(facts)},
          {"qualifications", std::move(qualifications)},
          {"places", std::move(places)},
          {"evidence", evidence_json(provider, framework)}};
}

json::object framework_json(const Framework& framework) {
  json::array levels, objectives;
  for (const SealLevel& level : framework.levels) levels.push_back({{"id", level.id}, {"meaning", level.meaning.en}});
  for (const Objective& objective : framework.objectives) {
    json::array factors;
    for (const Factor& factor : objective.factors) factors.push_back({{"id", factor.id}, {"title", factor.title.en}});
    objectives.push_back({{"id", objective.id}, {"title", objective.title.en}, {"weight_percent", number_or_null(objective.weight)}, {"factors", std::move(factors)}});
  }
  return {{"id", framework.id},
          {"version", framework.version},
          {"statement", say(Language::en, "csf.statement")},
          {"label", label_json(Label::declared(framework.source, framework.looked))},
          {"levels", std::move(levels)},
          {"objectives", std::move(objectives)}};
}

json::value rule_json(const Comparison& comparison) {
  if (!comparison.rule) return nullptr;
  const profile::Rule& rule = *comparison.rule;
  json::object demands;
  for (std::size_t i = 0; i < profile::kDemands; ++i) {
    const auto demand = static_cast<profile::Demand>(i);
    if (rule.demands(demand)) demands[name(demand)] = rule.demanded(demand);
  }
  return json::object{{"file", comparison.rule_file}, {"title", rule.title}, {"unknown", name(rule.unknown)}, {"demands", std::move(demands)}};
}

}  // namespace

std::string compare_json(const Comparison& comparison) {
  json::array providers;
  for (const ComparedProvider& provider : comparison.providers) providers.push_back(provider_json(provider, *comparison.framework));
  json::object out{{"schema", "bascule-compare-1"},
                   {"made", comparison.made},
                   {"program_version", comparison.program_version},
                   {"rule", rule_json(comparison)},
                   {"order", "by provider title, then region id; no order of merit"}};
  if (comparison.rule) {
    out["totals"] = {{"places", comparison.places()},
                     {"allowed", comparison.count(profile::Outcome::allowed)},
                     {"refused", comparison.count(profile::Outcome::refused)},
                     {"undecided", comparison.count(profile::Outcome::undecided)}};
    out["set"] = checks_json(comparison.set);
  }
  out["providers"] = std::move(providers);
  out["framework"] = framework_json(*comparison.framework);
  return json::serialize(out);
}

}  // namespace bascule::estate
