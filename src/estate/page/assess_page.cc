#include "estate/page/assess_page.h"

#include <algorithm>
#include <map>

#include "estate/page/assess_sections.h"

namespace bascule::estate {
namespace {

constexpr std::size_t kMostTypes = 300, kMostWaves = 60, kMostCycles = 30, kMostLocations = 60;

class Writer {
 public:
  Writer(const Assessment& assessment, Language language) : a_(assessment), page_(language, say(language, "assess.title")), more_(assessment, page_) {}

  std::string write() {
    page_.paragraph(page_.say("page.made", {a_.made, a_.program_version}));
    page_.contents({{"summary", page_.say("compare.summary")},
                    {"types", page_.say("assess.types")},
                    {"blockers", page_.say("assess.blockers")},
                    {"waves", page_.say("assess.waves")},
                    {"resources", page_.say("assess.resources")},
                    {"access", page_.say("assess.access")},
                    {"costs", page_.say("assess.costs")},
                    {"checklist", page_.say("assess.checklist")},
                    {"inputs", page_.say("assess.inputs")},
                    {"labels", page_.say("page.labels")}});
    page_.begin_main();
    summary();
    types();
    blockers();
    waves();
    resources();
    more_.access();
    more_.costs();
    more_.checklist();
    more_.inputs();
    page_.section("labels", page_.say("page.labels"));
    page_.paragraph(page_.say("page.labels.text"));
    page_.end_section();
    page_.html().close().open("footer");
    page_.paragraph(page_.say("page.self"));
    return page_.take();
  }

 private:
  std::string count(std::uint64_t value) const { return number(page_.language(), value); }
  std::string_view move_words(Move move) const { return words(move).in(page_.language()); }

  void figure(std::string_view title, std::string_view value, const Label& label) {
    page_.html().open("div").element("dt", title).open("dd").text(value);
    if (label.known != Known::unknown || !label.by.empty()) {
      page_.html().empty("br");
      page_.label(label);
    }
    page_.html().close().close();
  }

  void summary() {
    const Language language = page_.language();
    page_.section("summary", page_.say("compare.summary"));
    if (!a_.complete) page_.html().element("p", {at("class", "warning")}, page_.say("assess.incomplete"));
    page_.html().open("dl", {at("class", "facts")});
    figure(page_.say("assess.count.resources"), count(a_.size()), Label::measured(a_.command, a_.made));
    figure(page_.say("assess.count.inputs"), count(a_.inputs.size()), Label::measured(a_.command, a_.made));
    figure(page_.say("assess.size"), more_.size(a_.size_bytes, a_.size_unknown), a_.size_label);
    figure(page_.say("assess.transfer"),
           a_.transfer_seconds.value ? duration(language, *a_.transfer_seconds.value) : std::string(page_.say("label.unknown")), a_.transfer_seconds.label);
    figure(page_.say("assess.charged"), more_.charged(), a_.charged_label);
    page_.html().close();
    moves();
    if (a_.by_move[static_cast<std::size_t>(Move::not_ours)] > 0) page_.html().element("p", {at("class", "note")}, page_.say("assess.reseller"));
    if (!a_.blockers.empty()) page_.paragraph(page_.say("assess.blockers.short", {count(a_.blockers.size())}));
    page_.end_section();
  }

  void moves() {
    BarChart chart{.title = std::string(page_.say("assess.chart")), .rows_heading = std::string(page_.say("assess.move")),
                   .parts = {std::string(page_.say("assess.count.resources"))}, .bars = {}, .colours = {3}};
    for (std::size_t i = 0; i < kMoves; ++i)
      chart.bars.push_back({.name = std::string(move_words(static_cast<Move>(i))), .values = {static_cast<double>(a_.by_move[i])}, .shown = {}});
    draw(page_, chart);
    page_.open_details(page_.say("assess.moves"));
    {
      Table table(page_, page_.say("assess.moves"), {{std::string(page_.say("assess.move"))}, {std::string(page_.say("col.meaning"))}});
      for (std::size_t i = 0; i < kMoves; ++i) {
        table.row();
        table.head(move_words(static_cast<Move>(i)));
        table.text(page_.say("assess.move." + std::to_string(i)));
      }
    }
    page_.close_details();
  }

  void types() {
    page_.section("types", page_.say("assess.types"));
    page_.paragraph(page_.say("assess.types.text", {a_.data_version}));
    {
      Table table(page_, page_.say("assess.types"),
                  {{std::string(page_.say("assess.type"))}, {std::string(page_.say("assess.count.resources")), true}, {std::string(page_.say("assess.move"))},
                   {std::string(page_.say("assess.reason"))}, {std::string(page_.say("assess.equivalents"))}, {std::string(page_.say("assess.size"))},
                   {std::string(page_.say("col.label"))}});
      for (std::size_t i = 0; i < std::min(kMostTypes, a_.types.size()); ++i) type(table, a_.types[i]);
    }
    more_.and_more(a_.types.size(), kMostTypes);
    page_.end_section();
  }

