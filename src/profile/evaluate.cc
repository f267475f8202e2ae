#include "profile/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <set>

#include "profile/country.h"

namespace bascule::profile {
namespace {

bool matches(const std::vector<std::string>& words, std::string_view code) {
  return std::ranges::any_of(words, [&](const std::string& word) { return matches_country(word, code); });
}
bool among(const std::vector<std::string>& list, std::string_view text) { return std::ranges::find(list, text) != list.end(); }

std::optional<std::chrono::sys_days> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto part = [&](std::size_t at, std::size_t length) {
    int value = -1;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + length, value);
    return error == std::errc() && end == text.data() + at + length ? value : -1;
  };
  const int year = part(0, 4), month = part(5, 2), day = part(8, 2);
  if (year < 0 || month < 0 || day < 0) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  return date.ok() ? std::optional(std::chrono::sys_days(date)) : std::nullopt;
}

class Evaluation {
 public:
  Evaluation(const Profile& profile, const Region* region, const Rule& rule, std::string_view today)
      : profile_(profile), region_(region), rule_(rule), today_(today) {}

  Verdict run() {
    place();
    country(Demand::seat, FactId::seat, rule_.seat);
    country(Demand::control, FactId::control, rule_.control);
    review();
    at_most(Demand::non_eu_share_largest, FactId::non_eu_share_largest, rule_.non_eu_share_largest);
    at_most(Demand::non_eu_share_total, FactId::non_eu_share_total, rule_.non_eu_share_total);
    technology();
    countries(Demand::resale, FactId::reseller_countries, rule_.resale);
    countries(Demand::presence, FactId::presence_outside_eu, rule_.presence);
    qualifications_all();
    qualifications_any();
    services();
    egress();
    at_most(Demand::exit_notice_days, FactId::exit_notice_days, rule_.exit_notice_days);
    decide();
    return std::move(verdict_);
  }

 private:
  Check& add(Demand demand, std::string fact, std::string found, std::string source, std::string date) {
    return verdict_.checks.emplace_back(Check{.demand = demand, .demanded = rule_.demanded(demand), .fact = std::move(fact),
                                              .found = std::move(found), .source = std::move(source), .date = std::move(date)});
  }
  Check& add(Demand demand, FactId id) {
    const Fact& fact = profile_.fact(id);
    return add(demand, std::string(kind(id).name), value_text(kind(id), fact), fact.source, fact.date);
  }
  static void set(Check& check, bool good) { check.outcome = good ? Outcome::allowed : Outcome::refused; }
  void set_unknown(Check& check) const {
    check.unknown = true;
    check.found.clear();
    check.outcome = rule_.unknown == Unknown::refuse ? Outcome::refused : Outcome::undecided;
  }

  void place() {
    if (!rule_.demands(Demand::data_countries)) return;
    if (region_ == nullptr) return set_unknown(add(Demand::data_countries, "region", {}, {}, profile_.reviewed));
    set(add(Demand::data_countries, "region", region_->country, region_->source, region_->date), matches(rule_.data_countries, region_->country));
  }

  void country(Demand demand, FactId id, const std::vector<std::string>& words) {
    if (!rule_.demands(demand)) return;
    Check& check = add(demand, id);
    const Fact& fact = profile_.fact(id);
    if (!fact.known) return set_unknown(check);
    set(check, matches(words, fact.text));
  }

  // Each of the countries must be allowed; none at all is allowed.
  void countries(Demand demand, FactId id, const std::vector<std::string>& words) {
    if (!rule_.demands(demand)) return;
    Check& check = add(demand, id);
    const Fact& fact = profile_.fact(id);
    if (!fact.known) return set_unknown(check);
    set(check, std::ranges::all_of(fact.items, [&](const std::string& code) { return matches(words, code); }));
  }

  // What is said of the region goes before what is said of the provider.
  void technology() {
    if (region_ == nullptr || !region_->technology_countries) return countries(Demand::technology, FactId::technology_countries, rule_.technology);
    if (!rule_.demands(Demand::technology)) return;
    const std::vector<std::string>& found = *region_->technology_countries;
    Check& check = add(Demand::technology, "technology_countries", fmt::format("{}", fmt::join(found, ", ")), region_->source, region_->date);
    set(check, std::ranges::all_of(found, [&](const std::string& code) { return matches(rule_.technology, code); }));
  }

  void at_most(Demand demand, FactId id, const std::optional<std::int64_t>& most) {
    if (!most) return;
    Check& check = add(demand, id);
    const Fact& fact = profile_.fact(id);
    if (!fact.known) return set_unknown(check);
    set(check, fact.number <= *most);
  }

  void review() {
    if (!rule_.control_reviewed_days) return;
    Check& check = add(Demand::control_reviewed_days, FactId::control);
    const Fact& fact = profile_.fact(FactId::control);
    const auto age = fact.known ? days_between(fact.date, today_) : std::nullopt;
    if (!age) return set_unknown(check);
    check.found = fact.date;
    set(check, *age <= *rule_.control_reviewed_days);
  }

