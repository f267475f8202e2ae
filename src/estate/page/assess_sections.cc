#include "estate/page/assess_sections.h"

#include <algorithm>

#include "profile/profile.h"

namespace bascule::estate {
namespace {

constexpr std::size_t kMostAccessRows = 200, kMostInputs = 200, kMostNotes = 30;

}  // namespace

std::string AssessSections::size(std::uint64_t known_bytes, std::uint64_t unknown) const {
  if (known_bytes == 0 && unknown > 0) return std::string(page_.say("label.unknown"));
  std::string out = bytes(page_.language(), known_bytes);
  if (unknown > 0) out += page_.say("assess.size.unknown", {count(unknown)});
  return out;
}

std::string AssessSections::charged() const {
  if (a_.charged.empty()) return std::string(page_.say("label.unknown"));
  std::string out;
  for (const Money& money : a_.charged) out += (out.empty() ? "" : " + ") + amount(money);
  if (!a_.charged_from.empty()) out += " (" + a_.charged_from + " – " + a_.charged_to + ")";
  return out;
}

std::string AssessSections::by_move(const std::array<std::uint64_t, kMoves>& counts) const {
  std::string out;
  for (std::size_t i = 0; i < kMoves; ++i)
    if (counts[i] > 0) out += (out.empty() ? "" : "; ") + std::string(words(static_cast<Move>(i)).in(page_.language())) + ": " + count(counts[i]);
  return out;
}

void AssessSections::equivalents(Table& table, const Mapping& mapping) {
  if (mapping.equivalents.empty()) return table.text("–");
  table.cell().open("ul");
  for (const Equivalent& each : mapping.equivalents) {
    const profile::Profile* profile = profile::find_shipped(each.provider);
    page_.html().open("li").text(profile != nullptr ? std::string_view(profile->title) : each.provider).text(": ").element("bdi", each.service).close();
  }
  page_.html().close();
  table.end_cell();
}

void AssessSections::and_more(std::uint64_t all, std::uint64_t shown) {
  if (all > shown) page_.paragraph(page_.say("assess.more.json", {count(all - shown)}));
}

void AssessSections::access() {
  page_.section("access", page_.say("assess.access"));
  if (a_.access.empty()) {
    page_.paragraph(page_.say("assess.access.none"));
    return page_.end_section();
  }
  page_.paragraph(page_.say("assess.access.text", {count(a_.requests), a_.access_from, a_.access_to}));
  {
    Table table(page_, page_.say("assess.access"),
                {{std::string(page_.say("assess.account"))}, {std::string(page_.say("assess.operation"))}, {std::string(page_.say("assess.authentication"))},
                 {std::string(page_.say("assess.agent"))}, {std::string(page_.say("assess.requests")), true}, {std::string(page_.say("assess.failed")), true},
                 {std::string(page_.say("assess.move"))}, {std::string(page_.say("assess.reason"))}});
    for (std::size_t i = 0; i < std::min(kMostAccessRows, a_.access.size()); ++i) {
      const AccessRow& row = a_.access[i];
      table.row();
      table.head().element("bdi", row.account);
      table.end_cell();
      table.foreign(std::string(row.service) + " " + std::string(row.operation));
      table.foreign(row.authentication);
      table.foreign(row.user_agent);
      table.text(count(row.requests));
      table.text(count(row.failed));
      table.text(words(row.move).in(page_.language()));
      table.text(row.reason.in(page_.language()));
    }
  }
  and_more(a_.access.size(), kMostAccessRows);
  page_.end_section();
}

void AssessSections::costs() {
  page_.section("costs", page_.say("assess.costs"));
  page_.html().open("p").text(page_.say("assess.egress")).text(": ");
  page_.html().text(a_.egress_bytes.value ? bytes(page_.language(), static_cast<std::uint64_t>(*a_.egress_bytes.value)) : std::string(page_.say("label.unknown"))).text(" ");
  page_.label(a_.egress_bytes.label);
  page_.html().close().open("p").text(page_.say("assess.egress.month")).text(": ");
  page_.html().text(a_.egress_month_bytes.value ? bytes(page_.language(), static_cast<std::uint64_t>(*a_.egress_month_bytes.value)) : std::string(page_.say("label.unknown"))).text(" ");
  page_.label(a_.egress_month_bytes.label);
  page_.html().close();
  if (a_.costs.empty()) page_.paragraph(page_.say("assess.costs.none"));
  else {
    page_.paragraph(page_.say("assess.costs.text"));
    {
      Table table(page_, page_.say("assess.costs"), {{std::string(page_.say("col.provider"))}, {std::string(page_.say("assess.monthly")), true},
                                                     {std::string(page_.say("assess.once")), true}, {std::string(page_.say("assess.unpriced")), true}});
      for (const ProviderCost& cost : a_.costs) {
        table.row();
        table.head().element("bdi", cost.provider);
        table.end_cell();
        table.text(cost.monthly ? amount(*cost.monthly) : std::string(page_.say("label.unknown")));
        table.text(cost.once ? amount(*cost.once) : std::string(page_.say("label.unknown")));
        table.text(count(cost.unpriced_resources));
      }
    }
    for (const ProviderCost& cost : a_.costs) cost_lines(cost);
  }
  page_.end_section();
}

void AssessSections::cost_lines(const ProviderCost& cost) {
  page_.open_details(cost.provider);
  {
    Table table(page_, page_.say("assess.costs.of", {cost.provider}),
                {{std::string(page_.say("assess.subject"))}, {std::string(page_.say("assess.quantity")), true}, {std::string(page_.say("assess.price")), true},
                 {std::string(page_.say("assess.cost")), true}, {std::string(page_.say("col.label"))}});
    for (const CostLine& line : cost.lines) {
      table.row();
      table.head(line.what.in(page_.language()));
      table.text((line.quantity.value ? decimal(page_.language(), *line.quantity.value, 1) : std::string(page_.say("label.unknown"))) + " " + std::string(line.unit));
      table.text(line.price ? decimal(page_.language(), *line.price, 4) : std::string(page_.say("label.unknown")));
      table.text(line.cost ? amount(*line.cost) : std::string(page_.say("label.unknown")));
      table.label(line.label);
    }
  }
  page_.close_details();
}

void AssessSections::checklist() {
  page_.section("checklist", page_.say("assess.checklist"));
  {
    Table table(page_, page_.say("assess.checklist"), {{std::string(page_.say("assess.step"))}, {std::string(page_.say("assess.from"))},
                                                       {std::string(page_.say("assess.count.resources")), true}, {std::string(page_.say("col.label"))}});
    for (const ChecklistItem& item : a_.checklist) {
      table.row();
      table.head(item.what.in(page_.language()));
      table.text(item.date.empty() ? std::string_view("–") : item.date);
      table.text(item.count ? count(*item.count) : std::string("–"));
      table.label(item.label);
    }
  }
  page_.end_section();
}

void AssessSections::inputs() {
  page_.section("inputs", page_.say("assess.inputs"));
  page_.paragraph(page_.say("assess.inputs.text", {count(a_.merged), count(a_.missing)}));
  {
    Table table(page_, page_.say("assess.inputs"),
                {{std::string(page_.say("assess.file"))}, {std::string(page_.say("assess.form"))}, {std::string(page_.say("assess.records")), true},
                 {std::string(page_.say("assess.count.resources")), true}, {std::string(page_.say("assess.whole"))}, {std::string(page_.say("assess.notes"))}});
    for (std::size_t i = 0; i < std::min(kMostInputs, a_.inputs.size()); ++i) {
      const Input& input = a_.inputs[i];
      table.row();
      table.head().element("bdi", input.file);
      page_.html().empty("br").text(input.date);
      table.end_cell();
      table.cell().open("ul");
      for (const Form form : input.forms) page_.html().element("li", name(form));
      page_.html().close();
      table.end_cell();
      table.text(count(input.records));
      table.text(count(input.resources));
      table.text(page_.say(input.complete ? "word.yes" : "word.no"));
      table.cell();
      if (!input.notes.empty()) {
        page_.html().open("ul");
        for (std::size_t n = 0; n < std::min(kMostNotes, input.notes.size()); ++n) {
          const InputNote& note = input.notes[n];
          page_.html().open("li").element("strong", page_.say("assess.severity." + std::to_string(static_cast<int>(note.severity)))).text(": ");
          page_.html().element("bdi", page_.language() == Language::fr ? note.text_fr : note.text_en).close();
        }
        if (input.notes.size() > kMostNotes) page_.html().element("li", page_.say("assess.more", {count(input.notes.size() - kMostNotes)}));
        page_.html().close();
      }
      table.end_cell();
    }
  }
  and_more(a_.inputs.size(), kMostInputs);
  page_.end_section();
}

}  // namespace bascule::estate
