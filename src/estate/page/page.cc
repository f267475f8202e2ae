#include "estate/page/page.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "estate/page/style.h"

namespace bascule::estate {
namespace {

std::string policy() {
  static const std::string kPolicy =
      "default-src 'none'; style-src 'sha256-" + to_base64(Sha256::of(as_bytes(kStyle))) + "'; base-uri 'none'; form-action 'none'";
  return kPolicy;
}

}  // namespace

Page::Page(Language language, std::string_view title) : language_(language) {
  html_.open("html", {at("lang", name(language))}).open("head");
  html_.empty("meta", {at("charset", "utf-8")});
  html_.empty("meta", {at("http-equiv", "Content-Security-Policy"), at("content", policy())});
  html_.empty("meta", {at("name", "viewport"), at("content", "width=device-width, initial-scale=1")});
  html_.empty("meta", {at("name", "referrer"), at("content", "no-referrer")});
  html_.element("title", title);
  html_.style(kStyle).close();
  html_.open("body");
  html_.element("a", {at("class", "skip"), at("href", "#main")}, say("page.skip"));
  html_.open("header").element("h1", title);
}

void Page::contents(const std::vector<Entry>& entries) {
  html_.open("nav", {at("aria-label", say("page.contents"))}).open("ol");
  for (const Entry& entry : entries) html_.open("li").element("a", {at("href", "#" + std::string(entry.id))}, entry.heading).close();
  html_.close().close();
}

void Page::begin_main() { html_.close().open("main", {at("id", "main"), at("tabindex", "-1")}); }

void Page::section(std::string_view id, std::string_view heading) {
  const std::string heading_id = std::string(id) + "-heading";
  html_.open("section", {at("id", id), at("aria-labelledby", heading_id)});
  html_.element("h2", {at("id", heading_id)}, heading);
}

void Page::foreign(std::string_view text, bool english) {
  if (english && language_ != Language::en) html_.element("bdi", {at("lang", "en")}, text);
  else html_.element("bdi", text);
}

void Page::label(const Label& label) {
  html_.open("span", {at("class", "label " + std::string(name(label.known)))}).text(words(label, language_)).close();
}

void Page::open_details(std::string_view summary, std::string_view id) {
  if (id.empty()) html_.open("details");
  else html_.open("details", {at("id", id)});
  html_.element("summary", summary).open("div");
}

std::string Page::take() { return "<!DOCTYPE html>\n" + html_.take(); }

Table::Table(Page& page, std::string_view caption, std::vector<Column> columns) : page_(page), columns_(std::move(columns)) {
  Html& html = page.html();
  html.open("div", {at("class", "wide"), at("role", "group"), at("aria-label", caption), at("tabindex", "0")});
  html.open("table").element("caption", caption).open("thead").open("tr");
  for (const Column& column : columns_) {
    if (column.number) html.element("th", {at("scope", "col"), at("class", "number")}, column.heading);
    else html.element("th", {at("scope", "col")}, column.heading);
  }
  html.close().close().open("tbody");
}

Table::~Table() {
  if (in_row_) page_.html().close();
  page_.html().close().close().close();
}

void Table::row() {
  if (in_row_) page_.html().close();
  page_.html().open("tr");
  in_row_ = true;
  at_ = 0;
}

Html& Table::cell() {
  if (at_ < columns_.size() && columns_[at_].number) page_.html().open("td", {at("class", "number")});
  else page_.html().open("td");
  ++at_;
  return page_.html();
}

Html& Table::head() {
  ++at_;
  return page_.html().open("th", {at("scope", "row")});
}

void Table::end_cell() { page_.html().close(); }

void Table::text(std::string_view text) {
  cell().text(text);
  end_cell();
}

void Table::head(std::string_view text) {
  head().text(text);
  end_cell();
}

void Table::foreign(std::string_view text, bool english) {
  cell();
  page_.foreign(text, english);
  end_cell();
}

void Table::label(const Label& label) {
  cell();
  page_.label(label);
  end_cell();
}

}  // namespace bascule::estate
