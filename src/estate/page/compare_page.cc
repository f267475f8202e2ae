#include "estate/page/compare_page.h"

#include "estate/compare_words.h"
#include "estate/page/page.h"

namespace bascule::estate {
namespace {

using profile::Outcome;

class Writer {
 public:
  Writer(const Comparison& comparison, Language language)
      : c_(comparison), language_(language), page_(language, say(comparison.rule ? "compare.title" : "compare.title.facts")) {}

  std::string write() {
    page_.paragraph(say("page.made", {c_.made, c_.program_version}));
    contents();
    page_.begin_main();
    summary();
    if (c_.rule) rule();
    places();
    facts();
    framework();
    labels();
    page_.html().close();
    page_.html().open("footer");
    page_.paragraph(say("page.self"));
    return page_.take();
  }

 private:
  std::string_view say(std::string_view key) const { return estate::say(language_, key); }
  std::string say(std::string_view key, std::initializer_list<std::string_view> values) const { return estate::say(language_, key, values); }
  std::string count(std::size_t value) const { return number(language_, value); }
  static std::string key(std::string_view prefix, std::string_view name) { return std::string(prefix) + std::string(name); }

  void contents() {
    std::vector<Page::Entry> entries{{"summary", say("compare.summary")}};
    if (c_.rule) entries.push_back({"rule", say("compare.rule")});
    entries.push_back({"places", say(c_.rule ? "compare.places" : "compare.places.plain")});
    entries.push_back({"facts", say("compare.facts")});
    entries.push_back({"framework", say("csf.title")});
    entries.push_back({"labels", say("page.labels")});
    page_.contents(entries);
  }

  void summary() {
    page_.section("summary", say("compare.summary"));
    if (c_.rule) {
      const profile::Rule& rule = *c_.rule;
      page_.html().open("p").open("strong").text(rule.title.empty() ? say("compare.under.file", {c_.rule_file}) : say("compare.under", {rule.title}));
      page_.html().close().close();
      page_.paragraph(say("compare.counts", {count(c_.places()), count(c_.providers.size()), count(c_.count(Outcome::allowed)),
                                             count(c_.count(Outcome::refused)), count(c_.count(Outcome::undecided))}));
      page_.paragraph(say(key("compare.unknown.", name(rule.unknown))));
    } else {
      page_.paragraph(say("compare.norule"));
    }
    page_.html().element("p", {at("class", "note")}, say("compare.neutral"));
    if (c_.rule) chart();
    key_facts();
    page_.end_section();
  }

  void chart() {
    BarChart chart{.title = std::string(say("compare.chart")), .rows_heading = std::string(say("col.provider")), .parts = {}, .bars = {}};
    for (const Outcome outcome : {Outcome::allowed, Outcome::refused, Outcome::undecided}) chart.parts.emplace_back(say(key("outcome.", name(outcome))));
    for (const ComparedProvider& provider : c_.providers) {
      BarChart::Bar& bar = chart.bars.emplace_back(BarChart::Bar{.name = provider.profile->title, .values = {}, .shown = {}});
      for (const Outcome outcome : {Outcome::allowed, Outcome::refused, Outcome::undecided})
        bar.values.push_back(static_cast<double>(provider.count(outcome)));
    }
    draw(page_, chart);
  }

  void key_facts() {
    using profile::FactId;
    constexpr FactId kShown[] = {FactId::operator_name, FactId::seat, FactId::control, FactId::technology_countries, FactId::reseller_countries,
                                 FactId::presence_outside_eu};
    page_.html().element("h3", say("compare.facts.key"));
    std::vector<Table::Column> columns{{std::string(say("col.provider"))}};
    for (const FactId id : kShown) columns.push_back({std::string(say(key("fact.", profile::kind(id).name)))});
    columns.push_back({std::string(say("col.countries"))});
    columns.push_back({std::string(say("col.qualifications"))});
    Table table(page_, say("compare.facts.key.caption"), columns);
    for (const ComparedProvider& provider : c_.providers) {
      const profile::Profile& profile = *provider.profile;
      table.row();
      head(table, profile);
      for (const FactId id : kShown) value(table, profile::kind(id), profile.fact(id));
      table.text(data_countries(language_, profile));
      table.foreign(held_qualifications(language_, profile));
    }
  }

