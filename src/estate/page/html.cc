#include "estate/page/html.h"

#include "estate/visible.h"

namespace bascule::estate {

std::string escape(std::string_view text, std::size_t most) {
  std::string out;
  for (const char c : visible(text, most)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

void Html::attributes(Attributes attributes) {
  for (const Attribute& attribute : attributes) {
    out_ += ' ';
    out_ += attribute.name;
    out_ += "=\"";
    // A page refers to itself alone.
    const bool elsewhere = attribute.name == "href" && !attribute.value.starts_with('#');
    out_ += elsewhere ? "#" : escape(attribute.value, 4000);
    out_ += '"';
  }
}

Html& Html::open(Tag tag, Attributes attributes) {
  out_ += '<';
  out_ += tag.name;
  this->attributes(attributes);
  out_ += '>';
  open_.push_back(tag.name);
  return *this;
}

// Between these a line break would be seen as a space.
static bool is_inline(std::string_view name) {
  for (const std::string_view each : {"a", "abbr", "bdi", "code", "em", "span", "strong"})
    if (name == each) return true;
  return false;
}

Html& Html::close() {
  out_ += "</";
  out_ += open_.back();
  out_ += is_inline(open_.back()) ? ">" : ">\n";
  open_.pop_back();
  return *this;
}

Html& Html::text(std::string_view text) {
  out_ += escape(text);
  return *this;
}

Html& Html::element(Tag tag, Attributes attributes, std::string_view content) { return open(tag, attributes).text(content).close(); }

Html& Html::empty(Tag tag, Attributes attributes) {
  out_ += '<';
  out_ += tag.name;
  this->attributes(attributes);
  // Within SVG an element without an end must close itself; elsewhere the slash is allowed and means nothing.
  out_ += "/>\n";
  return *this;
}

Html& Html::style(std::string_view literal) {
  out_ += "<style>";
  out_ += literal;
  out_ += "</style>\n";
  return *this;
}

std::string Html::take() {
  while (!open_.empty()) close();
  return std::move(out_);
}

}  // namespace bascule::estate
