// Bars. The drawing is for the eye alone (its texts are hidden from readers by ear, who have the table below it).
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "estate/page/page.h"
#include "estate/visible.h"

namespace bascule::estate {
namespace {

constexpr double kWidth = 900, kNames = 260, kNumbers = 70, kRow = 26, kBar = 16, kLegend = 22;

double total(const BarChart::Bar& bar) { return std::accumulate(bar.values.begin(), bar.values.end(), 0.0); }

std::string coordinate(double value) { return fmt::format("{:.1f}", value); }

std::string colour(const BarChart& chart, std::size_t part) {
  return fmt::format("k{}", chart.colours.empty() ? part % 8 : static_cast<std::size_t>(chart.colours[part]) % 8);
}

std::string shown(const Page& page, const BarChart::Bar& bar, std::size_t part) {
  if (!bar.shown.empty()) return bar.shown[part];
  return number(page.language(), static_cast<std::uint64_t>(std::max(0.0, bar.values[part])));
}

void legend(Page& page, const BarChart& chart) {
  Html& html = page.html();
  double x = kNames;
  for (std::size_t part = 0; part < chart.parts.size(); ++part) {
    html.empty("rect", {at("class", colour(chart, part)), at("x", coordinate(x)), at("y", "4"), at("width", "12"), at("height", "12")});
    html.element("text", {at("x", coordinate(x + 17)), at("y", "15")}, chart.parts[part]);
    x += 40 + 7.5 * static_cast<double>(display_columns(chart.parts[part]));
  }
}

void bars(Page& page, const BarChart& chart, double most) {
  Html& html = page.html();
  const double scale = most > 0 ? (kWidth - kNames - kNumbers) / most : 0;
  double y = kLegend + 4;
  for (const BarChart::Bar& bar : chart.bars) {
    html.element("text", {at("x", coordinate(kNames - 8)), at("y", coordinate(y + 13)), at("text-anchor", "end")}, visible(bar.name, 36));
    html.empty("rect", {at("class", "axis"), at("x", coordinate(kNames)), at("y", coordinate(y)), at("width", coordinate(kWidth - kNames - kNumbers)),
                        at("height", coordinate(kBar))});
    double x = kNames;
    for (std::size_t part = 0; part < bar.values.size(); ++part) {
      const double width = bar.values[part] * scale;
      if (width <= 0) continue;
      // A line of white between parts: they are told apart without their colours.
      html.empty("rect", {at("class", colour(chart, part)), at("x", coordinate(x)), at("y", coordinate(y)), at("width", coordinate(std::max(1.0, width - 1.5))),
                          at("height", coordinate(kBar))});
      x += width;
    }
    y += kRow;
  }
}

}  // namespace

void draw(Page& page, const BarChart& chart) {
  double most = 0;
  for (const BarChart::Bar& bar : chart.bars) most = std::max(most, total(bar));
  const double height = kLegend + 8 + kRow * static_cast<double>(chart.bars.size());
  Html& html = page.html();
  html.open("figure");
  html.open("svg", {at("role", "img"), at("aria-label", page.say("chart.label", {chart.title})), at("viewBox", fmt::format("0 0 {} {:.0f}", kWidth, height))});
  html.open("g", {at("aria-hidden", "true")});
  legend(page, chart);
  bars(page, chart, most);
  html.close().close();

  std::vector<Table::Column> columns{{chart.rows_heading, false}};
  for (const std::string& part : chart.parts) columns.push_back({part, true});
  {
    Table table(page, chart.title, columns);
    for (const BarChart::Bar& bar : chart.bars) {
      table.row();
      table.head();
      page.foreign(bar.name);
      table.end_cell();
      for (std::size_t part = 0; part < chart.parts.size(); ++part) table.text(shown(page, bar, part));
    }
  }
  html.close();
}

}  // namespace bascule::estate