  // The provider's name, and the way to its facts.
  void head(Table& table, const profile::Profile& profile) {
    table.head().open("a", {at("href", "#facts-" + profile.id)}).element("bdi", profile.title).close();
    table.end_cell();
  }

  void value(Table& table, const profile::FactKind& kind, const profile::Fact& fact) {
    if (!fact.known) {
      table.cell().element("span", {at("class", "answer unknown")}, say("label.unknown"));
      table.end_cell();
      return;
    }
    table.foreign(value_words(language_, kind, fact), in_english(kind, fact));
  }

  void answer(Table& table, Outcome outcome) {
    table.cell().element("span", {at("class", key("answer ", name(outcome)))}, say(key("outcome.", name(outcome))));
    table.end_cell();
  }

  void rule() {
    page_.section("rule", say("compare.rule"));
    {
      Table table(page_, say("compare.rule"), {{std::string(say("col.demand"))}, {std::string(say("col.demanded"))}});
      for (std::size_t i = 0; i < profile::kDemands; ++i) {
        const auto demand = static_cast<profile::Demand>(i);
        if (!c_.rule->demands(demand)) continue;
        table.row();
        table.head(say(key("demand.", name(demand))));
        table.foreign(demanded_words(language_, demand, *c_.rule));
      }
    }
    page_.paragraph(say("compare.qualification.other"));
    if (c_.set.empty()) {
      page_.paragraph(say("compare.set.none"));
    } else {
      Table table(page_, say("compare.set"), {{std::string(say("col.demand"))}, {std::string(say("col.demanded"))}, {std::string(say("col.found"))},
                                              {std::string(say("col.answer"))}});
      for (const profile::Check& check : c_.set) {
        table.row();
        table.head(say(key("demand.", name(check.demand))));
        table.text(check.demanded);
        table.text(check.found);
        answer(table, check.outcome);
      }
    }
    page_.end_section();
  }

  std::string place_name(const ComparedPlace& place) const {
    if (place.region == nullptr) return std::string(say("compare.noregion"));
    return place.region->id + (place.region->place.empty() ? "" : ", " + place.region->place);
  }

  void places() {
    page_.section("places", say(c_.rule ? "compare.places" : "compare.places.plain"));
    for (const ComparedProvider& provider : c_.providers) {
      page_.open_details(say("compare.places.of", {provider.profile->title, count(provider.places.size())}));
      places(provider);
      if (c_.rule)
        for (const ComparedPlace& place : provider.places) checks(provider, place);
      page_.close_details();
    }
    page_.end_section();
  }

  void places(const ComparedProvider& provider) {
    std::vector<Table::Column> columns;
    for (const char* heading : {"col.region", "col.country", "col.endpoint"}) columns.push_back({std::string(say(heading))});
    if (c_.rule)
      for (const char* heading : {"col.answer", "col.decides"}) columns.push_back({std::string(say(heading))});
    columns.push_back({std::string(say("col.label"))});
    Table table(page_, say("compare.places.caption", {provider.profile->title}), columns);
    for (const ComparedPlace& place : provider.places) {
      table.row();
      table.head().element("bdi", place_name(place));
      table.end_cell();
      table.text(place.region != nullptr ? country_words(language_, place.region->country) : std::string(say("label.unknown")));
      const auto address = place.region != nullptr ? endpoint(*provider.profile, *place.region, "{service}") : fail(Code::unsupported, "");
      table.cell().element("code", address ? std::string_view(*address) : say("label.unknown"));
      table.end_cell();
      if (!place.verdict) {
        table.label(place.region != nullptr ? Label::declared(place.region->source, place.region->date) : Label::unknown({}, provider.profile->reviewed));
        continue;
      }
      answer(table, place.verdict->outcome);
      const std::string reason = because(language_, *place.verdict);
      table.foreign(reason.empty() ? say("compare.all") : std::string_view(reason));
      const auto& deciding = place.verdict->deciding;
      table.label(deciding ? label(place.verdict->checks[*deciding]) : all_met(*place.verdict));
    }
  }

