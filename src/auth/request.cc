#include "auth/request.h"

#include "auth/text.h"

namespace bascule::auth {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool decode_into(std::string_view text, bool plus_is_space, std::string& out) {
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
      if (low < 0) return false;
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return true;
}

}  // namespace

std::optional<Query> parse_query(std::string_view raw) {
  Query query;
  while (!raw.empty()) {
    const std::size_t end = raw.find('&');
    const std::string_view part = raw.substr(0, end);
    raw = end == std::string_view::npos ? std::string_view{} : raw.substr(end + 1);
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    QueryParameter parameter;
    if (!decode_into(part.substr(0, equals), true, parameter.name)) return std::nullopt;
    if (equals != std::string_view::npos && !decode_into(part.substr(equals + 1), true, parameter.value))
      return std::nullopt;
    query.push_back(std::move(parameter));
  }
  return query;
}

const std::string* find_parameter(const Query& query, std::string_view name) {
  for (const QueryParameter& parameter : query)
    if (equal_without_case(parameter.name, name)) return &parameter.value;
  return nullptr;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  if (!decode_into(text, false, out)) return std::nullopt;
  return out;
}

}  // namespace bascule::auth