  void type(Table& table, const TypeCount& type) {
    table.row();
    table.head().element("bdi", type.title);
    page_.html().empty("br").element("code", type.type);
    table.end_cell();
    table.text(count(type.count));
    table.cell().open("ul");
    for (std::size_t i = 0; i < kMoves; ++i)
      if (type.by_move[i] > 0) page_.html().element("li", std::string(move_words(static_cast<Move>(i))) + ": " + count(type.by_move[i]));
    page_.html().close();
    table.end_cell();
    if (type.mapping == nullptr) {
      table.text(page_.say("assess.type.unknown"));
      table.text("–");
    } else {
      table.text(type.mapping->reason.in(page_.language()));
      more_.equivalents(table, *type.mapping);
    }
    table.text(type.size_bytes == 0 && type.size_unknown == 0 ? std::string("–") : more_.size(type.size_bytes, type.size_unknown));
    table.label(type.mapping != nullptr ? type.mapping->label : Label::unknown({}, a_.data_version));
  }

  void blockers() {
    page_.section("blockers", page_.say("assess.blockers"));
    if (a_.blockers.empty()) page_.paragraph(page_.say("assess.blockers.none"));
    else {
      Table table(page_, page_.say("assess.blockers"),
                  {{std::string(page_.say("assess.blocker"))}, {std::string(page_.say("assess.count.resources")), true}, {std::string(page_.say("assess.turns"))},
                   {std::string(page_.say("assess.example"))}, {std::string(page_.say("col.label"))}});
      for (const BlockerCount& each : a_.blockers) {
        table.row();
        table.head(each.blocker->what.in(page_.language()));
        table.text(count(each.count));
        table.text(each.blocker->turns ? move_words(*each.blocker->turns) : page_.say("assess.turns.none"));
        table.foreign(a_.resource(each.example).name);
        table.label(each.blocker->label);
      }
    }
    page_.end_section();
  }

  void waves() {
    const Language language = page_.language();
    page_.section("waves", page_.say("assess.waves"));
    page_.paragraph(page_.say("assess.waves.text"));
    {
      Table table(page_, page_.say("assess.waves"),
                  {{std::string(page_.say("assess.wave")), true}, {std::string(page_.say("assess.count.resources")), true}, {std::string(page_.say("assess.move"))},
                   {std::string(page_.say("assess.size"))}, {std::string(page_.say("assess.transfer"))}});
      for (std::size_t i = 0; i < std::min(kMostWaves, a_.waves.size()); ++i) {
        const Wave& wave = a_.waves[i];
        table.row();
        table.head(count(wave.number));
        table.text(count(wave.resources));
        table.text(more_.by_move(wave.by_move));
        table.text(more_.size(wave.size_bytes, wave.size_unknown));
        table.text(wave.transfer_seconds ? duration(language, *wave.transfer_seconds) : std::string(page_.say("label.unknown")));
      }
    }
    more_.and_more(a_.waves.size(), kMostWaves);
    cycles();
    locations();
    page_.end_section();
  }

  void cycles() {
    if (a_.cycles.empty()) return;
    page_.open_details(page_.say("assess.cycles", {count(a_.cycles.size())}));
    page_.paragraph(page_.say("assess.cycles.text"));
    {
      Table table(page_, page_.say("assess.cycles", {count(a_.cycles.size())}),
                  {{std::string(page_.say("assess.cycle")), true}, {std::string(page_.say("assess.wave")), true},
                   {std::string(page_.say("assess.count.resources")), true}, {std::string(page_.say("assess.members"))}});
      for (std::size_t i = 0; i < std::min(kMostCycles, a_.cycles.size()); ++i) {
        const Cycle& cycle = a_.cycles[i];
        table.row();
        table.head(count(cycle.number));
        table.text(count(cycle.wave));
        table.text(count(cycle.size));
        table.cell().open("ul");
        for (std::size_t m = 0; m < std::min<std::size_t>(20, cycle.members.size()); ++m)
          page_.html().open("li").element("bdi", a_.resource(cycle.members[m]).name).close();
        page_.html().close();
        table.end_cell();
      }
    }
    more_.and_more(a_.cycles.size(), kMostCycles);
    page_.close_details();
  }

  void locations() {
    if (a_.locations.empty()) return;
    page_.open_details(page_.say("assess.locations"));
    {
      Table table(page_, page_.say("assess.locations"), {{std::string(page_.say("assess.location"))}, {std::string(page_.say("assess.count.resources")), true}});
      for (std::size_t i = 0; i < std::min(kMostLocations, a_.locations.size()); ++i) {
        table.row();
        table.head().element("bdi", a_.locations[i].first.empty() ? page_.say("label.unknown") : a_.locations[i].first);
        table.end_cell();
        table.text(count(a_.locations[i].second));
      }
    }
    more_.and_more(a_.locations.size(), kMostLocations);
    page_.close_details();
  }