  // An allowed place rests on all its facts: as good as the oldest of them.
  Label all_met(const profile::Verdict& verdict) const {
    std::string oldest = c_.made.substr(0, 10);
    for (const profile::Check& check : verdict.checks) oldest = std::min(oldest, check.date);
    return Label::declared(std::string(say("compare.all.sources")), oldest);
  }

  void checks(const ComparedProvider& provider, const ComparedPlace& place) {
    const std::string title = say("compare.checks.of", {provider.profile->title, place_name(place)});
    page_.open_details(title);
    {
      Table table(page_, title, {{std::string(say("col.demand"))}, {std::string(say("col.demanded"))}, {std::string(say("col.fact"))},
                                 {std::string(say("col.found"))}, {std::string(say("col.answer"))}, {std::string(say("col.label"))}});
      for (const profile::Check& check : place.verdict->checks) {
        table.row();
        table.head(say(key("demand.", name(check.demand))));
        table.foreign(demanded_words(language_, check));
        table.text(fact_words(language_, check));
        table.foreign(found_words(language_, check));
        answer(table, check.outcome);
        table.label(label(check));
      }
    }
    page_.close_details();
  }

  void facts() {
    page_.section("facts", say("compare.facts"));
    for (const ComparedProvider& provider : c_.providers) {
      const profile::Profile& profile = *provider.profile;
      page_.open_details(profile.title, "facts-" + profile.id);
      page_.paragraph(say("compare.reviewed", {profile.reviewed}));
      if (!profile.shipped) page_.paragraph(say("compare.own"));
      if (!profile.note.empty()) {
        page_.html().open("p");
        page_.foreign(profile.note, true);
        page_.html().close();
      }
      facts(profile);
      if (!profile.qualifications.empty()) qualifications(profile);
      page_.close_details();
    }
    page_.end_section();
  }

  void facts(const profile::Profile& profile) {
    Table table(page_, say("compare.facts.caption", {profile.title}),
                {{std::string(say("col.fact"))}, {std::string(say("col.value"))}, {std::string(say("col.note"))}, {std::string(say("col.label"))}});
    for (const profile::FactKind& kind : profile::kinds()) {
      const profile::Fact& fact = profile.fact(kind.id);
      table.row();
      table.head(say(key("fact.", kind.name)));
      value(table, kind, fact);
      if (fact.note.empty()) table.text("–");
      else table.foreign(fact.note, true);
      table.label(label(fact));
    }
  }

  void qualifications(const profile::Profile& profile) {
    Table table(page_, say("compare.qualifications.caption", {profile.title}),
                {{std::string(say("col.qualification"))}, {std::string(say("col.status"))}, {std::string(say("col.covers"))}, {std::string(say("col.scope"))},
                 {std::string(say("col.label"))}});
    for (const profile::Qualification& q : profile.qualifications) {
      table.row();
      table.head().element("bdi", q.name);
      table.end_cell();
      table.text(say(key("status.", name(q.status))));
      table.text(say(key("covers.", name(q.object_storage))));
      if (q.scope.empty()) table.text("–");
      else table.foreign(q.scope, true);
      table.label(Label::declared(q.source, q.date));
    }
  }

  void framework() {
    const Framework& framework = *c_.framework;
    page_.section("framework", say("csf.title"));
    page_.html().element("p", {at("class", "note")}, say("csf.statement"));
    page_.paragraph(say("csf.text", {framework.version, count(framework.factors())}));
    page_.html().open("p");
    page_.label(Label::declared(framework.source, framework.looked));
    page_.html().close();
    if (!framework.note.empty()) {
      page_.html().open("p");
      page_.foreign(framework.note, true);
      page_.html().close();
    }
    coverage();
    objectives();
    page_.open_details(say("csf.levels"));
    {
      Table table(page_, say("csf.levels"), {{std::string(say("col.level"))}, {std::string(say("col.meaning"))}});
      for (const SealLevel& level : framework.levels) {
        table.row();
        table.head(level.id);
        table.text(level.meaning.in(language_));
      }
    }
    page_.close_details();
    for (const ComparedProvider& provider : c_.providers) evidence(provider);
    page_.end_section();
  }

