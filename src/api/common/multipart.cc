#include "api/common/multipart.h"

#include <algorithm>

#include "api/common/text.h"

namespace bascule::api {
namespace {

constexpr std::size_t kMaxBoundary = 70;  // RFC 2046 section 5.1.1
constexpr std::string_view kLine = "\r\n";

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_boundary_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
}

// Where a delimiter line stands: [begin, end) is all of it, the line ends on both sides included.
struct Delimiter {
  std::size_t begin = std::string_view::npos, end = 0;
  bool last = false;
};

// The first delimiter at or behind `from`, which is the start of a line or of the line end before it.
Delimiter find_delimiter(std::string_view body, std::string_view dashed, std::size_t from) {
  while (true) {
    const std::size_t at = body.find(dashed, from);
    if (at == std::string_view::npos) return {};
    from = at + 1;
    const bool starts_line = at == 0 || body.substr(0, at).ends_with(kLine);
    if (!starts_line) continue;
    std::size_t end = at + dashed.size();
    const bool last = body.substr(end).starts_with("--");
    if (last) end += 2;
    while (end < body.size() && (body[end] == ' ' || body[end] == '\t')) ++end;
    if (body.substr(end).starts_with(kLine)) end += kLine.size();
    else if (!last) continue;  // a longer boundary that begins as ours does
    else if (end != body.size()) continue;
    return {at == 0 ? 0 : at - kLine.size(), end, last};
  }
}

// "Name: value" lines up to an empty one; false where one is malformed or there are too many.
bool read_headers(std::string_view& rest, std::size_t most, std::vector<http::HeaderView>& into) {
  while (true) {
    const std::size_t end = rest.find(kLine);
    if (end == std::string_view::npos) return false;
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + kLine.size());
    if (line.empty()) return true;
    const std::size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos || line.front() == ' ' || line.front() == '\t') return false;
    if (into.size() == most) return false;
    into.push_back({line.substr(0, colon), trim(line.substr(colon + 1))});
  }
}

}  // namespace

std::optional<std::string> multipart_boundary(std::string_view content_type) {
  std::size_t end = content_type.find(';');
  if (!same_text(trim(content_type.substr(0, end)), "multipart/mixed")) return std::nullopt;
  while (end != std::string_view::npos) {
    content_type.remove_prefix(end + 1);
    end = content_type.find(';');
    const std::string_view parameter = trim(content_type.substr(0, end));
    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos || !same_text(trim(parameter.substr(0, equals)), "boundary")) continue;
    std::string_view value = trim(parameter.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    if (value.empty() || value.size() > kMaxBoundary || value.back() == ' ' ||
        !std::ranges::all_of(value, is_boundary_character))
      return std::nullopt;
    return std::string(value);
  }
  return std::nullopt;
}

std::string_view BodyPart::get(std::string_view name) const {
  for (const http::HeaderView& header : headers)
    if (http::same_name(header.name, name)) return header.value;
  return {};
}

std::optional<std::vector<BodyPart>> split_multipart(std::string_view body, std::string_view boundary,
                                                     const MultipartLimits& limits, bool* beyond_parts) {
  if (beyond_parts) *beyond_parts = false;
  const std::string dashed = "--" + std::string(boundary);
  std::vector<BodyPart> parts;
  Delimiter open = find_delimiter(body, dashed, 0);
  while (true) {
    if (open.begin == std::string_view::npos) return std::nullopt;
    if (open.last) return parts;
    const Delimiter close = find_delimiter(body, dashed, open.end);
    if (close.begin == std::string_view::npos || close.begin < open.end) return std::nullopt;
    if (parts.size() == limits.parts) {
      if (beyond_parts) *beyond_parts = true;
      return std::nullopt;
    }
    std::string_view rest = body.substr(open.end, close.begin - open.end);
    BodyPart& part = parts.emplace_back();
    if (!read_headers(rest, limits.headers, part.headers)) return std::nullopt;
    part.content = rest;
    open = close;
  }
}

}  // namespace bascule::api