  // The first resources of each type under each kind of move, until the page is full.
  struct Group {
    std::uint64_t all = 0;
    std::vector<std::uint64_t> shown;
  };
  using Groups = std::map<std::pair<std::size_t, std::string_view>, Group>;

  Groups gather() const {
    Groups groups;
    std::uint64_t wanted = 0;
    for (const TypeCount& type : a_.types)
      for (std::size_t move = 0; move < kMoves; ++move) {
        if (type.by_move[move] == 0) continue;
        groups[{move, type.type}].all = type.by_move[move];
        wanted += std::min<std::uint64_t>(type.by_move[move], kMostPageResourcesOfType);
      }
    wanted = std::min<std::uint64_t>(wanted, kMostPageResources);
    for (std::uint64_t i = 0; i < a_.size() && wanted > 0; ++i) {
      const Resource resource = a_.resource(i);
      const auto group = groups.find({static_cast<std::size_t>(resource.move), resource.type});
      if (group == groups.end() || group->second.shown.size() >= kMostPageResourcesOfType) continue;
      group->second.shown.push_back(i);
      --wanted;
    }
    return groups;
  }

  void resources() {
    page_.section("resources", page_.say("assess.resources"));
    const Groups groups = gather();
    std::uint64_t shown = 0;
    for (const auto& [key, group] : groups) shown += group.shown.size();
    page_.paragraph(shown == a_.size() ? std::string(page_.say("assess.resources.all"))
                                       : page_.say("assess.resources.bounded", {count(shown), count(a_.size())}));
    for (std::size_t move = 0; move < kMoves; ++move) {
      if (a_.by_move[move] == 0) continue;
      page_.open_details(std::string(move_words(static_cast<Move>(move))) + ": " + count(a_.by_move[move]));
      for (auto at = groups.lower_bound({move, {}}); at != groups.end() && at->first.first == move; ++at) group(at->first.second, at->second);
      page_.close_details();
    }
    page_.end_section();
  }

  void group(std::string_view type, const Group& group) {
    if (group.shown.empty()) {
      page_.paragraph(std::string(type) + ": " + count(group.all) + " (" + std::string(page_.say("assess.injson")) + ")");
      return;
    }
    const Resource first = a_.resource(group.shown.front());
    const std::string title = std::string(first.title) + ": " + count(group.all);
    page_.open_details(title);
    {
      Table table(page_, title,
                  {{std::string(page_.say("assess.resource"))}, {std::string(page_.say("assess.group"))}, {std::string(page_.say("assess.location"))},
                   {std::string(page_.say("assess.wave")), true}, {std::string(page_.say("assess.size"))}, {std::string(page_.say("assess.reason"))},
                   {std::string(page_.say("assess.blockers"))}, {std::string(page_.say("assess.depends"))}, {std::string(page_.say("col.label"))}});
      for (const std::uint64_t index : group.shown) resource(table, a_.resource(index));
    }
    more_.and_more(group.all, group.shown.size());
    page_.close_details();
  }

  void resource(Table& table, const Resource& resource) {
    table.row();
    table.head().element("bdi", resource.name);
    page_.html().empty("br").element("code", resource.id);
    table.end_cell();
    table.foreign(resource.resource_group.empty() ? std::string_view("–") : std::string_view(resource.resource_group));
    table.foreign(resource.location.empty() ? page_.say("label.unknown") : resource.location);
    table.text(resource.wave == 0 ? std::string("–") : count(resource.wave));
    table.cell();
    if (resource.size_bytes) page_.html().text(bytes(page_.language(), *resource.size_bytes)).empty("br");
    if (resource.size_bytes || resource.size_label.known == Known::unknown) page_.label(resource.size_label);
    table.end_cell();
    table.text(resource.reason.in(page_.language()));
    table.cell();
    if (!resource.blockers.empty()) {
      page_.html().open("ul");
      for (const Blocker* blocker : resource.blockers) page_.html().element("li", blocker->what.in(page_.language()));
      page_.html().close();
    }
    table.end_cell();
    table.cell();
    constexpr std::size_t kMostDependencies = 8;
    if (!resource.depends_on.empty()) {
      page_.html().open("ul");
      for (std::size_t i = 0; i < std::min(kMostDependencies, resource.depends_on.size()); ++i)
        page_.html().open("li").element("bdi", a_.resource(resource.depends_on[i]).name).close();
      if (resource.depends_on.size() > kMostDependencies)
        page_.html().element("li", page_.say("assess.more", {count(resource.depends_on.size() - kMostDependencies)}));
      page_.html().close();
    }
    table.end_cell();
    table.label(resource.label);
  }

  const Assessment& a_;
  Page page_;
  AssessSections more_;
};

}  // namespace

std::string assess_page(const Assessment& assessment, Language language) { return Writer(assessment, language).write(); }

}  // namespace bascule::estate