  void coverage() {
    const std::size_t all = c_.framework->factors();
    BarChart chart{.title = std::string(say("csf.chart")), .rows_heading = std::string(say("col.provider")),
                   .parts = {std::string(say("csf.known")), std::string(say("csf.unknown"))}, .bars = {}, .colours = {3, 5}};
    for (const ComparedProvider& provider : c_.providers)
      chart.bars.push_back({.name = provider.profile->title,
                            .values = {static_cast<double>(all - provider.unknown_factors), static_cast<double>(provider.unknown_factors)},
                            .shown = {}});
    draw(page_, chart);
  }

  void objectives() {
    Table table(page_, say("csf.objectives"), {{std::string(say("col.objective"))}, {std::string(say("col.weight")), true}, {std::string(say("col.factors")), true}});
    for (const Objective& objective : c_.framework->objectives) {
      table.row();
      table.head(objective.id + " " + objective.title.in(language_));
      table.text(objective.weight ? std::to_string(*objective.weight) + "\u00a0%" : std::string(say("label.unknown")));
      table.text(count(objective.factors.size()));
    }
  }

  void evidence(const ComparedProvider& provider) {
    const std::size_t all = c_.framework->factors();
    page_.open_details(say("csf.count", {provider.profile->title, count(all - provider.unknown_factors), count(all)}));
    page_.paragraph(provider.unknown_factors > 0 ? say("csf.nolevel", {count(provider.unknown_factors), count(all)}) : std::string(say("csf.nolevel.all")));
    {
      Table table(page_, say("csf.evidence.caption", {provider.profile->title}),
                  {{std::string(say("col.factor"))}, {std::string(say("col.evidence"))}, {std::string(say("col.label"))}});
      for (const ObjectiveEvidence& objective : provider.evidence)
        for (const FactorEvidence& factor : objective.factors) evidence(table, factor, *provider.profile);
    }
    page_.close_details();
  }

  void evidence(Table& table, const FactorEvidence& factor, const profile::Profile& profile) {
    table.row();
    table.head(factor.factor->id + " " + factor.factor->title.in(language_));
    if (factor.evidence.empty()) {
      table.cell().element("span", {at("class", "answer unknown")}, say("label.unknown"));
      table.end_cell();
      table.label(Label::unknown({}, profile.reviewed));
      return;
    }
    table.cell().open("ul");
    for (const Evidence& each : factor.evidence) {
      page_.html().open("li").text(say(key("fact.", each.fact))).text(": ");
      const profile::FactKind* kind = profile::find_kind(each.fact);
      if (kind != nullptr) page_.foreign(value_words(language_, *kind, profile.fact(kind->id)), in_english(*kind, profile.fact(kind->id)));
      else if (each.fact == "regions") page_.foreign(data_countries(language_, profile));
      else page_.foreign(each.value, true);
      page_.html().close();
    }
    page_.html().close();
    table.end_cell();
    table.cell().open("ul");
    for (const Evidence& each : factor.evidence) {
      page_.html().open("li");
      page_.label(Label::declared(each.source, each.date));
      page_.html().close();
    }
    page_.html().close();
    table.end_cell();
  }

  void labels() {
    page_.section("labels", say("page.labels"));
    page_.paragraph(say("page.labels.text"));
    page_.end_section();
  }

  const Comparison& c_;
  Language language_;
  Page page_;
};

}  // namespace

std::string compare_page(const Comparison& comparison, Language language) { return Writer(comparison, language).write(); }

}  // namespace bascule::estate
