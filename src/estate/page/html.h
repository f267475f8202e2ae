// HTML as it is written: elements, attributes, text. The one place where text is escaped: everything that is not a literal in
// our source goes through text() or an attribute's value, and both pass visible() first. Names of elements and attributes are
// literals, held against a list when the program is compiled, so no name can come from data and none can act (no on… handlers,
// no style, no src).
#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace bascule::estate {

namespace html_names {
constexpr std::string_view kTags[] = {"a", "abbr", "bdi", "body", "br", "caption", "code", "dd", "details", "div", "dl", "dt", "em", "footer", "g", "h1",
                                      "h2", "h3", "h4", "head", "header", "html", "li", "link", "main", "meta", "nav", "ol", "p", "rect", "section",
                                      "span", "strong", "style", "summary", "svg", "table", "tbody", "td", "text", "th", "thead", "title", "tr", "ul",
                                      "desc", "figure", "figcaption"};
constexpr std::string_view kAttributes[] = {"aria-describedby", "aria-hidden", "aria-label", "aria-labelledby", "charset", "class", "colspan", "content",
                                            "height", "href", "http-equiv", "id", "lang", "name", "open", "role", "rowspan", "scope", "tabindex",
                                            "text-anchor", "title", "viewBox", "width", "x", "y", "dir", "preserveAspectRatio"};
consteval bool among(std::string_view name, const auto& list) {
  for (const std::string_view each : list)
    if (each == name) return true;
  return false;
}
}  // namespace html_names

struct Tag {
  std::string_view name;
  consteval Tag(const char* literal) : name(literal) {   // NOLINT(google-explicit-constructor): a literal is a tag
    if (!html_names::among(name, html_names::kTags)) throw "no such element";
  }
};
struct Attribute {
  std::string_view name;
  std::string value;
};
// An attribute: at("class", "unknown").
struct AttributeName {
  std::string_view name;
  consteval AttributeName(const char* literal) : name(literal) {   // NOLINT(google-explicit-constructor): a literal is a name
    if (!html_names::among(name, html_names::kAttributes)) throw "no such attribute";
  }
};
inline Attribute at(AttributeName name, std::string_view value) { return {name.name, std::string(value)}; }

class Html {
 public:
  using Attributes = std::initializer_list<Attribute>;

  Html& open(Tag tag, Attributes attributes = {});
  Html& close();                                                // the innermost one
  Html& text(std::string_view text);                            // escaped; cut at kMostText bytes
  Html& element(Tag tag, Attributes attributes, std::string_view content);
  Html& element(Tag tag, std::string_view content) { return element(tag, {}, content); }
  Html& empty(Tag tag, Attributes attributes = {});             // br, meta; within svg: rect
  Html& style(std::string_view literal);                        // a style sheet of ours, as it is
  std::string take();                                           // everything closed
  std::size_t size() const { return out_.size(); }

  static constexpr std::size_t kMostText = 400;

 private:
  void attributes(Attributes attributes);
  std::string out_;
  std::vector<std::string_view> open_;
};

// & < > " ' as references, after visible().
std::string escape(std::string_view text, std::size_t most = Html::kMostText);

}  // namespace bascule::estate
