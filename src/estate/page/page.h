// A page: one file that needs nothing else, no script and no network, and forbids both to the browser that shows it (a
// Content-Security-Policy of its own: no source at all but this one style sheet, by its hash). Readable by ear, by keyboard and
// on paper: WCAG 2.1 AA (tests/estate looks with axe-core). Read this file first.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "estate/label.h"
#include "estate/page/html.h"
#include "estate/words.h"

namespace bascule::estate {

class Page {
 public:
  Page(Language language, std::string_view title);

  Html& html() { return html_; }
  Language language() const { return language_; }
  std::string_view say(std::string_view key) const { return estate::say(language_, key); }
  std::string say(std::string_view key, std::initializer_list<std::string_view> values) const { return estate::say(language_, key, values); }

  // A section of the page; its heading is in the table of contents that `contents` wrote.
  void section(std::string_view id, std::string_view heading);
  void end_section() { html_.close(); }
  struct Entry {
    std::string_view id, heading;
  };
  void contents(const std::vector<Entry>& entries);
  void begin_main();

  void paragraph(std::string_view text) { html_.element("p", text); }
  // A text from elsewhere: isolated, so that its direction of writing stays its own. `english`: it is in English on a page that
  // is not.
  void foreign(std::string_view text, bool english = false);
  void label(const Label& label);                       // "declared: …" in small letters, coloured and in words
  // Folded away until somebody asks; always there on paper.
  void open_details(std::string_view summary, std::string_view id = {});
  void close_details() { html_.close().close(); }

  std::string take();

 private:
  Language language_;
  Html html_;
};

// A table with its caption and headings; wide ones scroll within a group that the keyboard reaches.
class Table {
 public:
  struct Column {
    std::string heading;
    bool number = false;
  };
  Table(Page& page, std::string_view caption, std::vector<Column> columns);
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  void row();                                 // begins the next row
  Html& cell();                               // begins a cell of it; end_cell() ends it
  Html& head();                               // the same, for the cell that names the row
  void end_cell();
  void text(std::string_view text);           // whole cells
  void head(std::string_view text);
  void foreign(std::string_view text, bool english = false);
  void label(const Label& label);

 private:
  Page& page_;
  std::vector<Column> columns_;
  std::size_t at_ = 0;
  bool in_row_ = false;
};

// Horizontal bars, each made of parts. Drawn as SVG and said as a table with the same numbers.
struct BarChart {
  std::string title;                          // of the drawing and the caption of the table
  std::string rows_heading;                   // "Provider"
  std::vector<std::string> parts;             // at most 8: "allowed", "refused" …
  struct Bar {
    std::string name;
    std::vector<double> values;               // as many as parts
    std::vector<std::string> shown;           // what the table says; empty = the values as whole numbers
  };
  std::vector<Bar> bars;
  std::vector<int> colours = {};              // of the parts, 0 to 7; empty = in order
};
void draw(Page& page, const BarChart& chart);

}  // namespace bascule::estate
