#include "auth/request.h"

#include "auth/text.h"
#include "http/url.h"

namespace bascule::auth {

std::optional<Query> parse_query(std::string_view raw) {
  Query query;
  while (!raw.empty()) {
    const std::size_t end = raw.find('&');
    const std::string_view part = raw.substr(0, end);
    raw = end == std::string_view::npos ? std::string_view{} : raw.substr(end + 1);
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    auto name = http::percent_decode(part.substr(0, equals), true);
    auto value = http::percent_decode(equals == std::string_view::npos ? "" : part.substr(equals + 1), true);
    if (!name || !value) return std::nullopt;
    query.push_back({std::move(*name), std::move(*value)});
  }
  return query;
}

const std::string* find_parameter(const Query& query, std::string_view name) {
  for (const QueryParameter& parameter : query)
    if (equal_without_case(parameter.name, name)) return &parameter.value;
  return nullptr;
}

std::optional<std::string> percent_decode(std::string_view text) { return http::percent_decode(text); }

}  // namespace bascule::auth