  struct Held {
    Outcome outcome = Outcome::refused;
    bool unknown = false;
    const Qualification* of = nullptr;
  };
  // Held, and for the object storage: what is qualified for another of the operator's services says nothing of this one.
  Held held(std::string_view wanted) const {
    const auto found = std::ranges::find(profile_.qualifications, wanted, &Qualification::name);
    if (found == profile_.qualifications.end()) return {.unknown = true, .of = nullptr};
    if (found->status != Qualification::Status::held) return {.of = &*found};
    switch (found->object_storage) {
      case Qualification::Covers::yes: return {.outcome = Outcome::allowed, .of = &*found};
      case Qualification::Covers::no: return {.of = &*found};
      case Qualification::Covers::unknown: return {.unknown = true, .of = &*found};
    }
    return {};
  }
  Check& add(Demand demand, std::string_view wanted, const Held& held) {
    const std::string fact = fmt::format("qualification {}", wanted);
    if (held.of == nullptr) return add(demand, fact, {}, {}, profile_.reviewed);
    std::string found = std::string(name(held.of->status));
    if (held.of->status == Qualification::Status::held)
      found += fmt::format("; object storage: {}", name(held.of->object_storage));
    return add(demand, fact, std::move(found), held.of->source, held.of->date);
  }

  void qualifications_all() {
    for (const std::string& wanted : rule_.qualifications_all) {
      const Held found = held(wanted);
      Check& check = add(Demand::qualifications_all, wanted, found);
      if (!found.unknown) check.outcome = found.outcome;
      else set_unknown(check);
    }
  }

  void qualifications_any() {
    if (rule_.qualifications_any.empty()) return;
    std::optional<Held> best;
    std::string_view of;
    const auto worth = [](const Held& held) { return held.outcome == Outcome::allowed ? 2 : held.unknown ? 1 : 0; };
    for (const std::string& wanted : rule_.qualifications_any) {
      const Held found = held(wanted);
      if (best && worth(found) <= worth(*best)) continue;
      best = found;
      of = wanted;
    }
    Check& check = add(Demand::qualifications_any, of, *best);
    if (best->unknown) set_unknown(check);
    else check.outcome = best->outcome;
  }

  void services() {
    if (rule_.services.empty()) return;
    Check& check = add(Demand::services, FactId::services);
    const Fact& fact = profile_.fact(FactId::services);
    if (!fact.known) return set_unknown(check);
    // The list says what was found; what is not in it was not found, which is not the same as not offered.
    if (std::ranges::all_of(rule_.services, [&](const std::string& wanted) { return among(fact.items, wanted); })) return;
    const std::string found = check.found;
    set_unknown(check);
    check.found = found;
  }

  void egress() {
    if (rule_.exit_egress.empty()) return;
    Check& check = add(Demand::exit_egress, FactId::exit_egress);
    const Fact& fact = profile_.fact(FactId::exit_egress);
    if (!fact.known) return set_unknown(check);
    set(check, among(rule_.exit_egress, fact.text));
  }

  // The first known fact that breaks the rule decides; else the first unknown one.
  void decide() {
    std::optional<std::size_t> unknown;
    for (std::size_t i = 0; i < verdict_.checks.size(); ++i) {
      const Check& check = verdict_.checks[i];
      if (check.outcome == Outcome::allowed) continue;
      if (!check.unknown) {
        verdict_.outcome = Outcome::refused;
        verdict_.deciding = i;
        return;
      }
      if (!unknown) unknown = i;
    }
    if (!unknown) return;
    verdict_.outcome = verdict_.checks[*unknown].outcome;
    verdict_.deciding = unknown;
  }

  const Profile& profile_;
  const Region* region_;
  const Rule& rule_;
  std::string_view today_;
  Verdict verdict_;
};

}  // namespace

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::allowed: return "allowed";
    case Outcome::refused: return "refused";
    case Outcome::undecided: return "undecided";
  }
  return "undecided";
}

Verdict evaluate(const Profile& profile, const Region* region, const Rule& rule, std::string_view today) {
  return Evaluation(profile, region, rule, today).run();
}

std::vector<Check> evaluate_set(std::span<const Place> places, const Rule& rule) {
  std::vector<Check> out;
  const auto count = [&](Demand demand, const std::optional<std::int64_t>& least, const std::set<std::string>& distinct, bool unknown,
                         std::string_view fact) {
    if (!least) return;
    Check& check = out.emplace_back(Check{.demand = demand, .demanded = rule.demanded(demand), .fact = std::string(fact),
                                          .found = std::to_string(distinct.size())});
    if (static_cast<std::int64_t>(distinct.size()) >= *least) return;
    check.unknown = unknown;
    check.outcome = !unknown || rule.unknown == Unknown::refuse ? Outcome::refused : Outcome::undecided;
  };
  std::set<std::string> operators, countries;
  bool operators_unknown = false, countries_unknown = false;
  for (const Place& place : places) {
    const Fact& parent = place.profile->fact(FactId::parent);
    const Fact& who = place.profile->fact(FactId::operator_name);
    if (parent.known && parent.text != "none") operators.insert("parent " + parent.text);
    else if (who.known) operators.insert("operator " + who.text);
    else operators_unknown = true;
    if (place.region != nullptr) countries.insert(place.region->country);
    else countries_unknown = true;
  }
  count(Demand::distinct_operators, rule.distinct_operators, operators, operators_unknown, "operator");
  count(Demand::distinct_countries, rule.distinct_countries, countries, countries_unknown, "region");
  return out;
}

std::optional<std::int64_t> days_between(std::string_view from, std::string_view to) {
  const auto a = parse_date(from), b = parse_date(to);
  if (!a || !b) return std::nullopt;
  return (*b - *a).count();
}

}  // namespace bascule::profile
